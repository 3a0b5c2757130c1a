"""`drift explain`: what a rule finds, why, and how to repair it."""

from __future__ import annotations

from collections.abc import Callable

from signatures.errors import DriftError

from ..output import Output, markdown_table
from ..rule_pages import example, page
from ..rules import RULES, Rule
from ..rules.guides import GUIDES
from ..selection import unknown_rule


def run(output: Output, rule: str | None) -> bool:
    """Answer the command; to explain is nothing to report."""
    if rule is None:
        _LISTS[output.form](output, [RULES[name] for name in sorted(RULES)])
    elif rule not in RULES:
        raise DriftError(f"{rule}: {unknown_rule(rule, RULES)}")
    else:
        _PAGES[output.form](output, RULES[rule])
    return False


def _text_list(output: Output, rules: list[Rule]) -> None:
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        output.line(f"{output.styled(rule.name.ljust(width), bold=True)}  {rule.outcome.value:<10}  {rule.summary}")


def _json_list(output: Output, rules: list[Rule]) -> None:
    output.data([{"name": rule.name, "outcome": rule.outcome.value, "summary": rule.summary} for rule in rules])


def _markdown_list(output: Output, rules: list[Rule]) -> None:
    rows = [(f"`{rule.name}`", rule.outcome.value, rule.summary) for rule in rules]
    for line in markdown_table(("rule", "outcome", "what it finds"), rows):
        output.line(line)


def _text_page(output: Output, rule: Rule) -> None:
    if not output.color:
        _markdown_page(output, rule)
        return
    import io

    from rich.console import Console
    from rich.markdown import Markdown

    written = io.StringIO()
    Console(file=written, force_terminal=True, width=min(output.width, 120)).print(Markdown(page(rule)))
    output.text(written.getvalue())


def _json_page(output: Output, rule: Rule) -> None:
    told = {"name": rule.name, "outcome": rule.outcome.value, "summary": rule.summary}
    guide = GUIDES.get(rule.name)
    if guide is not None:
        finding = example(rule, guide)
        told |= {
            "why": guide.why,
            "reference": guide.reference,
            "upstream_before": guide.old,
            "upstream_after": guide.new,
            "before": guide.before,
            "after": guide.after,
            "witness": finding.witness if finding is not None else "",
        }
    output.data(told)


def _markdown_page(output: Output, rule: Rule) -> None:
    output.text(page(rule))


_LISTS: dict[str, Callable[[Output, list[Rule]], None]] = {
    "text": _text_list,
    "json": _json_list,
    "markdown": _markdown_list,
}
_PAGES: dict[str, Callable[[Output, Rule], None]] = {
    "text": _text_page,
    "json": _json_page,
    "markdown": _markdown_page,
}
