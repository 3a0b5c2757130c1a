"""Members of values whose type is not known, where the name fits one upstream only."""

from __future__ import annotations

import builtins
import collections
import datetime
import logging
import pathlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial

from signatures.changes import DECLARATIONS, Effect
from signatures.classes import ClassRef
from signatures.hidden_members import held
from signatures.member_names import Owner
from signatures.model import Class

from ..call_sites import CALLED, DECLARED, Access, AttributeSite, UnknownSite
from ..findings import Confidence
from ..locating import is_unknown
from ..vanished import Gone, declared_successor, lost_below, owner_of
from ..vanished_names import vanished_names, words
from .declarations import FINE, Judge, Judgement, Pair, Problem, Rule
from .declared_changes import VALUE_CHANGED, changed_value, is_met
from .members import ATTRIBUTE_REMOVED, ATTRIBUTE_RENAMED, fix_of, likely_below, witness_of

RULES: tuple[Rule, ...] = ()

# What values of a class are called, where no word of the class's name is in it.
_CALLED = {
    "args": "arguments",
    "arg": "arguments",
    "caches": "cache",
    "cfg": "config",
    "configuration": "config",
    "kv": "cache",
    "lm": "model",
    "past": "cache",
    "tok": "tokenizer",
    "tokenizers": "tokenizer",
}
_GETS = (Access.READ, Access.DEFAULTED, Access.OR_NONE)
_EMPTY_WORDS = frozenset({"auto", "base", "fast", "for", "mixin", "pre", "pretrained", "trained", "training", "with"})


def judge_unknown(site: UnknownSite, pair: Pair) -> Judgement:
    """A member that no class has any more on which the receiver's name, or what the file imports, lets think."""
    if site.name in _common() or not _is_distinctive(site.name):
        return FINE
    changed = _changed_value(site.name, site, pair, partial(_is_called_like, site)) if site.arguments is None else None
    if changed is not None:
        return Judgement((changed,))
    if site.access not in (Access.READ, Access.DEFAULTED):
        return FINE
    lost = lost_below(site.name, *pair)
    if lost is not None and _is_called_like(site, lost[0].of):
        below = likely_below(site.name, site.span, lost, pair)
        return Judgement((below if site.access is Access.READ else _default_taken(below),))
    if site.access is not Access.READ:
        return FINE
    owners = vanished_names(*pair).owners(site.name, site.imports)
    fitting = [owner for owner in owners if _fits(owner, site, pair)]
    if not fitting:
        return FINE
    return Judgement((_problem(fitting[0], site, pair),))


def judge_attribute(site: AttributeSite, pair: Pair) -> Judgement:
    """A member of an upstream's attribute that does not tell what it holds, as `processor.tokenizer`."""
    *owner, name = site.symbol.steps or ("",)
    if owner and site.whole:
        at = owner_of(pair.new, site.symbol)
        bases = {ref.path for ref in pair.new.mro(at.found.canonical)} if at is not None else set()
        changed = _changed_value(name, site, pair, bases.__contains__)
        if changed is not None:
            return Judgement((changed,))
    if owner and site.access is Access.DEFAULTED:
        return _defaulted(site, name, pair)
    if site.access is not Access.READ or len(owner) < 2 or owner[-1] in (CALLED, DECLARED):
        return FINE
    if not all(is_unknown(owner_of(surface, site.symbol)) for surface in pair):
        return FINE
    receiver, imports = owner[-1], frozenset({site.symbol.path})
    return judge_unknown(UnknownSite(name, None, site.span, receiver, imports), pair)


def _defaulted(site: AttributeSite, name: str, pair: Pair) -> Judgement:
    """`getattr` with a default for what most classes below the receiver's have lost."""
    lost, owner = lost_below(name, *pair), owner_of(pair.new, site.symbol)
    if lost is None or owner is None or not owner.found.found:
        return FINE
    path = owner.found.canonical
    if pair.new.member(path, name).found or all(ref.path != lost[0].of for ref in pair.new.mro(path)):
        return FINE
    return Judgement((_default_taken(likely_below(name, site.span, lost, pair)),))


def _default_taken(below: Problem) -> Problem:
    return replace(below, rule=VALUE_CHANGED, message=f"{below.message}, and the default is taken here")


def _changed_value(
    name: str, site: UnknownSite | AttributeSite, pair: Pair, fits: Callable[[str], bool]
) -> Problem | None:
    """What is declared of an attribute's value that is passed on, where the receiver fits the class that has it."""
    if not site.whole or site.access not in _GETS:
        return None
    for declaration in DECLARATIONS:
        if declaration.effect is not Effect.VALUE or declaration.upstream != pair.new.upstream:
            continue
        symbol = declaration.symbols[0]
        owner, _, member = symbol.rpartition(".")
        if member == name and is_met(declaration, pair) and fits(owner):
            return changed_value(declaration, site.span, symbol)
    return None


def _problem(owner: Owner, site: UnknownSite, pair: Pair) -> Problem:
    found = pair.old.resolve(f"{owner.path}.{site.name}")
    missing = Gone(owner.path, site.name, held(pair.old, found), found)
    said = f"`{site.name}` is gone from `{owner.key}`, and this looks like one"
    declared = declared_successor(pair.new, missing)
    rule = ATTRIBUTE_RENAMED if declared is not None and declared.name else ATTRIBUTE_REMOVED
    fix = None
    if declared is not None:
        said += f"; {declared.says}"
        fix = fix_of(declared)
    return Problem(rule, site.span, found.canonical, said, fix, witness_of(missing, pair), confidence=Confidence.LIKELY)


def _is_called_like(site: UnknownSite, path: str) -> bool:
    return bool(_words(site.receiver) & _words(path.rpartition(".")[2]))


def _fits(owner: Owner, site: UnknownSite, pair: Pair) -> bool:
    if _words(site.receiver) & _words(owner.key):
        return True
    return any(ref.path == owner.path for path in site.imports for ref in _classes(path, pair))


def _words(name: str) -> frozenset[str]:
    return frozenset(_CALLED.get(word, word) for word in words(name)) - _EMPTY_WORDS


def _classes(path: str, pair: Pair) -> Iterable[ClassRef]:
    found = pair.old.resolve(path)
    return pair.old.mro(found.canonical) if isinstance(found.definition, Class) else ()


def _is_distinctive(name: str) -> bool:
    """Several words, so not what anybody would call it."""
    return not (name.startswith("__") and name.endswith("__")) and len(re.findall(r"[a-z]+", name)) > 1


@cache
def _common() -> frozenset[str]:
    """Names of members that values of the standard library have."""
    kinds = [value for value in vars(builtins).values() if isinstance(value, type)]
    kinds += [collections.OrderedDict, collections.deque, datetime.datetime, logging.Logger, pathlib.Path]
    return frozenset(name for kind in kinds for name in dir(kind))


JUDGES: dict[type, Judge] = {UnknownSite: judge_unknown, AttributeSite: judge_attribute}
