"""SARIF: what the schema asks for, and what the services that read it need."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from drift_checks.findings import Confidence, Fix, Outcome
from drift_checks.reports import as_sarif
from drift_checks.rules import RULES
from drift_checks.sources import Unparsed
from drift_checks.suppressions import Notice, Suppressed

from ..findings import finding, report


def run(*found: Any, **parts: Any) -> dict[str, Any]:
    document = json.loads(as_sarif(report(*found, **parts)))
    assert document.keys() == {"$schema", "version", "runs"}
    assert document["version"] == "2.1.0"
    [only] = document["runs"]
    assert isinstance(only, dict)
    return only


def region(result: dict[str, Any]) -> dict[str, Any]:
    [place] = result["locations"]
    found = place["physicalLocation"]["region"]
    assert isinstance(found, dict)
    return found


def test_columns_are_characters_and_end_one_beyond() -> None:
    found = run(finding())
    assert found["columnKind"] == "unicodeCodePoints"
    [result] = found["results"]
    assert region(result) == {
        "startLine": 3,
        "startColumn": 7,
        "endLine": 3,
        "endColumn": 8,
        "snippet": {"text": "    f(a)"},
    }


def test_every_rule_that_is_found_comes_with_its_page() -> None:
    found = run(finding(), finding(4, rule="symbol-moved"), finding(5))
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["parameter-removed", "symbol-moved"]
    for rule in rules:
        assert rule["help"]["text"].startswith(f"# {rule['id']}\n")
        assert rule["shortDescription"]["text"] == RULES[rule["id"]].summary
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.parametrize(
    ("outcome", "level"), [(Outcome.BREAKS, "error"), (Outcome.SILENT, "warning"), (Outcome.DEPRECATED, "note")]
)
def test_levels(outcome: Outcome, level: str) -> None:
    assert run(finding(outcome=outcome))["results"][0]["level"] == level


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("dir/a b.py", "dir/a%20b.py"),
        ("dir/ä#?.py", "dir/%C3%A4%23%3F.py"),
        ("a:b.py", "a%3Ab.py"),
        ("../x.py", "../x.py"),
    ],
)
def test_paths_are_relative_uris(path: str, uri: str) -> None:
    [result] = run(finding(path=path))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    assert unquote(uri) == path


def test_an_absolute_path_is_a_file_uri() -> None:
    [result] = run(finding(path="/tmp/a b.py"))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/a%20b.py"}


def mark(result: dict[str, Any]) -> str:
    return str(result["partialFingerprints"]["drift/v1"])


def test_fingerprints_survive_other_lines_and_tell_findings_apart() -> None:
    first, second = run(finding(3), finding(4))["results"]
    [moved] = run(finding(30, source="  f(a)"))["results"]
    [other] = run(finding(rule="symbol-moved"))["results"]
    assert mark(moved) == mark(first)
    assert len({mark(first), mark(second), mark(other)}) == 3


def test_accepted_findings_are_suppressed_results() -> None:
    found = run(
        finding(9),
        suppressed=(Suppressed(finding(3), "comment", "pinned"), Suppressed(finding(4), "baseline", "")),
    )
    assert [result.get("suppressions") for result in found["results"]] == [
        [{"kind": "inSource", "status": "accepted", "justification": "pinned"}],
        [{"kind": "external", "status": "accepted"}],
        None,
    ]


def test_a_safe_fix_is_an_edit_that_can_be_applied() -> None:
    [result] = run(finding(source="    f(a=1)", end_column=10))["results"]
    [fix] = result["fixes"]
    [change] = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 3, "startColumn": 7, "endColumn": 8},
            "insertedContent": {"text": "b"},
        }
    ]
    assert "fixes" not in run(finding(fix=Fix("upstream", "`b=`", "unsafe")))["results"][0]


def test_likely_findings_say_so() -> None:
    [result] = run(finding(confidence=Confidence.LIKELY))["results"]
    assert (result["properties"]["confidence"], result["properties"]["precision"]) == ("likely", "medium")


def test_what_could_not_be_checked_is_told_by_the_run() -> None:
    assert run()["invocations"] == [{"executionSuccessful": True}]
    notice = Notice("c.py", 7, 3, "unused", "symbol-moved", "no use")
    [invocation] = run(unparsed=(Unparsed("b.py", 1, "no"),), notices=(notice,))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [(each["level"], each["message"]["text"]) for each in invocation["toolExecutionNotifications"]] == [
        ("error", "Not checked: no"),
        ("warning", "unused: no use"),
    ]
