"""A small git repository, as a mirror of a downstream project."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

NAME = "someone/project"


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints, whatever the user's own settings are."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    person = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", *person, "-C", str(folder), *arguments]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def mirror(folder: Path, *commits: Mapping[str, str]) -> list[str]:
    """Make the bare mirror `NAME` in a folder.

    Args:
        folder: Of mirrors.
        commits: The files that each commit writes, by path.

    Returns:
        The commits' names.
    """
    home = folder / NAME.replace("/", "+") / "repo"
    work = folder / "work"
    work.mkdir(parents=True)
    git(work, "init", "--quiet")
    names = []
    for files in commits:
        for path, text in files.items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--message", "change")
        names.append(git(work, "rev-parse", "HEAD"))
    home.parent.mkdir()
    git(folder, "clone", "--quiet", "--bare", str(work), str(home))
    return names
