from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import signatures
from signatures.errors import DriftError
from signatures.history import History
from signatures.model import Entry
from signatures.packs import ReleaseInfo
from signatures.recording import delta_path, nearest_release, write_base, write_delta

_FIRST = ReleaseInfo("1.0")
_WRITER = """
import sys
from pathlib import Path
from signatures import whole_files
from signatures.history import History
from signatures.model import Entry
from signatures.packs import ReleaseInfo
from signatures.recording import delta_path, write_delta

folder, version, definitions = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if sys.argv[4] == "stop before the rename":
    def stop(path, flags):
        print("written", flush=True)
        sys.stdin.read()
    whole_files._sync = stop
else:
    print("ready", flush=True)
    sys.stdin.read()
history = History.open("pkg", overlay=False, folder=folder)
entries = [Entry(f"name{number}", f"definition {number}") for number in range(definitions)]
path = delta_path(folder / "pkg", version)
write_delta(path, history, ReleaseInfo(version), "1.0", {"pkg": entries})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_base(tmp_path / "pkg" / "0000-base.pack", "pkg", [(_FIRST, {"pkg": [Entry("f", "1")]})])
    return tmp_path


def opened(folder: Path) -> History:
    return History.open("pkg", overlay=False, folder=folder)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "pkg").iterdir())


def writer(folder: Path, version: str, *, stop: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder), version, "2000", stop],
        cwd=Path(signatures.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    modules = {name: [Entry(key, key * 50, "body") for key in "abc"] for name in ("pkg.b", "pkg.a", "pkg")}
    turned = {name: modules[name][::-1] for name in sorted(modules)}
    for folder, given in (("1", modules), ("2", turned)):
        write_base(tmp_path / folder / "pkg" / "0000-base.pack", "pkg", [(_FIRST, given)])
        history = opened(tmp_path / folder)
        path = delta_path(tmp_path / folder / "pkg", "1.1")
        write_delta(path, history, ReleaseInfo("1.1"), "1.0", {"pkg": [Entry("f", "2")]}, {"pkg.a", "pkg.b"})
    for name in ("0000-base.pack", "0001-1.1.pack"):
        assert (tmp_path / "1" / "pkg" / name).read_bytes() == (tmp_path / "2" / "pkg" / name).read_bytes()


@pytest.mark.parametrize(
    ("module", "entries"),
    [
        ("pkg", [Entry("a\tb", "1")]),
        ("pkg", [Entry("a\nb", "1")]),
        ("pkg", [Entry("", "1")]),
        ("pkg", [Entry("a", "1\n2")]),
        ("pkg", [Entry("a", "1", "\x1e")]),
        ("pkg", [Entry("a", "1"), Entry("a", "2")]),
        ("pkg\na", []),
        ("", []),
        ("pkg\udc80", []),
    ],
)
def test_what_cannot_be_read_back_is_refused(folder: Path, module: str, entries: list[Entry]) -> None:
    before = (folder / "pkg" / "0000-base.pack").read_bytes()
    with pytest.raises(DriftError, match=r"^the history cannot keep [^\n]*$"):
        write_base(folder / "pkg" / "0000-base.pack", "pkg", [(_FIRST, {module: entries})])
    with pytest.raises(DriftError, match=r"^the history cannot keep [^\n]*$"):
        write_delta(folder / "pkg" / "0001-1.1.pack", opened(folder), ReleaseInfo("1.1"), "1.0", {module: entries})
    assert (folder / "pkg" / "0000-base.pack").read_bytes() == before
    assert names(folder) == ["0000-base.pack"]


def test_a_base_of_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match="there is no release to keep"):
        write_base(tmp_path / "pkg" / "0000-base.pack", "pkg", [])


def test_a_lone_surrogate_of_a_string_literal_is_kept(folder: Path) -> None:
    entry = Entry("f", '["a","\'\udc80\'"]')
    write_delta(folder / "pkg" / "0001-1.1.pack", opened(folder), ReleaseInfo("1.1"), "1.0", {"pkg": [entry]})
    assert opened(folder).entries("pkg", "1.1") == {"f": entry}


def test_a_module_that_did_not_change_is_not_written(folder: Path) -> None:
    path = folder / "pkg" / "0001-1.1.pack"
    write_delta(path, opened(folder), ReleaseInfo("1.1"), "1.0", {"pkg": [Entry("f", "1")]}, removed=["pkg.never"])
    history = opened(folder)
    assert history.place("pkg", "1.1") == history.place("pkg", "1.0")
    assert history.changed_modules("1.0", "1.1") == []


def test_the_nearest_release_is_the_one_before(folder: Path) -> None:
    for version, parent in (("1.2", "1.0"), ("2.0", "1.2")):
        path = delta_path(folder / "pkg", version)
        write_delta(path, opened(folder), ReleaseInfo(version), parent, {})
    history = opened(folder)
    nearest = {version: nearest_release(history, ReleaseInfo(version)).version for version in ("0.9", "1.2.1", "2.1")}
    assert nearest == {"0.9": "1.0", "1.2.1": "1.2", "2.1": "2.0"}


def test_a_pack_has_the_next_number_or_the_file_that_is_there_for_it(folder: Path) -> None:
    packs = folder / "pkg"
    assert delta_path(packs, "1.1").name == "0001-1.1.pack"
    (packs / "0007-1.1.pack").touch()
    assert delta_path(packs, "1.1").name == "0007-1.1.pack"
    assert delta_path(packs, "1.1.post1").name == "0008-1.1.post1.pack"
    assert delta_path(packs / "missing", "1.1").name == "0001-1.1.pack"


def full_disk(*args: object, **kwargs: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_database(*args: object, **kwargs: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize(
    ("what", "failure", "message"),
    [
        ("os.fsync", full_disk, "No space left on device"),
        ("tempfile.mkstemp", full_disk, "No space left on device"),
        ("signatures.packs._fill", full_database, "database or disk is full"),
        ("pathlib.Path.replace", full_disk, "No space left on device"),
    ],
)
def test_a_full_disk_leaves_what_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, what: str, failure: object, message: str
) -> None:
    path = folder / "pkg" / "0001-1.1.pack"
    write_delta(path, opened(folder), ReleaseInfo("1.1"), "1.0", {"pkg": [Entry("f", "2")]})
    before = path.read_bytes()
    history = opened(folder)
    with monkeypatch.context() as patched:
        patched.setattr(what, failure)
        with pytest.raises(DriftError, match=rf"^cannot write .*0001-1\.1\.pack: {message}$"):
            write_delta(path, history, ReleaseInfo("1.1"), "1.0", {"pkg": [Entry("f", "3")]})
    assert path.read_bytes() == before
    assert names(folder) == ["0000-base.pack", "0001-1.1.pack"]


def test_an_interrupt_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_delta(folder / "pkg" / "0001-1.1.pack", opened(folder), ReleaseInfo("1.1"), "1.0", {})
    assert names(folder) == ["0000-base.pack"]


def test_a_killed_writer_leaves_what_was_there_and_its_rest_is_removed_later(folder: Path) -> None:
    process = writer(folder, "1.1", stop="stop before the rename")
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()
    (left,) = [name for name in names(folder) if name.endswith(".tmp")]
    assert [info.version for info in opened(folder).releases] == ["1.0"]
    path = folder / "pkg" / "0001-1.1.pack"
    write_delta(path, opened(folder), ReleaseInfo("1.1"), "1.0", {})
    assert names(folder) == [left, "0000-base.pack", "0001-1.1.pack"]
    days_ago = time.time() - 2 * 24 * 3600
    os.utime(folder / "pkg" / left, (days_ago, days_ago))
    write_delta(path, opened(folder), ReleaseInfo("1.1"), "1.0", {})
    assert names(folder) == ["0000-base.pack", "0001-1.1.pack"]


def test_two_writers_at_once_end_with_one_whole_file(folder: Path) -> None:
    processes = [writer(folder, "1.1") for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        with process:
            assert process.wait(60) == 0
    assert names(folder) == ["0000-base.pack", "0001-1.1.pack"]
    found = opened(folder).entries("pkg", "1.1")
    assert found is not None
    assert len(found) == 2000
