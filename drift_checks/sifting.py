"""What is left to report when rules are chosen and suppressions and the baseline are applied."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from .baseline import Baseline, Entry
from .check import Report
from .findings import Finding
from .selection import Selection, unknown_rule
from .suppressions import Comment, Notice, Suppressed


def sift(report: Report, selection: Selection, today: datetime.date, known: Collection[str]) -> Report:
    """The report without what is not asked for, and without what a comment on the line accepts.

    Args:
        report: What `check` gives.
        selection: The rules that are asked for.
        today: The day that expiry is reckoned by.
        known: The names of all rules.
    """
    chosen = tuple(finding for finding in report.findings if selection.has_rule(finding.rule, finding.path))
    inline = _Comments(report.comments, selection, today, known)
    return _without(replace(report, findings=chosen), inline.takes, inline.notices)


def accept(
    report: Report,
    baseline: Baseline,
    today: datetime.date,
    known: Collection[str],
    covered: Callable[[Entry], bool] = lambda entry: True,
) -> Report:
    """The report without what a baseline accepts.

    Args:
        report: What `sift` gives.
        baseline: Accepted findings.
        today: The day that expiry is reckoned by.
        known: The names of all rules.
        covered: Whether this run would have found what an entry is about.
    """
    accepted = _Accepted(baseline, today, known, covered)
    return _without(report, accepted.takes, accepted.notices)


def _without(
    report: Report, takes: Callable[[Finding], Suppressed | None], notices: Callable[[], Iterator[Notice]]
) -> Report:
    taken = [(finding, takes(finding)) for finding in report.findings]
    suppressed = (*report.suppressed, *(by for _, by in taken if by is not None))
    return replace(
        report,
        findings=tuple(finding for finding, by in taken if by is None),
        suppressed=suppressed,
        notices=(*report.notices, *notices()),
        statistics=replace(report.statistics, suppressed=len(suppressed)),
    )


class _Comments:
    def __init__(
        self, comments: Collection[Comment], selection: Selection, today: datetime.date, known: Collection[str]
    ) -> None:
        self._comments = comments
        self._selection = selection
        self._today = today
        self._known = known
        self._used: set[tuple[Comment, str]] = set()
        self._at: dict[tuple[str, int], list[Comment]] = defaultdict(list)
        for comment in comments:
            self._at[comment.path, comment.line].append(comment)

    def takes(self, finding: Finding) -> Suppressed | None:
        """What a comment says of a finding: on its line, or where a text of several lines ends."""
        for line in dict.fromkeys((finding.line, finding.end_line)):
            for comment in self._at.get((finding.path, line), ()):
                if finding.rule in comment.rules and not comment.wrong:
                    self._used.add((comment, finding.rule))
                    if not comment.expired(self._today):
                        return Suppressed(finding, "comment", comment.reason)
        return None

    def notices(self) -> Iterator[Notice]:
        """Comments that are wrong, expired or not needed."""
        for comment in self._comments:
            place = comment.path, comment.line, comment.column
            if comment.wrong:
                yield Notice(*place, "malformed", "", f"suppresses nothing: {comment.wrong}")
                continue
            for rule in comment.rules:
                if rule not in self._known:
                    yield Notice(*place, "unknown-rule", rule, f"`{rule}`: {unknown_rule(rule, self._known)}")
                elif (comment, rule) not in self._used:
                    if self._selection.has_rule(rule, comment.path):
                        yield Notice(*place, "unused", rule, f"`{rule}` suppresses nothing here; take it away")
                elif comment.expired(self._today):
                    message = f"`{rule}` was suppressed until {comment.until}; the finding is back"
                    yield Notice(*place, "expired", rule, message)


class _Accepted:
    def __init__(
        self,
        baseline: Baseline,
        today: datetime.date,
        known: Collection[str],
        covered: Callable[[Entry], bool],
    ) -> None:
        self._baseline = baseline
        self._today = today
        self._known = known
        self._covered = covered
        self._entries = {entry.key: entry for entry in baseline.entries}
        self._used: Counter[Entry] = Counter()

    def takes(self, finding: Finding) -> Suppressed | None:
        """What the baseline says of a finding."""
        entry = self._entries.get(self._baseline.key(finding))
        if entry is None or self._used[entry] >= entry.times:
            return None
        self._used[entry] += 1
        return None if entry.expired(self._today) else Suppressed(finding, "baseline", entry.reason)

    def notices(self) -> Iterator[Notice]:
        """Entries that are expired or not needed."""
        for entry in self._entries.values():
            place = self._baseline.file.as_posix(), entry.line, 1
            used = self._used[entry]
            if entry.rule not in self._known:
                yield Notice(
                    *place, "unknown-rule", entry.rule, f"`{entry.rule}`: {unknown_rule(entry.rule, self._known)}"
                )
            elif used < entry.times and self._covered(entry):
                found = f"is found {used} times and not {entry.times}" if used else "is not found any more"
                message = f"`{entry.rule}` of `{entry.symbol}` in {entry.path} {found}; --update-baseline takes it away"
                yield Notice(*place, "unused", entry.rule, message)
            elif used and entry.expired(self._today):
                message = f"`{entry.rule}` in {entry.path} was accepted until {entry.until}; the finding is back"
                yield Notice(*place, "expired", entry.rule, message)
