"""What a call gives: tuples of another size, a tensor in place of a tuple, an output object in place of either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from signatures.hidden_members import Held, may_have
from signatures.model import Function
from signatures.op_schemas import is_operator
from signatures.results import Shape

from .. import witnesses
from ..call_sites import Arguments, ResultSite, Use
from ..findings import Confidence, Fix, Outcome
from ..locating import certain, locate_called, lookup_path, result_shape
from .declarations import FINE, Judge, Judgement, Pair, Problem, Rule

RETURN_CHANGED = Rule("return-changed", Outcome.SILENT, "The same call gives something else.")

RULES = (RETURN_CHANGED,)

# `get_image_features` and its kin gave tensors or tuples of tensors up to 4.57, and give output objects from 5.0.0 on.
_FEATURES = re.compile(r"get_\w+_features$")


def judge_result(site: ResultSite, pair: Pair) -> Judgement:
    """A use of a result that is a tuple, a tensor or an output object, and was another of them."""
    if site.symbol.is_object:
        site = replace(site, symbol=site.symbol.member("__call__"))
    old, new = locate_called(pair.old, site.symbol), locate_called(pair.new, site.symbol)
    if old is None or new is None or not old.found.found or not new.found.found or is_operator(old.found):
        return FINE
    if not isinstance(old.found.definition, Function) or not isinstance(new.found.definition, Function):
        return FINE
    if _asks_for_tuple(site.arguments):
        return FINE
    before, after = result_shape(pair.old, site.symbol), result_shape(pair.new, site.symbol)
    if after is None:
        return FINE
    return Judgement(tuple(_used(site, pair, before, after, new.found.canonical)))


def _asks_for_tuple(arguments: Arguments | None) -> bool:
    """Whether `return_dict` may be passed: then a tuple may come back."""
    return arguments is not None and (arguments.double_star or arguments.keyword("return_dict") is not None)


def _used(site: ResultSite, pair: Pair, before: Shape | None, after: Shape, symbol: str) -> Iterator[Problem]:
    met = None
    if after.kind == "object" and (before is None or before.kind != "object"):
        met = _object_used(site, pair, before, after, symbol)
    elif before is not None and before.kind == "tuple":
        met = _tuple_used(site, before, after)
    if met is None:
        return
    message, outcome = met
    yield Problem(
        RETURN_CHANGED,
        site.span,
        symbol,
        message,
        _fix(after, pair),
        witnesses.of_result(pair.old, lookup_path(pair.old, site.symbol), before, after),
        outcome=outcome,
        confidence=Confidence.PROVEN if certain(site.symbol, *pair) else Confidence.LIKELY,
    )


def _tuple_used(site: ResultSite, before: Shape, after: Shape) -> tuple[str, Outcome] | None:
    if after.kind == "tensor":
        if site.use is Use.INDEXED and _is_integer(site.name):
            return f"it gives a tensor now and no tuple: `[{site.name}]` takes an element of the batch", Outcome.SILENT
        if site.use is Use.UNPACKED:
            return "it gives a tensor now and no tuple: its first dimension is unpacked", Outcome.SILENT
    elif after.kind == "tuple" and before.sizes and after.sizes:
        gives = " or ".join(map(str, sorted(after.sizes)))
        if site.use is Use.UNPACKED and site.count in before.sizes - after.sizes:
            return f"it gives {gives} values now, and {site.count} are unpacked", Outcome.BREAKS
        if site.use is Use.INDEXED and _is_integer(site.name):
            index = int(site.name)
            needed = index + 1 if index >= 0 else -index
            if max(after.sizes) < needed <= min(before.sizes):
                return f"it gives {gives} values now, and `[{index}]` is taken", Outcome.BREAKS
    return None


def _object_used(
    site: ResultSite, pair: Pair, before: Shape | None, after: Shape, symbol: str
) -> tuple[str, Outcome] | None:
    name = after.path.rpartition(".")[2]
    if site.use is Use.ATTRIBUTE:
        gone = not pair.new.member(after.path, site.name).found
        gone = gone and not may_have(pair.new, after.path, site.name, Held.INSTANCE)
        return (f"it gives a `{name}` now, which has no `{site.name}`", Outcome.BREAKS) if gone else None
    if (before is None or before.kind == "tuple") and not _FEATURES.search(symbol):
        # An output object is indexed as the tuple of its fields is; whether these are the same is not known.
        return None
    if site.use is Use.INDEXED and _is_integer(site.name):
        return f"it gives a `{name}` now: `[{site.name}]` takes one of its fields", Outcome.SILENT
    if site.use is Use.UNPACKED:
        return f"it gives a `{name}` now: the names of its fields are unpacked", Outcome.SILENT
    return None


def _fix(after: Shape, pair: Pair) -> Fix | None:
    if after.kind == "object" and pair.new.member(after.path, "pooler_output").found:
        return Fix("upstream", "take `.pooler_output` of it", "unsafe")
    return Fix("upstream", "take it as it is", "unsafe") if after.kind == "tensor" else None


def _is_integer(text: str) -> bool:
    return text.lstrip("-").isdecimal()


JUDGES: dict[type, Judge] = {ResultSite: judge_result}
