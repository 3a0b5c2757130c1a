"""`drift diff`: what changed between two releases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from signatures.differences import ChangedEntry, differences
from signatures.errors import DriftError
from signatures.history import History
from signatures.model import Change
from signatures.parsing import without_collector
from signatures.surface import Surface
from signatures.upstreams import upstream_named

from ..output import Output, markdown_table
from ..surfaces import others

_REPEATS_SHOWN = 3
# What stops an import comes first, what stops a call next.
_ORDER = ("module-", "symbol-", "base-", "attribute-", "op-", "parameter-", "positional-", "default-", "deprecated-")


def run(output: Output, name: str, old: str, new: str, under: str, everything: bool) -> bool:
    """Answer the command; there is something to report where anything changed."""
    history = History.open(upstream_named(name).name)
    for note in history.notes:
        output.warn(note)
    before, after = history.release(old), history.release(new)
    for info in (before, after):
        for problem in info.problems:
            output.warn(f"incomplete: {problem}")
    other = others(history.upstream)
    surfaces = [Surface(history.upstream, info.version, history.at(info.version), other) for info in (before, after)]
    changed = changed_entries(history, before.version, after.version)
    prefix = _canonical(under, surfaces)
    with without_collector():
        changes = differences(surfaces[0], surfaces[1], changed, under=prefix, everything=everything)
    changes.sort(key=lambda change: _rank(change.rule))
    if output.form == "text":
        _text(output, changes, surfaces)
    else:
        _WRITERS[output.form](output, history.upstream, before.version, after.version, changes)
    folded = sum(len(change.repeats) for change in changes)
    more = f", which stand for {len(changes) + folded}" if folded else ""
    found = f"{len(changes)} change{'s' * (len(changes) != 1)}{more}" if changes else "no changes"
    output.note(f"{history.upstream} {before.version} -> {after.version}: {found}")
    return bool(changes)


def changed_entries(history: History, old: str, new: str) -> Iterator[ChangedEntry]:
    """Every entry that is not the same in two releases of a history."""
    for module in history.changed_modules(old, new):
        if not module.startswith("@"):
            for change in history.changed(module, old, new):
                yield ChangedEntry(module, change.key, change.old, change.new)


def _canonical(under: str, surfaces: list[Surface]) -> str:
    """Where a symbol is defined: changes are told of definitions, not of the other names that lead to them.

    Raises:
        DriftError: Neither release has it.
    """
    if not under:
        return ""
    found = [surface.resolve(under) for surface in surfaces]
    if all(resolution.missing for resolution in found):
        raise DriftError(f"--under {under}: neither release has it")
    return next((each.canonical for each in found if each.found and not each.external), under)


def _rank(rule: str) -> int:
    return next((index for index, prefix in enumerate(_ORDER) if rule.startswith(prefix)), len(_ORDER))


def _text(output: Output, changes: list[Change], surfaces: list[Surface]) -> None:
    for rule, group in groupby(changes, key=lambda change: change.rule):
        rows = list(group)
        output.line(output.styled(f"{rule} ({len(rows)})", bold=True))
        for owner, members in groupby(rows, key=lambda change: _owner(change, surfaces)):
            named = [(change.symbol.removeprefix(f"{owner}."), change) for change in members]
            if owner:
                output.line(f"  {output.styled(owner, fg='cyan')}")
            width = max(len(member) for member, _ in named)
            for member, change in named:
                output.line(f"    {member.ljust(width)}  {change.detail}{_repeats(change)}")
        output.line()


def _owner(change: Change, surfaces: list[Surface]) -> str:
    """The module that a symbol is in; "" for a module itself."""
    module = "" if change.rule.startswith("module-") else change.symbol.rpartition(".")[0]
    while module and not any(surface.module_exists(module) for surface in surfaces):
        module = module.rpartition(".")[0]
    return module


def _repeats(change: Change) -> str:
    """The first few of what the row stands for, and how many more."""
    if not change.repeats:
        return ""
    names = list(dict.fromkeys(_distinct(change, symbol) for symbol in change.repeats))
    shown = ", ".join(names[:_REPEATS_SHOWN])
    more = len(names) - _REPEATS_SHOWN
    if change.rule.startswith("module-"):
        return f" ({shown}{', …' if more > 0 else ''})"
    return f" [also {shown}" + (f" and {more} more]" if more > 0 else "]")


def _distinct(change: Change, symbol: str) -> str:
    """What tells a repeat from the row: the class or the module, since the name and the change are the same."""
    if change.rule.startswith("module-"):
        return symbol.rpartition(".")[2]
    return symbol.rpartition(".")[0].rpartition(".")[2] or symbol


def _json(output: Output, name: str, old: str, new: str, changes: list[Change]) -> None:
    rows = [
        {
            "rule": change.rule,
            "symbol": change.symbol,
            "detail": change.detail,
            "old": change.old or None,
            "new": change.new or None,
            "repeats": list(change.repeats),
        }
        for change in changes
    ]
    output.data({"schema": 1, "upstream": name, "old": old, "new": new, "changes": rows})


def _markdown(output: Output, name: str, old: str, new: str, changes: list[Change]) -> None:
    output.line(f"### {name} {old} → {new}")
    output.line()
    rows = [(c.rule, f"`{c.symbol}`", c.detail + _repeats(c)) for c in changes]
    for line in markdown_table(("rule", "symbol", "change"), rows):
        output.line(line)


_WRITERS = {"json": _json, "markdown": _markdown}
