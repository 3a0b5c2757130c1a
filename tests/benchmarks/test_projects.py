from __future__ import annotations

import dataclasses
import textwrap
import zipfile
from pathlib import Path

import pytest

from benchmarks.projects import MOVES, Move, findings_of, moves
from benchmarks.verdicts import confirmed_share, verdict_table
from drift_checks.findings import Finding, Outcome, Verdict, WitnessResult
from signatures.errors import DriftError

METADATA = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"


def finding(folder: Path) -> Finding:
    program = textwrap.dedent("""\
        from transformers import AutoModelForVision2Seq
        try:
            from transformers import HybridCache
        except ImportError:
            HybridCache = None
        """)
    with zipfile.ZipFile(folder / "demo-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("demo/a.py", program)
        wheel.writestr("demo-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("demo-1.0.dist-info/RECORD", "")
    [found] = findings_of(Move("demo", "1.0", "4.57.6", "5.0.0"), folder)
    return found


def test_a_project_is_checked_as_its_wheel_is(tmp_path: Path) -> None:
    found = finding(tmp_path)
    assert (found.path, found.line, found.rule, found.broken_in) == ("demo/a.py", 1, "symbol-removed", ("5.0.0",))


def test_moves_are_written_as_a_requirement_and_two_releases() -> None:
    assert moves(["a-b==1.0:4.57.6:5.3.0"]) == (Move("a-b", "1.0", "4.57.6", "5.3.0"),)
    assert moves([]) == MOVES
    with pytest.raises(DriftError, match=r"^a==1: write a move like sglang==0.5.11:5.3.0:5.6.2$"):
        moves(["a==1"])


def test_verdicts_are_counted_by_rule_and_only_runs_count_for_the_share(tmp_path: Path) -> None:
    found = finding(tmp_path)
    silent = dataclasses.replace(found, rule="a-rule", outcome=Outcome.SILENT)
    given = [Verdict.CONFIRMED, Verdict.CONFIRMED, Verdict.REFUTED, Verdict.NOT_RUN]
    results = [WitnessResult(verdict, "1", "2", "") for verdict in given]
    head, rows = verdict_table([found, found, silent, silent], results)
    assert head == ("rule", "outcome", "confirmed", "refuted", "unconfirmed", "not-run")
    assert rows == [
        ("a-rule", "silent", "0", "1", "0", "1"),
        ("symbol-removed", "breaks", "2", "0", "0", "0"),
        ("all", "", "2", "1", "0", "1"),
    ]
    assert confirmed_share(results) == pytest.approx(2 / 3)
    assert confirmed_share([]) == 1.0
