from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from signatures import updating
from signatures.errors import DriftError
from signatures.history import History, overlay_folder
from signatures.model import Entry
from signatures.recording import write_base
from signatures.snapshots import read_release
from signatures.symbol_history import symbol_history
from signatures.updating import add_releases, followed_releases, missing_releases, release_info
from signatures.upstreams import Upstream
from signatures.wheels import Index, IndexRelease, open_source

from .packaged import IndexServer, make_wheel, serve

DEMO = Upstream("demo", ("demo",), "1.0")
RELEASES = {
    "1.0": {"demo/__init__.py": "", "demo/a.py": "def f(a): ...", "demo/gone.py": "x = 1"},
    "1.1": {"demo/__init__.py": "", "demo/a.py": "def f(a, b): ..."},
    "1.2": {"demo/__init__.py": "", "demo/a.py": "def f(a, b): ...", "demo/c.py": "def g(): ..."},
}


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shipped history that ends at 1.0, and an empty one of the user's."""
    monkeypatch.setattr("signatures.history.SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    for version, files in RELEASES.items():
        folder = tmp_path / "served"
        folder.mkdir(exist_ok=True)
        make_wheel(folder, {path: text.encode() for path, text in files.items()}, version=version)
    with open_source(tmp_path / "served" / "demo-1.0-py3-none-any.whl") as source:
        reading = read_release(source, DEMO)
        path = tmp_path / "shipped" / "demo" / "0000-base.pack"
        write_base(path, "demo", [(release_info(source, DEMO, reading.problems), reading.modules)])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[IndexServer]:
    with serve(tmp_path / "served") as running:
        yield running


@pytest.fixture
def index(server: IndexServer) -> Iterator[Index]:
    with Index(server.url) as opened:
        yield opened


def known() -> list[str]:
    return [info.version for info in History.open("demo").releases]


def missing(index: Index) -> list[IndexRelease]:
    return missing_releases(History.open("demo"), index, DEMO)


def state(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def entries(version: str) -> dict[str, list[Entry]]:
    return History.open("demo").snapshot(version)


def test_missing_releases_are_those_that_the_history_lacks(index: Index) -> None:
    assert [release.version for release in followed_releases(index, DEMO)] == ["1.0", "1.1", "1.2"]
    assert [release.version for release in missing(index)] == ["1.1", "1.2"]
    assert [release.version for release in followed_releases(index, DEMO._replace(first="1.2"))] == ["1.2"]


def test_added_releases_are_what_reading_them_whole_gives(index: Index, tmp_path: Path) -> None:
    added = list(add_releases(index, DEMO, missing(index)))
    assert [(one.info.version, one.parsed) for one in added] == [("1.1", 1), ("1.2", 1)]
    assert known() == ["1.0", "1.1", "1.2"]
    for version in ("1.0", "1.1", "1.2"):
        with open_source(tmp_path / "served" / f"demo-{version}-py3-none-any.whl") as source:
            assert entries(version) == {
                module: sorted(found) for module, found in read_release(source, DEMO).modules.items()
            }
    history = History.open("demo")
    assert [era.versions for era in symbol_history(history, "demo.a.f")] == [("1.0",), ("1.1", "1.2")]
    assert [era.versions for era in symbol_history(history, "demo.gone.x")] == [("1.0",), ("1.1", "1.2")]
    assert missing(index) == []


def test_the_shipped_history_is_never_touched(index: Index, tmp_path: Path) -> None:
    before = state(tmp_path / "shipped")
    list(add_releases(index, DEMO, missing(index)))
    assert state(tmp_path / "shipped") == before
    assert sorted(state(overlay_folder())) == ["demo/0001-1.1.pack", "demo/0002-1.2.pack"]


def test_into_a_folder_of_packs(index: Index, tmp_path: Path) -> None:
    list(add_releases(index, DEMO, missing(index), tmp_path / "shipped"))
    assert not overlay_folder().exists()
    assert known() == ["1.0", "1.1", "1.2"]


def test_the_same_releases_make_the_same_bytes(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(add_releases(index, DEMO, missing(index)))
    first = state(overlay_folder())
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "other"))
    list(add_releases(index, DEMO, missing(index)))
    assert state(overlay_folder()) == first


RUN = """
import sys
from pathlib import Path
import signatures.history
from signatures.updating import add_releases, missing_releases
from signatures.upstreams import Upstream
from signatures.wheels import Index

signatures.history.SHIPPED = Path(sys.argv[1])
upstream = Upstream("demo", ("demo",), "1.0")
with Index(sys.argv[2]) as index:
    releases = missing_releases(signatures.history.History.open("demo"), index, upstream)
    print("ready", flush=True)
    sys.stdin.readline()
    list(add_releases(index, upstream, releases))
"""


def test_two_runs_at_once_end_as_one_would(server: IndexServer, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "shipped"), server.url]
    with ExitStack() as stack:
        runs = [stack.enter_context(Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)) for _ in range(2)]
        # Both know what is missing before either begins.
        assert [run.stdout.readline() for run in runs if run.stdout is not None] == ["ready\n"] * 2
        for run in runs:
            assert run.stdin is not None
            run.stdin.write("go\n")
            run.stdin.flush()
        assert [run.communicate(timeout=60)[1] for run in runs] == ["", ""]
    history = History.open("demo")
    assert (history.notes, history.ignored) == ((), ())
    assert known() == ["1.0", "1.1", "1.2"]
    assert sorted(state(overlay_folder())) == ["demo/0001-1.1.pack", "demo/0002-1.2.pack"]


def test_a_run_that_is_interrupted_keeps_what_it_had(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    running = add_releases(index, DEMO, missing(index))
    next(running)
    before = state(overlay_folder())

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(running)
    assert state(overlay_folder()) == before
    assert known() == ["1.0", "1.1"]
    monkeypatch.undo()


def test_no_room_on_the_disk(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DriftError, match=r"^cannot write .*0001-1\.1\.pack: No space left on device$"):
            list(add_releases(index, DEMO, missing(index)))
    assert state(overlay_folder()) == {}
    assert known() == ["1.0"]


def test_no_network(server: IndexServer, index: Index) -> None:
    releases = missing(index)
    server.broken = "status 503"
    with pytest.raises(DriftError) as caught, Index(server.url) as other:
        list(add_releases(other, DEMO, releases))
    assert "\n" not in str(caught.value)
    assert known() == ["1.0"]


def test_a_release_that_cannot_be_read_keeps_those_before_it(server: IndexServer, index: Index, tmp_path: Path) -> None:
    releases = missing(index)
    (tmp_path / "served" / "demo-1.2-py3-none-any.whl").write_bytes(b"no wheel")
    with pytest.raises(DriftError):
        list(add_releases(index, DEMO, releases))
    assert known() == ["1.0", "1.1"]


def test_a_file_that_is_no_python_makes_the_release_incomplete(index: Index, tmp_path: Path) -> None:
    make_wheel(tmp_path / "served", {"demo/__init__.py": b"", "demo/a.py": b"def f(:"}, version="1.1")
    with Index(index.url) as fresh:
        [added, _] = add_releases(fresh, DEMO, missing(fresh))
    [problem] = added.info.problems
    assert "demo/a.py" in problem
    assert not History.open("demo").release("1.1").complete
    assert History.open("demo").release("1.2").complete


def test_an_upstream_by_train_is_ordered_by_build_date(tmp_path: Path) -> None:
    upstream = DEMO._replace(by_train=True)
    with open_source(tmp_path / "served" / "demo-1.1-py3-none-any.whl") as source:
        assert release_info(source, upstream, ()).train == "2026-04"
        assert release_info(source, DEMO, ("no",)).train == ""
    assert updating.release_info(source, DEMO, ("no",)).problems == ("no",)
