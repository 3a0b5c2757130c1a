from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drift_checks.output import Output, Progress, markdown_table
from signatures.errors import DriftError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make stdout a terminal, for the rest of the test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


def test_the_answer_goes_to_stdout_and_notes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with Output("text", None) as output:
        output.line("one")
        output.text("two")
        output.text("three\n")
        output.note("a note")
        output.warn("left out")
    assert capsys.readouterr() == ("one\ntwo\nthree\n", "a note\ndrift: left out\n")


def test_quiet_keeps_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    with Output("text", None, quiet=True) as output:
        output.note("a note")
        output.warn("left out")
    assert capsys.readouterr() == ("", "drift: left out\n")


def test_data_is_json_in_utf_8(tmp_path: Path) -> None:
    with Output("json", tmp_path / "out.json") as output:
        output.data({"b": ["é"], "a": None})
    assert (tmp_path / "out.json").read_bytes() == '{\n  "b": [\n    "é"\n  ],\n  "a": null\n}\n'.encode()


def test_a_file_takes_the_place_of_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Output("text", tmp_path / "new" / "out.txt") as output:
        output.line("answer")
    assert (tmp_path / "new" / "out.txt").read_text() == "answer\n"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("before", [None, "as it was"])
def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path, before: str | None) -> None:
    target = tmp_path / "out.txt"
    if before is not None:
        target.write_text(before)
    with pytest.raises(DriftError), Output("text", target) as output:
        output.line("half")
        raise DriftError("no")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == ([("out.txt", before)] if before else [])


def test_a_failure_says_nothing_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DriftError), Output("text", None) as output:
        output.line("half")
        raise DriftError("no")
    assert capsys.readouterr().out == ""


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match=r"^cannot write .*: Is a directory$"), Output("text", tmp_path) as output:
        output.line("answer")


@pytest.mark.parametrize(
    ("options", "environment", "colored"),
    [({}, {}, True), ({"no_color": True}, {}, False), ({}, {"NO_COLOR": "1"}, False), ({}, {"NO_COLOR": ""}, True)],
)
def test_colour_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, bool],
    environment: dict[str, str],
    colored: bool,
) -> None:
    terminal = on_terminal(monkeypatch)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with Output("text", None, **options) as output:
        output.line(output.styled("red", fg="red"))
    assert terminal.getvalue() == ("\x1b[31mred\x1b[0m\n" if colored else "red\n")


def test_no_colour_in_a_pipe_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)
    assert not Output("text", tmp_path / "out.txt").color
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not Output("text", None).color
    assert Output("text", None).width == 120


def test_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "77")
    assert Output("text", None).width == 77


def test_a_bar_appears_only_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    progress = Progress("reading", active=True)
    opened: list[str] = []

    class Bar:
        def update(self, task: int, *, description: str, **numbers: int) -> None:
            opened.append(description)

        def stop(self) -> None:
            opened.append("stop")

    monkeypatch.setattr(progress, "_open", lambda: (Bar(), 0))
    progress.step(1, 10, "a")
    assert opened == []
    now = 1.5
    progress.step(2, 10, "b")
    progress.step(3, 10)
    progress.close()
    assert opened == ["reading b", "reading", "stop"]


def test_no_bar_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with Output("text", None).progress("reading") as progress:
        monkeypatch.setattr("time.monotonic", lambda: 10.0**9)
        progress.step(1, 2)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Output("text", None, quiet=True).progress("reading") as progress:
        progress.step(1, 2)
    assert terminal.getvalue() == ""


PROGRAM = """
from drift_checks.output import Output
with Output("text", None) as output:
    for number in range(100_000):
        output.line(f"→ {number}")
"""


def test_a_reader_that_has_seen_enough() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "→ 0\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_a_stream_that_is_not_utf_8_gets_it_all_the_same() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, env=environment, timeout=60)
    assert done.stdout.startswith("→ 0\n→ 1\n".encode())


def test_a_table_in_markdown() -> None:
    rows = [("a|b", "two\nlines"), ("", "x")]
    assert list(markdown_table(("one", "two"), rows)) == [
        "| one | two |",
        "| --- | --- |",
        "| a\\|b | two lines |",
        "|  | x |",
    ]


def test_json_is_what_a_script_reads(capsys: pytest.CaptureFixture[str]) -> None:
    with Output("json", None) as output:
        output.data([{"a": 1}])
    assert json.loads(capsys.readouterr().out) == [{"a": 1}]
