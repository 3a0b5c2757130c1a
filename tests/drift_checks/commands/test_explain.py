from __future__ import annotations

import json

import pytest

from drift_checks.rules import RULES

from ...histories import drift


def test_without_a_rule_all_are_listed() -> None:
    result = drift("explain")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines()] == sorted(RULES)
    assert {each["name"] for each in json.loads(drift("explain", "--format", "json").stdout)} == RULES.keys()
    assert drift("explain", "--format", "markdown").stdout.count("\n") == len(RULES) + 2


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_is_explained(rule: str) -> None:
    text = drift("explain", rule).stdout
    assert text.startswith(f"# {rule}\n")
    for head in ("## Your code", "## Repaired", "## Where upstream did this"):
        assert head in text


def test_a_rule_as_data() -> None:
    told = json.loads(drift("explain", "parameter-swallowed", "--format", "json").stdout)
    assert told["outcome"] == "silent"
    assert "interpolation=" in told["before"] and "resample=" in told["after"]
    assert told["witness"].startswith("import inspect\n")


def test_a_rule_that_is_none() -> None:
    result = drift("explain", "symbol-move")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "drift: symbol-move: no rule has this name; did you mean symbol-moved?\n"
