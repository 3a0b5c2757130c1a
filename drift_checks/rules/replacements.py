"""Downstream functions that run in the place of upstream methods, given by a patch or by a subclass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from signatures.model import Class, Function, HookCall, Kind
from signatures.surface import Surface

from .. import witnesses
from ..call_sites import LocalParameter, PatchSite, Replacement, SubclassSite
from ..findings import Fix, Outcome
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule
from .names import alias_of_module, moved_to

PATCH_TARGET_MISSING = Rule("patch-target-missing", Outcome.BREAKS, "What the patch replaces is gone.")
PATCH_SIGNATURE = Rule(
    "patch-signature", Outcome.BREAKS, "The replacement does not fit what the upstream passes to the method."
)
PATCH_ALIAS = Rule("patch-alias", Outcome.DEPRECATED, "The patch names an alias, not what runs.")
OVERRIDE_MISMATCH = Rule(
    "override-mismatch", Outcome.BREAKS, "The override does not fit what the upstream passes to the method."
)

RULES = (PATCH_TARGET_MISSING, PATCH_SIGNATURE, PATCH_ALIAS, OVERRIDE_MISMATCH)


def judge_patch(site: PatchSite, pair: Pair) -> Judgement:
    """What a patch meets: its target, and the replacement against what is passed to it."""
    path = f"{site.container}.{site.member}"
    old, new = pair.old.resolve(path), pair.new.resolve(path)
    if not old.found:
        return FINE if old.missing else UNRESOLVED
    if new.missing:
        return Judgement((_target_missing(site, path, pair),))
    if not new.found:
        return UNRESOLVED
    problems = list(_target_alias(site, pair))
    if site.replacement is None:
        return Judgement(tuple(problems))
    if not isinstance(pair.new.resolve(site.container).definition, Class):
        return Judgement(tuple(problems), unresolved=1)
    judged = judge_replacement(
        PATCH_SIGNATURE, site.replacement, site.container, site.member, frozenset({site.member}), pair
    )
    return Judgement((*problems, *judged.problems), judged.unresolved)


def _target_missing(site: PatchSite, path: str, pair: Pair) -> Problem:
    container_gone = pair.new.resolve(site.container).missing
    elsewhere = moved_to(path, pair)
    fix = Fix("upstream", elsewhere, "unsafe") if elsewhere is not None else None
    effect = "the patch raises" if site.strict or container_gone else "the patch replaces nothing"
    return Problem(
        PATCH_TARGET_MISSING,
        site.span,
        path,
        f"`{path}` is gone, so {effect}" + (f"; it is now `{elsewhere}`" if elsewhere else ""),
        fix,
        witnesses.of_path(pair.old, path),
        outcome=None if site.strict or container_gone else Outcome.SILENT,
    )


def _target_alias(site: PatchSite, pair: Pair) -> Iterator[Problem]:
    before, after = (surface.resolve(site.container) for surface in pair)
    if isinstance(after.definition, Class):
        if after.through_alias and not before.through_alias:
            now = after.canonical
            yield Problem(
                PATCH_ALIAS,
                site.span,
                site.container,
                f"`{site.container}` is an alias of `{now}`, which is what the patch changes",
                Fix("upstream", now, "unsafe"),
                witnesses.of_own_name(pair.old, site.container)
                if site.container.rpartition(".")[2] != now.rpartition(".")[2]
                else witnesses.of_module_file(site.container.rpartition(".")[0]),
            )
        return
    module = alias_of_module(site.container, pair)
    if module is not None:
        yield Problem(
            PATCH_ALIAS,
            site.span,
            site.container,
            f"`{site.container}` only stands for `{module}`, so what runs is not changed",
            Fix("upstream", module, "unsafe"),
            witnesses.of_module_file(site.container),
            outcome=Outcome.SILENT,
        )


def judge_subclass(site: SubclassSite, pair: Pair) -> Judgement:
    """What the overrides of a downstream class meet."""
    if site.base.steps:
        return UNRESOLVED
    container = site.base.path
    old, new = pair.old.resolve(container), pair.new.resolve(container)
    if not isinstance(old.definition, Class) or not isinstance(new.definition, Class):
        return FINE
    own = frozenset(override.name for override in site.overrides)
    problems: list[Problem] = []
    unresolved = 0
    for override in site.overrides:
        if isinstance(pair.old.member(old.canonical, override.name).definition, Function):
            judged = judge_replacement(OVERRIDE_MISMATCH, override, container, override.name, own, pair)
            problems += judged.problems
            unresolved += judged.unresolved
    return Judgement(tuple(problems), unresolved)


class Passed(NamedTuple):
    """What one upstream call passes to a method, `self` left out.

    Args:
        caller: Path of the method that calls.
        positional: How many positional arguments.
        always: Keywords that it passes each time.
        perhaps: Keywords that it may pass.
    """

    caller: str
    positional: int
    always: frozenset[str]
    perhaps: frozenset[str]


def judge_replacement(
    rule: Rule, given: Replacement, container: str, method: str, replaced: frozenset[str], pair: Pair
) -> Judgement:
    """A replacement against what the upstream passes to the method in two releases.

    Args:
        rule: What to report it as.
        given: The downstream function.
        container: Path of the class.
        method: The method's name.
        replaced: Methods of the class that the downstream replaces: their own calls no longer run.
        pair: The two releases.
    """
    if not given.bound:
        return UNRESOLVED
    before = passed_to(pair.old, container, method, replaced)
    after = passed_to(pair.new, container, method, replaced)
    if before is None or after is None:
        return UNRESOLVED
    parameters = given.parameters[1:]
    if not before or not after or any(refusal(parameters, call) for call in before):
        return FINE
    path = f"{container}.{method}"
    refused = next((found for call in after if (found := refusal(parameters, call))), None)
    if refused is not None:
        return Judgement((_refused(rule, given, path, refused, before, after, pair),))
    return Judgement(tuple(_never_passed(rule, given, path, before, after, pair)))


def passed_to(surface: Surface, container: str, method: str, replaced: frozenset[str]) -> list[Passed] | None:
    """What the upstream's own methods pass when they call a method of the class.

    Returns:
        None where it cannot be told.
    """
    own = surface.resolve(f"{container}.{method}")
    if not isinstance(own.definition, Function) or own.definition.is_property or own.definition.is_static:
        return None
    found = []
    for caller, hook in surface.hook_calls(container, method):
        name = caller.rpartition(".")[2]
        if name in replaced or hook.receiver == "super" or not _runs(surface, container, caller):
            continue
        call = _passed(caller, hook, own.definition)
        if call is None:
            return None
        found.append(call)
    return found


def _runs(surface: Surface, container: str, caller: str) -> bool:
    """Whether a method of a base is what the class runs, itself or through `super()`."""
    name = caller.rpartition(".")[2]
    effective = surface.resolve(f"{container}.{name}")
    if effective.canonical == caller:
        return True
    definition = effective.definition
    return isinstance(definition, Function) and any(
        hook.receiver == "super" and hook.name == name for hook in definition.body.hooks
    )


def _passed(caller: str, hook: HookCall, method: Function) -> Passed | None:
    """A call that passes `**kwargs` on gives the method every parameter it has, each by its name."""
    keywords = frozenset(hook.keywords)
    if not hook.double_star:
        return None if hook.star else Passed(caller, hook.positional, keywords, frozenset())
    signature = method.signature.without_first()
    if signature.var_positional is not None or method.body.raises is not None:
        return None
    rest = signature.positional[hook.positional :]
    named = [p for p in rest if p.kind is not Kind.POSITIONAL_ONLY]
    named += [p for p in signature.parameters if p.kind is Kind.KEYWORD_ONLY]
    return Passed(
        caller,
        hook.positional,
        keywords | {p.name for p in named if p.required},
        frozenset(p.name for p in named if not p.required) | frozenset(method.body.taken),
    )


class Refusal(NamedTuple):
    """Why a replacement raises: a parameter that is not given, or a keyword or argument that it does not take."""

    missing: LocalParameter | None = None
    unexpected: str = ""
    too_many: bool = False


def refusal(parameters: tuple[LocalParameter, ...], call: Passed) -> Refusal | None:
    """Why a function of these parameters raises when it is called so; None where it does not, or may not."""
    kinds = {parameter.kind for parameter in parameters}
    by_position = [p for p in parameters if p.kind <= Kind.POSITIONAL_OR_KEYWORD]
    if call.positional > len(by_position) and Kind.VAR_POSITIONAL not in kinds:
        return Refusal(too_many=True)
    given = {p.name for p in by_position[: call.positional]} | call.always | call.perhaps
    for parameter in parameters:
        if parameter.required and parameter.name not in given:
            return Refusal(missing=parameter)
    if Kind.VAR_KEYWORD not in kinds:
        named = {p.name for p in parameters if p.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)}
        for name in sorted(call.always - named):
            return Refusal(unexpected=name)
    return None


def _refused(
    rule: Rule, given: Replacement, path: str, why: Refusal, before: list[Passed], after: list[Passed], pair: Pair
) -> Problem:
    added = sorted(_names(after) - _names(before))
    passes = f"; upstream now passes {_listed(added)}" if added else ""
    symbol = pair.new.resolve(path).canonical
    if why.missing is not None:
        name = why.missing.name
        message = f"`{name}` is required here and is no longer passed{passes}: the call raises TypeError"
        return Problem(
            rule, why.missing.span, symbol, message, _rename(added), witnesses.of_parameter(pair.old, path, name)
        )
    if why.unexpected:
        message = f"upstream now passes `{why.unexpected}`, which is not taken here: the call raises TypeError"
        fix = Fix("upstream", f"take `{why.unexpected}`", "unsafe")
        return Problem(rule, given.span, symbol, message, fix, witnesses.of_no_required(pair.old, path, why.unexpected))
    message = f"upstream now passes more positional arguments than `{given.name}` takes: the call raises TypeError"
    return Problem(rule, given.span, symbol, message)


def _never_passed(
    rule: Rule, given: Replacement, path: str, before: list[Passed], after: list[Passed], pair: Pair
) -> Iterator[Problem]:
    """Parameters with a default that were given a value and now always have their default."""
    added = sorted(_names(after) - _names(before))
    forwarded = _forwarded(pair.new, after)
    for parameter in given.parameters[1:]:
        name = parameter.name
        if parameter.kind not in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY) or parameter.required:
            continue
        if name not in _names(before) or name in _names(after) or forwarded is None or name in forwarded:
            continue
        if any(_reaches(parameter, given, call) for call in after):
            continue
        passes = f"; upstream now passes {_listed(added)}" if added else ""
        yield Problem(
            rule,
            parameter.span,
            pair.new.resolve(path).canonical,
            f"`{name}` is never passed any more, so it always has its default{passes}",
            _rename(added),
            witnesses.of_parameter(pair.old, path, name),
            outcome=Outcome.SILENT,
        )


def _reaches(parameter: LocalParameter, given: Replacement, call: Passed) -> bool:
    """Whether a positional argument reaches the parameter."""
    return parameter in given.parameters[1:][: call.positional]


def _forwarded(surface: Surface, calls: Iterable[Passed]) -> frozenset[str] | None:
    """Keywords that the callers themselves take, so may pass on in `**kwargs`; None where that is not known."""
    found: set[str] = set()
    for call in calls:
        accepts = surface.accepts(surface.resolve(call.caller), through_instance=True)
        if accepts is None:
            return None
        found |= accepts.taken | {parameter.name for parameter in accepts.signature.parameters}
    return frozenset(found)


def _names(calls: Iterable[Passed]) -> set[str]:
    return {name for call in calls for name in (*call.always, *call.perhaps)}


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rename(added: list[str]) -> Fix | None:
    return Fix("upstream", f"`{added[0]}`", "unsafe") if len(added) == 1 else None


JUDGES: dict[type, Judge] = {PatchSite: judge_patch, SubclassSite: judge_subclass}
