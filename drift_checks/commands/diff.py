"""`drift diff`: what changed between two releases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from signatures.differences import ChangedEntry, differences
from signatures.history import History
from signatures.model import Change
from signatures.surface import Surface
from signatures.upstreams import upstream_named

from ..output import Output, markdown_table

_REPEATS_SHOWN = 3


def run(output: Output, name: str, old: str, new: str, under: str, everything: bool) -> bool:
    """Answer the command; there is something to report where anything changed."""
    history = History.open(upstream_named(name).name)
    for note in history.notes:
        output.warn(note)
    before, after = history.release(old), history.release(new)
    for info in (before, after):
        for problem in info.problems:
            output.warn(f"incomplete: {problem}")
    old_surface, new_surface = (Surface(history.upstream, i.version, history.at(i.version)) for i in (before, after))
    changed = changed_entries(history, before.version, after.version)
    changes = differences(old_surface, new_surface, changed, under=under, everything=everything)
    _WRITERS[output.form](output, history.upstream, before.version, after.version, changes)
    return bool(changes)


def changed_entries(history: History, old: str, new: str) -> Iterator[ChangedEntry]:
    """Every entry that is not the same in two releases of a history."""
    for module in history.changed_modules(old, new):
        if not module.startswith("@"):
            for change in history.changed(module, old, new):
                yield ChangedEntry(module, change.key, change.old, change.new)


def _text(output: Output, name: str, old: str, new: str, changes: list[Change]) -> None:
    for rule, group in groupby(changes, key=lambda change: change.rule):
        rows = list(group)
        output.line(output.styled(f"{rule} ({len(rows)})", bold=True))
        for change in rows:
            output.line(f"  {output.styled(change.symbol, fg='cyan')}: {change.detail}{_repeats(change)}")
        output.line()
    folded = sum(len(change.repeats) for change in changes)
    output.note(f"{name} {old} -> {new}: {len(changes)} changes, {folded} more of the same folded into them")


def _repeats(change: Change) -> str:
    if not change.repeats:
        return ""
    shown = ", ".join(
        symbol.rpartition(".")[0].rpartition(".")[2] or symbol for symbol in change.repeats[:_REPEATS_SHOWN]
    )
    more = len(change.repeats) - _REPEATS_SHOWN
    if change.rule.startswith("module-"):
        shown = ", ".join(symbol.rpartition(".")[2] for symbol in change.repeats[:_REPEATS_SHOWN])
        return f" ({shown}{', …' if more > 0 else ''})"
    return f" [also {shown}" + (f" and {more} more]" if more > 0 else "]")


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


_WRITERS = {"text": _text, "json": _json, "markdown": _markdown}
