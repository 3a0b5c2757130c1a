"""Calls of what warns, from the new release on, that it will go, and of what only raises that it has gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from signatures.model import Class, Function
from signatures.surface import Surface

from .. import witnesses
from ..call_sites import CallSite
from ..findings import Confidence
from ..locating import Location, certain, is_unknown, locate_called, lookup_path
from .declarations import FINE, Judge, Judgement, Pair, Problem, Rule, gathered
from .names import DEPRECATED_SYMBOL, SYMBOL_REMOVED

RULES: tuple[Rule, ...] = ()


# A string constant, or what is left of one that is cut off.
_STRING = re.compile(r""""((?:[^"\\]|\\.)*)(?:"|$)|(?<!\w)'((?:[^'\\]|\\.)*)(?:'|$)""", re.DOTALL)


def judge_call(site: CallSite, pair: Pair) -> Judgement:
    """What calling something meets that only warns."""
    before, after = (locate_called(surface, site.symbol) for surface in pair)
    if before is None or after is None or is_unknown(before) or is_unknown(after):
        return FINE
    if not before.found.found or before.found.external:
        return FINE
    if _only_raises(after) and not _only_raises(before):
        return gathered(_gone(site, pair, after))
    if _warning(pair.old, before) is not None:
        return FINE
    says = _warning(pair.new, after)
    return gathered(_deprecated(site, pair, after, says)) if says is not None else FINE


def _only_raises(at: Location) -> bool:
    """Whether it is a function of a module whose body does nothing but raise, as `torch.cholesky` from 2.14 on."""
    definition = at.found.definition
    return isinstance(definition, Function) and not at.is_member and definition.body.raises is not None


def _gone(site: CallSite, pair: Pair, after: Location) -> Iterator[Problem]:
    definition = after.found.definition
    error = definition.body.raises if isinstance(definition, Function) else ""
    message = f"`{site.symbol}` is gone: calling it does nothing but raise {error}"
    yield Problem(SYMBOL_REMOVED, site.name_span, after.found.canonical, message)


def _warning(surface: Surface, at: Location) -> str | None:
    """What a call warns with, "" where that is not a constant; None where it does not warn."""
    definition = at.found.definition
    if at.found.external or not isinstance(definition, (Class, Function)):
        return None
    called = surface.constructor(at.found) if isinstance(definition, Class) else definition
    decorators = (*definition.decorators, *(called.decorators if called is not None else ()))
    marks = [text for text in decorators if text.partition("(")[0].rpartition(".")[2] == "deprecated"]
    if marks:
        return _text(marks[0])
    return "" if called is not None and "deprecated" in called.flags else None


def _text(decorator: str) -> str:
    """The message of `@deprecated("…")`, as much of it as the history keeps."""
    shown, _, cut = decorator.partition("(")[2].partition("…")
    strings = "".join(double or single for double, single in _STRING.findall(shown))
    return f"{strings}…" if cut else strings


def _deprecated(site: CallSite, pair: Pair, after: Location, says: str) -> Iterator[Problem]:
    path = after.found.canonical
    message = f"`{site.symbol}` is deprecated and warns" + (f": {' '.join(says.split())}" if says else "")
    confidence = Confidence.PROVEN if certain(site.symbol, *pair) else Confidence.LIKELY
    yield Problem(
        DEPRECATED_SYMBOL, site.name_span, path, message, None, _witness(site, pair, after, says), confidence=confidence
    )


def _witness(site: CallSite, pair: Pair, after: Location, says: str) -> str:
    """`@deprecated` leaves a mark on what it decorates; a warning in a body leaves none."""
    if not says:
        return ""
    text, name = witnesses.imported(pair.old, lookup_path(pair.old, site.symbol))
    definition = after.found.definition
    on_class = isinstance(definition, Class) and not any("deprecated" in each for each in definition.decorators)
    marked = f"{name}.__init__" if on_class else name
    return f'{text}\nassert not hasattr({marked}, "__deprecated__")\n'


JUDGES: dict[type, Judge] = {CallSite: judge_call}
