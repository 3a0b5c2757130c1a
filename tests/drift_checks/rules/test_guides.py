"""Guides and pages: complete, equal to what is in docs/, and true."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from drift_checks.examples import example_findings, is_checked, sketch_files
from drift_checks.rule_pages import page, pages, write_pages
from drift_checks.rules import RULES
from drift_checks.rules.guides import GUIDES

DOCS = Path(__file__).parents[3] / "docs" / "rules"


def test_every_rule_has_a_guide_and_every_guide_a_rule() -> None:
    assert sorted(GUIDES) == sorted(RULES)


@pytest.mark.parametrize("name", sorted(name for name, guide in GUIDES.items() if is_checked(guide)))
def test_an_example_is_found_before_and_not_after(name: str) -> None:
    guide = GUIDES[name]
    assert name in {finding.rule for finding in example_findings(guide, guide.before)}
    assert example_findings(guide, guide.after) == ()


@pytest.mark.parametrize("name", sorted(GUIDES))
def test_examples_are_python(name: str) -> None:
    guide = GUIDES[name]
    for text in (guide.before, guide.after, *sketch_files(guide.old).values(), *sketch_files(guide.new).values()):
        ast.parse(text)


def test_the_pages_in_docs_are_those_of_the_rules() -> None:
    """`python -m drift_checks.rule_pages docs/rules` writes them."""
    assert {file.name: file.read_text(encoding="utf-8") for file in DOCS.glob("*")} == pages()


def test_a_page_tells_the_mechanism_the_finding_and_the_way_out() -> None:
    text = page(RULES["parameter-swallowed"])
    heads = [line for line in text.splitlines() if line.startswith("#") and not line.startswith("# transformers/")]
    assert heads == [
        "# parameter-swallowed",
        "## Upstream, before",
        "## Upstream, after",
        "## Your code",
        "## Witness: passes before, fails after",
        "## Repaired",
        "## Where upstream did this",
        "## Accept it",
    ]


def test_pages_of_rules_that_are_no_more_are_taken_away(tmp_path: Path) -> None:
    (tmp_path / "old-rule.md").touch()
    write_pages(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == pages().keys()
