from __future__ import annotations

import datetime
import gzip
import io
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures import archives, sources
from signatures.archives import archive_source, newest, open_archive
from signatures.errors import DriftError
from signatures.sources import UnreadableFile

from .packaged import FILES, METADATA, RECORD, WHEEL, make_sdist, make_wheel, member, record

GOOD = "demo/__init__.py"
EVIL = "demo/evil.py"


def test_a_wheel_is_listed_and_read(tmp_path: Path) -> None:
    with open_archive(make_wheel(tmp_path)) as wheel:
        assert (wheel.label, wheel.name, wheel.version) == ("demo 1.0 (wheel)", "demo", "1.0")
        assert wheel.built == datetime.date(2026, 4, 29)
        assert set(wheel.files()) == {*FILES, METADATA, RECORD}
        assert {path: wheel.read(path) for path in FILES} == FILES
        assert all(wheel.files()[path] for path in FILES)
        assert wheel.problems == []
        with pytest.raises(KeyError):
            wheel.read("demo/other.py")


def with_member(folder: Path, info: zipfile.ZipInfo, content: bytes = b"y = 2\n") -> Path:
    """A good wheel with one more member."""
    path = make_wheel(folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, content)
    return path


@pytest.mark.parametrize(
    ("info", "why"),
    [
        (member("../evil.py"), "plain relative path"),
        (member("/evil.py"), "absolute"),
        (member("demo\\evil.py"), "backslash"),
        (member("C:evil.py"), "absolute"),
        (member("demo/e\nvil.py"), "unprintable"),
        (member("../evil/"), "plain relative path"),
        (member(EVIL, stat.S_IFLNK | 0o777), "is a link"),
    ],
    ids=lambda value: ascii(value.filename) if isinstance(value, zipfile.ZipInfo) else "",
)
def test_a_hostile_member_is_refused_by_one_line(tmp_path: Path, info: zipfile.ZipInfo, why: str) -> None:
    with open_archive(with_member(tmp_path, info)) as wheel:
        assert set(wheel.files()) == {*FILES, METADATA, RECORD}
        assert wheel.read(GOOD) == FILES[GOOD]
        [line] = wheel.problems
        assert why in line
        assert "evil" in line or "vil" in line
        assert line.isprintable()


def test_a_member_that_is_there_twice_is_refused_because_installers_differ(tmp_path: Path) -> None:
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(member(GOOD), b"x = 2\n")
    with open_archive(path) as wheel:
        assert GOOD not in wheel.files()
        assert wheel.problems == [f"demo 1.0 (wheel): '{GOOD}' is there 2 times: not read"]


def patched(path: Path, name: str, **fields: int) -> Path:
    """Change what the directory of an archive says of one member."""
    places = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<L"), "size": (24, "<L")}
    data = bytearray(path.read_bytes())
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    for field, value in fields.items():
        offset, form = places[field]
        struct.pack_into(form, data, at + offset, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"flags": 1}, "is encrypted"),
        ({"method": 12}, "is compressed by method 12"),
        ({"method": 14}, "is compressed by method 14"),
        ({"method": 99}, "is compressed by method 99"),
    ],
)
def test_a_member_of_a_kind_that_wheels_do_not_have_is_refused(
    tmp_path: Path, fields: dict[str, int], why: str
) -> None:
    with open_archive(patched(make_wheel(tmp_path), GOOD, **fields)) as wheel:
        assert GOOD not in wheel.files()
        assert [why in line for line in wheel.problems] == [True]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"crc": 1}, "Bad CRC-32"),
        ({"size": 3}, "Bad CRC-32"),
        ({"size": sources.TEXT_LIMIT + 1}, "is larger than 64 MiB"),
        ({"size": 0xFFFFFFF0}, "is larger than 64 MiB"),
    ],
)
def test_a_member_that_is_not_what_the_directory_says_is_refused(
    tmp_path: Path, fields: dict[str, int], why: str
) -> None:
    with open_archive(patched(make_wheel(tmp_path), GOOD, **fields)) as wheel:
        for _ in range(2):
            with pytest.raises(UnreadableFile, match=why):
                wheel.read(GOOD)
        assert len(wheel.problems) == 1
        assert wheel.read("demo/deep/module.py") == FILES["demo/deep/module.py"]


def test_a_bomb_unpacks_no_more_than_it_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = patched(make_wheel(tmp_path, {EVIL: bytes(50_000_000)}), EVIL, size=10)
    unpacked: list[int] = []
    read = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        unpacked.append(n or 0)
        return read(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with open_archive(path) as wheel:
        unpacked.clear()
        with pytest.raises(UnreadableFile, match="Bad CRC-32"):
            wheel.read(EVIL)
    assert unpacked == [11]


@pytest.mark.parametrize(("name", "refused"), [("demo/a.py", True), ("demo/a.so", False), ("demo/a.so.2.1", False)])
def test_libraries_may_be_larger_than_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, refused: bool
) -> None:
    monkeypatch.setattr(sources, "TEXT_LIMIT", 1000)
    monkeypatch.setattr(sources, "LIBRARY_LIMIT", 2000)
    with open_archive(make_wheel(tmp_path, {name: bytes(1001)})) as wheel:
        if refused:
            with pytest.raises(UnreadableFile, match="larger than"):
                wheel.read(name)
        else:
            assert wheel.read(name) == bytes(1001)


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        (b"\xff", "RECORD cannot be read"),
        (record({**FILES, GOOD: b"other"}), "states no sha256 for 1 file, first 'demo-1.0.dist-info/METADATA'"),
        (record({**FILES, METADATA: b"", "demo/gone.py": b""}), "names 1 file, first 'demo/gone.py'"),
    ],
    ids=["not text", "not all", "too many"],
)
def test_a_record_that_is_not_true_of_the_wheel_is_a_problem(tmp_path: Path, stated: bytes, why: str) -> None:
    with open_archive(make_wheel(tmp_path, stated=stated)) as wheel:
        assert [why in line for line in wheel.problems] == [True]
        assert wheel.read("demo/deep/module.py") == FILES["demo/deep/module.py"]


def test_a_member_that_record_does_not_state_so_is_refused(tmp_path: Path) -> None:
    metadata = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
    stated = record({**FILES, GOOD: b"other", METADATA: metadata})
    with open_archive(make_wheel(tmp_path, stated=stated)) as wheel:
        with pytest.raises(UnreadableFile, match=r"'demo/__init__\.py' is not what RECORD states"):
            wheel.read(GOOD)
        assert len(wheel.problems) == 1


def test_a_wheel_without_record_is_read_unverified(tmp_path: Path) -> None:
    path = tmp_path / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(GOOD, b"x = 1\n")
    with open_archive(path) as wheel:
        assert wheel.read(GOOD) == b"x = 1\n"
        assert [("0 RECORD files" in line) for line in wheel.problems] == [True]


def test_a_zip64_wheel_is_read(tmp_path: Path) -> None:
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path, "a") as archive, archive.open(member("demo/large.py"), "w", force_zip64=True) as file:
        file.write(b"z = 3\n")
    with open_archive(path) as wheel:
        assert wheel.read("demo/large.py") == b"z = 3\n"


@pytest.mark.parametrize("cut", [0, 1, 10, 100, -1, -30])
def test_a_truncated_wheel_is_one_line(tmp_path: Path, cut: int) -> None:
    path = make_wheel(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DriftError, match=r"^demo 1\.0 \(wheel\): not a whole zip archive \(.*\): fetch it again$"):
        open_archive(path)


@given(data=st.data())
def test_a_damaged_wheel_is_read_or_refused_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(make_wheel(tmp_path_factory.mktemp("damaged")).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        wheel = archive_source(io.BytesIO(content), WHEEL)
    except DriftError as error:
        assert str(error).isprintable()
        return
    with wheel:
        for path in wheel.files():
            try:
                read = wheel.read(path)
            except UnreadableFile as error:
                assert str(error) in wheel.problems
            else:
                assert path not in FILES or read == FILES[path] or wheel.files()[path] is None


def test_an_sdist_is_read_without_its_top_folder(tmp_path: Path) -> None:
    folder = tarfile.TarInfo()
    folder.type = tarfile.DIRTYPE
    path = make_sdist(tmp_path, {"demo-1.0": folder, "demo-1.0/demo/__init__.py": b"x = 1\n", "demo-1.0/PKG-INFO": b""})
    with open_archive(path) as sdist:
        assert (sdist.label, sdist.name, sdist.version) == ("demo 1.0 (sdist)", "demo", "1.0")
        assert dict(sdist.files()) == {"demo/__init__.py": None, "PKG-INFO": None}
        assert sdist.read(GOOD) == b"x = 1\n"
        assert sdist.built == datetime.date(2023, 11, 14)
        assert sdist.problems == []


def test_a_zip_sdist_is_read_without_its_top_folder(tmp_path: Path) -> None:
    path = tmp_path / "demo-main.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo-main/", b"")
        archive.writestr("demo-main/demo/__init__.py", b"x = 1\n")
    with open_archive(path) as sdist:
        assert (sdist.label, sdist.version) == ("demo-main (sdist)", "")
        assert sdist.read(GOOD) == b"x = 1\n"


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    """The header of a member that is no regular file."""
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("demo-1.0/../evil.py", b"", "plain relative path"),
        ("/evil.py", b"", "absolute"),
        ("demo-1.0/evil\\x.py", b"", "backslash"),
        ("demo-1.0/evil.py", special(tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
        ("demo-1.0/evil.py", special(tarfile.LNKTYPE, "demo-1.0/a.py"), "is a link"),
        ("demo-1.0/evil.py", special(tarfile.FIFOTYPE), "is not a regular file"),
        ("demo-1.0/evil.py", special(tarfile.CHRTYPE), "is not a regular file"),
    ],
)
def test_a_hostile_member_of_an_sdist_is_refused_by_one_line(
    tmp_path: Path, name: str, content: bytes | tarfile.TarInfo, why: str
) -> None:
    with open_archive(make_sdist(tmp_path, {"demo-1.0/a.py": b"x = 1\n", name: content})) as sdist:
        assert list(sdist.files()) == ["a.py"]
        assert sdist.read("a.py") == b"x = 1\n"
        assert [why in line and "evil" in line for line in sdist.problems] == [True]


@pytest.mark.parametrize(
    "content", [b"", b"no archive", gzip.compress(b"no archive", mtime=0), gzip.compress(b"", mtime=0)]
)
def test_what_is_no_tar_archive_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(content)
    with pytest.raises(DriftError, match=r"not a \.tar\.gz archive"):
        open_archive(path)


def test_a_truncated_sdist_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = random.Random(0).randbytes(100_000)
    path = make_sdist(tmp_path, {"demo-1.0/a.py": b"x = 1\n", "demo-1.0/b.bin": noise, "demo-1.0/c.py": b""})
    path.write_bytes(path.read_bytes()[:60_000])
    with open_archive(path) as sdist:
        assert sdist.read("a.py") == b"x = 1\n"
        assert "c.py" not in sdist.files()
        with pytest.raises(UnreadableFile, match="unexpected end of data"):
            sdist.read("b.bin")
        assert ["damaged after" in line for line in sdist.problems] == [True, False, False]


def test_an_sdist_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_LIMIT", 100_000)
    with pytest.raises(DriftError, match="unpacks to more than"):
        open_archive(make_sdist(tmp_path, {"demo-1.0/a.py": bytes(3_000_000)}))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("demo.whl", "not a wheel's file name"),
        ("demo.rar", "neither a folder nor a"),
        ("gone-1.0.zip", "cannot be opened"),
    ],
)
def test_what_is_no_archive_is_one_line(tmp_path: Path, name: str, why: str) -> None:
    if not name.startswith("gone"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DriftError, match=why):
        open_archive(tmp_path / name)


def test_the_newest_date_that_exists() -> None:
    assert newest([(2024, 2, 30), (2024, 2, 1), (1980, 0, 0)]) == datetime.date(2024, 2, 1)
    assert newest([(1980, 0, 0)]) is None


def test_a_released_wheel_is_whole(released_wheel: Callable[[str, str], Path]) -> None:
    with open_archive(released_wheel("torch-npu", "2.13.0")) as wheel:
        assert (wheel.name, wheel.version, wheel.built) == ("torch-npu", "2.13.0", datetime.date(2026, 10, 15))
        for path in wheel.files():
            if path.endswith((".py", "/libtorch_npu.so")):
                wheel.read(path)
        assert wheel.problems == []
