"""`drift history`: every definition of a symbol, with the releases it holds in."""

from __future__ import annotations

from signatures.errors import DriftError
from signatures.history import History
from signatures.model import Status
from signatures.symbol_history import Era, release_ranges, symbol_history
from signatures.upstreams import UPSTREAMS, upstream_named

from ..output import Output, markdown_table


def run(output: Output, symbol: str, upstream: str | None) -> bool:
    """Answer the command; a symbol that no release has is an error."""
    name = upstream_named(upstream).name if upstream else _owner(symbol)
    history = History.open(name)
    for note in history.notes:
        output.warn(note)
    eras = symbol_history(history, symbol)
    if not any(era.status is Status.FOUND for era in eras):
        unknown = any(era.status is Status.UNKNOWN for era in eras)
        why = "cannot be told from what is written" if unknown else "is in none of its releases"
        raise DriftError(f"{symbol} {why} ({name} {history.releases[0].version} to {history.releases[-1].version})")
    _WRITERS[output.form](output, history, symbol, eras)
    return False


def _owner(symbol: str) -> str:
    """The upstream that installs the symbol's top-level module."""
    root = symbol.partition(".")[0]
    if symbol.startswith("torch.ops.npu."):
        return "torch-npu"
    for upstream in UPSTREAMS.values():
        if root in upstream.roots:
            return upstream.name
    roots = ", ".join(root for upstream in UPSTREAMS.values() for root in upstream.roots)
    raise DriftError(f"{symbol}: no upstream has a module {root!r}; a symbol begins with one of {roots}")


def _text(output: Output, history: History, symbol: str, eras: list[Era]) -> None:
    output.line(output.styled(symbol, bold=True))
    for era in eras:
        output.line()
        output.line(output.styled(release_ranges(history, era.versions), fg="cyan"))
        for line in _described(era, symbol):
            output.line(f"  {line}")


def _described(era: Era, symbol: str) -> list[str]:
    if era.status is not Status.FOUND:
        return ["does not resolve" if era.status is Status.MISSING else "cannot be told from what is written"]
    lines = [f"{era.kind} {symbol.rpartition('.')[2]}{era.form}" if era.kind in ("function", "class") else era.kind]
    if era.kind == "value" and era.form:
        lines = [f"value {era.form}"]
    if era.canonical != symbol:
        lines.append(f"is {era.canonical}" + (f" ({', '.join(era.through)})" if era.through else ""))
    if era.deprecated:
        lines.append(f"still takes {', '.join(era.deprecated)}")
    return lines


def _json(output: Output, history: History, symbol: str, eras: list[Era]) -> None:
    output.data(
        {
            "schema": 1,
            "symbol": symbol,
            "upstream": history.upstream,
            "definitions": [
                {
                    "releases": list(era.versions),
                    "status": era.status.value,
                    "kind": era.kind,
                    "canonical": era.canonical,
                    "form": era.form,
                    "through": list(era.through),
                    "deprecated": list(era.deprecated),
                }
                for era in eras
            ],
        }
    )


def _markdown(output: Output, history: History, symbol: str, eras: list[Era]) -> None:
    output.line(f"### `{symbol}`")
    output.line()
    rows = [(release_ranges(history, era.versions), "; ".join(_described(era, symbol))) for era in eras]
    for line in markdown_table(("releases", "definition"), rows):
        output.line(line)


_WRITERS = {"text": _text, "json": _json, "markdown": _markdown}
