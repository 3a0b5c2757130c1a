"""Calls: arguments that the old release takes and the new one refuses, swallows, or takes for something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from signatures.changes import consequence
from signatures.model import Class, Kind, Parameter
from signatures.renames import renamed
from signatures.surface import Acceptance, Surface

from .. import operator_witnesses, witnesses
from ..call_sites import CallSite, Keyword, Span
from ..findings import Confidence, Fix, Outcome
from ..locating import Location, certain, is_unknown, locate_called, lookup_path
from .binding import Bound, Clash
from .declarations import FINE, UNRESOLVED, Judge, Judgement, Pair, Problem, Rule, gathered
from .overloads import Stated, fits, stated
from .schemas import find_operator

PARAMETER_REMOVED = Rule("parameter-removed", Outcome.BREAKS, "The parameter is gone, and passing it raises.")
PARAMETER_RENAMED = Rule("parameter-renamed", Outcome.BREAKS, "The parameter has another name, and the old one raises.")
PARAMETER_REQUIRED = Rule("parameter-required", Outcome.BREAKS, "A parameter that is not passed is now required.")
PARAMETER_KEYWORD_ONLY = Rule(
    "parameter-keyword-only", Outcome.BREAKS, "The parameter is passed by position and is now keyword-only."
)
PARAMETER_SWALLOWED = Rule(
    "parameter-swallowed", Outcome.SILENT, "The keyword is taken by `**kwargs` and has no effect any more."
)
POSITIONAL_SHIFT = Rule("positional-shift", Outcome.SILENT, "A positional argument now lands in another parameter.")
DEPRECATED_PARAMETER = Rule(
    "deprecated-parameter", Outcome.DEPRECATED, "The keyword is still taken under its old name."
)

RULES = (
    PARAMETER_REMOVED,
    PARAMETER_RENAMED,
    PARAMETER_REQUIRED,
    PARAMETER_KEYWORD_ONLY,
    PARAMETER_SWALLOWED,
    POSITIONAL_SHIFT,
    DEPRECATED_PARAMETER,
)


_COMPILED = "torch._C."
"""Where `inspect.signature` finds nothing."""


class _Comparison(NamedTuple):
    """One call against what two releases accept."""

    site: CallSite
    pair: Pair
    path: str
    old: Acceptance
    new: Acceptance
    old_bound: Bound
    new_bound: Bound

    def problem(self, rule: Rule, span: Span, message: str, witness: str, fix: Fix | None = None) -> Problem:
        proven = certain(self.site.symbol, *self.pair)
        confidence = Confidence.PROVEN if proven else Confidence.LIKELY
        return Problem(rule, span, self.path, message, fix, witness, confidence=confidence)

    def call_witness(self, keyword: str = "") -> str:
        """A program in which the call binds; of what is compiled, a keyword can be asked for."""
        if self.path.startswith(_COMPILED):
            return self._schema_witness(keyword)
        signature = self.old.signature
        wrapped = signature.var_keyword is None and any(
            signature.get(keyword.name) is None for keyword in self.site.arguments.keywords
        )
        return witnesses.of_call(self.pair.old, self.site.symbol, self.site.arguments, wrapped=wrapped)

    def _schema_witness(self, keyword: str) -> str:
        name = self.path.rpartition(".")[2]
        taken = [
            any(
                f.signature.get(keyword) is not None
                for f in surface.overloads(surface.resolve(f"torch.ops.aten.{name}"))
            )
            for surface in self.pair
        ]
        return operator_witnesses.of_schema_keyword(name, keyword) if taken == [True, False] else ""

    def missing(self) -> list[str]:
        return [failure.name for failure in self.new_bound.failures if failure.clash is Clash.MISSING]


def judge_call(site: CallSite, pair: Pair) -> Judgement:
    """What a call meets: only a call that binds in the old release can break in the new one."""
    if find_operator(pair.old, site.symbol) is not None:
        # An operator has rules of its own.
        return FINE
    before, after = locate_called(pair.old, site.symbol), locate_called(pair.new, site.symbol)
    if before is None or is_unknown(before):
        return UNRESOLVED
    if before.found.missing or before.found.external:
        # It did not work before, or it belongs to another distribution.
        return FINE
    if after is None or is_unknown(after):
        return UNRESOLVED
    if after.found.missing:
        # The name itself is judged where it is imported or read.
        return FINE
    old, new = stated(pair.old, before), stated(pair.new, after)
    if not old or not new:
        return UNRESOLVED
    return _compared(site, pair, (before, after), old, new)


def _compared(
    site: CallSite, pair: Pair, at: tuple[Location, Location], old: tuple[Stated, ...], new: tuple[Stated, ...]
) -> Judgement:
    """What a call meets, given every signature that the two releases state for it."""
    before, after = fits(old, site.arguments)[0], fits(new, site.arguments)[0]
    if before.bound.failures:
        return FINE
    several = len(old) > 1 or len(new) > 1
    if several and not after.bound.failures:
        # Which of them runs, types decide.
        return FINE
    if site.symbol.steps[-1:] == ("__call__",):
        method = at[0].found.canonical.rpartition(".")[2]
        site = replace(site, symbol=site.symbol._replace(steps=(*site.symbol.steps[:-1], method)))
    path = at[1].found.canonical
    comparison = _Comparison(site, pair, path, before.stated.accepts, after.stated.accepts, before.bound, after.bound)
    if site.arguments.positional and _configures(pair.new, at[1]) and not _configures(pair.old, at[0]):
        return gathered(_by_position(comparison))
    problems = [*_refused(comparison), *_keywords(comparison)]
    if not after.bound.failures:
        problems += _shifted(comparison)
    if problems and _is_wrapped(after.stated):
        # Something around the function, as a decorator, may take what the function itself does not.
        return UNRESOLVED
    return Judgement(tuple(problems), len(_untraced(comparison)))


def _is_wrapped(after: Stated) -> bool:
    return after.accepts.kwargs == "unknown" and after.accepts.signature.var_keyword is None


def _configures(surface: Surface, at: Location) -> bool:
    """Whether it is a config as from transformers 5.4.0 on: `wrap_init_to_accept_kwargs` makes its constructor."""
    if not isinstance(at.found.definition, Class):
        return False
    return any(map(surface.configures, surface.mro(at.found.canonical)))


def _by_position(c: _Comparison) -> Iterator[Problem]:
    """A positional argument of a config, whose constructor refuses all of them with ValueError."""
    taken_by = c.old_bound.positional[0]
    if taken_by is None:
        return
    name = taken_by.name
    message = f"`{name}` is passed by position, and the config takes keyword arguments only"
    witness = witnesses.of_position(c.pair.old, lookup_path(c.pair.old, c.site.symbol), 0, name)
    fix = Fix("upstream", f"pass it as `{name}=`", "safe")
    yield c.problem(PARAMETER_KEYWORD_ONLY, c.site.arguments.positional[0], message, witness, fix)


def _refused(c: _Comparison) -> Iterator[Problem]:
    """What makes the call raise, but for keywords that were renamed."""
    for failure in c.new_bound.failures:
        if failure.clash is Clash.TOO_MANY:
            yield _without_place(c, failure.position)
        elif failure.clash is Clash.TWICE:
            keyword = _keyword(c, failure.name)
            message = f"`{failure.name}` is also given by position: the parameters before it have changed"
            yield replace(c.problem(POSITIONAL_SHIFT, keyword.span, message, c.call_witness()), outcome=Outcome.BREAKS)
        elif failure.clash is Clash.UNEXPECTED and renamed(c.old, c.new, failure.name) is None:
            keyword = _keyword(c, failure.name)
            message = f"`{failure.name}` is gone, and passing it raises"
            yield c.problem(PARAMETER_REMOVED, keyword.span, message, c.call_witness(failure.name))
    given = {renamed(c.old, c.new, keyword.name) for keyword in c.site.arguments.keywords}
    missing = [f"`{name}`" for name in c.missing() if name not in given]
    if missing:
        message = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} now required and not passed"
        yield c.problem(PARAMETER_REQUIRED, c.site.name_span, message, c.call_witness())


def _without_place(c: _Comparison, index: int) -> Problem:
    span = c.site.arguments.positional[index]
    taken_by = c.old_bound.positional[index]
    name = taken_by.name if taken_by is not None else ""
    same = c.new.signature.get(name)
    if same is not None and same.kind is Kind.KEYWORD_ONLY:
        fix = Fix("upstream", f"pass it as `{name}=`", "safe")
        message = f"`{name}` is now keyword-only, and is passed by position"
        return c.problem(PARAMETER_KEYWORD_ONLY, span, message, c.call_witness(), fix)
    what = f"`{name}` is gone" if name and same is None else "it takes fewer positional arguments"
    return c.problem(PARAMETER_REMOVED, span, f"{what}, and passing it by position raises", c.call_witness())


def _keywords(c: _Comparison) -> Iterator[Problem]:
    refused = {f.name for f in c.new_bound.failures if f.clash is Clash.UNEXPECTED}
    for keyword in c.site.arguments.keywords:
        name = keyword.name
        now = renamed(c.old, c.new, name)
        fix = Fix("upstream", f"`{now}=`", "unsafe") if now is not None else None
        if name in c.new.deprecated:
            if name not in c.old.deprecated:
                yield _deprecated(c, keyword)
        elif now is not None and (name in refused or (name in c.new_bound.swallowed and now in c.missing())):
            message = f"`{name}` is now `{now}`, and the old keyword raises"
            yield c.problem(PARAMETER_RENAMED, keyword.span, message, c.call_witness(name), fix)
        elif _loses_effect(c, name) and c.new.kwargs == "taken":
            subject = f"`{name}` is now `{now}`; the old keyword" if now is not None else f"`{name}`"
            message = f"{subject} is swallowed by **{_star_name(c.new)} and {_consequence(c, name)}"
            yield c.problem(PARAMETER_SWALLOWED, keyword.span, message, _parameter_witness(c, name), fix)


def _consequence(c: _Comparison, name: str) -> str:
    known = consequence(c.pair.new.upstream, c.path, name, c.pair.new.version)
    return known.says if known is not None else "has no effect"


def _loses_effect(c: _Comparison, name: str) -> bool:
    """A keyword that a parameter took, and that now no parameter and no known reader of `**` takes."""
    return name in c.old_bound.named and name in c.new_bound.swallowed and name not in c.new.taken


def _untraced(c: _Comparison) -> list[str]:
    """Keywords of which it is not known whether anybody still takes them."""
    if c.new.kwargs != "unknown":
        return []
    return [k.name for k in c.site.arguments.keywords if _loses_effect(c, k.name)]


def _shifted(c: _Comparison) -> Iterator[Problem]:
    """The first positional argument that lands in another parameter; a parameter that is only renamed is none."""
    old_names = {parameter.name for parameter in c.old.signature.parameters}
    new_names = {parameter.name for parameter in c.new.signature.parameters}
    pairs = zip(c.site.arguments.positional, c.old_bound.positional, c.new_bound.positional, strict=True)
    for index, (span, old, new) in enumerate(pairs):
        if old is None or new is None or old.name == new.name:
            continue
        if old.name not in new_names and _is_shorter(old.name, new.name):
            # `slow_image_processor_class` became `image_processor_class`: the same thing.
            continue
        if old.name in new_names or new.name in old_names or _means_another(old, new):
            message = f"argument {index + 1} was `{_typed(old)}` and is now taken as `{_typed(new)}`"
            witness = witnesses.of_position(c.pair.old, lookup_path(c.pair.old, c.site.symbol), index, old.name)
            fix = Fix("upstream", f"pass it as `{old.name}=`", "safe") if old.name in new_names else None
            yield c.problem(POSITIONAL_SHIFT, span, message, witness, fix)
            return


def _is_shorter(one: str, other: str) -> bool:
    """Whether one name has all the words of the other."""
    words, others = set(one.split("_")), set(other.split("_"))
    return words < others or others < words


_SCALARS = frozenset({"int", "float", "bool", "str"})


def _means_another(old: Parameter, new: Parameter) -> bool:
    """Whether a parameter that got another name also takes a tensor instead of a number, or the other way round.

    `Qwen2_5_VisionRotaryEmbedding.forward(seqlen: int)` became `forward(position_ids: torch.Tensor)` in 5.9.0.
    """
    kinds = {_is_scalar(old.annotation), _is_scalar(new.annotation)}
    return kinds == {True, False}


def _is_scalar(annotation: str | None) -> bool | None:
    """False for a tensor; None where the annotation says neither."""
    if annotation in _SCALARS:
        return True
    return False if annotation in ("torch.Tensor", "Tensor", "torch.LongTensor", "torch.FloatTensor") else None


def _typed(parameter: Parameter) -> str:
    return f"{parameter.name}: {parameter.annotation}" if parameter.annotation in _SCALARS else parameter.name


def _deprecated(c: _Comparison, keyword: Keyword) -> Problem:
    now = c.new.deprecated[keyword.name].new
    fix = Fix("upstream", f"`{now}=`", "safe") if now else None
    message = f"`{keyword.name}` is deprecated" + (f"; it is now `{now}`" if now else "")
    return c.problem(DEPRECATED_PARAMETER, keyword.span, message, _parameter_witness(c, keyword.name), fix)


def _keyword(c: _Comparison, name: str) -> Keyword:
    return next(keyword for keyword in c.site.arguments.keywords if keyword.name == name)


def _parameter_witness(c: _Comparison, name: str) -> str:
    return witnesses.of_parameter(c.pair.old, lookup_path(c.pair.old, c.site.symbol), name)


def _star_name(accepts: Acceptance) -> str:
    star = accepts.signature.var_keyword
    return star.name if star is not None else "kwargs"


JUDGES: dict[type, Judge] = {CallSite: judge_call}
