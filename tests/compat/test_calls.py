from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import Unpack

from compat.calls import CallMismatch, by_keyword, call, prepare, takes


class Declared(TypedDict, total=False):
    output_attentions: bool


def masked(config: Any, inputs_embeds: Any, past_key_values: Any = None, **kwargs: Any) -> dict[str, Any]:
    return {"config": config, "inputs_embeds": inputs_embeds, "past_key_values": past_key_values, **kwargs}


def older(config: Any, input_embeds: Any, attention_mask: Any, cache_position: Any, past_key_values: Any = None) -> Any:
    return locals()


def newer(config: Any, inputs_embeds: Any, attention_mask: Any, past_key_values: Any = None) -> Any:
    return locals()


def forwarding(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def deprecate_kwarg(old_name: str, new_name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """HF's decorator, as far as its shape goes."""

    def wrapper(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if old_name in kwargs:
                kwargs[new_name] = kwargs.pop(old_name)
            return function(*args, **kwargs)

        return wrapped

    return wrapper


class Layer:
    def forward(self, hidden_states: Any, past_key_values: Any = None, **kwargs: Any) -> Any:
        return hidden_states, past_key_values, kwargs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    @classmethod
    def built(cls, size: int, **kwargs: Any) -> tuple[int, dict[str, Any]]:
        return size, kwargs


# What makes a torch module: the name and the module of a base class.
Module = type("Module", (Layer,), {"__module__": "torch.nn.modules.module"})


class Compiled(Module):  # type: ignore[misc, valid-type]
    def __init__(self, inner: Any) -> None:
        self._orig_mod = inner

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._orig_mod(*args, **kwargs)


class Made:
    def __init__(self, hidden_size: int = 1, **kwargs: Any) -> None:
        self.given = (hidden_size, kwargs)


@pytest.mark.parametrize(
    ("function", "name", "expected"),
    [
        (masked, "past_key_values", True),
        (masked, "cache_position", False),
        (forwarding(forwarding(masked)), "config", True),
        (deprecate_kwarg("input_embeds", new_name="inputs_embeds")(masked), "input_embeds", True),
        (deprecate_kwarg("input_embeds", new_name="elsewhere")(masked), "input_embeds", False),
        (partial(masked, past_key_values=1), "past_key_values", True),
        (Layer().forward, "self", False),
        (Layer.forward, "self", True),
        (Layer.built, "size", True),
        (Module(), "past_key_values", True),
        (Module(), "cache_position", False),
        (Compiled(Module()), "hidden_states", True),
        (Made, "hidden_size", True),
        (Made, "self", False),
        (len, "obj", True),
    ],
)
def test_what_a_function_takes_is_seen_through_what_is_around_it(
    function: Callable[..., Any], name: str, expected: bool
) -> None:
    assert takes(function, name) is expected
    assert takes(function, name) is expected  # and again, from what was kept


def test_a_keyword_that_is_declared_for_the_rest_is_taken() -> None:
    def forward(input_ids: Any, **kwargs: Unpack[Declared]) -> Any:
        return kwargs

    def plain(input_ids: Any, **kwargs: Any) -> Any:
        return kwargs

    assert call(forward, 1, output_attentions=True) == {"output_attentions": True}
    assert takes(forward, "output_attentions")
    assert not takes(plain, "output_attentions")


def test_a_name_that_a_decorator_still_takes_is_given_as_what_it_became() -> None:
    decorated = deprecate_kwarg("input_embeds", new_name="inputs_embeds")(newer)

    def warning(*args: Any, **keywords: Any) -> Any:
        assert "input_embeds" not in keywords
        return decorated(*args, **keywords)

    warning.__wrapped__ = decorated  # type: ignore[attr-defined]
    for name in ("input_embeds", "inputs_embeds"):
        given: dict[str, Any] = {name: 2}
        assert call(warning, config=1, attention_mask=3, **given)["inputs_embeds"] == 2
        assert prepare(warning, f"config {name} attention_mask")(1, 2, 3)["inputs_embeds"] == 2
    assert call(warning, config=1, attention_mask=3, x=2, renames={"x": "input_embeds"})["inputs_embeds"] == 2


def test_what_would_be_swallowed_is_refused_with_what_is_taken() -> None:
    with pytest.raises(CallMismatch, match=r"masked would swallow `interpolation` .* `inputs_embeds`.*`through`"):
        call(masked, 1, 2, interpolation=3)
    with pytest.raises(CallMismatch, match=r"newer takes no `interpolation`: it takes `config`, .*`optional`"):
        call(newer, 1, 2, 3, interpolation=3)


@pytest.mark.parametrize(
    ("function", "options", "keywords", "expected"),
    [
        (newer, {"optional": {"cache_position"}}, {"cache_position": 4}, {}),
        (older, {"optional": "cache_position"}, {"cache_position": 4, "input_embeds": 2}, {"cache_position": 4}),
        (newer, {"renames": {"input_embeds": "inputs_embeds"}}, {"input_embeds": 2}, {"inputs_embeds": 2}),
        (newer, {"renames": {"inputs_embeds": "input_embeds"}}, {"input_embeds": 2}, {"inputs_embeds": 2}),
        (newer, {"renames": {"x": "embeds", "embeds": ["inputs_embeds"]}}, {"x": 2}, {"inputs_embeds": 2}),
        (newer, {"renames": {"a": "b"}, "optional": "a"}, {"b": 1, "inputs_embeds": 2}, {"inputs_embeds": 2}),
        (masked, {"through": "dtype"}, {"dtype": 1, "inputs_embeds": 2}, {"dtype": 1}),
    ],
)
def test_an_argument_goes_under_the_name_that_the_function_has(
    function: Callable[..., Any], options: dict[str, Any], keywords: dict[str, Any], expected: dict[str, Any]
) -> None:
    values: dict[str, Any] = {"config": 1, **({} if function is masked else {"attention_mask": 3})}
    values |= keywords if set(keywords) & {"input_embeds", "inputs_embeds", "x"} else {"inputs_embeds": 2, **keywords}
    if function is older:
        values.pop("inputs_embeds", None)
    result = call(function, **options, **values)
    assert result.items() >= expected.items()
    assert result == prepare(function, **options)(**values)
    order = list(values)
    assert (
        result == prepare(function, order, **options)(**values) == prepare(function, order, **options)(*values.values())
    )


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (older, {"config": 1, "input_embeds": 2, "attention_mask": 3, "cache_position": 4, "past_key_values": 5}),
        (newer, {"config": 1, "inputs_embeds": 2, "attention_mask": 3, "past_key_values": 5}),
    ],
)
def test_a_call_by_position_keeps_its_meaning_when_a_parameter_goes(
    function: Callable[..., Any], expected: dict[str, Any]
) -> None:
    order = "config input_embeds attention_mask cache_position past_key_values"
    options: dict[str, Any] = {"renames": {"input_embeds": "inputs_embeds"}, "optional": {"cache_position"}}
    prepared = prepare(function, order, **options)
    assert by_keyword(function, order, 1, 2, 3, 4, 5, **options) == expected
    assert prepared(1, 2, 3, 4, 5) == prepared(1, 2, 3, past_key_values=5, cache_position=4) == expected
    assert prepared(1, 2, 3, 4) == {**expected, "past_key_values": None}
    assert prepared.__name__ == function.__name__
    assert list(inspect.signature(prepared).parameters) == order.split()


def test_a_caller_that_needs_no_change_is_the_function_itself() -> None:
    assert prepare(newer) is newer
    assert prepare(newer, "config inputs_embeds", optional="attention_mask") is newer
    assert prepare(newer, "inputs_embeds config") is not newer


def test_a_parameter_that_may_only_be_given_by_position_is() -> None:
    def synchronize(device: Any = None, /, *, wait: bool = False) -> Any:
        return device, wait

    def copied(source: Any, target: Any, /) -> Any:
        return source, target

    assert call(synchronize, device=1, wait=True) == prepare(synchronize, "wait device")(True, 1) == (1, True)
    with pytest.raises(CallMismatch, match="takes `source` by position, before"):
        call(copied, target=1)


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (lambda: call(newer, 1, inputs_embeds=2, input_embeds=2, renames={"input_embeds": "inputs_embeds"}), "twice"),
        (lambda: prepare(newer, "input_embeds inputs_embeds", renames={"input_embeds": "inputs_embeds"}), "twice"),
        (lambda: by_keyword(newer, "config", 1, 2), "was given 2 positional arguments; the order names 1: config"),
        (lambda: by_keyword(newer, "config", 1, config=2), "twice"),
        (lambda: prepare(newer, "config interpolation"), "takes no `interpolation`"),
        (lambda: call(lambda *args, **kwargs: None, x=1), r"no more than \(\*args, \*\*kwargs\)"),
        (lambda: call(lambda *args, **kwargs: None, x=1, optional="x"), "whether it takes x cannot be told"),
        (lambda: takes(lambda *args, **kwargs: None, "x"), "cannot be told"),
        (lambda: takes(object(), "x"), "has no signature"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_done_right_is_refused(attempt: Callable[[], Any], reason: str) -> None:
    with pytest.raises(CallMismatch, match=reason):
        attempt()


def test_an_order_holds_names_only() -> None:
    def anything(**kwargs: Any) -> Any:
        return kwargs

    with pytest.raises(ValueError, match="'x, __import__' is none"):
        prepare(anything, ["x, __import__"], through=["x, __import__"])


def test_a_message_names_the_release_that_is_installed() -> None:
    with pytest.raises(CallMismatch, match=r"integers of hypothesis \d+\.\d+.* takes no `minimum`"):
        call(st.integers, minimum=2)


def test_what_is_kept_of_a_function_goes_with_it() -> None:
    def short_lived(a: Any, **kwargs: Any) -> Any:
        return a

    call(short_lived, a=1, optional="b", b=2)
    remembered = weakref.ref(short_lived)
    del short_lived
    gc.collect()
    assert remembered() is None


NAMES = ["a", "b", "c", "d", "e"]


@given(
    parameters=st.lists(st.sampled_from(NAMES), unique=True, min_size=1),
    values=st.dictionaries(st.sampled_from(NAMES), st.integers(), min_size=1),
    optional=st.sets(st.sampled_from(NAMES)),
    catches_all=st.booleans(),
)
def test_every_argument_arrives_is_left_out_as_told_or_is_refused(
    parameters: list[str], values: dict[str, Any], optional: set[str], catches_all: bool
) -> None:
    namespace: dict[str, Any] = {}
    written = ", ".join([f"{name}=None" for name in parameters] + (["**kwargs"] if catches_all else []))
    exec(f"def function({written}): return dict(locals())", namespace)
    function = namespace["function"]
    refused = set(values) - set(parameters) - optional
    if refused:
        with pytest.raises(CallMismatch):
            call(function, optional=optional, **values)
        with pytest.raises(CallMismatch):
            prepare(function, list(values), optional=optional)
        return
    expected: dict[str, Any] = {name: values.get(name) for name in parameters} | ({"kwargs": {}} if catches_all else {})
    assert call(function, optional=optional, **values) == expected
    assert by_keyword(function, list(values), *values.values(), optional=optional) == expected
    assert prepare(function, list(values), optional=optional)(*values.values()) == expected
    assert prepare(function, optional=optional)(**values) == expected
