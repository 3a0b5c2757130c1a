from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from signatures import rebuild
from signatures.history import History
from signatures.upstreams import UPSTREAMS, Upstream
from signatures.wheels import Index

from .packaged import IndexServer, make_wheel, serve

DEMO = Upstream("demo", ("demo",), "1.0")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    monkeypatch.setitem(UPSTREAMS, "demo", DEMO)
    monkeypatch.setattr("signatures.history.SHIPPED", tmp_path / "shipped")
    (tmp_path / "served").mkdir()
    for version in ("0.9", "1.0", "1.1"):
        release(tmp_path, version)
    with serve(tmp_path / "served") as running:
        monkeypatch.setattr(rebuild, "Index", lambda: Index(running.url))
        yield running


def release(folder: Path, version: str, **files: bytes) -> None:
    given = {f"demo/{name}.py": text for name, text in files.items()}
    make_wheel(folder / "served", {"demo/__init__.py": f"version = {version!r}".encode(), **given}, version=version)


def versions(folder: Path) -> list[str]:
    return [info.version for info in History.open("demo", overlay=False, folder=folder).releases]


def test_a_base_pack_of_all_followed_releases(
    server: IndexServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rebuild.main(["demo", "--into", str(tmp_path / "packs")]) == 0
    assert versions(tmp_path / "packs") == ["1.0", "1.1"]
    assert not (tmp_path / "shipped").exists()
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["1.0", "1.1"]


def test_twice_gives_the_same_bytes(server: IndexServer, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert rebuild.main(["demo", "--into", str(tmp_path / name)]) == 0
    first, second = ((tmp_path / name / "demo" / "0000-base.pack").read_bytes() for name in ("one", "two"))
    assert first == second


def test_new_releases_are_added_to_the_folder_that_is_named(server: IndexServer, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    assert rebuild.main(["demo", "--into", str(packs)]) == 0
    release(tmp_path, "1.2", more=b"def f(): ...")
    release(tmp_path, "1.3")
    base = (packs / "demo" / "0000-base.pack").read_bytes()
    assert rebuild.main(["demo", "--add", "--into", str(packs)]) == 0
    assert versions(packs) == ["1.0", "1.1", "1.2", "1.3"]
    assert (packs / "demo" / "0000-base.pack").read_bytes() == base
    assert sorted(path.name for path in (packs / "demo").iterdir()) == [
        "0000-base.pack",
        "0001-1.2.pack",
        "0002-1.3.pack",
    ]
    assert not (tmp_path / "shipped").exists()


def test_wheels_at_hand_are_not_fetched(server: IndexServer, tmp_path: Path) -> None:
    arguments = ["demo", "--into", str(tmp_path / "packs"), "--wheels", str(tmp_path / "served")]
    assert rebuild.main(arguments) == 0
    assert server.asked == []


def test_what_cannot_be_read_is_one_line(
    server: IndexServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "served" / "demo-1.1-py3-none-any.whl").write_bytes(b"no wheel")
    assert rebuild.main(["demo", "--into", str(tmp_path / "packs")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not list((tmp_path / "packs").rglob("*.pack"))


def test_an_upstream_that_is_not_followed(capsys: pytest.CaptureFixture[str]) -> None:
    assert rebuild.main(["numpy"]) == 2
    assert capsys.readouterr().err.startswith("signatures.rebuild: numpy is not followed")
