from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.sources import recorded_digests, top_folder, unsafe_name

from .packaged import record


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("a/b.py", None),
        ("a b/ü.py", None),
        ("..", "plain relative"),
        ("a/../b.py", "plain relative"),
        ("./a.py", "plain relative"),
        ("a//b.py", "plain relative"),
        ("", "plain relative"),
        ("/etc/passwd", "absolute"),
        ("C:/a.py", "absolute"),
        ("c:a.py", "absolute"),
        ("a\\..\\b.py", "backslash"),
        ("a\x00.py", "unprintable"),
        ("a\n.py", "unprintable"),
        ("a\x1b[2J.py", "unprintable"),
        ("a\udcff.py", "unprintable"),
    ],
)
def test_only_plain_relative_names_are_taken(path: str, why: str | None) -> None:
    found = unsafe_name(path)
    assert (found is None) if why is None else (found is not None and why in found)


@given(st.text(max_size=30))
def test_a_name_that_is_taken_stays_in_its_folder(path: str) -> None:
    if unsafe_name(path) is None:
        assert not path.startswith("/")
        assert not {"..", ".", ""} & set(path.split("/"))


@pytest.mark.parametrize(
    ("paths", "top"),
    [(["a/b", "a/c/d"], "a/"), (["a/b", "c/d"], ""), (["a/b", "c"], ""), (["a"], ""), ([], "")],
)
def test_the_folder_that_holds_all(paths: list[str], top: str) -> None:
    assert top_folder(paths) == top


def test_record_gives_hashes_in_hexadecimal() -> None:
    stated = recorded_digests(record({"a.py": b"x", "b,c.py": b"y"}).replace(b"b,c.py", b'"b,c.py"'))
    assert stated["a.py"] == hashlib.sha256(b"x").hexdigest()
    assert stated["b,c.py"] == hashlib.sha256(b"y").hexdigest()
    assert stated["demo-1.0.dist-info/RECORD"] is None


def test_a_weaker_hash_is_not_stated() -> None:
    assert recorded_digests(b"a.py,md5=abc,1\nb.py\n") == {"a.py": None, "b.py": None}


@pytest.mark.parametrize(
    "text",
    [b"a.py,sha256=!!!,1\n", b"a.py,sha256=YWJj,3\n", b"\xff\xfe,,\n", b'"' + b"a" * 200_000 + b'",,\n'],
    ids=["alphabet", "length", "encoding", "field"],
)
def test_a_malformed_record_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"line 1|utf-8"):
        recorded_digests(text)


@given(st.binary(max_size=200))
def test_record_from_any_bytes_is_read_or_refused(text: bytes) -> None:
    try:
        stated = recorded_digests(text)
    except ValueError:
        return
    assert all(digest is None or len(digest) == 64 for digest in stated.values())
