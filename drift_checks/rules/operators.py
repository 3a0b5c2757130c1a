"""Operators against their schemas: names, parameters, defaults and what comes back.

A wrong call of an operator raises RuntimeError, and one that only lands in other parameters, or in other defaults,
raises nothing. A packet runs the first overload that the arguments fit, so a call breaks only where it fits one of the
old overloads and none of the new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from signatures.model import Parameter, Status
from signatures.op_schemas import is_operator
from signatures.other_operators import other_operators
from signatures.renames import renamed

from .. import operator_witnesses as witnesses
from ..call_sites import AttributeSite, CallSite, ImportSite, Keyword, ResultSite, Span, Symbol, Use
from ..findings import Confidence, Fix, Outcome
from .binding import Clash, Failure
from .calls import POSITIONAL_SHIFT
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule, gathered
from .overloads import Fit, Stated, fits
from .schemas import Operator, find_operator

OP_REMOVED = Rule("op-removed", Outcome.BREAKS, "The operator is not registered any more.")
OP_RENAMED = Rule("op-renamed", Outcome.BREAKS, "The operator is registered under another name.")
OP_PARAMETER = Rule("op-parameter", Outcome.BREAKS, "No schema of the operator takes the arguments of the call.")
OP_DEFAULT_CHANGED = Rule("op-default-changed", Outcome.SILENT, "A parameter that is not passed has another default.")
OP_RETURN_CHANGED = Rule("op-return-changed", Outcome.BREAKS, "The operator gives another number of values.")

RULES: tuple[Rule, ...] = (OP_REMOVED, OP_RENAMED, OP_PARAMETER, OP_DEFAULT_CHANGED, OP_RETURN_CHANGED)


# Names


def judge_name(site: AttributeSite | ImportSite, pair: Pair) -> Judgement:
    """What reading or importing an operator meets."""
    symbol = site.symbol if isinstance(site, AttributeSite) else Symbol(f"{site.module}.{site.name}")
    old = find_operator(pair.old, symbol)
    if old is None:
        return gathered(_in_no_release(symbol, site.span, pair))
    if find_operator(pair.new, symbol) is not None:
        return FINE
    packet = pair.new.resolve(old.path)
    if not packet.missing and not (is_operator(packet) and old.overload is not None):
        # It is something else now, or what it is does not follow from what is written.
        return FINE if packet.found else UNRESOLVED
    name = old.path.rpartition(".")[2]
    if name.startswith("npu_") and pair.new.resolve(f"torch_npu.{name}").status is Status.UNKNOWN:
        # The operators of ATB are in another namespace, and torch_npu has both.
        return UNRESOLVED
    return gathered(_gone(site.span, old, pair, overload_only=not packet.missing))


def _in_no_release(symbol: Symbol, span: Span, pair: Pair) -> Iterator[Problem]:
    """`torch_npu.npu_…` that neither release has: it was in a build that never was released, or in another train."""
    parts = symbol.path.split(".")
    if symbol.steps or len(parts) != 2 or parts[0] != "torch_npu" or not parts[1].startswith("npu_"):
        return
    if all(surface.resolve(symbol.path).missing for surface in pair):
        message = f"neither {pair.old.version} nor {pair.new.version} has `{symbol.path}`"
        yield Problem(OP_REMOVED, span, symbol.path, message, confidence=Confidence.LIKELY)


def _gone(span: Span, old: Operator, pair: Pair, *, overload_only: bool) -> Iterator[Problem]:
    if overload_only:
        path = f"{old.path}.{old.overload}"
        message = f"`{old.packet}` has no overload `{old.overload}` any more"
        yield Problem(OP_REMOVED, span, path, message, witness=witnesses.of_operator(path))
        return
    witness = witnesses.of_operator(old.path)
    now = _new_name(old, pair)
    if now is None:
        yield Problem(OP_REMOVED, span, old.path, f"`{old.packet}` is not registered any more", witness=witness)
        return
    message = f"`{old.packet}` is now registered as `{now}`"
    yield Problem(OP_RENAMED, span, old.path, message, Fix("upstream", f"`{now}`", "unsafe"), witness)


def _new_name(old: Operator, pair: Pair) -> str | None:
    """The one new operator that takes the same parameters and has the same words in its name."""
    module, _, name = old.path.rpartition(".")
    added = sorted(pair.new.names(module) - pair.old.names(module))
    same = [other for other in added if _words(other) == _words(name) and _takes_the_same(old, module, other, pair)]
    return same[0] if len(same) == 1 else None


def _words(name: str) -> frozenset[str]:
    """The words of an operator's name that tell it apart: `npu` is a mark, and `grad` and `backward` say the same."""
    return frozenset({"grad": "backward"}.get(word, word) for word in name.split("_")) - {"npu", ""}


def _takes_the_same(old: Operator, module: str, name: str, pair: Pair) -> bool:
    new = find_operator(pair.new, Symbol(f"{module}.{name}"))
    return new is not None and _names(old) == _names(new)


def _names(operator: Operator) -> list[list[str]]:
    return [[parameter.name for parameter in each.accepts.signature.parameters] for each in operator.signatures]


# Calls


class _Call(NamedTuple):
    """A call, and the operator that it runs in both releases."""

    site: CallSite
    old: Operator
    new: Operator

    def problem(self, rule: Rule, span: Span, message: str, witness: str, fix: Fix | None = None) -> Problem:
        return Problem(rule, span, self.new.path, message, fix, witness)

    def fits(self, operator: Operator) -> list[Fit]:
        return [fit for fit in fits(operator.signatures, self.site.arguments) if not fit.bound.failures]


def judge_call(site: CallSite, pair: Pair) -> Judgement:
    """What a call of an operator meets."""
    old, new = find_operator(pair.old, site.symbol), find_operator(pair.new, site.symbol)
    if old is None and new is None:
        return gathered(_of_another_package(site, pair))
    if old is None or new is None:
        # The name itself is judged where it is read.
        return FINE
    if not old.signatures or not new.signatures:
        return UNRESOLVED
    call = _Call(site, old, new)
    before, after = call.fits(old), call.fits(new)
    if before and after:
        return gathered(_silent(call, before, after))
    if not after and _may_fit_a_derived_overload(call):
        return UNRESOLVED
    if before:
        return gathered(_refused(call, before[0]))
    return gathered(_never_taken(call)) if not after else FINE


def _may_fit_a_derived_overload(call: _Call) -> bool:
    """Whether it may fit an `out` overload that torchgen derives; their schemas are stated nowhere."""
    derived = call.new.path.startswith("torch.ops.aten.")
    return derived and any(keyword.name.startswith("out") for keyword in call.site.arguments.keywords)


def _refused(call: _Call, before: Fit) -> Iterator[Problem]:
    """What makes each new overload refuse the call, told about the one that comes closest."""
    arguments = call.site.arguments
    candidates = fits(call.new.signatures, arguments)
    after = next((fit for fit in candidates if fit.stated.overload == before.stated.overload), candidates[0])
    if len(candidates[0].bound.failures) < len(after.bound.failures):
        after = candidates[0]
    witness = witnesses.of_call(call.old.path, call.old.overload, arguments)
    replaced: set[str] = set()
    missing: list[str] = []
    for failure in after.bound.failures:
        if failure.clash is Clash.MISSING:
            missing.append(failure.name)
            continue
        now = _renamed(before.stated, after.stated, failure.name) if failure.name else None
        if now is not None:
            replaced.add(now)
        span, message = _said(call, before, after, failure, now)
        fix = Fix("upstream", f"`{now}=`", "unsafe") if now is not None else None
        yield call.problem(OP_PARAMETER, span, message, witness, fix)
    left = [f"`{name}`" for name in missing if name not in replaced]
    if left:
        message = (
            f"`{call.new.packet}` now requires {', '.join(left)}, which {'is' if len(left) == 1 else 'are'} not passed"
        )
        yield call.problem(OP_PARAMETER, call.site.name_span, message, witness)


def _said(call: _Call, before: Fit, after: Fit, failure: Failure, now: str | None) -> tuple[Span, str]:
    """Where an argument stands that is refused, and why."""
    if failure.clash is Clash.TOO_MANY:
        span = call.site.arguments.positional[failure.position]
        taken_by = before.bound.positional[failure.position]
        if taken_by is not None and after.stated.accepts.signature.get(taken_by.name) is not None:
            return span, f"`{taken_by.name}` of `{call.new.packet}` is no longer taken by position: pass it by keyword"
        return span, f"`{call.new.packet}` takes fewer positional arguments"
    span = _keyword(call.site, failure.name).span
    if failure.clash is Clash.TWICE:
        return span, f"`{failure.name}` is also given by position: the parameters of `{call.new.packet}` have moved"
    if now is not None:
        return span, f"`{failure.name}` of `{call.new.packet}` is now `{now}`, and the old keyword raises"
    return span, f"`{call.new.packet}` no longer takes `{failure.name}`, and passing it raises"


def _renamed(before: Stated, after: Stated, name: str) -> str | None:
    """The new name of a parameter: one that is alike, or the only other one among those before and after it."""
    alike = renamed(before.accepts, after.accepts, name)
    if alike is not None:
        return alike
    pairs = list(zip(before.accepts.signature.parameters, after.accepts.signature.parameters, strict=False))
    other = [(old, new) for old, new in pairs if old.name != new.name]
    if len(pairs) < len(before.accepts.signature.parameters) or len(other) != 1:
        return None
    [(old, new)] = other
    return new.name if old.name == name and old.annotation == new.annotation else None


def _keyword(site: CallSite, name: str) -> Keyword:
    return next(keyword for keyword in site.arguments.keywords if keyword.name == name)


def _never_taken(call: _Call) -> Iterator[Problem]:
    """Keywords that no overload takes, in neither release."""
    stated = (*call.old.signatures, *call.new.signatures)
    known = {parameter.name for each in stated for parameter in each.accepts.signature.parameters}
    yield from _unknown_keywords(call.site, call.new.path, f"`{call.new.packet}`", known)


def _of_another_package(site: CallSite, pair: Pair) -> Iterator[Problem]:
    """Keywords that an operator never took which another package registers in the upstream's namespace."""
    other = other_operators().get(site.symbol.path)
    if other is None or site.symbol.steps or not pair.new.resolve(site.symbol.path).missing:
        return
    known = {parameter.name for signature in other.signatures for parameter in signature.parameters}
    name = site.symbol.path.removeprefix("torch.ops.").replace(".", "::")
    yield from _unknown_keywords(site, site.symbol.path, f"`{name}` of {other.package}", known)


def _unknown_keywords(site: CallSite, path: str, called: str, known: set[str]) -> Iterator[Problem]:
    for keyword in site.arguments.keywords:
        if keyword.name not in known:
            close = get_close_matches(keyword.name, sorted(known), 1, 0.8)
            fix = Fix("upstream", f"`{close[0]}=`", "unsafe") if close else None
            hint = f"; it takes `{close[0]}`" if close else ""
            yield Problem(OP_PARAMETER, keyword.span, path, f"{called} has no parameter `{keyword.name}`{hint}", fix)


# Silent changes


def _silent(call: _Call, before: list[Fit], after: list[Fit]) -> Iterator[Problem]:
    """What changes without an error, whichever of the overloads that it fits the call runs."""
    pairs = [(one, other) for one in before for other in after if one.stated.overload == other.stated.overload]
    if len(pairs) != len(before):
        return
    shifts = [_shift(one, other) for one, other in pairs]
    if None not in shifts and shifts[0] is not None:
        index, was, now = shifts[0]
        message = f"argument {index + 1} of `{call.new.packet}` was `{was.name}` and is now taken as `{now.name}`"
        witness = witnesses.of_position(call.old.path, pairs[0][0].stated.overload, index, was.name)
        kept = all(other.stated.accepts.signature.get(was.name) is not None for _, other in pairs)
        fix = Fix("upstream", f"pass it as `{was.name}=`", "safe") if kept else None
        yield call.problem(POSITIONAL_SHIFT, call.site.arguments.positional[index], message, witness, fix)
    if call.site.arguments.star or call.site.arguments.double_star:
        return
    changed = [dict(_defaults(one, other)) for one, other in pairs]
    common = {name: values for name, values in changed[0].items() if all(name in each for each in changed)}
    if common:
        yield _other_defaults(call, common, pairs[0][0].stated.overload)


def _other_defaults(call: _Call, changed: dict[str, tuple[str, str]], overload: str) -> Problem:
    said = ", ".join(f"`{name}` (was {was}, is now {now})" for name, (was, now) in changed.items())
    message = f"`{call.new.packet}` has other defaults for what is not passed: {said}"
    fix = Fix("upstream", f"pass `{', '.join(f'{name}={was}' for name, (was, _) in changed.items())}`", "safe")
    name, (was, _) = next(iter(changed.items()))
    witness = witnesses.of_default(call.old.path, overload, name, was)
    return call.problem(OP_DEFAULT_CHANGED, call.site.name_span, message, witness, fix)


def _shift(before: Fit, after: Fit) -> tuple[int, Parameter, Parameter] | None:
    """The first positional argument that lands in another parameter; one that only has another name is none."""
    old_names = {parameter.name for parameter in before.stated.accepts.signature.parameters}
    new_names = {parameter.name for parameter in after.stated.accepts.signature.parameters}
    for index, (old, new) in enumerate(zip(before.bound.positional, after.bound.positional, strict=True)):
        if old is None or new is None or old.name == new.name:
            continue
        if old.name in new_names or new.name in old_names:
            return index, old, new
    return None


def _defaults(before: Fit, after: Fit) -> Iterator[tuple[str, tuple[str, str]]]:
    """Parameters that the call leaves to their defaults, which are not what they were."""
    given = {p.name for p in before.bound.positional if p is not None} | before.bound.named.keys()
    for parameter in before.stated.accepts.signature.parameters:
        now = after.stated.accepts.signature.get(parameter.name)
        if parameter.name in given or now is None or parameter.default is None or now.default is None:
            continue
        if parameter.default != now.default and not {parameter.default, now.default} <= _NOTHING_GIVEN:
            yield parameter.name, (parameter.default, now.default)


_NOTHING_GIVEN = {"None", "[]"}
"""Defaults that both say that nothing is given."""


# Results


def judge_result(site: ResultSite, pair: Pair) -> Judgement:
    """What a use of an operator's result meets."""
    old, new = find_operator(pair.old, site.symbol), find_operator(pair.new, site.symbol)
    if old is None or new is None:
        return FINE
    was, now = _counts(old, site), _counts(new, site)
    if len(was) != 1 or len(now) != 1 or was == now:
        return FINE
    return gathered(_other_count(site, old, was.pop(), now.pop()))


def _counts(operator: Operator, site: ResultSite) -> set[int]:
    """How many values the overloads give that a call may run; 1 where it is one value, 0 for none."""
    found = fits(operator.signatures, site.arguments) if site.arguments is not None else []
    bound = [fit.stated for fit in found if not fit.bound.failures] or list(operator.signatures)
    return {_count(each.returns) for each in bound}


def _count(returns: tuple[str, ...]) -> int:
    kind, _, size = (returns[0] if returns else "None").partition(":")
    return int(size) if kind == "tuple" else int(kind != "None")


def _other_count(site: ResultSite, old: Operator, was: int, now: int) -> Iterator[Problem]:
    overload = old.overload if old.overload not in (None, "default") else ""
    witness = witnesses.of_returns(old.path, overload or "", was)
    message = f"`{old.packet}` gave {_values(was)} and now gives {_values(now)}"
    if site.use is Use.UNPACKED and was > 1 and site.count == was:
        yield Problem(OP_RETURN_CHANGED, site.span, old.path, message, None, witness)
    elif site.use is Use.INDEXED and site.name.isdigit() and was > 1:
        if now == 1:
            said = f"{message}: the index selects a row of it"
            yield Problem(OP_RETURN_CHANGED, site.span, old.path, said, None, witness, outcome=Outcome.SILENT)
        elif int(site.name) >= now:
            yield Problem(OP_RETURN_CHANGED, site.span, old.path, message, None, witness)
    elif site.use is Use.ATTRIBUTE and was == 1 and now > 1 and site.name not in ("count", "index"):
        yield Problem(OP_RETURN_CHANGED, site.span, old.path, f"{message}, in a tuple", None, witness)


def _values(count: int) -> str:
    return {0: "nothing", 1: "one value"}.get(count, f"{count} values")


JUDGES: dict[type, Judge] = {
    AttributeSite: judge_name,
    ImportSite: judge_name,
    CallSite: judge_call,
    ResultSite: judge_result,
}
