from __future__ import annotations

import pytest

from drift_checks.findings import Outcome
from drift_checks.reports.eras import Era, Run, eras, runs, works

from ..findings import finding

# In the order of a history that goes by date, not by number.
VERSIONS = ("2.6.0", "2.5.1.post4", "2.7.1", "2.6.0.post5", "2.8.0")


@pytest.mark.parametrize(
    ("works_in", "expected"),
    [
        ("", "....."),
        (">=2.6.0", "xxxxx"),
        (">=2.5.1.post4,<2.6.0.post5", ".xx.."),
        (">=2.6.0,<2.5.1.post4 || >=2.6.0.post5", "x..xx"),
        ("==2.7.1", "..x.."),
    ],
)
def test_ranges_are_read_in_the_order_of_the_history(works_in: str, expected: str) -> None:
    assert "".join("x" if each else "." for each in works(works_in, VERSIONS)) == expected


def test_neighbours_in_which_nothing_differs_are_one_column() -> None:
    states = [[True, True, True, False, False], [True, True, True, True, True]]
    assert eras(states, VERSIONS, ()) == [Era("2.6.0", "2.7.1", 0), Era("2.6.0.post5", "2.8.0", 3)]
    assert [era.first for era in eras(states, VERSIONS, ("2.5.1.post4", "2.8.0", "9.9"))] == [
        "2.6.0",
        "2.5.1.post4",
        "2.6.0.post5",
        "2.8.0",
    ]


def test_a_line_is_told_run_by_run() -> None:
    state = [False, True, True, False, False]
    columns = eras([state], VERSIONS, ("2.7.1", "2.8.0"))
    assert list(runs(finding(), state, columns, "2.7.1", "2.8.0")) == [
        Run("older", 1, "2.6.0: does not work"),
        Run("works", 2, "2.5.1.post4 to 2.7.1: works"),
        Run("fails", 2, "2.6.0.post5 to 2.8.0: breaks"),
    ]


def test_a_deprecated_line_works_and_is_marked_where_it_was_asked_about() -> None:
    state = [True] * 5
    columns = eras([state], VERSIONS, ("2.6.0", "2.7.1"))
    made = list(runs(finding(outcome=Outcome.DEPRECATED), state, columns, "2.6.0", "2.7.1"))
    assert [(run.state, run.columns) for run in made] == [("works", 1), ("deprecated", 1)]
