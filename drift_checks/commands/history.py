"""`drift history`: every definition of a symbol, with the releases it holds in."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from signatures.errors import DriftError
from signatures.history import History
from signatures.model import Status
from signatures.surface import Surface
from signatures.symbol_history import Era, release_ranges, symbol_history
from signatures.upstreams import UPSTREAMS, upstream_named

from ..output import Output, markdown_table
from ..signature_text import changed, full
from ..surfaces import others

_INDENT = "  "


def run(output: Output, symbol: str, upstream: str | None) -> bool:
    """Answer the command; a symbol that no release has is an error."""
    name = upstream_named(upstream).name if upstream else _owner(symbol)
    history = History.open(name)
    for note in history.notes:
        output.warn(note)
    eras = symbol_history(history, symbol, others(name))
    if not any(era.status is Status.FOUND for era in eras):
        unknown = any(era.status is Status.UNKNOWN for era in eras)
        why = "cannot be told from what is written" if unknown else "is in none of its releases"
        first, last = history.releases[0].version, history.releases[-1].version
        raise DriftError(f"{symbol} {why} ({name} {first} to {last}){_similar(history, symbol)}")
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


def _similar(history: History, symbol: str) -> str:
    """Names of the newest release that were perhaps meant."""
    newest = history.releases[-1].version
    surface = Surface(history.upstream, newest, history.at(newest))
    parts = symbol.split(".")
    for length in range(len(parts) - 1, 0, -1):
        owner = surface.resolve(".".join(parts[:length]))
        if owner.found and owner.definition is None:
            inside = f"{owner.canonical}."
            below = (m.removeprefix(inside) for m in history.modules(newest) if m.startswith(inside))
            names = sorted(surface.names(owner.canonical).union(name for name in below if "." not in name))
            close = get_close_matches(parts[length], names, n=3)
            return f"; near it in {owner.path}: {', '.join(close)}" if close else ""
    return ""


def _text(output: Output, history: History, symbol: str, eras: list[Era]) -> None:
    output.line(output.styled(symbol, bold=True))
    before: Era | None = None
    for era in eras:
        output.line()
        output.line(output.styled(release_ranges(history, era.versions), fg="cyan"))
        for line in _lines(era, before, symbol, output.width - len(_INDENT)):
            output.line(f"{_INDENT}{_colored(output, line)}")
        before = era if era.status is Status.FOUND else before


def _colored(output: Output, line: str) -> str:
    color = {"+ ": "green", "- ": "red"}.get(line[:2])
    return output.styled(line, fg=color) if color else line


def _lines(era: Era, before: Era | None, symbol: str, width: int) -> Iterator[str]:
    """An era in full, or by what differs from the one before."""
    if era.status is not Status.FOUND:
        yield _absence(era)
        return
    if before is None or (era.canonical, era.through) != (before.canonical, before.through):
        yield from _place(era, before, symbol)
    name = symbol.rpartition(".")[2]
    if before is not None and before.signatures == era.signatures and before.kind == era.kind:
        yield from ["the same signature"] if era.signatures else []
    elif before is not None and len(before.signatures) == len(era.signatures) == 1:
        yield from changed(name, before.signatures[0], era.signatures[0], width)
    else:
        yield from _overloads(era, before, name, width)
    if not era.signatures:
        yield f"{era.kind} {era.value}".rstrip()
    if era.deprecated:
        yield f"still takes {', '.join(era.deprecated)}"
    elif before is not None and before.deprecated:
        yield f"no longer takes {', '.join(before.deprecated)}"


def _overloads(era: Era, before: Era | None, name: str, width: int) -> Iterator[str]:
    known = before.signatures if before is not None and len(before.signatures) > 1 else ()
    same = [signature for signature in era.signatures if signature in known]
    if same:
        yield f"{len(same)} overload{'s' * (len(same) > 1)} as before"
    for sign, signatures, opposite in (("- ", known, era.signatures), ("+ ", era.signatures, known)):
        for signature in signatures:
            if signature not in opposite:
                lines = full(name, signature, width)
                yield from [f"{sign}{line}" for line in lines] if known else lines


def _place(era: Era, before: Era | None, symbol: str) -> Iterator[str]:
    if era.canonical != symbol:
        yield f"is {era.canonical}" + (f" ({', '.join(era.through)})" if era.through else "")
    elif before is not None:
        yield "is defined here"


def _absence(era: Era) -> str:
    return "does not resolve" if era.status is Status.MISSING else "cannot be told from what is written"


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
                    "signatures": [str(signature) for signature in era.signatures],
                    "value": era.value,
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
    rows = [(release_ranges(history, era.versions), _cell(era, symbol)) for era in eras]
    for line in markdown_table(("releases", "definition"), rows):
        output.line(line)


def _cell(era: Era, symbol: str) -> str:
    if era.status is not Status.FOUND:
        return _absence(era)
    forms = [f"`{symbol.rpartition('.')[2]}{signature}`" for signature in era.signatures]
    forms = forms or [f"{era.kind} `{era.value}`" if era.value else era.kind]
    deprecated = [f"still takes {', '.join(era.deprecated)}"] if era.deprecated else []
    return "; ".join([*_place(era, None, symbol), *forms, *deprecated])


_WRITERS = {"text": _text, "json": _json, "markdown": _markdown}
