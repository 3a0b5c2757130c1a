"""The baseline: findings that are known and accepted, in a file that reads well in a review."""

from __future__ import annotations

import datetime
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from signatures.errors import DriftError
from signatures.whole_files import replacing

from .findings import Finding

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = 1
_HEAD = f"""\
# Findings of `drift check` that are known and accepted. Say why in `reason`; after the day in `until` they are reported
# again. `drift check … --update-baseline` adds new ones, takes away what is gone, and keeps reasons and days.
schema = {SCHEMA}
"""
_HEADER = re.compile(r"[ \t]*\[\[[ \t]*accepted[ \t]*\]\]")

Key: TypeAlias = tuple[str, str, str, str, str]


class Entry(NamedTuple):
    """One accepted finding, wherever in its file the line is.

    Args:
        path: The file, relative to the baseline's folder.
        rule: The rule.
        upstream: The distribution.
        symbol: The upstream symbol.
        source: The text of the line, runs of blanks as one.
        times: How many such lines the file has.
        reason: Why it is accepted.
        until: The last day on which it is; None for always.
        line: Where it is written in the baseline.
    """

    path: str
    rule: str
    upstream: str
    symbol: str
    source: str
    times: int = 1
    reason: str = ""
    until: datetime.date | None = None
    line: int = 1

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self[:5]

    def expired(self, today: datetime.date) -> bool:
        """Whether it held once and holds no more."""
        return self.until is not None and self.until < today


class Terms(NamedTuple):
    """On what terms findings are accepted.

    Args:
        reason: Why.
        until: The last day; None for always.
        today: What has ended before it has expired.
    """

    reason: str
    until: datetime.date | None
    today: datetime.date


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a baseline.

    Args:
        file: Where they are written.
        entries: Each with a key of its own.
    """

    file: Path
    entries: tuple[Entry, ...] = ()

    def key(self, finding: Finding) -> Key:
        """What an entry for a finding is told by."""
        source = " ".join(finding.source.split())
        return self.relative(finding.path), finding.rule, finding.upstream, finding.symbol, source

    def relative(self, path: str) -> str:
        """A path as entries give it: relative to the baseline, but for members of a distribution."""
        if not os.path.lexists(path):
            return path
        folder = os.path.abspath(self.file.parent)  # noqa: PTH100 - `relpath` needs both without links followed
        return Path(os.path.relpath(os.path.abspath(path), folder)).as_posix()  # noqa: PTH100 - as above

    def updated(self, findings: Iterable[Finding], covered: Callable[[Entry], bool], terms: Terms) -> Baseline:
        """The baseline that accepts all of these findings.

        Args:
            findings: What was found.
            covered: Whether this run would have found what an entry is about; the other entries stay as they are.
            terms: For new entries; what has expired gets the new day.
        """
        counts = Counter(self.key(finding) for finding in findings)
        known = {entry.key: entry for entry in self.entries}
        kept = [entry for entry in self.entries if entry.key not in counts and not covered(entry)]
        for key, count in counts.items():
            old = known.get(key)
            if old is None:
                kept.append(Entry(*key, count, terms.reason, terms.until))
            else:
                kept.append(old._replace(times=count, until=terms.until if old.expired(terms.today) else old.until))
        return Baseline(self.file, tuple(sorted(kept, key=lambda entry: entry.key)))

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            DriftError: The folder or the disk does not take it.
        """
        text = "".join([_HEAD, *(_table(entry) for entry in self.entries)])
        with replacing(self.file) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")


def read_baseline(file: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        DriftError: There is none, or it is not one.
    """
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        raise DriftError(f"{file}: no such baseline; make it with --update-baseline") from None
    except OSError as error:
        raise DriftError(f"{file}: {error.strerror or error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DriftError(f"{file}: not valid TOML: {error}") from None
    if document.get("schema") != SCHEMA:
        raise DriftError(f"{file}: not a baseline that this version reads; it has `schema = {SCHEMA}` at its head")
    tables = document.get("accepted", [])
    if not isinstance(tables, list):
        raise DriftError(f"{file}: write each entry below a line `[[accepted]]`")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _HEADER.match(line)]
    if len(lines) != len(tables):
        # A header inside a string: which is which cannot be told, and only messages need it.
        lines = [1] * len(tables)
    entries = [_entry(file, line, table) for line, table in zip(lines, tables, strict=True)]
    twice = [key for key, count in Counter(entry.key for entry in entries).items() if count > 1]
    if twice:
        raise DriftError(f"{file}: two entries for `{twice[0][1]}` in {twice[0][0]}; give one, with `times`")
    return Baseline(file, tuple(entries))


_TYPES: Mapping[str, tuple[type, str]] = {
    "path": (str, "text"),
    "rule": (str, "text"),
    "upstream": (str, "text"),
    "symbol": (str, "text"),
    "source": (str, "text"),
    "times": (int, "a number"),
    "reason": (str, "text"),
    "until": (datetime.date, "a day such as 2027-01-31"),
}
_REQUIRED = ("path", "rule", "upstream", "symbol", "source")


def _entry(file: Path, line: int, table: Any) -> Entry:
    if not isinstance(table, dict):
        raise DriftError(f"{file}:{line}: an entry is a table")
    for name, value in table.items():
        if name not in _TYPES:
            raise DriftError(f"{file}:{line}: an entry has no `{name}`; it has {', '.join(_TYPES)}")
        kind, described = _TYPES[name]
        if type(value) is not kind:
            raise DriftError(f"{file}:{line}: `{name}` is not {described}")
    missing = [name for name in _REQUIRED if name not in table]
    if missing:
        raise DriftError(f"{file}:{line}: the entry has no `{missing[0]}`")
    return Entry(**table, line=line)


def _table(entry: Entry) -> str:
    return "\n[[accepted]]\n" + "".join(f"{name} = {value}\n" for name, value in _values(entry))


def _values(entry: Entry) -> Iterator[tuple[str, str]]:
    for name in _REQUIRED:
        yield name, _string(getattr(entry, name))
    if entry.times > 1:
        yield "times", str(entry.times)
    yield "reason", _string(entry.reason)
    if entry.until is not None:
        yield "until", entry.until.isoformat()


def _string(text: str) -> str:
    """A TOML string. JSON escapes the same, but for DEL, and surrogates are not text at all."""
    valid = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(valid, ensure_ascii=False).replace("\x7f", "\\u007f")
