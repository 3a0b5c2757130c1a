from __future__ import annotations

import subprocess
import sys

import pytest


def program(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """The program as a process; with `code` run before it."""
    started = ["-c", f"{code}\nfrom drift_checks.__main__ import run\nrun()"] if code else ["-m", "drift_checks"]
    return subprocess.run(
        [sys.executable, *started, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--version"], 0, "drift, version"),
        (["releases"], 0, "transformers"),
        (["check", "no/such/path"], 2, "drift: no/such/path: no such path"),
        (["nonsense"], 2, "drift: No such command"),
    ],
)
def test_the_exit_status_is_that_of_the_command(arguments: list[str], status: int, said: str) -> None:
    done = program(*arguments)
    assert done.returncode == status
    assert said in done.stdout + done.stderr


def test_all_of_a_long_answer_is_written() -> None:
    done = program("diff", "transformers", "5.3.0", "5.6.2", "--format", "json")
    assert done.returncode == 1
    assert done.stdout.endswith("}\n")
    assert len(done.stdout) > 100_000


def test_a_missing_package_is_one_line() -> None:
    done = program(code="import sys\nsys.modules['click'] = None")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("drift: its packages are missing; install them with: pip install 'upstream-compat[drift]'\n")


def test_an_error_of_our_own_is_not_hidden() -> None:
    done = program(
        code="import drift_checks.cli\ndef main(**extra): raise ZeroDivisionError\ndrift_checks.cli.main = main"
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
