"""Which files and which rules are asked for."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import NamedTuple

from signatures.errors import DriftError


class Pattern(NamedTuple):
    """A pattern of paths; what matches it is meant with everything below it.

    Args:
        text: Of one part of a path, anywhere in it; or of an absolute path, in which `*` also stands for `/`.
        anchored: Whether it is the second.
    """

    text: str
    anchored: bool

    def matches(self, path: str) -> bool:
        """Whether a path, or a folder that it is in, is meant."""
        if not self.anchored:
            return any(fnmatch.fnmatchcase(part, self.text) for part in PurePath(path).parts)
        whole = _absolute(Path(path))
        return any(fnmatch.fnmatchcase(each.as_posix(), self.text) for each in (whole, *whole.parents))


def pattern(text: str, base: Path) -> Pattern:
    """A pattern as users write it.

    Args:
        text: `name` or `*_test.py` for any part of a path; with a `/` in it, a path below the folder.
        base: The folder that it is written for.
    """
    trimmed = text.removesuffix("**").rstrip("/")
    if "/" not in text.rstrip("/"):
        return Pattern(trimmed or text, anchored=False)
    root = Path(glob.escape(_absolute(base).as_posix()))
    return Pattern(_absolute(root / trimmed).as_posix(), anchored=True)


def _absolute(path: Path) -> Path:
    """An absolute path with links left as they are: a pattern names what users see."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` follows links


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules and files that are asked for.

    Args:
        rules: Names of the rules.
        excluded: Files to leave out.
        ignored: For files that match a pattern, rules to leave out.
    """

    rules: frozenset[str]
    excluded: tuple[Pattern, ...] = ()
    ignored: tuple[tuple[Pattern, frozenset[str]], ...] = ()

    def has_file(self, path: str) -> bool:
        """Whether a file is asked for."""
        return not any(each.matches(path) for each in self.excluded)

    def has_rule(self, rule: str, path: str) -> bool:
        """Whether a rule is asked for in a file."""
        return rule in self.rules and not any(rule in rules and each.matches(path) for each, rules in self.ignored)


def selection(
    known: Collection[str],
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    exclude: Iterable[str] = (),
    per_path_ignores: Iterable[str] = (),
    base: Path | None = None,
) -> Selection:
    """What options ask for.

    Args:
        known: The names of all rules.
        select: Names of rules, also joined by commas, also with `*`; none for all.
        ignore: Names of rules to leave out.
        exclude: Patterns of files to leave out.
        per_path_ignores: `PATTERN:RULE`, with rules joined by commas.
        base: The folder that patterns are written for; the working directory.

    Raises:
        DriftError: A rule is not known, or a pattern comes without rules.
    """
    folder = base or Path()
    chosen = _named("--select", select, known) or frozenset(known)
    return Selection(
        chosen - _named("--ignore", ignore, known),
        tuple(pattern(text, folder) for text in exclude),
        tuple(_per_path(text, known, folder) for text in per_path_ignores),
    )


def _per_path(text: str, known: Collection[str], base: Path) -> tuple[Pattern, frozenset[str]]:
    where, _, rules = text.rpartition(":")
    if not where or not rules:
        raise DriftError(f"--per-path-ignores {text}: write it like 'tests/**:deprecated-symbol'")
    return pattern(where, base), _named("--per-path-ignores", [rules], known)


def _named(option: str, texts: Iterable[str], known: Collection[str]) -> frozenset[str]:
    found: set[str] = set()
    for name in (part.strip() for text in texts for part in text.split(",")):
        matching = fnmatch.filter(known, name)
        if not matching:
            raise DriftError(f"{option} {name}: {unknown_rule(name, known)}")
        found.update(matching)
    return frozenset(found)


def unknown_rule(name: str, known: Iterable[str]) -> str:
    """What to say of a name that no rule has."""
    close = get_close_matches(name, known, n=1)
    return f"no rule has this name; {f'did you mean {close[0]}?' if close else 'see `drift explain`'}"
