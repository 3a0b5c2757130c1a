from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.real_cases import main

from .repositories import NAME, mirror
from .test_cases import ROW

# On lines 1 and 4 what 5.0.0 no longer has; on line 9 too, guarded.
PROGRAM = """\
from transformers import AutoModelForVision2Seq


from transformers import HybridCache


# Some lines further down.
try:
    from transformers import SlidingWindowCache
except ImportError:
    SlidingWindowCache = None
"""


def table(text: str, tier: str) -> dict[str, list[str]]:
    """The rows of one tier's table by kind: cases, then what came of them."""
    lines = text.partition(f"tier {tier}\n")[2].split("on the line")[0].splitlines()[1:]
    return {row[0]: row[1:] for line in lines if len(row := line.split()) == 7}


def run(folder: Path, rows: list[dict[str, Any]], *options: str) -> tuple[int, list[dict[str, Any]]]:
    [commit] = mirror(folder / "mirrors", {"pkg/a.py": PROGRAM, "setup.cfg": ""})
    file, found = folder / "cases.jsonl", folder / "found.json"
    plain = {**ROW, "repo": NAME, "pre_ref": commit, "path": "pkg/a.py"}
    lines = [{**plain, "id": f"p-{number}", **row} for number, row in enumerate(rows)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    places = ["--cases", str(file), "--mirrors", str(folder / "mirrors"), "--trees", str(folder / "trees")]
    status = main([*places, "--json", str(found), "--processes", "1", *options])
    return status, json.loads(found.read_text(encoding="utf-8")) if found.exists() else []


def test_each_case_is_found_on_the_line_elsewhere_or_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"lines": [1], "symbol": "transformers.AutoModelForVision2Seq"},
        {"lines": [3], "symbol": "transformers.HybridCache", "kind": "class_removed"},
        {"lines": [30], "symbol": "transformers.HybridCache", "kind": "class_removed"},
        {"lines": [20], "symbol": "transformers.nothing", "kind": "class_removed"},
    ]
    status, found = run(tmp_path, rows)
    assert [row["verdict"] for row in found] == ["proven", "proven", "elsewhere", "missed"]
    assert [row["rules"] for row in found] == [["symbol-removed"], ["symbol-removed"], [], []]
    text = capsys.readouterr().out
    assert table(text, "A") == {
        "class_removed": ["3", "1", "0", "0", "1", "1"],
        "import_removed": ["1", "1", "0", "0", "0", "0"],
        "all": ["4", "2", "0", "0", "1", "1"],
    }
    assert "1 commits            0     1     0" in text
    assert "3 symbols            1     1     1" in text
    assert "tier A on the line  50.0%  >= 85%  missed" in text
    assert status == 1


def test_all_found_is_status_0_and_a_guarded_line_is_no_alarm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[dict[str, Any]] = [{"lines": [1]}, {"lines": [9], "tier": "C", "guard": ["try:ImportError"]}]
    assert run(tmp_path, rows)[0] == 0
    assert "false alarms in 1 that break nothing       0       0  kept" in capsys.readouterr().out


def test_a_finding_where_nothing_breaks_is_a_false_alarm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, [row] = run(tmp_path, [{"lines": [1], "tier": "N"}])
    assert (status, row["false_alarm"]) == (1, True)
    assert "false alarm: p-0: " in capsys.readouterr().out


def test_findings_that_no_label_is_about_are_counted_once_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, [{"lines": [1]}, {"lines": [2]}])
    assert "further findings in these files: 1\n" in capsys.readouterr().out


def test_tiers_and_ids_are_chosen(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"lines": [1]}, {"lines": [1], "tier": "B"}, {"lines": [1], "tier": "B"}]
    assert [row["id"] for row in run(tmp_path, rows, "--tier", "B", "--ids", "p-0", "p-2")[1]] == ["p-2"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"path": "pkg/none.py"}, "pkg/none.py is not there: its mirror does not hold it\n"),
        ({"repo": "a/b"}, "put a bare clone at "),
        ({"upstream": "numpy"}, "there is no history of 'numpy'"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: dict[str, Any], message: str
) -> None:
    assert run(tmp_path, [row]) == (2, [])
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
