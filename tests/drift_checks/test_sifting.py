from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from drift_checks.baseline import Baseline, Entry
from drift_checks.check import Report
from drift_checks.selection import selection
from drift_checks.sifting import accept, sift
from drift_checks.suppressions import Comment

from .findings import finding, report

TODAY = datetime.date(2026, 11, 21)
YESTERDAY = TODAY - datetime.timedelta(days=1)
RULES = ("parameter-removed", "symbol-moved")
HERE = Comment("dir/a.py", 3, 10, ("parameter-removed",), "pinned")
ENTRY = Entry("dir/a.py", "parameter-removed", "transformers", "transformers.f", "f(a)", reason="known", line=5)


def sifted(given: Report, *entries: Entry, select: tuple[str, ...] = (), **more: Any) -> Report:
    result = sift(given, selection(RULES, select), TODAY, RULES)
    return accept(result, Baseline(Path("b.toml"), entries), TODAY, RULES, **more) if entries else result


def kinds(report: Report) -> list[str]:
    return [notice.kind for notice in report.notices]


def test_a_comment_on_the_line_suppresses_the_rules_that_it_names() -> None:
    result = sifted(report(finding(), comments=(HERE,)))
    assert (result.findings, kinds(result), result.statistics.suppressed) == ((), [], 1)
    assert [(each.kind, each.reason) for each in result.suppressed] == [("comment", "pinned")]


@pytest.mark.parametrize(
    "comment",
    [
        HERE._replace(line=4),
        HERE._replace(path="dir/b.py"),
        HERE._replace(rules=("symbol-moved",)),
    ],
)
def test_a_comment_elsewhere_suppresses_nothing_and_is_reported(comment: Comment) -> None:
    result = sifted(report(finding(), comments=(comment,)))
    assert (len(result.findings), kinds(result)) == (1, ["unused"])


def test_of_several_rules_those_that_are_not_needed_are_reported() -> None:
    result = sifted(report(finding(), comments=(HERE._replace(rules=RULES),)))
    assert [(notice.kind, notice.rule) for notice in result.notices] == [("unused", "symbol-moved")]
    assert result.findings == ()


@pytest.mark.parametrize(("until", "left"), [(TODAY, 0), (YESTERDAY, 1)])
def test_the_last_day_still_counts(until: datetime.date, left: int) -> None:
    result = sifted(report(finding(), comments=(HERE._replace(until=until),)))
    assert len(result.findings) == left
    assert kinds(result) == ["expired"] * left


def test_names_that_no_rule_has_are_reported_with_a_guess() -> None:
    result = sifted(report(finding(), comments=(HERE._replace(rules=("symbol-move",)),)))
    [notice] = result.notices
    assert (notice.kind, notice.line) == ("unknown-rule", 3)
    assert "did you mean symbol-moved?" in notice.message


def test_a_comment_that_is_written_wrongly_is_reported() -> None:
    assert kinds(sifted(report(comments=(HERE._replace(wrong="no date"),)))) == ["malformed"]


def test_rules_that_are_not_asked_for_are_neither_found_nor_missed() -> None:
    result = sifted(report(finding(), comments=(HERE,)), select=("symbol-moved",))
    assert (result.findings, result.suppressed, kinds(result)) == ((), (), [])


def test_the_baseline_takes_what_it_lists_and_no_more() -> None:
    given = report(finding(3), finding(4), finding(5, source="f(b)"))
    result = sifted(given, ENTRY)
    assert [each.line for each in result.findings] == [4, 5]
    assert [(each.kind, each.reason) for each in result.suppressed] == [("baseline", "known")]
    assert sifted(given, ENTRY._replace(times=2)).statistics.suppressed == 2


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (ENTRY._replace(symbol="transformers.g"), "unused"),
        (ENTRY._replace(times=2), "unused"),
        (ENTRY._replace(until=YESTERDAY), "expired"),
        (ENTRY._replace(rule="no-such"), "unknown-rule"),
    ],
)
def test_entries_that_do_not_do_what_they_were_written_for(entry: Entry, kind: str) -> None:
    result = sifted(report(finding()), entry)
    assert [(n.path, n.line, n.kind) for n in result.notices] == [("b.toml", 5, kind)]


def test_entries_that_this_run_could_not_find_are_no_news() -> None:
    assert kinds(sifted(report(), ENTRY, covered=lambda entry: False)) == []


def test_a_comment_comes_before_the_baseline() -> None:
    result = sifted(report(finding(), comments=(HERE,)), ENTRY)
    assert [each.kind for each in result.suppressed] == ["comment"]
    assert kinds(result) == ["unused"]
