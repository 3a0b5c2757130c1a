from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases import Case, pair_of, read_cases
from signatures.errors import DriftError
from signatures.history import History

ROW: dict[str, Any] = {
    "id": "project-001",
    "repo": "someone/project",
    "pre_ref": "0" * 40,
    "path": "a.py",
    "lines": [3],
    "upstream": "transformers",
    "symbol": "transformers.f",
    "first_broken": "5.0.0",
    "fix_date": "2026-01-31",
    "kind": "import_removed",
    "tier": "A",
    "guard": [],
}


def case(folder: Path, **changed: Any) -> Case:
    file = folder / "cases.jsonl"
    file.write_text(json.dumps({**ROW, **changed}) + "\n\n", encoding="utf-8")
    [found] = read_cases(file)
    return found


@pytest.mark.parametrize(
    ("upstream", "first_broken", "expected"),
    [
        ("transformers", "5.0.0", ("4.57.6", "5.0.0")),
        # Withdrawn from the index: the next one has the same change.
        ("transformers", "4.52.0", ("4.51.3", "4.52.1")),
        ("transformers", "4.39.0", None),
        ("torch", "2.4.0", ("2.3.1", "2.4.0")),
        ("torch_npu", "torch_npu 2.7.1.post8 / 2.9.0.post6 / 2.11.0", ("2.7.1.post6", "2.7.1.post8")),
        ("torch_npu", "torch_npu 2.5.1.dev20250226", ("2.4.0.post2", "2.5.1")),
    ],
)
def test_a_case_is_checked_from_the_newest_release_that_does_not_break_it(
    tmp_path: Path, upstream: str, first_broken: str, expected: tuple[str, str] | None
) -> None:
    found = case(tmp_path, upstream=upstream, first_broken=first_broken)
    assert pair_of(found, History.open(found.upstream, overlay=False)) == expected


def test_a_case_that_names_no_release_is_checked_from_the_one_of_its_day(tmp_path: Path) -> None:
    history = History.open("torch-npu", overlay=False)
    found = case(tmp_path, upstream="sgl_kernel_npu (torch.ops.npu)", first_broken="n/a", fix_date="2025-08-01")
    assert found.upstream == "torch-npu"
    pair = pair_of(found, history)
    assert pair is not None
    assert (str(history.release(pair[0]).date) < "2025-08-01", pair[1]) == (True, history.releases[-1].version)


def test_a_case_can_be_checked_to_the_newest_release(tmp_path: Path) -> None:
    history = History.open("transformers", overlay=False)
    assert pair_of(case(tmp_path), history, newest=True) == ("4.57.6", history.releases[-1].version)


@pytest.mark.parametrize(
    ("tier", "guard", "breakage", "harmless"),
    [
        ("A", [], True, False),
        ("B", [], True, False),
        ("C", [], False, False),
        ("C", ["try:ImportError"], False, True),
        ("N", [], False, True),
    ],
)
def test_a_tier_says_what_is_wanted(
    tmp_path: Path, tier: str, guard: list[str], breakage: bool, harmless: bool
) -> None:
    found = case(tmp_path, tier=tier, guard=guard)
    assert (found.is_breakage, found.is_harmless) == (breakage, harmless)


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "x"}', json.dumps({**ROW, "lines": None})])
def test_a_line_that_is_no_case_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(f"{json.dumps(ROW)}\n{line}\n", encoding="utf-8")
    with pytest.raises(DriftError, match=r"cases\.jsonl:2: not a case: "):
        read_cases(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match=r"none\.jsonl cannot be read"):
        read_cases(tmp_path / "none.jsonl")
