"""A page for each rule, in Markdown: made from the rule, so that the two say the same.

`python -m drift_checks.rule_pages FOLDER` writes all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from signatures.whole_files import replacing

from .examples import example_findings, is_checked
from .findings import Finding, Outcome
from .rules import RULES, Rule
from .rules.guides import GUIDES, Guide

_HAPPENS = {
    Outcome.BREAKS: "raises on the new release",
    Outcome.SILENT: "runs on the new release, and does something else",
    Outcome.DEPRECATED: "works on the new release, and is announced to go",
}


def page(rule: Rule) -> str:
    """The page of a rule."""
    return "".join(f"{line}\n" for line in _lines(rule))


def index() -> str:
    """The page that leads to all others."""
    lines = ["# Rules", "", *_made_by, "", "| rule | outcome | |", "| --- | --- | --- |"]
    lines += [f"| [{r.name}]({r.name}.md) | {r.outcome.value} | {r.summary} |" for _, r in sorted(RULES.items())]
    return "".join(f"{line}\n" for line in lines)


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {"README.md": index(), **{f"{name}.md": page(rule) for name, rule in sorted(RULES.items())}}


_made_by = ("`drift explain RULE` shows the same. Made by `python -m drift_checks.rule_pages docs/rules`.",)


def _lines(rule: Rule) -> Iterator[str]:
    yield f"# {rule.name}"
    yield ""
    yield f"**{rule.outcome.value}**: {_HAPPENS[rule.outcome]}. {rule.summary}"
    guide = GUIDES.get(rule.name)
    if guide is not None:
        yield from ("", guide.why)
        if guide.old and guide.new:
            yield from _code("## Upstream, before", guide.old)
            yield from _code("## Upstream, after", guide.new)
        yield from _code("## Your code", guide.before)
        yield from _told(rule, guide)
        yield from _code("## Repaired", guide.after)
        yield from ("", "## Where upstream did this", "", guide.reference)
    yield from ("", "## Accept it", "")
    yield f"On the line: `# drift: ignore[{rule.name}] until=2027-01-31 reason`. In all files: `--ignore {rule.name}`."


def _told(rule: Rule, guide: Guide) -> Iterator[str]:
    finding = example(rule, guide)
    if finding is not None:
        yield ""
        yield f"`drift check` says of line {finding.line}: {finding.message}."
        if finding.witness:
            yield from _code("## Witness: passes before, fails after", finding.witness)


def example(rule: Rule, guide: Guide) -> Finding | None:
    """What the tool says of a guide's example; None where it says nothing, or the example cannot be checked."""
    found = example_findings(guide, guide.before) if is_checked(guide) else ()
    return next((finding for finding in found if finding.rule == rule.name), None)


def _code(head: str, text: str) -> Iterator[str]:
    yield from ("", head, "", "```python", text.strip("\n"), "```")


def write_pages(folder: Path) -> None:
    """Write every page, and take away pages of rules that are no more."""
    made = pages()
    for name, text in made.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    for file in folder.glob("*.md"):
        if file.name not in made:
            file.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m drift_checks.rule_pages FOLDER")
    write_pages(Path(sys.argv[1]))
