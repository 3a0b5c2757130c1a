"""Imports and dotted names: modules and symbols that are gone, have moved, or only work through an alias."""

from __future__ import annotations

from collections.abc import Iterator

from signatures.model import Class, Function, Resolution

from .. import witnesses
from ..call_sites import AttributeSite, ImportSite, Span
from ..findings import Confidence, Fix, Outcome
from ..locating import is_unknown, locate
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule, gathered

MODULE_REMOVED = Rule("module-removed", Outcome.BREAKS, "The module is gone.")
MODULE_MOVED = Rule("module-moved", Outcome.BREAKS, "The module is gone; what was taken from it is elsewhere.")
SYMBOL_REMOVED = Rule("symbol-removed", Outcome.BREAKS, "The name is gone.")
SYMBOL_MOVED = Rule("symbol-moved", Outcome.BREAKS, "The name is gone from here and is found elsewhere.")
SYMBOL_RENAMED = Rule("symbol-renamed", Outcome.BREAKS, "The name is gone; the same thing has another name.")
ATTRIBUTE_REMOVED = Rule("attribute-removed", Outcome.BREAKS, "The class no longer has this member.")
DEPRECATED_SYMBOL = Rule("deprecated-symbol", Outcome.DEPRECATED, "The name works through an alias.")

RULES = (
    MODULE_REMOVED,
    MODULE_MOVED,
    SYMBOL_REMOVED,
    SYMBOL_MOVED,
    SYMBOL_RENAMED,
    ATTRIBUTE_REMOVED,
    DEPRECATED_SYMBOL,
)


def judge_import(site: ImportSite, pair: Pair) -> Judgement:
    """What an import statement meets."""
    if not pair.old.module_exists(site.module):
        return FINE
    if not pair.new.module_exists(site.module):
        return gathered(_module_missing(site, pair))
    if site.name in (None, "*"):
        return gathered(_module_alias(site, pair))
    path = f"{site.module}.{site.name}"
    old, new = pair.old.resolve(path), pair.new.resolve(path)
    if old.missing or new.external or old.external:
        return FINE
    if not old.found or not (new.found or new.missing):
        return UNRESOLVED
    if new.missing:
        return gathered(_symbol_missing(path, old, site.span, pair, witnesses.of_import(site.module, site.name)))
    return gathered(_alias(path, old, new, site.span, site.module_span, pair))


def judge_attribute(site: AttributeSite, pair: Pair) -> Judgement:
    """What a dotted expression meets; an import that is judged for itself is not judged again."""
    symbol = site.symbol
    old = locate(pair.old, symbol)
    if old is None or is_unknown(old):
        return UNRESOLVED if symbol.steps else FINE
    if old.found.missing:
        return FINE
    new = locate(pair.new, symbol)
    if new is None or is_unknown(new):
        return UNRESOLVED
    if not new.found.missing:
        if symbol.steps or old.found.external or new.found.external:
            return FINE
        given = site.imported
        fresh = [hop for hop in new.found.hops if not (given == hop.path or given.startswith(f"{hop.path}."))]
        if not fresh:
            return FINE
        return gathered(_alias(symbol.path, old.found, new.found, site.span, site.span, pair))
    gone = new.found.stopped_at or new.found.path
    if site.imported and (site.imported == gone or site.imported.startswith(f"{gone}.")):
        return FINE
    if not old.is_member:
        return gathered(
            _symbol_missing(gone, pair.old.resolve(gone), site.span, pair, witnesses.of_path(pair.old, symbol.path))
        )
    if not isinstance(old.found.definition, Function):
        # Data of an instance: a subclass or a file that it is loaded from may set it.
        return UNRESOLVED
    return gathered(_member_missing(site, old.found, pair))


def _member_missing(site: AttributeSite, old: Resolution, pair: Pair) -> Iterator[Problem]:
    yield Problem(
        ATTRIBUTE_REMOVED,
        site.span,
        old.canonical or str(site.symbol),
        f"`{old.canonical.rpartition('.')[2]}` is gone from `{str(site.symbol).rpartition('.')[0]}`",
        witness=witnesses.of_member(pair.old, site.symbol),
        confidence=Confidence.PROVEN if site.symbol.proven else Confidence.LIKELY,
    )


def _module_missing(site: ImportSite, pair: Pair) -> Iterator[Problem]:
    program = witnesses.of_import(site.module, site.name if site.name != "*" else None)
    elsewhere = None
    if site.name not in (None, "*"):
        elsewhere = moved_to(f"{site.module}.{site.name}", pair)
    if elsewhere is None:
        message = f"there is no module `{site.module}` any more"
        yield Problem(MODULE_REMOVED, site.module_span, site.module, message, witness=program)
        return
    yield Problem(
        MODULE_MOVED,
        site.module_span,
        f"{site.module}.{site.name}",
        f"there is no module `{site.module}` any more; `{site.name}` is now `{elsewhere}`",
        _import_from(elsewhere),
        program,
    )


def _module_alias(site: ImportSite, pair: Pair) -> Iterator[Problem]:
    new = alias_of_module(site.module, pair)
    if new is not None:
        yield _deprecated(site.module, new, site.module_span, witnesses.of_module_file(site.module))


def alias_of_module(module: str, pair: Pair) -> str | None:
    """What a module only stands for in the new release, where it was itself in the old one."""
    before, after = (surface.resolve(module) for surface in pair)
    if after.found and after.definition is None and after.through_alias and not before.through_alias:
        return after.canonical
    return None


def _symbol_missing(path: str, old: Resolution, span: Span, pair: Pair, witness: str) -> Iterator[Problem]:
    name = path.rpartition(".")[2]
    elsewhere = moved_to(path, pair)
    if elsewhere is not None:
        yield Problem(SYMBOL_MOVED, span, path, f"`{path}` is now `{elsewhere}`", _import_from(elsewhere), witness)
        return
    other = renamed_to(old, pair)
    if other is not None:
        fix = Fix("upstream", f"from {old.module} import {other} as {name}", "unsafe")
        yield Problem(SYMBOL_RENAMED, span, path, f"`{path}` is now called `{other}`", fix, witness)
        return
    yield Problem(SYMBOL_REMOVED, span, path, f"`{path}` is gone", witness=witness)


def _alias(path: str, old: Resolution, new: Resolution, span: Span, module_span: Span, pair: Pair) -> Iterator[Problem]:
    if not new.through_alias or old.through_alias:
        return
    hop = next(hop for hop in new.hops if hop.kind in _ALIASES)
    by_module = hop.kind == "alias-module"
    if by_module:
        witness = witnesses.of_module_file(hop.path)
    elif hop.kind == "module-getattr":
        witness = ""
    else:
        witness = witnesses.of_own_name(pair.old, path)
    yield _deprecated(path, new.canonical, module_span if by_module else span, witness)


_ALIASES = frozenset({"alias-module", "fast-suffix", "converter", "module-getattr"})


def _deprecated(path: str, now: str, span: Span, witness: str) -> Problem:
    return Problem(
        DEPRECATED_SYMBOL, span, path, f"`{path}` works through an alias; it is now `{now}`", _import_from(now), witness
    )


def _import_from(path: str) -> Fix:
    module, _, name = path.rpartition(".")
    return Fix("upstream", f"from {module} import {name}", "safe")


def moved_to(path: str, pair: Pair) -> str | None:
    """Where a missing name is found in the new release: at the place of its definition, or in a package above."""
    old = pair.old.resolve(path)
    name = path.rpartition(".")[2]
    if not old.found or old.definition is None:
        return None
    places = [old.canonical, *_above(old.canonical, name), *_above(path, name)]
    for place in dict.fromkeys(place for place in places if place != path):
        new = pair.new.resolve(place)
        if new.found and not new.through_alias and type(new.definition) is type(old.definition):
            return place
    return None


def _above(path: str, name: str) -> Iterator[str]:
    package = path.rpartition(".")[0]
    while "." in package:
        package = package.rpartition(".")[0]
        yield f"{package}.{name}"


def renamed_to(old: Resolution, pair: Pair) -> str | None:
    """Another name in the same module whose definition is the same."""
    if not isinstance(old.definition, (Function, Class)) or not old.module:
        return None
    added = sorted(pair.new.names(old.module) - pair.old.names(old.module))
    same = [name for name in added if _same(old.definition, pair.new.resolve(f"{old.module}.{name}").definition)]
    return same[0] if len(same) == 1 else None


def _same(old: Function | Class, new: object) -> bool:
    if isinstance(old, Function) and isinstance(new, Function):
        return bool(old.body.digest) and (old.body.digest, old.signature) == (new.body.digest, new.signature)
    if isinstance(old, Class) and isinstance(new, Class):
        return len(old.methods) > 1 and (old.methods, old.bases) == (new.methods, new.bases)
    return False


JUDGES: dict[type, Judge] = {ImportSite: judge_import, AttributeSite: judge_attribute}
