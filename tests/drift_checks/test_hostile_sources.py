"""Files that nobody should have written: no crash, no hang, and the others are checked."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from drift_checks import sources

from ..histories import drift, write_history

RELEASES = {
    "1.0": {"transformers/__init__.py": "def f(size=0): ..."},
    "2.0": {"transformers/__init__.py": "def f(sizes=0): ..."},
}
USES = b"import transformers\n\ntransformers.f(size=1)\n"
FOUND = ("parameter-renamed", 3)
DEEP = 10_000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packs = tmp_path / "packs"
    monkeypatch.setattr("signatures.history.SHIPPED", packs)
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    write_history(packs, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    write_history(packs, "transformers", RELEASES)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "good.py").write_bytes(USES)
    return folder


def run(*arguments: str) -> Result:
    """The command, given up after a minute."""
    results: list[Result] = []
    asked = ("check", ".", "--from", "transformers==1.0", "--to", "transformers==2.0", *arguments)
    thread = threading.Thread(target=lambda: results.append(drift(*asked)), daemon=True)
    thread.start()
    thread.join(60)
    assert results, "it hangs"
    [result] = results
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def checked() -> tuple[int, Any]:
    result = run("--format", "json")
    return result.exit_code, json.loads(result.stdout)


def places(document: Any, path: str) -> list[tuple[str, int]]:
    return [(f["rule"], f["line"]) for f in document["findings"] if f["path"] == path]


UNPARSABLE = {
    "a NUL": USES + b"\0",
    "UTF-16 with a mark, and the name in UTF-8": b"\xff\xfe" + USES,
    "bytes that are no UTF-8": b"x = '\xe4'\n" + USES,
    "a cookie for an encoding that does not exist": b"# coding: nothing-like-it\n" + USES,
    "a cookie that is wrong": b"# coding: ascii\nx = '\xe4'\n" + USES,
    "parentheses": USES + b"x = " + b"(" * DEEP + b")" * DEEP,
    "calls": USES + b"x = " + b"f(" * DEEP + b")" * DEEP,
    "operators": USES + b"x = " + b"-" * 20 * DEEP + b"1",
    "a sum": USES + b"x = " + b"1+" * 5 * DEEP + b"1",
    "attributes": USES + b"x = transformers" + b".a" * 5 * DEEP,
    "calls of calls": USES + b"x = transformers.f" + b"()" * DEEP,
    "else if": USES + b"if a: pass\n" + b"elif a: pass\n" * 2 * DEEP,
    "blocks": USES + b"".join(b" " * depth + b"if a:\n" for depth in range(200)) + b" " * 200 + b"pass\n",
    "a line of ten megabytes": USES + b"x = '" + b"a" * (10 << 20) + b"'\n",
    "a sentence": USES + b"that is no program\n",
}


@pytest.mark.parametrize("content", UNPARSABLE.values(), ids=UNPARSABLE)
def test_a_file_that_cannot_be_parsed_is_named_and_the_others_are_checked(project: Path, content: bytes) -> None:
    (project / "hostile.py").write_bytes(content)
    status, document = checked()
    assert status == 2
    assert places(document, "good.py") == [FOUND]
    [item] = document["unparsed"]
    assert item["path"] == "hostile.py"
    assert item["message"]
    assert "\n" not in item["message"]


READABLE = {
    "a byte order mark": (b"\xef\xbb\xbf" + USES, 3),
    "Latin-1 with a cookie": (b"# coding: latin-1\nx = '\xe4'\n" + USES, 5),
    "a hundred thousand lines": (b"x = 1\n" * 100_000 + USES, 100_003),
    "a line of a megabyte": (b"x = '" + b"a" * (1 << 20) + b"'; y = 2\n" + USES, 4),
    "the line ends of old systems": (USES.replace(b"\n", b"\r"), 3),
    "a form feed": (b"x = 1\n\x0c\n" + USES, 5),
    "many names in one line": (USES + b"x = [" + b"transformers," * DEEP + b"]\n", 3),
}


@pytest.mark.parametrize(("content", "line"), READABLE.values(), ids=READABLE)
def test_an_odd_file_is_checked_like_any_other(project: Path, content: bytes, line: int) -> None:
    (project / "odd.py").write_bytes(content)
    status, document = checked()
    assert (status, document["unparsed"]) == (1, [])
    assert places(document, "odd.py") == [("parameter-renamed", line)]


def test_an_empty_file_and_a_folder_that_looks_like_a_file(project: Path) -> None:
    (project / "empty.py").touch()
    (project / "folder.py").mkdir()
    (project / "folder.py" / "inside.py").write_bytes(USES)
    status, document = checked()
    assert status == 1
    assert places(document, "folder.py/inside.py") == [FOUND]


def test_links_in_a_circle(project: Path) -> None:
    (project / "loop").symlink_to(project, target_is_directory=True)
    (project / "package").mkdir()
    (project / "package" / "up").symlink_to(project / "package", target_is_directory=True)
    (project / "self.py").symlink_to(project / "self.py")
    status, document = checked()
    assert status == 2
    assert [item["path"] for item in document["unparsed"]] == ["self.py"]
    assert [finding["path"] for finding in document["findings"]] == ["good.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipes_are_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    os.mkfifo(project / "requirements.txt")
    (project / "imports.py").write_bytes(b"from pipe import x\n" + USES)
    status, document = checked()
    assert status == 2
    assert [(item["path"], item["message"]) for item in document["unparsed"]] == [
        ("pipe.py", "cannot be read: not a regular file")
    ]
    assert places(document, "imports.py") == [("parameter-renamed", 4)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="whoever runs this may read every file")
def test_a_file_that_may_not_be_read(project: Path) -> None:
    (project / "secret.py").write_bytes(USES)
    (project / "secret.py").chmod(0)
    status, document = checked()
    assert status == 2
    assert document["unparsed"] == [{"path": "secret.py", "line": 1, "message": "cannot be read: Permission denied"}]


def test_a_file_that_disappears_while_it_is_looked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = sources.python_files

    def vanishing(folder: Path) -> Iterator[Path]:
        yield from listed(folder)
        yield folder / "vanished.py"

    monkeypatch.setattr(sources, "python_files", vanishing)
    status, document = checked()
    assert status == 2
    assert [item["path"] for item in document["unparsed"]] == ["vanished.py"]
    assert places(document, "good.py") == [FOUND]


@pytest.mark.parametrize("form", ["text", "json", "github", "markdown", "sarif", "html"])
def test_names_that_are_no_text_are_shown_in_every_format(project: Path, form: str) -> None:
    odd = [b"bad\xff.py", b"two\nlines.py"]
    try:
        for name in odd:
            Path(os.fsdecode(name)).write_bytes(USES)
    except OSError:
        pytest.skip("this file system takes no such name")
    result = run("--format", form, "--output", "report")
    assert result.exit_code == 1
    report = (project / "report").read_text(encoding="utf-8")
    # JSON escapes the backslash itself, and links have their own way.
    plain = report.replace("%5C", "\\").replace("\\\\", "\\")
    assert "bad\\xff.py" in plain
    assert "two\\nlines.py" in plain


def test_a_project_of_hostile_files_only(project: Path) -> None:
    for number, content in enumerate(UNPARSABLE.values()):
        (project / f"hostile{number}.py").write_bytes(content)
    status, document = checked()
    assert status == 2
    assert len(document["unparsed"]) == len(UNPARSABLE)
    assert places(document, "good.py") == [FOUND]
