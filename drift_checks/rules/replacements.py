"""Patches: what they name, and whether what they put there fits what the upstream passes to it."""

from __future__ import annotations

from collections.abc import Iterator

from signatures.model import Class

from .. import witnesses
from ..call_sites import PatchSite, Replacement
from ..findings import Fix, Outcome
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule
from .names import alias_of_module, moved_to
from .own_signatures import judge_own_signature
from .stand_ins import judge_stand_in

PATCH_TARGET_MISSING = Rule("patch-target-missing", Outcome.BREAKS, "What the patch replaces is gone.")
PATCH_SIGNATURE = Rule(
    "patch-signature", Outcome.BREAKS, "The replacement does not fit what the upstream passes to the method."
)
PATCH_ALIAS = Rule("patch-alias", Outcome.DEPRECATED, "The patch names an alias, not what runs.")

RULES = (PATCH_TARGET_MISSING, PATCH_SIGNATURE, PATCH_ALIAS)


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
    judged = _judge_replacement(site, path, site.replacement, pair)
    return Judgement((*problems, *judged.problems), judged.unresolved)


def _judge_replacement(site: PatchSite, path: str, given: Replacement, pair: Pair) -> Judgement:
    """What is put in place, against the calls of a method that are known, else against what every call must be."""
    in_class = isinstance(pair.new.resolve(site.container).definition, Class)
    if in_class and not given.bound:
        return UNRESOLVED
    if in_class:
        judged = judge_stand_in(PATCH_SIGNATURE, given, site.container, site.member, frozenset({site.member}), pair)
        if judged.problems:
            return judged
    return judge_own_signature(PATCH_SIGNATURE, given, path, pair, bound=in_class)


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


JUDGES: dict[type, Judge] = {PatchSite: judge_patch}
