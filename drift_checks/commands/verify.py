"""`drift verify`: every adapter of `compat` against every release of the history."""

from __future__ import annotations

from collections.abc import Sequence

from signatures.parsing import without_collector
from signatures.upstreams import UPSTREAMS, upstream_named

from ..adapters import Histories, Verified, verified
from ..output import Output, markdown_table


def run(output: Output, name: str | None) -> bool:
    """Answer the command; there is something to report where an adapter does not fit."""
    upstreams = {upstream_named(name).name} if name else {*UPSTREAMS, ""}
    histories = Histories()
    with without_collector():
        found = [each for each in verified(histories) if each.upstream in upstreams]
    if output.form == "json":
        output.data({"schema": 1, "functions": [_data(each) for each in found]})
    elif output.form == "markdown":
        _markdown(output, found)
    else:
        _text(output, found)
    flawed = [each for each in found if each.flaws]
    sites = sum(each.sites for each in found)
    unresolved = sum(each.unresolved for each in found)
    adapters = sum(len(each.adapters) for each in found)
    releases = ", ".join(f"{len(histories[each].versions)} of {each}" for each in sorted(upstreams - {""}))
    output.note(
        f"{len(found)} functions and names, {adapters} adapters against every release ({releases}): "
        f"{len(flawed)} do not fit; {sites} places that depend on an upstream, {unresolved} unresolved"
    )
    return bool(flawed)


def _text(output: Output, found: Sequence[Verified]) -> None:
    for each in found:
        for flaw in each.flaws:
            where = f" [{flaw.releases}]" if flaw.releases else ""
            output.line(f"{flaw.path}:{flaw.line}: {output.styled(each.name, bold=True)}: {flaw.message}{where}")


def _markdown(output: Output, found: Sequence[Verified]) -> None:
    rows = [
        (f"`{each.name}`", releases, "not there" if absent else "adapter", because)
        for each in found
        for releases, because, absent in each.adapters
    ]
    for line in markdown_table(("function", "releases", "", "because"), rows):
        output.line(line)


def _data(each: Verified) -> dict[str, object]:
    return {
        "name": each.name,
        "upstream": each.upstream or None,
        "adapters": [
            {"releases": releases, "because": because, "absent": absent} for releases, because, absent in each.adapters
        ],
        "sites": each.sites,
        "unresolved": each.unresolved,
        "flaws": [
            {"path": f.path, "line": f.line, "releases": f.releases or None, "message": f.message} for f in each.flaws
        ],
    }
