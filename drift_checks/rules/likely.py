"""Members of values whose type is not known, where the name fits one upstream only."""

from __future__ import annotations

import builtins
import collections
import datetime
import logging
import pathlib
import re
from collections.abc import Iterable
from functools import cache

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
_EMPTY_WORDS = frozenset({"auto", "base", "fast", "for", "mixin", "pre", "pretrained", "trained", "training", "with"})


def judge_unknown(site: UnknownSite, pair: Pair) -> Judgement:
    """A member that no class has any more on which the receiver's name, or what the file imports, lets think."""
    if site.access is not Access.READ or site.name in _common() or not _is_distinctive(site.name):
        return FINE
    lost = lost_below(site.name, *pair)
    if lost is not None and _words(site.receiver) & _words(lost[0].of.rpartition(".")[2]):
        return Judgement((likely_below(site.name, site.span, lost, pair),))
    owners = vanished_names(*pair).owners(site.name, site.imports)
    fitting = [owner for owner in owners if _fits(owner, site, pair)]
    if not fitting:
        return FINE
    return Judgement((_problem(fitting[0], site, pair),))


def judge_attribute(site: AttributeSite, pair: Pair) -> Judgement:
    """A member of an upstream's attribute that does not tell what it holds, as `processor.tokenizer`."""
    *owner, name = site.symbol.steps or ("",)
    if site.access is not Access.READ or len(owner) < 2 or owner[-1] in (CALLED, DECLARED):
        return FINE
    if not all(is_unknown(owner_of(surface, site.symbol)) for surface in pair):
        return FINE
    receiver, imports = owner[-1], frozenset({site.symbol.path})
    return judge_unknown(UnknownSite(name, None, site.span, receiver, imports), pair)


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
