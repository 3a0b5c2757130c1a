"""`drift releases`: which releases the history knows."""

from __future__ import annotations

from collections.abc import Sequence

from signatures.history import History
from signatures.packs import ReleaseInfo
from signatures.upstreams import UPSTREAMS, upstream_named

from ..output import Output, markdown_table


def run(output: Output, name: str | None) -> bool:
    """Answer the command."""
    names = [upstream_named(name).name] if name else list(UPSTREAMS)
    histories = [History.open(each) for each in names]
    for history in histories:
        for note in history.notes:
            output.warn(note)
    if output.form == "json":
        output.data({"schema": 1, "upstreams": [_data(history) for history in histories]})
    elif name is None:
        _summary(output, histories)
    else:
        _list(output, histories[0])
    return False


def _data(history: History) -> dict[str, object]:
    rows = [
        {
            "version": info.version,
            "date": info.date.isoformat() if info.date else None,
            "train": info.train or None,
            "problems": list(info.problems),
        }
        for info in history.releases
    ]
    return {"name": history.upstream, "releases": rows}


def _summary(output: Output, histories: list[History]) -> None:
    rows = [
        (h.upstream, str(len(h.releases)), h.releases[0].version, h.releases[-1].version, _day(h.releases[-1]))
        for h in histories
    ]
    _table(output, ("upstream", "releases", "oldest", "newest", "built"), rows)


def _list(output: Output, history: History) -> None:
    rows = [
        (info.version, _day(info), info.train, "" if info.complete else "; ".join(info.problems))
        for info in history.releases
    ]
    head = ("release", "built", "train", "not read")
    used = [index for index in range(len(head)) if index < 2 or any(row[index] for row in rows)]
    _table(output, tuple(head[i] for i in used), [tuple(row[i] for i in used) for row in rows])


def _table(output: Output, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if output.form == "markdown":
        for line in markdown_table(head, rows):
            output.line(line)
        return
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    for number, row in enumerate([head, *rows]):
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        output.line(output.styled(text, bold=True) if number == 0 else text)


def _day(info: ReleaseInfo) -> str:
    return info.date.isoformat() if info.date else ""
