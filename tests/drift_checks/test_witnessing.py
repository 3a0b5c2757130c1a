from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks import witnessing
from drift_checks.check import check
from drift_checks.findings import Confidence, Verdict
from drift_checks.output import Output
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile
from drift_checks.witnessing import witnessed

from ..signatures.programs import surface
from .test_witness_runs import Made

PROGRAM = b"from transformers import f\nfrom transformers import g\nfrom transformers import h\n"


def test_a_report_drops_what_is_refuted_and_keeps_what_is_not_confirmed_as_likely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is read: all three names are gone. What is installed: one is there, one needs what nobody has.
    read = {"1.0": "f = g = h = 1\n", "2.0": ""}
    installed = {
        "1.0": "f = g = h = 1",
        "2.0": "g = 2\ndef __getattr__(name):\n    if name == 'h': import nobody_has_this\n    raise AttributeError",
    }
    monkeypatch.setattr(witnessing, "Environments", lambda note: Made(tmp_path, installed))
    pair = Pair(*(surface({"transformers/__init__.py": text}, version) for version, text in read.items()))
    report = check([SourceFile("a.py", PROGRAM)], [pair])
    assert [finding.line for finding in report.findings] == [1, 2, 3]
    with Output("text", None) as output:
        after = witnessed(report, output, likely=False)
    results = [(f.line, f.confidence, f.witness_result and f.witness_result.verdict) for f in after.findings]
    assert results == [
        (1, Confidence.PROVEN, Verdict.CONFIRMED),
        (3, Confidence.LIKELY, Verdict.UNCONFIRMED),
    ]
    assert capsys.readouterr().err == (
        "drift: a.py:2: symbol-removed is refuted and left out: its witness passes on 2.0\n"
        "drift: a.py:3: symbol-removed is not confirmed and only likely now: "
        "on 2.0 its witness needs nobody_has_this, which is not installed there\n"
        "witnesses: 1 confirmed, 1 refuted and left out, 1 not confirmed and only likely now\n"
    )


def test_a_report_without_findings_needs_no_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(witnessing, "Environments", lambda note: Made(Path(), {}))
    with Output("text", None) as output:
        report = witnessed(check([], []), output, likely=True)
    assert report.findings == ()
    assert capsys.readouterr().err == "witnesses: none to run\n"
