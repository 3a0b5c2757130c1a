"""What `--baseline` and its options ask for: which findings are accepted, and which are to be from now on."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from signatures.errors import DriftError

from .baseline import Baseline, Entry, Terms, read_baseline
from .check import Report
from .selection import Selection

_ACCEPTED_DAYS = 180
_NO_REASON = "not looked at yet"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A baseline and what is to be done with it.

    Args:
        baseline: As it is read; without entries where it is only to be written.
        terms: For new entries; None where the file is not to be written.
        today: The day that expiry is reckoned by.
    """

    baseline: Baseline
    terms: Terms | None
    today: datetime.date


def acceptance(
    file: Path | None, update: bool, reason: str | None, until: str | None, today: datetime.date
) -> Acceptance | None:
    """What the options ask for; None without a baseline.

    Args:
        file: Value of `--baseline`.
        update: Whether to write it.
        reason: For new entries.
        until: Their last day, or `never`.
        today: What new entries' days are reckoned from.

    Raises:
        DriftError: The options do not fit together, or the file is no baseline.
    """
    if file is None:
        if update or reason or until:
            raise DriftError("which baseline? name it with --baseline FILE")
        return None
    if not update:
        if reason or until:
            raise DriftError("--reason and --until are for new entries of the baseline: add --update-baseline")
        return Acceptance(read_baseline(file), None, today)
    known = read_baseline(file) if file.exists() else Baseline(file)
    return Acceptance(known, Terms(reason or _NO_REASON, _last_day(until, today), today), today)


def _last_day(text: str | None, today: datetime.date) -> datetime.date | None:
    if text is None:
        return today + datetime.timedelta(days=_ACCEPTED_DAYS)
    if text == "never":
        return None
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise DriftError(f"--until {text}: no date; write it like 2027-01-31, or `never`") from None
    if day < today:
        raise DriftError(f"--until {text}: that day is over; give one to come, or `never`")
    return day


def covering(
    baseline: Baseline, projects: Iterable[Path | None], selection: Selection, report: Report
) -> Callable[[Entry], bool]:
    """Whether a run would have found what an entry of the baseline is about.

    Args:
        baseline: Whose entries are asked about.
        projects: What was checked: a file or a folder, or None for a distribution.
        selection: The rules and files that were asked for.
        report: What it gave.
    """
    upstreams = {name for name, _, _ in report.upstreams}
    unread = {baseline.relative(item.path) for item in report.unparsed}
    roots = [None if project is None else PurePosixPath(baseline.relative(str(project))) for project in projects]

    def covered(entry: Entry) -> bool:
        if entry.upstream not in upstreams or entry.path in unread:
            return False
        place = str(baseline.file.parent / entry.path)
        if not selection.has_rule(entry.rule, place) or not selection.has_file(place):
            return False
        return any(root is None or PurePosixPath(entry.path).is_relative_to(root) for root in roots)

    return covered
