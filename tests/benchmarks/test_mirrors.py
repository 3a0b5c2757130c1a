from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.mirrors import checked_out
from signatures.errors import DriftError

from .repositories import NAME, git, mirror

FILES = {"pkg/a.py": "x = 1\n", "pyproject.toml": "[project]\n", "data.bin": "0\n", "docs/readme.md": "a\n"}


def names(tree: Path) -> list[str]:
    return sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())


def test_a_commit_gives_its_python_files_and_its_metadata(tmp_path: Path) -> None:
    [commit] = mirror(tmp_path / "mirrors", FILES)
    tree = checked_out(tmp_path / "mirrors", NAME, commit, tmp_path / "trees")
    assert names(tree) == ["pkg/a.py", "pyproject.toml"]
    assert (tree / "pkg/a.py").read_text() == "x = 1\n"


def test_a_commit_is_written_once(tmp_path: Path) -> None:
    [commit] = mirror(tmp_path / "mirrors", FILES)
    first = checked_out(tmp_path / "mirrors", NAME, commit, tmp_path / "trees")
    assert checked_out(tmp_path / "no such folder", NAME, commit, tmp_path / "trees") == first


@pytest.mark.skipif(not hasattr(os, "link"), reason="this system has no links")
def test_a_file_that_two_commits_share_is_kept_once(tmp_path: Path) -> None:
    commits = mirror(tmp_path / "mirrors", FILES, {"b.py": "y = 2\n"})
    old, new = (checked_out(tmp_path / "mirrors", NAME, commit, tmp_path / "trees") for commit in commits)
    assert names(new) == ["b.py", "pkg/a.py", "pyproject.toml"]
    assert (old / "pkg/a.py").samefile(new / "pkg/a.py")


def test_a_file_that_the_mirror_lacks_is_left_out(tmp_path: Path) -> None:
    [commit] = mirror(tmp_path / "mirrors", {**FILES, "b.py": "y = 2\n"})
    repository = tmp_path / "mirrors" / NAME.replace("/", "+") / "repo"
    blob = git(repository, "rev-parse", f"{commit}:b.py")
    (repository / "objects" / blob[:2] / blob[2:]).unlink()
    tree = checked_out(tmp_path / "mirrors", NAME, commit, tmp_path / "trees")
    assert names(tree) == ["pkg/a.py", "pyproject.toml"]


def test_a_link_in_a_commit_is_left_out(tmp_path: Path) -> None:
    work = tmp_path / "mirrors" / NAME
    work.mkdir(parents=True)
    git(work, "init", "--quiet")
    (work / "a.py").write_text("x = 1\n")
    (work / "link.py").symlink_to("/etc/hostname")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "change")
    tree = checked_out(tmp_path / "mirrors", NAME, git(work, "rev-parse", "HEAD"), tmp_path / "trees")
    assert names(tree) == ["a.py"]


def test_what_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    mirror(tmp_path / "mirrors", FILES)
    with pytest.raises(DriftError, match=r"has no mirror of other/one; put a bare clone at .*other\+one/repo$"):
        checked_out(tmp_path / "mirrors", "other/one", "0" * 40, tmp_path / "trees")
    with pytest.raises(DriftError, match=r"git ls-tree failed: fatal: not a tree object$"):
        checked_out(tmp_path / "mirrors", NAME, "0" * 40, tmp_path / "trees")
    assert not (tmp_path / "trees" / NAME.replace("/", "+") / ("0" * 16)).exists()
