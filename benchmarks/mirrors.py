"""Commits of downstream projects as folders of Python files, read from bare git repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from signatures.errors import DriftError

_METADATA = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_REGULAR = frozenset({"100644", "100755"})


class _Blob(NamedTuple):
    name: str
    path: PurePosixPath


def checked_out(mirrors: Path, name: str, commit: str, folder: Path) -> Path:
    """The Python files and the metadata of a commit; written once, files that commits share only once.

    Files that a partial mirror does not hold are left out.

    Args:
        mirrors: A folder of bare repositories, each at `owner+name/repo`, `owner+name`, `owner/name` or with `.git`.
        name: The repository, as `owner/name`.
        commit: Which commit.
        folder: Where commits are kept.

    Raises:
        DriftError: There is no such mirror or commit, or git cannot be run.
    """
    home = folder / name.replace("/", "+")
    tree = home / commit[:16]
    if tree.is_dir():
        return tree
    repository = _repository(mirrors, name)
    blobs = list(_blobs(repository, commit))
    store = home / "blobs"
    store.mkdir(parents=True, exist_ok=True)
    _fetch(repository, {blob.name for blob in blobs if not (store / blob.name).exists()}, store)
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        made = Path(scratch, "tree")
        made.mkdir()
        for blob in blobs:
            if (store / blob.name).exists():
                target = made / blob.path
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(store / blob.name, target)
        if not tree.is_dir():
            made.rename(tree)
    return tree


def _repository(mirrors: Path, name: str) -> Path:
    flat = name.replace("/", "+")
    places = [mirrors / flat / "repo", mirrors / flat, mirrors / name, mirrors / f"{flat}.git", mirrors / f"{name}.git"]
    for place in places:
        if (place / "objects").is_dir():
            return place
        if (place / ".git" / "objects").is_dir():
            return place / ".git"
    raise DriftError(f"{mirrors} has no mirror of {name}; put a bare clone at {places[0]}")


def _blobs(repository: Path, commit: str) -> Iterator[_Blob]:
    listed = _git(repository, ["ls-tree", "-r", "-z", "--full-tree", commit])
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        head, _, text = line.partition("\t")
        if not text:
            continue
        mode, _, name = head.split()
        path = PurePosixPath(text)
        # Links and submodules are left out: what they show lies elsewhere.
        if mode in _REGULAR and (path.suffix == ".py" or path.name in _METADATA):
            yield _Blob(name, path)


def _fetch(repository: Path, names: set[str], store: Path) -> None:
    """Write blobs into the store, each whole or not at all."""
    if not names:
        return
    asked = "".join(f"{name}\n" for name in sorted(names)).encode()
    with tempfile.TemporaryFile() as answer:
        _git(repository, ["cat-file", "--batch", "--buffer"], asked, answer.fileno())
        answer.seek(0)
        while head := answer.readline().decode().split():
            if head[-1] == "missing":
                continue
            data = answer.read(int(head[2]) + 1)[:-1]
            with tempfile.NamedTemporaryFile(dir=store, delete=False) as file:
                file.write(data)
            Path(file.name).replace(store / head[0])


def _git(repository: Path, arguments: Sequence[str], asked: bytes = b"", output: int = subprocess.PIPE) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise DriftError("git is not on PATH; install it")
    # A partial mirror must not ask its origin for what it lacks.
    settings = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    command = [git, f"--git-dir={repository}", *arguments]
    done = subprocess.run(command, input=asked, stdout=output, stderr=subprocess.PIPE, env=settings, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[:1] or [f"exit status {done.returncode}"]
        raise DriftError(f"{repository}: git {arguments[0]} failed: {said[0]}")
    return done.stdout or b""


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # No links on this file system, or too many to one file (every empty `__init__.py`).
        shutil.copyfile(source, target)
