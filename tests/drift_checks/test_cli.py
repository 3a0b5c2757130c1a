from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drift_checks import cli
from drift_checks.commands import releases
from signatures.errors import DriftError

from ..histories import drift, write_history

COMMANDS = ("check", "history", "diff", "releases", "update", "verify", "explain", "completion")


@pytest.fixture(autouse=True)
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small histories in the place of the shipped ones."""
    monkeypatch.setattr("signatures.history.SHIPPED", tmp_path)
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    write_history(
        tmp_path,
        "transformers",
        {
            "5.0": {"transformers/__init__.py": "def f(a): ...\ndef g(): ..."},
            "5.1": {"transformers/__init__.py": "def f(a): ..."},
        },
    )
    write_history(tmp_path, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    write_history(tmp_path, "torch-npu", {"2.6.0": {"torch_npu/__init__.py": ""}})
    return tmp_path


def test_commands_are_in_the_order_of_the_work() -> None:
    listed = re.findall(r"^  (\w+)  ", drift("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert tuple(listed) == COMMANDS


def test_without_a_command_it_says_what_there_is() -> None:
    result = drift()
    assert result.exit_code == 2
    assert result.stdout == drift("--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_of_each_command(command: str, flag: str) -> None:
    result = drift(command, flag)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Examples:\n" in result.stdout
    for option in ("--format", "-o, --output FILE", "-q, --quiet", "--no-color"):
        assert option in result.stdout


def examples() -> Iterator[list[str]]:
    for command in COMMANDS:
        text = drift(command, "--help").stdout.partition("Examples:\n")[2].partition("\n\n")[0]
        yield from (shlex.split(line) for line in text.splitlines() if line.strip().startswith("drift"))


def test_the_examples_are_complete_and_parse() -> None:
    told = list(examples())
    assert {line[1] for line in told} == set(COMMANDS)
    for line in told:
        command = cli.main.commands[line[1]]
        command.make_context(line[1], line[2:])


def test_version() -> None:
    result = drift("--version")
    assert result.exit_code == 0
    assert re.fullmatch(r"drift, version \d+\.\d+\.\d+\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "told", "command"),
    [
        (["nosuch"], "'nosuch'", "drift"),
        (["--nosuch"], "--nosuch", "drift"),
        (["diff", "transformers", "5.0"], "'NEW'", "drift diff"),
        (["check"], "'PATH...'", "drift check"),
        (["releases", "--format", "xml"], "'text', 'json', 'markdown'", "drift releases"),
        (["releases", "a", "b"], "(b)", "drift releases"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], told: str, command: str) -> None:
    result = drift(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    assert line.startswith("drift: ") and told in line
    assert line.endswith(f"; see `{command} --help`")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DriftError("no such thing: do this"), 2, "drift: no such thing: do this"),
        (OSError(28, "No space left on device", "x.pack"), 2, "drift: x.pack: No space left on device"),
        (OSError("odd"), 2, "drift: input or output: odd"),
        (KeyboardInterrupt(), 130, "drift: interrupted"),
    ],
)
def test_what_stops_a_command_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, message: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(releases, "run", failing)
    result = drift("releases")
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (status, "", message)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["releases"], 0),
        (["history", "transformers.g"], 0),
        (["diff", "transformers", "5.0", "5.1"], 1),
        (["diff", "transformers", "5.0", "5.0"], 0),
        (["diff", "transformers", "5.0", "5.7"], 2),
        (["history", "transformers.x"], 2),
    ],
)
def test_exit_status(arguments: list[str], status: int) -> None:
    assert drift(*arguments).exit_code == status


CALLS = [
    ["releases"],
    ["releases", "torch-npu", "--format", "json"],
    ["history", "transformers.g"],
    ["history", "transformers.g", "--format", "json"],
    ["diff", "transformers", "5.0", "5.1"],
    ["diff", "transformers", "5.0", "5.1", "--format", "json", "--all"],
]


@pytest.mark.parametrize("arguments", CALLS)
def test_the_same_call_twice_gives_the_same_bytes_also_in_a_file(arguments: list[str], tmp_path: Path) -> None:
    first = drift(*arguments)
    assert drift(*arguments).stdout_bytes == first.stdout_bytes
    target = tmp_path / "out"
    written = drift(*arguments, "--output", str(target))
    assert (written.stdout, written.exit_code) == ("", first.exit_code)
    assert target.read_bytes() == first.stdout_bytes


def test_a_call_that_fails_leaves_the_output_file_alone(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("as it was")
    assert drift("history", "transformers.x", "-o", str(target)).exit_code == 2
    assert target.read_text() == "as it was"


def test_an_output_file_that_cannot_be_written(tmp_path: Path) -> None:
    result = drift("releases", "-o", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"drift: cannot write {tmp_path}: Is a directory\n"


def test_without_the_extra_s_packages_it_says_how_to_get_them() -> None:
    program = "import sys; sys.modules['click'] = None; import drift_checks.cli"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "drift: its packages are missing; install them with: pip install 'upstream-compat[drift]'\n"
