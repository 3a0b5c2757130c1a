from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.model import (
    Assignment,
    Body,
    Class,
    Definition,
    Deprecation,
    Function,
    HookCall,
    Hop,
    Import,
    Kind,
    Parameter,
    Resolution,
    Signature,
    Status,
    decode,
    encode,
)

_NAMES = st.from_regex(r"[a-zé_]\w{0,5}", fullmatch=True)
_TEXTS = st.text(max_size=8)
_MAYBE = st.none() | _TEXTS
_PARAMETERS = st.builds(Parameter, _NAMES, st.sampled_from(Kind), _MAYBE, _MAYBE)
_ASSIGNMENTS = st.builds(Assignment, _NAMES, _MAYBE, _MAYBE, _MAYBE)
_BODIES = st.builds(
    Body,
    st.lists(_NAMES, max_size=2).map(tuple),
    st.lists(_TEXTS, max_size=2).map(tuple),
    st.booleans(),
    st.lists(
        st.builds(
            HookCall,
            st.sampled_from(["self", "cls", "super"]),
            _NAMES,
            st.integers(0, 9),
            st.lists(_NAMES, max_size=2).map(tuple),
            st.booleans(),
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    st.lists(_TEXTS, max_size=2).map(tuple),
    st.lists(st.tuples(_NAMES, _TEXTS), max_size=2).map(tuple),
    _MAYBE,
    _TEXTS,
)
_DEFINITIONS: st.SearchStrategy[Definition] = st.one_of(
    st.builds(
        Function,
        _NAMES,
        st.builds(Signature, st.lists(_PARAMETERS, max_size=4).map(tuple), _MAYBE),
        st.lists(_TEXTS, max_size=2).map(tuple),
        st.lists(st.builds(Deprecation, _NAMES, _MAYBE, _MAYBE), max_size=2).map(tuple),
        _BODIES,
        st.frozensets(st.sampled_from(["async", "generator", "deprecated"])),
    ),
    st.builds(
        Class,
        _NAMES,
        st.lists(_TEXTS, max_size=2).map(tuple),
        st.lists(st.tuples(_NAMES, _TEXTS), max_size=2).map(tuple),
        st.lists(_TEXTS, max_size=2).map(tuple),
        st.lists(_ASSIGNMENTS, max_size=3).map(tuple),
        st.lists(_NAMES, max_size=3).map(tuple),
    ),
    _ASSIGNMENTS,
    st.builds(Import, _NAMES, _TEXTS, _MAYBE),
)


@given(_DEFINITIONS)
def test_what_is_encoded_is_decoded(definition: Definition) -> None:
    surface, body = encode(definition)
    assert decode(definition.name, surface, body) == definition
    assert decode(f"Outer.{definition.name}", surface, body) == definition


@given(_DEFINITIONS, _DEFINITIONS)
def test_equal_texts_are_equal_definitions(one: Definition, other: Definition) -> None:
    same_name = type(one) is type(other) and one.name == other.name
    assert (encode(one) == encode(other) and same_name) == (one == other)


@given(_DEFINITIONS)
def test_texts_are_one_line_of_json(definition: Definition) -> None:
    for text in encode(definition):
        assert "\n" not in text
        assert text == "" or isinstance(json.loads(text), list)


def test_a_body_changes_the_body_text_only() -> None:
    plain = Function("f", Signature((Parameter("a", Kind.KEYWORD_ONLY, "1"),)))
    changed = Function("f", plain.signature, body=Body(digest="abc"))
    assert encode(plain)[0] == encode(changed)[0]
    assert encode(plain)[1] != encode(changed)[1]


def test_kinds_are_those_of_inspect() -> None:
    assert {kind.name: int(kind) for kind in Kind} == {
        kind.name: int(kind)
        for kind in type(inspect.Parameter.KEYWORD_ONLY)  # type: ignore[attr-defined]  # an enum
    }


def parameters_of(function: Any) -> Signature:
    empty = inspect.Parameter.empty
    return Signature(
        tuple(
            Parameter(p.name, Kind(int(p.kind)), None if p.default is empty else repr(p.default))
            for p in inspect.signature(function).parameters.values()
        )
    )


def _functions() -> list[Any]:
    def plain(a, b=1): ...  # type: ignore[no-untyped-def]  # only its parameters matter, here and below
    def positional(a, b=1, /): ...  # type: ignore[no-untyped-def]
    def mixed(a, /, b, *args, c, d=2, **kwargs): ...  # type: ignore[no-untyped-def]
    def keywords(*, a=1): ...  # type: ignore[no-untyped-def]
    def nothing(): ...  # type: ignore[no-untyped-def]

    return [plain, positional, mixed, keywords, nothing]


@pytest.mark.parametrize("function", _functions(), ids=lambda function: function.__name__)
def test_a_signature_is_written_as_inspect_writes_it(function: Any) -> None:
    assert str(parameters_of(function)) == str(inspect.signature(function))


def test_parts_of_a_signature() -> None:
    signature = parameters_of(_functions()[2])
    assert [p.name for p in signature.positional] == ["a", "b"]
    assert [p.name for p in signature.parameters if p.required] == ["a", "b", "c"]
    assert (signature.var_positional or signature.parameters[0]).name == "args"
    assert (signature.var_keyword or signature.parameters[0]).name == "kwargs"
    assert signature.get("d") == Parameter("d", Kind.KEYWORD_ONLY, "2")
    assert signature.get("e") is None


def test_the_bound_parameter() -> None:
    plain, keywords, nothing = (parameters_of(_functions()[index]) for index in (0, 3, 4))
    assert [p.name for p in plain.without_first().parameters] == ["b"]
    assert keywords.without_first() == keywords
    assert nothing.without_first() == nothing
    star = Signature((Parameter("args", Kind.VAR_POSITIONAL),))
    assert star.without_first() == star


@pytest.mark.parametrize(
    ("decorators", "is_property", "is_static"),
    [
        ((), False, False),
        (("property",), True, False),
        (("functools.cached_property",), True, False),
        (("size.setter",), True, False),
        (("staticmethod",), False, True),
        (("torch.no_grad()",), False, False),
    ],
)
def test_decorators(decorators: tuple[str, ...], is_property: bool, is_static: bool) -> None:
    found = Function("f", Signature(()), decorators)
    assert (found.is_property, found.is_static) == (is_property, is_static)


def test_the_last_assignment_of_a_name_holds() -> None:
    found = Class("C", attributes=(Assignment("a", "1"), Assignment("b", "2"), Assignment("a", "3")))
    assert found.attribute("a") == Assignment("a", "3")
    assert found.attribute("c") is None


@pytest.mark.parametrize("kind", ["alias-module", "fast-suffix", "converter", "module-getattr"])
def test_names_kept_for_compatibility(kind: str) -> None:
    hops = (Hop("import", "a", "b"), Hop(kind, "b", "c"))
    found = Resolution("a", Status.FOUND, "c", hops=hops)
    assert found.found and not found.missing and found.through_alias
    assert not Resolution("a", Status.MISSING, hops=hops[:1]).through_alias
