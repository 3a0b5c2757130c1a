"""The package as a whole: what importing it costs others, and that it works under another name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import compat
from compat._releases import NEWEST_KNOWN
from signatures.history import History

ROOT = Path(__file__).parents[2]
ABOUT_THE_REPOSITORY = (Path(__file__).name, "*public_surface.*")
IMPORTS = (("from compat", "from framework._vendored"), ("import compat\n", "import framework._vendored as compat\n"))


def newly_imported(statement: str) -> set[str]:
    """The modules outside the standard library that a fresh interpreter imports to run a statement."""
    program = (
        "import json, sys\n"
        "before = set(sys.modules)\n"
        f"{statement}\n"
        "new = {name for name in set(sys.modules) - before if name.split('.')[0] not in sys.stdlib_module_names}\n"
        "print(json.dumps(sorted(new)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_compat_imports_nothing_else() -> None:
    assert newly_imported("import compat") == {"compat", "compat._releases"}


def test_asking_for_a_release_imports_packaging_and_no_upstream() -> None:
    imported = newly_imported("import compat; compat.installed_release('packaging'); compat.installed_release('torch')")
    assert {name.split(".")[0] for name in imported} == {"compat", "packaging"}


@pytest.mark.parametrize("module", compat.MODULES)
def test_importing_a_module_imports_no_upstream(module: str) -> None:
    assert {name.split(".")[0] for name in newly_imported(f"import compat.{module}")} == {"compat"}


def test_modules_are_attributes_of_the_package() -> None:
    for name in compat.MODULES:
        assert getattr(compat, name).__name__ == f"compat.{name}"
    assert set(compat.MODULES) <= set(dir(compat))
    with pytest.raises(AttributeError, match="module 'compat' has no attribute 'elsewhere'"):
        _ = compat.elsewhere


def test_every_module_of_the_package_is_listed() -> None:
    public = {path.stem for path in (ROOT / "compat").glob("*.py") if not path.stem.startswith("_")}
    assert tuple(sorted(public)) == compat.MODULES


def test_a_copy_under_another_name_passes_the_tests(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "compat", tmp_path / "framework" / "_vendored", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "framework" / "__init__.py").touch()
    tests = tmp_path / "tests" / "compat"
    shutil.copytree(
        ROOT / "tests" / "compat", tests, ignore=shutil.ignore_patterns("__pycache__", *ABOUT_THE_REPOSITORY)
    )
    for file in tests.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        for old, new in IMPORTS:
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    program = "import sys; sys.modules['compat'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    asked = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", str(tmp_path), "-W", "error"]
    command = [sys.executable, "-c", program, *asked, "tests"]
    # `CI` is hypothesis's word for a machine whose speed is not what is tested.
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "CI": "1"})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_the_newest_known_releases_are_those_of_the_history() -> None:
    assert {name: History.open(name).releases[-1].version for name in NEWEST_KNOWN} == NEWEST_KNOWN
