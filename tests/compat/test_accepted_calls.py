import inspect
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat._accepted_calls import refused_call


def signature(parameters: str) -> inspect.Signature:
    names: dict[str, object] = {}
    exec(f"def f({parameters}): pass", names)
    return inspect.signature(names["f"])  # type: ignore[arg-type]


ACCEPTED = [
    ("a, b", "a, b"),
    ("a, b", "*args, **kwargs"),
    ("a, b=1", "a, b=2, c=3"),
    ("a, *, b", "a, *, b=1, c=2"),
    ("a, *, b", "a, **kwargs"),
    ("a, *, b", "a, b"),
    ("a, /, b", "x, /, b"),
    ("a, *args, **kwargs", "a, *args, **kwargs"),
]


@pytest.mark.parametrize(("old", "new"), ACCEPTED)
def test_a_signature_that_takes_every_call_of_another_is_accepted(old: str, new: str) -> None:
    assert refused_call(signature(old), signature(new)) == ""


REFUSED = [
    ("a, b", "a", "'b' given by position"),
    ("a, b", "a, *, b", "'b' given by position"),
    ("a, b", "b, a", "'a' given by position: that place has 'b'"),
    ("a, b=1", "a, b", "a call without 'b'"),
    ("a", "x", "'a' given by its name: that place has 'x'"),
    ("a", "a=0, /, **kwargs", "'a' given by its name"),
    ("a", "*args", "'a' given by its name"),
    ("a", "a, b", "a call without 'b', its parameter 2"),
    ("a", "a, *, b", "a call without 'b'"),
    ("a, *, b", "a", "'b' given by its name"),
    ("a, *, b=1", "a, *, b", "a call without 'b'"),
    ("*args", "a=1", "any number of positional arguments"),
    ("a, **kwargs", "a, b=1", "any further keyword, by **kwargs"),
    ("a, *args, b", "a, b, *args", "any number of positional arguments"),
    ("a, /, *, b", "b, c=0", "'b' given by its name beside the positional arguments"),
    ("a, /, **kwargs", "a, **kwargs", "'a' among **kwargs"),
]


@pytest.mark.parametrize(("old", "new", "reason"), REFUSED)
def test_the_call_that_would_fail_is_named(old: str, new: str, reason: str) -> None:
    assert refused_call(signature(old), signature(new)) == reason


def test_the_name_of_self_does_not_matter() -> None:
    assert refused_call(signature("self, a"), signature("module, a"), bound=1) == ""


@st.composite
def signatures(draw: st.DrawFn) -> inspect.Signature:
    names = draw(st.permutations("abc"))[: draw(st.integers(0, 3))]
    kinds = sorted(draw(st.lists(st.integers(0, 2), min_size=len(names), max_size=len(names))))
    optional = False
    parameters = []
    for name, kind in zip(names, kinds, strict=True):
        optional = draw(st.booleans()) or (optional and kind < 2)
        default = 0 if optional else inspect.Parameter.empty
        parameters.append(inspect.Parameter(name, inspect._ParameterKind([0, 1, 3][kind]), default=default))
    if draw(st.booleans()):
        parameters.append(inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL))
    if draw(st.booleans()):
        parameters.append(inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(sorted(parameters, key=lambda parameter: parameter.kind))


def called(held: inspect.Signature, positional: int, keywords: tuple[str, ...]) -> bool:
    names: dict[str, object] = {}
    exec(f"def f{held}: pass", names)
    try:
        names["f"](*range(positional), **dict.fromkeys(keywords))  # type: ignore[operator]
    except TypeError:
        return False
    return True


@given(signatures(), signatures())
def test_a_call_that_ran_before_still_runs(old: inspect.Signature, new: inspect.Signature) -> None:
    if refused_call(old, new):
        return
    for positional, count in itertools.product(range(6), range(5)):
        for keywords in itertools.combinations("abcd", count):
            assert not called(old, positional, keywords) or called(new, positional, keywords), (positional, keywords)


@given(signatures())
def test_every_signature_accepts_its_own_calls(held: inspect.Signature) -> None:
    assert refused_call(held, held) == ""
