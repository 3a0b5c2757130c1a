from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signatures.history import History
from signatures.upstreams import UPSTREAMS, Upstream
from signatures.wheels import Index

from ...histories import drift, write_history
from ...signatures.packaged import IndexServer, make_wheel, serve


@pytest.fixture(autouse=True)
def server(packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """A package index with releases of `demo`, the only upstream, whose shipped history ends at 1.0."""
    monkeypatch.setattr("drift_checks.commands.update.UPSTREAMS", {"demo": Upstream("demo", ("demo",), "1.0")})
    monkeypatch.setitem(UPSTREAMS, "demo", Upstream("demo", ("demo",), "1.0"))
    write_history(packs, "demo", {"1.0": {"demo/__init__.py": ""}})
    folder = tmp_path / "served"
    folder.mkdir()
    make_wheel(folder, {"demo/__init__.py": b""}, version="1.0")
    with serve(folder) as running:
        monkeypatch.setattr("drift_checks.commands.update.Index", lambda: Index(running.url))
        yield running


@pytest.fixture
def publish(server: IndexServer) -> Callable[..., None]:
    """Puts releases of `demo` on the index."""

    def put(*versions: str, source: bytes = b"x = 1") -> None:
        for version in versions:
            make_wheel(server.folder, {"demo/__init__.py": source}, version=version)

    return put


def known() -> list[str]:
    return [info.version for info in History.open("demo").releases]


def test_nothing_new() -> None:
    result = drift("update")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "demo: nothing newer than 1.0\n", "")


def test_new_releases_are_no_finding(publish: Callable[..., None]) -> None:
    publish("1.1", "1.2")
    result = drift("update", "demo")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "demo 1.1: 1 modules read, 0.0 MB fetched",
        "demo 1.2: 0 modules read, 0.0 MB fetched",
    ]
    assert known() == ["1.0", "1.1", "1.2"]
    assert drift("update").stdout == "demo: nothing newer than 1.2\n"


def test_json(publish: Callable[..., None]) -> None:
    publish("1.1")
    document = json.loads(drift("update", "--format", "json").stdout)
    [added] = document["added"]
    assert added.pop("bytes_fetched") > 0
    assert added == {"upstream": "demo", "version": "1.1", "modules_read": 1, "problems": []}


def test_what_could_not_be_read_is_said_even_when_quiet(publish: Callable[..., None]) -> None:
    publish("1.1", source=b"def f(:")
    result = drift("update", "--quiet")
    assert result.exit_code == 0
    assert result.stderr.startswith("drift: incomplete: ")
    assert "demo/__init__.py" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_no_network_leaves_all_as_it_was(server: IndexServer, publish: Callable[..., None], tmp_path: Path) -> None:
    publish("1.1")
    server.page_type, server.page = "text/plain", "no index"
    result = drift("update")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("drift: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "cache").exists()


def test_a_release_that_cannot_be_read_keeps_those_before_it(server: IndexServer, publish: Callable[..., None]) -> None:
    publish("1.1")
    (server.folder / "demo-1.2-py3-none-any.whl").write_bytes(b"no wheel")
    result = drift("update")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("; added before that and kept: 1.1\n")
    assert len(result.stderr.splitlines()) == 1
    assert known() == ["1.0", "1.1"]


def test_a_name_that_is_not_followed_reads_nothing(server: IndexServer) -> None:
    result = drift("update", "demo", "numpy")
    assert result.exit_code == 2
    assert result.stderr.startswith("drift: numpy is not followed; known upstreams: ")
    assert server.authorized == []
