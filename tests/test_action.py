"""The GitHub Action: what it runs, whatever is in its inputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INPUTS = {"PATHS": ".", "FROM": "", "TO": "", "FORMAT": "sarif", "OUTPUT": "", "LIKELY": "false", "BASELINE": ""}
# Writes its arguments, one a line, and a blank line; it says what it was told to say.
STUB = """#!/bin/sh
for argument; do printf '%s\\n' "$argument" >> "$CALLS"; done
echo >> "$CALLS"
echo said
exit "$STATUS"
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")


def run(folder: Path, status: int = 0, **inputs: str) -> tuple[int, list[list[str]], str]:
    """Exit status, the arguments of each call of `drift`, and the job summary."""
    (folder / "bin").mkdir()
    stub = folder / "bin" / "drift"
    stub.write_text(STUB)
    stub.chmod(0o755)
    calls, summary = folder / "calls", folder / "summary"
    summary.write_text("before\n")
    environment = {
        **os.environ,
        **INPUTS,
        **inputs,
        "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(calls),
        "STATUS": str(status),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    done = subprocess.run(["bash", str(ROOT / "action.sh")], env=environment, cwd=folder, check=False)
    told = [call.splitlines() for call in calls.read_text().split("\n\n") if call]
    return done.returncode, told, summary.read_text()


def test_annotations_and_a_summary(tmp_path: Path) -> None:
    status, calls, summary = run(tmp_path, PATHS="src\ntests\n", FROM="transformers==5.3.0", TO="transformers<6\ntorch")
    options = ["check", "--from=transformers==5.3.0", "--to=transformers<6", "--to=torch"]
    assert calls == [
        [*options, "--format=github", "--", "src", "tests"],
        [*options, "--format=markdown", "--quiet", "--", "src", "tests"],
    ]
    assert (status, summary) == (0, "before\nsaid\n")


def test_a_report_file_where_one_is_asked_for(tmp_path: Path) -> None:
    _, calls, _ = run(tmp_path, OUTPUT="drift.sarif", LIKELY="true", BASELINE="b.toml")
    common = ["check", "--likely", "--baseline=b.toml"]
    assert calls[2] == [*common, "--format=sarif", "--output=drift.sarif", "--quiet", "--", "."]


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_exit_status_is_that_of_the_check(tmp_path: Path, status: int) -> None:
    assert run(tmp_path, status)[0] == status


@pytest.mark.parametrize("text", ["$(touch pwned)", "`touch pwned`", "; touch pwned", "a b", "--output=x", "*", '"'])
def test_an_input_is_one_argument_and_never_a_command(tmp_path: Path, text: str) -> None:
    _, calls, _ = run(tmp_path, PATHS=text, TO=text, BASELINE=text)
    assert calls[0] == ["check", f"--to={text}", f"--baseline={text}", "--format=github", "--", text]
    assert not (tmp_path / "pwned").exists()


def test_inputs_reach_commands_through_the_environment_only() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = [line.strip() for line in text.splitlines() if "${{" in line]
    assert used and all(re.fullmatch(r"[A-Z]+: \$\{\{ (inputs\.\w+|github\.action_path) \}\}", line) for line in used)
    named = set(re.findall(r"\$\{\{ inputs\.(\w+) \}\}", text))
    declared = re.findall(r"^  (\w+):$", text.partition("inputs:\n")[2].partition("runs:\n")[0], re.MULTILINE)
    assert named == set(declared)
