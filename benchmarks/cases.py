"""Labelled real breakages: what a line of a cases file says, and which releases to check it between."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import Version

from signatures.errors import DriftError
from signatures.history import History, normalised
from signatures.packs import ReleaseInfo
from signatures.upstreams import UPSTREAMS

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*(?:\.?(?:post|dev|rc)\d+)*")


class Case(NamedTuple):
    """A place in downstream code that an upstream change broke.

    Args:
        name: Its id.
        mirror: The repository that holds the commit, as `owner/name`.
        ref: The commit before the fix.
        path: The file.
        lines: The broken lines in it, from 1; none where no line is to blame.
        upstream: The distribution.
        symbol: What changed, in the labeller's words.
        first_broken: The first release that breaks it, in the labeller's words.
        fixed: When it was fixed, as far as it is known.
        kind: Of breakage.
        tier: How sure the label is: `A` and `B` are breakages, `C` is soft or guarded, `N` is none.
        guards: Tests and handlers around it; they need not keep it from running where it fails.
    """

    name: str
    mirror: str
    ref: str
    path: str
    lines: tuple[int, ...]
    upstream: str
    symbol: str
    first_broken: str
    fixed: datetime.date | None
    kind: str
    tier: str
    guards: tuple[str, ...]

    @property
    def is_breakage(self) -> bool:
        """Whether a finding is wanted here."""
        return self.tier in ("A", "B")

    @property
    def is_harmless(self) -> bool:
        """Whether a finding that something breaks is a false alarm, by the label; a guard may be one that is wrong."""
        return self.tier == "N" or (self.tier == "C" and bool(self.guards))


def read_cases(file: Path) -> list[Case]:
    """The cases of a file, one JSON object a line.

    Raises:
        DriftError: It cannot be read, or a line is no case.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DriftError(f"{file} cannot be read: {error}") from None
    cases = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                cases.append(_case(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise DriftError(f"{file}:{number}: not a case: {type(error).__name__} {error}") from None
    return cases


def _case(row: dict[str, Any]) -> Case:
    return Case(
        row["id"],
        row.get("mirror") or row["repo"],
        row["pre_ref"],
        row["path"],
        tuple(row["lines"]),
        _upstream(row["upstream"]),
        row["symbol"],
        row["first_broken"],
        datetime.date.fromisoformat(row["fix_date"]) if row.get("fix_date") else None,
        row["kind"],
        row["tier"],
        tuple(row.get("guard") or ()),
    )


def _upstream(label: str) -> str:
    name = normalised(label)
    # Operators that another package adds are called through torch-npu's namespace.
    return "torch-npu" if name not in UPSTREAMS and "npu" in name else name


def pair_of(case: Case, history: History, *, newest: bool = False) -> tuple[str, str] | None:
    """The releases to check a case between: the one that first breaks it, and the newest that does not.

    Args:
        case: The case.
        history: Of its upstream.
        newest: Move to the newest release instead.

    Returns:
        None where the history begins too late.
    """
    new = _first_broken(case, history)
    old = _before(case, new, history)
    if old is None:
        return None
    return old, history.releases[-1].version if newest or new is None else new.version


def _first_broken(case: Case, history: History) -> ReleaseInfo | None:
    """The earliest of the releases that the label names; one that was never released stands for the next."""
    named = [Version(text) for text in _VERSION.findall(case.first_broken)]
    if UPSTREAMS[case.upstream].by_train:
        # Versions are no order in time there: a build is followed by later builds for the same torch.
        found = [_at_or_after(v, [i for i in history.releases if _same_base(i, v)]) for v in named]
    else:
        found = [_at_or_after(v, history.releases) for v in named[:1]]
    known = [info for info in found if info is not None]
    return min(known, key=history.releases.index) if known else None


def _at_or_after(version: Version, releases: Sequence[ReleaseInfo]) -> ReleaseInfo | None:
    later = [info for info in releases if Version(info.version) >= version]
    return min(later, key=lambda info: Version(info.version), default=None)


def _before(case: Case, new: ReleaseInfo | None, history: History) -> str | None:
    if new is None:
        newest = history.releases[-1]
        fixed = case.fixed
        known = [i for i in history.releases[:-1] if fixed is None or (i.date is not None and i.date <= fixed)]
        earlier = [i for i in known if not i.train or i.train < newest.train] or list(history.releases[:1])
    elif new.train:
        earlier = [info for info in history.releases if info.train < new.train]
        same = [info for info in earlier if _same_base(info, Version(new.version))]
        earlier = same or earlier
    else:
        earlier = list(history.releases[: history.releases.index(new)])
    return earlier[-1].version if earlier else None


def _same_base(info: ReleaseInfo, version: Version) -> bool:
    return Version(info.version).release == version.release
