from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "pyproject.toml"
LINT = "import sys; from importlinter.cli import lint_imports as lint; sys.exit(lint({!r}, no_cache=True))"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the packages that lie in a folder against this project's contract, in an interpreter of its own."""
    program = LINT.format(str(CONFIGURATION))
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)


def test_the_packages_keep_the_contract() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_under_the_contract() -> None:
    [roots] = re.findall(r"^root_packages = \[(.*)\]$", CONFIGURATION.read_text(encoding="utf-8"), re.MULTILINE)
    [shipped] = re.findall(r"^packages = \[(.*)\]$", CONFIGURATION.read_text(encoding="utf-8"), re.MULTILINE)
    apart = {"benchmarks", "tests"}
    present = {path.parent.name for path in ROOT.glob("*/__init__.py")} - apart
    assert set(re.findall(r"\w+", roots)) == set(re.findall(r"\w+", shipped)) == present


@pytest.mark.parametrize(
    ("importer", "imported", "kept"),
    [
        ("drift_checks", "signatures", True),
        ("drift_checks", "compat", True),
        ("signatures", "compat", False),
        ("signatures", "drift_checks", False),
        ("compat", "signatures", False),
        ("compat", "drift_checks", False),
    ],
)
def test_the_contract_points_one_way(tmp_path: Path, importer: str, imported: str, kept: bool) -> None:
    for package in ("compat", "drift_checks", "signatures"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / importer / "inner.py").write_text(f"def late() -> None:\n    import {imported}\n")
    done = lint(tmp_path)
    assert (done.returncode == 0) is kept, done.stdout + done.stderr
