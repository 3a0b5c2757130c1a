from __future__ import annotations

import json

import pytest

from drift_checks.findings import Outcome
from drift_checks.reports import FORMATS, as_annotations, as_json, as_markdown, as_text
from drift_checks.sources import Unparsed
from drift_checks.suppressions import Notice

from ..findings import finding, report

UNUSED = Notice("c.py", 7, 3, "unused", "symbol-moved", "`symbol-moved` suppresses nothing here; take it away")


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


def test_carets_stand_below_wide_characters() -> None:
    lines = as_text(report(finding(source="x = '漢字', f(a)", column=10, end_column=13))).splitlines()
    assert lines[2:4] == ["      x = '漢字', f(a)", "                 ^^^"]


def test_no_name_moves_the_cursor() -> None:
    hostile = report(finding(path="a\x1b[2J.py", message="m\r\x1b[31m", source="f(\x1b[0m)"))
    assert "\x1b" not in as_text(hostile) and "\r" not in as_text(hostile)
    assert as_text(hostile).startswith("a\\x1b[2J.py\n")


def test_quiet_text_has_no_totals() -> None:
    assert as_text(report(), quiet=True) == ""
    assert "1 breaks;" not in as_text(report(finding()), quiet=True)


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
    assert first.endswith("::100%25%0A::error::x%0Aworks in >=1.0,<2.0%0Ainstead: `b=`")
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


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_suppressions_to_look_at(name: str) -> None:
    text = FORMATS[name](report(notices=(UNUSED,)))
    assert "c.py" in text and "unused" in text and "suppresses nothing here" in text
