from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from signatures.packs import Chunk, Header, Pack, PackError, ReleaseInfo, encoded, write_pack

_HEADER = Header("pkg", (ReleaseInfo("1.0"), ReleaseInfo("1.1")))
_CHUNK = Chunk((("pkg", "0=0,1="),), "1\nname\tsurface\tbody")


def test_a_base_pack_says_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "#1 ?%20" / "a.pack"
    write_pack(path, _HEADER, [_CHUNK, Chunk((("pkg.b", "0=0"),), "é" * 100_000)], tool="0.1")
    pack = Pack(path, check=True)
    assert pack.header == _HEADER
    assert pack.rows() == {"pkg": (0, "0=0,1="), "pkg.b": (1, "0=0")}
    assert pack.row("pkg") == (0, "0=0,1=")
    assert pack.row("missing") is None
    assert b"".join(pack.pieces(1)) == encoded("é" * 100_000)
    assert len(next(pack.pieces(1))) < 100_000
    pack.close()


def test_a_delta_pack_says_what_was_written(tmp_path: Path) -> None:
    header = Header("pkg", (ReleaseInfo("1.2"),), ("1.1", "d1"), ("pkg.gone",))
    write_pack(tmp_path / "a.pack", header, [Chunk((("pkg.b", ""), ("pkg", "")), "+f\t1\t")])
    pack = Pack(tmp_path / "a.pack", check=True)
    assert pack.header == header
    assert pack.names() == {0: ["pkg.b", "pkg"]}
    assert pack.text(0) == b"+f\t1\t"
    pack.close()


@pytest.mark.parametrize(
    ("header", "chunk"),
    [
        (_HEADER._replace(upstream="other"), _CHUNK),
        (_HEADER._replace(parent=("1.1", "d1")), _CHUNK),
        (_HEADER._replace(removed=("pkg.gone",)), _CHUNK),
        (_HEADER._replace(releases=_HEADER.releases[:1]), _CHUNK),
        (_HEADER._replace(releases=(ReleaseInfo("1.0", problems=("x",)), ReleaseInfo("1.1"))), _CHUNK),
        (_HEADER, _CHUNK._replace(text="1\nname\tsurface\tbodi")),
        (_HEADER, _CHUNK._replace(modules=(("pkg", "0=0"),))),
    ],
)
def test_the_digest_covers_all_that_is_said(tmp_path: Path, header: Header, chunk: Chunk) -> None:
    digests = []
    for number, (given_header, given_chunk) in enumerate([(_HEADER, _CHUNK), (header, chunk), (_HEADER, _CHUNK)]):
        write_pack(tmp_path / f"{number}.pack", given_header, [given_chunk], tool=str(number))
        pack = Pack(tmp_path / f"{number}.pack")
        digests.append(pack.digest)
        pack.close()
    assert digests[0] == digests[2] != digests[1]


def test_a_pack_of_a_later_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("signatures.packs.FORMAT", 2)
        write_pack(tmp_path / "a.pack", _HEADER, [_CHUNK])
    with pytest.raises(PackError, match=r"a\.pack: its format is 2, not 1; install upstream-compat again$"):
        Pack(tmp_path / "a.pack")


def test_another_database_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.pack")
    connection.execute("CREATE TABLE other(x)")
    connection.commit()
    connection.close()
    with pytest.raises(PackError, match="it is damaged"):
        Pack(tmp_path / "a.pack")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="it cannot be read"):
        Pack(tmp_path / "a.pack")
