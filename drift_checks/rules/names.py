"""Imports and dotted names: modules and symbols that are gone, have moved, or only work through an alias.

Names of operators are judged with the operators.
"""

from __future__ import annotations

from collections.abc import Iterator

from signatures.model import Class, Function, Resolution
from signatures.op_schemas import is_operator
from signatures.upstreams import upstream_named

from .. import witnesses
from ..call_sites import Access, AttributeSite, ImportSite, Span
from ..findings import Confidence, Fix, Outcome
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule, gathered
from .rebinding import SYMBOL_REBOUND, rebound

MODULE_REMOVED = Rule("module-removed", Outcome.BREAKS, "The module is gone.")
MODULE_MOVED = Rule("module-moved", Outcome.BREAKS, "The module is gone; what was taken from it is elsewhere.")
SYMBOL_REMOVED = Rule("symbol-removed", Outcome.BREAKS, "The name is gone.")
SYMBOL_MOVED = Rule("symbol-moved", Outcome.BREAKS, "The name is gone from here and is found elsewhere.")
SYMBOL_RENAMED = Rule("symbol-renamed", Outcome.BREAKS, "The name is gone; the same thing has another name.")
DEPRECATED_SYMBOL = Rule("deprecated-symbol", Outcome.DEPRECATED, "The name works through an alias.")

RULES = (
    MODULE_REMOVED,
    MODULE_MOVED,
    SYMBOL_REMOVED,
    SYMBOL_MOVED,
    SYMBOL_RENAMED,
    SYMBOL_REBOUND,
    DEPRECATED_SYMBOL,
)


def judge_import(site: ImportSite, pair: Pair) -> Judgement:
    """What an import statement meets."""
    if not pair.old.module_exists(site.module):
        return FINE
    if not pair.new.module_exists(site.module):
        named = site.name not in (None, "*")
        # What failed before is nobody's news.
        failed = named and pair.old.resolve(f"{site.module}.{site.name}").missing
        return FINE if failed else gathered(_module_missing(site, pair))
    if site.name in (None, "*"):
        return gathered(_module_alias(site, pair))
    path = f"{site.module}.{site.name}"
    old, new = pair.old.resolve(path), pair.new.resolve(path)
    if old.missing or new.external or is_operator(old):
        return FINE
    if not (new.found or new.missing) or (new.found and not old.found):
        return UNRESOLVED
    if new.missing:
        return gathered(_symbol_missing(path, old, site.span, pair, witnesses.of_import(site.module, site.name)))
    if old.external:
        return FINE
    return gathered(_alias(path, old, new, site.span, site.module_span, pair))


def judge_attribute(site: AttributeSite, pair: Pair) -> Judgement:
    """What a dotted name of a module meets; an import that is judged for itself is not judged again."""
    if site.symbol.steps or site.access is not Access.READ:
        return FINE
    path = site.symbol.path
    old, new = pair.old.resolve(path), pair.new.resolve(path)
    if not old.found or old.inside or is_operator(old):
        # A member of a class has rules of its own.
        return FINE
    if new.found:
        given = site.imported
        fresh = [hop for hop in new.hops if not (given == hop.path or given.startswith(f"{hop.path}."))]
        if not fresh or old.external or new.external:
            return FINE
        return gathered(_alias(path, old, new, site.span, site.span, pair))
    if not new.missing and not _only_operators_unknown(old, new, pair):
        return UNRESOLVED
    gone = new.stopped_at or path
    if site.imported and (site.imported == gone or site.imported.startswith(f"{gone}.")):
        return FINE
    return gathered(_symbol_missing(gone, pair.old.resolve(gone), site.span, pair, witnesses.of_path(pair.old, path)))


def _only_operators_unknown(old: Resolution, new: Resolution, pair: Pair) -> bool:
    """Whether the names of a module are unknown only because operators are put there too, and this is none of them."""
    module, _, name = new.stopped_at.rpartition(".")
    mirrored = upstream_named(pair.new.upstream).mirrored.get(module)
    if mirrored is None or old.canonical != new.stopped_at or not isinstance(old.definition, (Function, Class)):
        return False
    return not any(surface.resolve(f"{mirrored}.{name}").found for surface in pair)


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
    if old.external and name == old.canonical.rpartition(".")[2]:
        # It was there because the module itself imported it.
        message = f"`{path}` is gone; it is `{old.canonical}`"
        yield Problem(SYMBOL_REMOVED, span, path, message, _import_from(old.canonical), witness)
        return
    # What a module's `__getattr__` answered in the old release does not follow from its text.
    confidence = Confidence.PROVEN if old.found else Confidence.LIKELY
    yield Problem(SYMBOL_REMOVED, span, path, f"`{path}` is gone", witness=witness, confidence=confidence)


def _alias(path: str, old: Resolution, new: Resolution, span: Span, module_span: Span, pair: Pair) -> Iterator[Problem]:
    other = rebound(path, span, pair)
    if other is not None:
        yield other
        return
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
