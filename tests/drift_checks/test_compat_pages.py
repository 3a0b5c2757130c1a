from __future__ import annotations

import importlib
import json
from pathlib import Path

import compat
from drift_checks.adapters import Histories, Verified, verified
from drift_checks.compat_pages import Ran, pages
from drift_checks.demand import DEMAND

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "compat"
KNOWN = ("5.0.0", "5.1.0", "5.1.1", "5.2.0")
RAN = Ran(("5.1.1", "5.2.0"), {"masking.mask": frozenset({"5.1.1", "5.2.0"}), "masking.plain": frozenset({"5.2.0"})})


def test_every_rank_of_the_demand_is_there_once_and_names_what_exists() -> None:
    assert [shim.number for shim in DEMAND] == list(range(1, 54))
    for shim in DEMAND:
        assert shim.functions or shim.otherwise
        for name in shim.functions:
            module, _, member = name.partition(".")
            assert member in importlib.import_module(f"compat.{module}").__all__, name


def test_a_cell_says_whether_it_ran_and_leads_to_the_change() -> None:
    adapters = (("transformers>=5.1.1", "renamed", False), ("transformers<5.1.1", "not there", True))
    text = pages([Verified("masking.mask", "transformers", adapters)], RAN, KNOWN)["releases.md"]
    assert "| `mask` | ✗ | [●][5.1.1] | [●][5.1.1] |" in text
    assert "| `plain` | ○ | ○ | ● |" in text
    assert "[5.1.1]: https://github.com/huggingface/transformers/compare/v5.1.0...v5.1.1" in text


def test_what_ran_is_read_from_what_a_matrix_left(tmp_path: Path) -> None:
    for release, names in (("5.10.0", ["a.b"]), ("5.9.0", ["a.b", "c.d"])):
        (tmp_path / f"{release}.json").write_text(json.dumps({"ran": names}))
    ran = Ran.of_results(tmp_path)
    assert ran == Ran(("5.9.0", "5.10.0"), {"a.b": frozenset({"5.9.0", "5.10.0"}), "c.d": frozenset({"5.9.0"})})
    (tmp_path / "ran.json").write_text(ran.text())
    assert Ran.read(tmp_path / "ran.json") == ran


def test_the_guide_has_a_page_for_every_module_and_the_tables_are_those_of_the_adapters() -> None:
    assert {path.stem for path in GUIDE.glob("[a-z]*.md")} == {*compat.MODULES, "releases"}
    histories = Histories()
    made = pages(list(verified(histories)), Ran.read(GUIDE / "ran.json"), histories["transformers"].versions)
    for name, text in made.items():
        assert (GUIDE / name).read_text(encoding="utf-8") == text, (
            "run `python -m drift_checks.compat_pages docs/compat`"
        )


def test_the_matrix_ran_on_every_release_that_it_lists() -> None:
    listed = (ROOT / "tests" / "matrix" / "releases.txt").read_text(encoding="utf-8").split()
    assert list(Ran.read(GUIDE / "ran.json").releases) == listed


def test_every_public_name_but_the_errors_ran_somewhere() -> None:
    ran = Ran.read(GUIDE / "ran.json").functions
    names = [
        (module, name) for module in compat.MODULES for name in importlib.import_module(f"compat.{module}").__all__
    ]
    missed = {f"{module}.{name}" for module, name in names} - ran.keys()
    assert missed == {"calls.CallMismatch", "ops.CallMismatch", "ops.MissingOperator", "profiler.LeftOut"}
