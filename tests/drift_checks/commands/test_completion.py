from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ...histories import drift


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_that_asks_the_command(shell: str) -> None:
    result = drift("completion", shell)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"_DRIFT_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_bash_reads_it(tmp_path: Path) -> None:
    script = tmp_path / "drift"
    script.write_text(drift("completion", "bash").stdout)
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_answers_the_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    asked = {"_DRIFT_COMPLETE": "bash_complete", "COMP_WORDS": "drift check --select symbol-mo", "COMP_CWORD": "3"}
    program = "from drift_checks.cli import main; main(prog_name='drift')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "plain,symbol-moved\n"


def test_another_shell_is_bad_usage() -> None:
    assert drift("completion", "csh").exit_code == 2
