from __future__ import annotations

import os
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_checks.sources import MAX_BYTES, SourceFile, Unparsed, find
from signatures.local_sources import open_source

NAMES = ("transformers",)
USES = b"import transformers\n"


def found(folder: Path) -> list[str]:
    return [Path(item.path).relative_to(folder).as_posix() for item in find(folder, NAMES)]


def test_only_files_that_name_an_upstream_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.py", "a/c.py", "d.txt", ".hidden/e.py", "__pycache__/f.py", "env/g.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(USES)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "none.py").write_bytes(b"import os\n")
    assert found(tmp_path) == ["b.py", "a/c.py"]


def test_a_single_file_is_found_by_the_name_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(USES)
    assert [item.path for item in find(path, NAMES)] == [path.as_posix()]


def test_links_are_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.py").write_bytes(USES)
    (inside / "real.py").write_bytes(USES)
    (inside / "link.py").symlink_to(inside / "real.py")
    (inside / "out.py").symlink_to(outside / "secret.py")
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "self.py").symlink_to(inside / "self.py")
    (inside / "broken.py").symlink_to(inside / "never.py")
    items = list(find(inside, NAMES))
    assert [Path(item.path).name for item in items if isinstance(item, SourceFile)] == ["link.py", "real.py"]
    assert [Path(item.path).name for item in items if isinstance(item, Unparsed)] == ["broken.py", "self.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_reported_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    items: list[SourceFile | Unparsed] = []
    reader = threading.Thread(target=lambda: items.extend(find(tmp_path, NAMES)), daemon=True)
    reader.start()
    reader.join(10)
    assert not reader.is_alive()
    [item] = items
    assert isinstance(item, Unparsed)
    assert item.message == "cannot be read: not a regular file"


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_bytes(USES)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    [item] = find(tmp_path, NAMES)
    assert item == Unparsed((tmp_path / "a.py").as_posix(), 1, "cannot be read: Permission denied")


def test_a_wheel_is_searched_without_being_unpacked(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("demo/b.py", "demo/a.py", "demo/d.txt"):
            archive.writestr(name, USES)
        archive.writestr("demo/c.py", b"")
        archive.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        archive.writestr("demo-1.0.dist-info/RECORD", "demo/a.py,,\ndemo/b.py,,\n")
    with open_source(wheel) as source:
        assert [item.path for item in find(source, NAMES)] == ["demo/a.py", "demo/b.py"]


def test_a_damaged_member_of_a_wheel_is_reported(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo/a.py", USES)
        archive.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        archive.writestr("demo-1.0.dist-info/RECORD", f"demo/a.py,sha256={'A' * 43},1\n")
    with open_source(wheel) as source:
        [item] = find(source, NAMES)
    assert isinstance(item, Unparsed)
    assert (item.path, item.message.count("\n")) == ("demo/a.py", 0)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"x = (\n", 1),
        (b"import transformers\nx = = 2\n", 2),
        (b"x = 1\0\n", 1),
        (b"# coding: no-such-encoding\n", 1),
        (b"# coding: ascii\nx = '\xff'\n", 1),
        (b"x = '\xff'\n", 1),
        (b"\xff\xfe" + "x = 1\n".encode("utf-16-le"), 1),
        (b"x = " + b"(" * 5000 + b")" * 5000, 1),
        (b"x = " + b"-" * 200_000 + b"1", 1),
        (b"#" * (MAX_BYTES + 1), 1),
    ],
)
def test_what_is_not_python_is_reported_in_one_line(data: bytes, line: int) -> None:
    item = SourceFile("a.py", data).parse()
    assert isinstance(item, Unparsed)
    assert item.path == "a.py"
    assert "\n" not in item.message
    assert item.message
    if line > 1:
        assert item.line == line


@pytest.mark.parametrize(
    "data",
    ["x = 'ä'".encode(), b"\xef\xbb\xbfx = 1", b"# coding: latin-1\nx = '\xe4'\n", b"x = '\\d'\r\ny = 2\r", b""],
)
def test_every_encoding_that_python_reads_is_read(data: bytes) -> None:
    assert not isinstance(SourceFile("a.py", data).parse(), Unparsed)


def test_columns_count_characters_from_one() -> None:
    file = SourceFile("a.py", "x = 'äö'; call(1)\n".encode())
    assert file.column(1, len("x = 'äö'; ".encode())) == 11


def test_lines_are_those_of_the_parser() -> None:
    file = SourceFile("a.py", b"a = 1\rb = '\x0c'\r\nc = '\xe2\x80\xa8'\n")
    assert (file.line(2), file.line(3), file.line(9)) == ("b = '\x0c'", "c = '\u2028'", "")


@given(st.binary(max_size=200))
def test_no_bytes_stop_the_run(data: bytes) -> None:
    file = SourceFile("a.py", data)
    file.parse()
    assert file.column(1, 10) >= 1


def test_a_namespace_of_operators_is_a_name_of_torch_npu(tmp_path: Path) -> None:
    (tmp_path / "ops.py").write_text("import torch\n\ntorch.ops.npu.npu_swiglu(x)\n")
    assert [file.path for file in find(tmp_path, ["torch_npu"])] == [(tmp_path / "ops.py").as_posix()]
    assert not list(find(tmp_path, ["transformers"]))
