from __future__ import annotations

import json

import pytest

from drift_checks.check import Report, Statistics
from drift_checks.findings import Confidence, Finding, Fix, Outcome
from drift_checks.reports import FORMATS, as_annotations, as_json, as_markdown, as_text
from drift_checks.sources import Unparsed


def finding(line: int = 3, outcome: Outcome = Outcome.BREAKS, message: str = "`a` is gone") -> Finding:
    return Finding(
        "dir/a.py",
        line,
        7,
        line,
        8,
        "parameter-removed",
        outcome,
        Confidence.PROVEN,
        "transformers.f",
        "transformers",
        message,
        ">=1.0,<2.0",
        ("2.0",),
        Fix("upstream", "`b=`", "safe"),
        "",
        "    f(a)",
    )


def report(*findings: Finding, unparsed: tuple[Unparsed, ...] = ()) -> Report:
    return Report(
        (("transformers", "1.0", "2.0"),), findings, unparsed, Statistics(files=2, call_sites=9, unresolved=1)
    )


def test_text_groups_by_file_and_marks_what_to_edit() -> None:
    assert as_text(report(finding())).splitlines() == [
        "dir/a.py",
        "  3:7 breaks parameter-removed: `a` is gone",
        "      f(a)",
        "        ^",
        "      works in >=1.0,<2.0; instead: `b=`",
        "",
        "1 breaks; 2 files, 9 call sites, 1 unresolved, 0 guarded in 0.0 s",
    ]


def test_colours_are_only_there_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in as_text(report(finding()), color=True)
    assert "\x1b[" not in as_text(report(finding()))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in as_text(report(finding()), color=True)


def test_json_is_the_documented_object() -> None:
    document = json.loads(as_json(report(finding(), unparsed=(Unparsed("b.py", 1, "no"),))))
    assert document["schema"] == 1
    assert document["tool"]["name"] == "upstream-compat"
    assert document["upstreams"] == [{"name": "transformers", "from": "1.0", "to": "2.0"}]
    assert document["findings"][0]["works_in"] == ">=1.0,<2.0"
    assert document["unparsed"] == [{"path": "b.py", "line": 1, "message": "no"}]
    assert document["statistics"]["call_sites"] == 9


def test_annotations_cannot_be_broken_out_of() -> None:
    text = as_annotations(report(finding(message="100%\n::error::x"), finding(4, Outcome.SILENT)))
    first, second = text.splitlines()
    assert first.startswith("::error file=dir/a.py,line=3,endLine=3,col=7,endColumn=8,title=parameter-removed")
    assert first.endswith("::100%25%0A::error::x")
    assert second.startswith("::warning ")


def test_markdown_cells_keep_their_columns() -> None:
    lines = as_markdown(report(finding(message="a | b"))).splitlines()
    [row] = [line for line in lines if "dir/a.py" in line]
    assert row.replace("\\|", "").count("|") == 7


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_say_that_there_is_nothing(name: str) -> None:
    assert FORMATS[name](report()).strip() or name == "github"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_files_that_were_not_checked(name: str) -> None:
    assert "b.py" in FORMATS[name](report(unparsed=(Unparsed("b.py", 1, "no"),)))
