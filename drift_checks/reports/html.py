"""One self-contained page, for people."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple

from ..check import Report
from ..findings import Confidence, Finding, Outcome
from ..rules import RULES
from ..rules.guides import GUIDES
from ..suppressions import Suppressed
from .eras import Era, Run, eras, runs, works
from .identity import fingerprints
from .ranges import range_lines
from .text import counted
from .tool import NAME, tool_version

_WIDEST_SOURCE = 400
_LABELS = 34


class Row(NamedTuple):
    """A finding on the page.

    Args:
        finding: The finding.
        mark: Its fingerprint, which a link can name.
        head: The line of source before what is to be edited.
        edited: What is to be edited.
        tail: What follows it.
        runs: What the line does in which releases.
        breaking: For each column, whether the line fails there; `1` or `0`.
    """

    finding: Finding
    mark: str
    head: str
    edited: str
    tail: str
    runs: tuple[Run, ...]
    breaking: str


class Part(NamedTuple):
    """What one upstream's new release does.

    Args:
        name: Of the upstream.
        old: The release that the code works with.
        new: The release that it is moved to.
        columns: Known releases.
        labelled: For each column, whether there is room for its name.
        groups: Findings by file.
    """

    name: str
    old: str
    new: str
    columns: list[Era]
    labelled: list[bool]
    groups: list[tuple[str, list[Row]]]


def as_html(report: Report) -> str:
    """The report as a page that needs no network and no other file."""
    # Only this format needs it, and it takes longer to import than a small check takes.
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def with_code(text: str) -> Markup:
        """Text between backquotes as code."""
        parts = [Markup("<code>{}</code>" if index % 2 else "{}").format(p) for index, p in enumerate(text.split("`"))]
        return Markup().join(parts)

    folder = files(__package__) / "page"
    script, style, template = ((folder / name).read_text("utf-8") for name in ("page.js", "page.css", "page.html"))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["with_code"] = with_code
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    found = report.findings
    return (
        environment.from_string(template).render(
            script=script,
            style=style,
            # Whatever a name or a message may smuggle in, no browser runs it: only this script's digest is allowed.
            script_digest=f"sha256-{digest}",
            report=report,
            parts=list(_parts(report)),
            outcomes=[(outcome.value, sum(each.outcome is outcome for each in found)) for outcome in Outcome],
            likely=sum(each.confidence is Confidence.LIKELY for each in found),
            rules=[RULES[name] for name in sorted({each.rule for each in found}) if name in RULES],
            guides=GUIDES,
            rule_counts=counted(each.rule for each in found),
            paths=len({each.path for each in found}),
            accepted=_accepted(report.suppressed),
            ranges=list(_ranges(report)),
            tool=f"{NAME} {tool_version()}".strip(),
        )
        + "\n"
    )


def _parts(report: Report) -> Iterator[Part]:
    marks = dict(zip(map(id, report.findings), fingerprints(report.findings), strict=True))
    releases = dict(report.releases)
    asked = {each.upstream: each.versions for each in report.asked}
    for name, old, new in report.upstreams:
        found = [finding for finding in report.findings if finding.upstream == name]
        versions = releases.get(name) or tuple(dict.fromkeys((old, new)))
        states = [works(finding.works_in, versions) for finding in found]
        since = min((each for each in (old, *asked.get(name, ())) if each in versions), key=versions.index, default=old)
        columns = eras(states, versions, (old, new, since))
        rows = [
            _row(finding, marks[id(finding)], state, columns, since, new)
            for finding, state in zip(found, states, strict=True)
        ]
        groups = [(path, list(group)) for path, group in groupby(rows, key=lambda row: row.finding.path)]
        yield Part(name, old, new, columns, _labelled(columns, (old, new)), groups)


def _labelled(columns: list[Era], always: tuple[str, str]) -> list[bool]:
    """Evenly spaced columns and the two that matter, but none so near to these that names would overlap."""
    step = len(columns) // _LABELS + 1
    named = [index for index, column in enumerate(columns) if column.first in always]
    return [
        index in named or (index % step == 0 and all(abs(index - near) >= step for near in named))
        for index in range(len(columns))
    ]


def _row(finding: Finding, mark: str, state: list[bool], columns: list[Era], since: str, new: str) -> Row:
    parts = ("", "", "")
    text = finding.source
    if text.strip() and len(text) <= _WIDEST_SOURCE:
        start = finding.column - 1
        end = finding.end_column - 1 if finding.end_line == finding.line else len(text)
        parts = text[:start].lstrip(), text[start:end], text[end:].rstrip()
    did = tuple(runs(finding, state, columns, since, new))
    breaking = "".join(("1" if run.state == "fails" else "0") * run.columns for run in did)
    return Row(finding, mark, *parts, did, breaking)


def _ranges(report: Report) -> Iterator[tuple[str, list[str]]]:
    """What was said of each range that was asked about: its head, and the lines below it."""
    head = ""
    told: list[str] = []
    for line in range_lines(report):
        if not line:
            yield head, told
        elif line.startswith(" "):
            told.append(line.strip())
        else:
            head, told = line, []


def _accepted(suppressed: tuple[Suppressed, ...]) -> list[dict[str, Any]]:
    return [
        {
            "place": f"{each.finding.path}:{each.finding.line}",
            "rule": each.finding.rule,
            "by": each.kind,
            "why": each.reason,
        }
        for each in suppressed
    ]
