from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from signatures.errors import DriftError
from signatures.folders import FolderSource, InstalledSource
from signatures.local_sources import open_source
from signatures.sources import UnreadableFile

from .packaged import METADATA, RECORD, make_sdist, make_wheel, record

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes as POSIX has them")


def tree(root: Path, *paths: str) -> Path:
    """Make a folder with these files, each with its own path as content."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path, encoding="utf-8")
    return root


def test_a_folder_is_listed_and_read(tmp_path: Path) -> None:
    root = tree(tmp_path / "demo", "src/a.py", "b.py", ".github/c.yaml")
    with open_source(root) as folder:
        assert (folder.label, folder.name, folder.version) == ("demo (source folder)", "demo", "")
        assert list(folder.files()) == [".github/c.yaml", "b.py", "src/a.py"]
        assert folder.read("src/a.py") == b"src/a.py"
        assert (folder.problems, folder.built) == ([], None)


def test_what_is_not_the_projects_own_is_left_out(tmp_path: Path) -> None:
    others = (".git/x.py", "a/__pycache__/b.pyc", "node_modules/x.py", ".nox/tests/pyvenv.cfg", ".nox/tests/lib/x.py")
    root = tree(tmp_path / "demo", "a/b.py", *others)
    assert list(FolderSource(root).files()) == ["a/b.py"]


def test_an_unpacked_sdist_states_its_name_and_version(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text("Name: demo\nVersion: 1.0\n\nName: not this\n", encoding="utf-8")
    assert FolderSource(tmp_path).label == "demo 1.0 (source folder)"
    assert FolderSource(tmp_path, "other", "2.0").label == "other 2.0 (source folder)"


@posix
def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    tree(tmp_path / "outside", "secret.py")
    root = tree(tmp_path / "demo", "a/real.py")
    (root / "inside.py").symlink_to("a/real.py")
    (root / "again").symlink_to("a")
    (root / "up").symlink_to("..")
    (root / "around").symlink_to("around")
    (root / "gone.py").symlink_to("nowhere.py")
    (root / "out.py").symlink_to(tmp_path / "outside" / "secret.py")
    (root / "above").symlink_to(root)
    os.mkfifo(root / "pipe.py")
    (root / "pipe_link.py").symlink_to("pipe.py")
    folder = FolderSource(root)
    assert list(folder.files()) == ["a/real.py", "inside.py"]
    assert folder.read("inside.py") == b"a/real.py"
    assert sorted(line.partition(": ")[2] for line in folder.problems) == [
        "'around' is a link that leads nowhere: not read",
        "'gone.py' is a link that leads nowhere: not read",
        "'out.py' is a link out of the folder: not read",
        "'pipe.py' is neither a file nor a folder: not read",
        "'pipe_link.py' is neither a file nor a folder: not read",
        "'up' is a link out of the folder: not read",
    ]


@posix
def test_names_that_no_module_can_have_are_refused(tmp_path: Path) -> None:
    root = tree(tmp_path / "demo", "good.py", "new\nline.py", "back\\slash.py")
    with open(os.fsencode(root) + b"/\xff.py", "wb"):  # noqa: PTH123 - a Path cannot hold this name
        pass
    folder = FolderSource(root)
    assert list(folder.files()) == ["good.py"]
    assert len(folder.problems) == 3
    assert all(line.isprintable() for line in folder.problems)


@posix
def test_what_cannot_be_opened_is_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree(tmp_path / "demo", "good.py", "closed/a.py", "vanishing.py")
    scandir = os.scandir

    def guarded(path: Path) -> object:
        # The superuser may list any folder, so its mode alone does not test this.
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    folder = FolderSource(root)
    (root / "vanishing.py").unlink()
    with pytest.raises(UnreadableFile, match="No such file"):
        folder.read("vanishing.py")
    assert [line.partition(": ")[2] for line in folder.problems] == [
        "'closed/' cannot be listed (Permission denied): not read",
        "'vanishing.py' cannot be read (No such file or directory): not read",
    ]
    assert folder.read("good.py") == b"good.py"


@posix
def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    folder = FolderSource(tree(tmp_path / "demo", "a.py"))
    (tmp_path / "demo" / "a.py").unlink()
    os.mkfifo(tmp_path / "demo" / "a.py")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        folder.read("a.py")


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    """A file below more folders than Python has stack frames; pytest's own clean-up could not remove them."""
    made = [tmp_path]
    for _ in range(sys.getrecursionlimit() + 100):
        made.append(made[-1] / "d")
        made[-1].mkdir()
    file = made[-1] / "a.py"
    file.touch()
    yield file
    file.unlink()
    for folder in reversed(made[1:]):
        folder.rmdir()


@posix
def test_a_very_deep_folder_is_listed(tmp_path: Path, deep_folder: Path) -> None:
    assert list(FolderSource(tmp_path).files()) == [deep_folder.relative_to(tmp_path).as_posix()]


def installed(site: Path, stated: bytes | None = None, **extra: str) -> Path:
    """A site-packages with demo 1.0 in it."""
    tree(site, "demo/a.py", "demo/__pycache__/a.pyc")
    metadata = site / METADATA
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Name: Demo\nVersion: 1.0\n", encoding="utf-8")
    for name, text in extra.items():
        (metadata.parent / name.replace("_json", ".json")).write_text(text, encoding="utf-8")
    rows = record({"demo/a.py": b"demo/a.py"}) + b"demo/__pycache__/a.pyc,,\n../../../bin/demo,,\n/etc/demo.conf,,\n"
    (site / RECORD).write_bytes(rows if stated is None else stated)
    return site


@pytest.mark.parametrize("where", [".", "lib/python3.11/site-packages", "Lib/site-packages"])
@pytest.mark.parametrize("name", [None, "demo", "DEMO"])
def test_an_installed_distribution_is_listed_and_read(tmp_path: Path, where: str, name: str | None) -> None:
    site = tmp_path / where
    site.mkdir(parents=True, exist_ok=True)
    installed(site)
    with open_source(tmp_path, name) as source:
        assert (source.label, source.name, source.version) == ("Demo 1.0 (installed)", "Demo", "1.0")
        assert set(source.files()) == {"demo/a.py", RECORD}
        assert source.read("demo/a.py") == b"demo/a.py"
        (site / "demo/a.py").write_text("edited", encoding="utf-8")
        with pytest.raises(UnreadableFile, match="is not what RECORD states"):
            source.read("demo/a.py")
        assert len(source.problems) == 1


def test_the_running_environment() -> None:
    source = InstalledSource("pytest")
    assert b"def main" in source.read("_pytest/config/__init__.py")
    assert source.problems == []


@posix
def test_a_linked_file_is_read_only_when_record_proves_it(tmp_path: Path) -> None:
    tree(tmp_path / "store", "demo/a.py", "demo/b.py")
    site = installed(tmp_path / "site", record({"demo/a.py": b"demo/a.py"}) + b"demo/b.py,,\n")
    for name in ("a.py", "b.py"):
        (site / "demo" / name).unlink(missing_ok=True)
        (site / "demo" / name).symlink_to(tmp_path / "store" / "demo" / name)
    source = InstalledSource("demo", site)
    assert source.read("demo/a.py") == b"demo/a.py"
    with pytest.raises(UnreadableFile, match="a link out of the environment"):
        source.read("demo/b.py")


def test_an_editable_install_says_where_to_look(tmp_path: Path) -> None:
    site = installed(tmp_path, direct_url_json='{"dir_info": {"editable":true}, "url": "file:///x"}')
    assert ["give its source folder" in line for line in InstalledSource("demo", site).problems] == [True]


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    installed(tmp_path)
    with pytest.raises(DriftError, match=r"^other is not installed in "):
        open_source(tmp_path, "other")
    with pytest.raises(DriftError, match=r"^no-such-thing is not installed in this environment"):
        InstalledSource("no-such-thing")
    with pytest.raises(DriftError, match=r": no such file or folder$"):
        open_source(tmp_path / "gone")
    (tmp_path / "other-1.0.dist-info").mkdir()
    (tmp_path / "other-1.0.dist-info" / "METADATA").write_text("Name: other\nVersion: 1.0\n", encoding="utf-8")
    with pytest.raises(DriftError, match="has 2 distributions installed: say which one"):
        open_source(tmp_path)
    with pytest.raises(DriftError, match="has no RECORD of its files"):
        open_source(tmp_path, "other")


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match=r"RECORD cannot be read .*: reinstall it"):
        InstalledSource("demo", installed(tmp_path, b"demo/a.py,sha256=!,1\n"))


def test_archives_are_opened_by_the_same_door(tmp_path: Path) -> None:
    with open_source(str(make_wheel(tmp_path))) as wheel:
        assert wheel.label == "demo 1.0 (wheel)"
    with open_source(make_sdist(tmp_path, {"demo-1.0/a.py": b""})) as sdist:
        assert sdist.label == "demo 1.0 (sdist)"
