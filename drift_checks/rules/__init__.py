"""The rules, one module a family; each judges one call site against two releases of an upstream."""

from __future__ import annotations

from ..call_sites import AttributeSite, CallSite, ImportSite, PatchSite, Site
from . import calls, names, replacements
from .declarations import Judgement, Pair, Problem, Rule

RULES: dict[str, Rule] = {rule.name: rule for rule in (*names.RULES, *calls.RULES, *replacements.RULES)}


def judge(site: Site, pair: Pair) -> Judgement:
    """What a call site meets in the new release of a pair."""
    if isinstance(site, ImportSite):
        return names.judge_import(site, pair)
    if isinstance(site, AttributeSite):
        return names.judge_attribute(site, pair)
    if isinstance(site, CallSite):
        return calls.judge_call(site, pair)
    if isinstance(site, PatchSite):
        return replacements.judge_patch(site, pair)
    return replacements.judge_subclass(site, pair)


__all__ = ["RULES", "Judgement", "Pair", "Problem", "Rule", "judge"]
