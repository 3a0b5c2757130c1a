"""Members of classes and instances: attributes that are gone, renamed, or of another kind."""

from __future__ import annotations

from collections.abc import Iterator

from signatures.changes.members import Successor
from signatures.hidden_members import Held, held

from .. import witnesses
from ..call_sites import CALLED, Access, AttributeSite, KeySite, ResultSite, Span, Symbol, Use
from ..findings import Confidence, Fix, Outcome
from ..locating import is_unknown, locate
from ..vanished import Gone, declared_successor, defined_by_subclass, gone, lost_below, owner_of, renamed_member
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule

ATTRIBUTE_REMOVED = Rule("attribute-removed", Outcome.BREAKS, "The class no longer has this member.")
ATTRIBUTE_RENAMED = Rule("attribute-renamed", Outcome.BREAKS, "The member has another name.")

ACCESS_STYLE = Rule("access-style", Outcome.BREAKS, "The value no longer takes keys, or no longer takes them that way.")

RULES = (ATTRIBUTE_REMOVED, ATTRIBUTE_RENAMED, ACCESS_STYLE)


def judge_member(site: AttributeSite, pair: Pair) -> Judgement:
    """What a dotted expression meets whose last name is a member of a class or of an instance."""
    if site.access is not Access.READ:
        # Writing makes the attribute, and whoever asks first is prepared.
        return FINE
    old = locate(pair.old, site.symbol)
    if old is None or is_unknown(old):
        return _below(site, pair) if site.symbol.steps else FINE
    if old.found.missing or not old.is_member or old.found.external:
        return FINE
    new = locate(pair.new, site.symbol)
    if new is not None and new.found.found:
        return FINE
    owner = owner_of(pair.new, site.symbol)
    if owner is not None and owner.found.missing:
        # What is gone before this name is told where it stands.
        return FINE
    missing = gone(site.symbol, old, pair.old, pair.new)
    return UNRESOLVED if missing is None else Judgement(tuple(_missing(missing, site, pair)))


def _below(site: AttributeSite, pair: Pair) -> Judgement:
    """A member that a base never showed, and that most classes below it had: the value may be of any of them."""
    name = site.symbol.steps[-1]
    lost = lost_below(name, *pair)
    owner = owner_of(pair.new, site.symbol) if lost is not None else None
    if lost is None or owner is None or (site.symbol.proven and owner.proven):
        return UNRESOLVED
    if all(ref.path != lost[0].of for ref in pair.new.mro(owner.found.canonical)):
        return UNRESOLVED
    return Judgement((likely_below(name, site.span, lost, pair),))


def likely_below(name: str, span: Span, lost: tuple[Successor, str], pair: Pair) -> Problem:
    """The problem of a member that most classes below a base have lost."""
    declared, path = lost
    found = pair.old.resolve(f"{path}.{name}")
    missing = Gone(path, name, held(pair.old, found), found)
    message = f"`{name}` is gone from most classes like `{path.rpartition('.')[2]}`; {declared.says}"
    witness = witness_of(missing, pair)
    return Problem(
        ATTRIBUTE_REMOVED, span, found.canonical, message, fix_of(declared), witness, confidence=Confidence.LIKELY
    )


def judge_key(site: KeySite, pair: Pair) -> Judgement:
    """What `value["key"]` meets: a class that can no longer be asked by key."""
    method = {Access.READ: "__getitem__", Access.WRITTEN: "__setitem__"}.get(site.access)
    if method is None or not site.symbol.steps:
        return FINE
    return _asked_by_key(site.symbol.member(method), site.span, pair)


def judge_result(site: ResultSite, pair: Pair) -> Judgement:
    """What an index of a call's result meets."""
    if site.use is not Use.INDEXED:
        return FINE
    return _asked_by_key(site.symbol.step(CALLED).member("__getitem__"), site.span, pair)


def _asked_by_key(symbol: Symbol, span: Span, pair: Pair) -> Judgement:
    old, new = locate(pair.old, symbol), locate(pair.new, symbol)
    if old is None or not old.found.found or (new is not None and new.found.found):
        return FINE
    missing = gone(symbol, old, pair.old, pair.new)
    if missing is None:
        return UNRESOLVED
    confidence = Confidence.PROVEN if _sure(missing, symbol, pair) else Confidence.LIKELY
    declared = declared_successor(pair.new, missing)
    problem = Problem(
        ACCESS_STYLE,
        span,
        old.found.canonical,
        f"`{missing.owner.rpartition('.')[2]}` has no items any more" + (f"; {declared.says}" if declared else ""),
        fix_of(declared) if declared else None,
        witness_of(missing, pair),
        confidence=confidence,
    )
    return Judgement((problem,))


def _missing(missing: Gone, site: AttributeSite, pair: Pair) -> Iterator[Problem]:
    span, part = site.span, site.symbol
    canonical = missing.old.canonical or str(part)
    said = f"`{missing.name}` is gone from `{missing.owner.rpartition('.')[2]}`"
    witness = witness_of(missing, pair)
    confidence = Confidence.PROVEN if _sure(missing, part, pair) else Confidence.LIKELY
    declared = declared_successor(pair.new, missing)
    if declared is not None:
        rule = ATTRIBUTE_RENAMED if declared.name else ATTRIBUTE_REMOVED
        message = f"{said}; {declared.says}"
        yield Problem(rule, span, canonical, message, fix_of(declared), witness, confidence=confidence)
        return
    other = renamed_member(missing, pair.old, pair.new)
    if other is not None:
        message = f"{said}; it is now `{other.name}`, {other.proof}"
        fix = Fix("upstream", f"`.{other.name}`", "unsafe")
        yield Problem(ATTRIBUTE_RENAMED, span, canonical, message, fix, witness, confidence=confidence)
        return
    yield Problem(ATTRIBUTE_REMOVED, span, canonical, said, None, witness, confidence=confidence)


def fix_of(declared: Successor) -> Fix:
    """What to write instead, as it is declared."""
    if not declared.now:
        return Fix("manual", declared.says, "manual")
    return Fix("upstream", f"`{declared.now}`", "unsafe")


def _sure(missing: Gone, part: Symbol, pair: Pair) -> bool:
    """Whether every object that the value can be lacks the member: of a subclass, it may bring it."""
    owners = [owner_of(surface, part) for surface in pair]
    if part.proven and all(owner is not None and owner.proven for owner in owners):
        return True
    if any(owner is not None and owner.assumed for owner in owners):
        return False
    return not defined_by_subclass(pair.new, missing.owner, missing.name)


def witness_of(missing: Gone, pair: Pair) -> str:
    """A program that shows that the class had the member."""
    path = _class_path(missing, pair)
    if missing.kind in (Held.METHOD, Held.PROPERTY, Held.VALUE):
        return witnesses.of_attribute(pair.old, path, missing.name)
    if missing.kind is Held.FIELD:
        return witnesses.of_field(pair.old, path, missing.name)
    return witnesses.of_assigned(pair.old, path, missing.name)


def _class_path(missing: Gone, pair: Pair) -> str:
    """A path of the class that both releases have, if there is one."""
    return missing.owner if pair.old.resolve(missing.owner).found else missing.old.canonical.rpartition(".")[0]


JUDGES: dict[type, Judge] = {AttributeSite: judge_member, KeySite: judge_key, ResultSite: judge_result}
