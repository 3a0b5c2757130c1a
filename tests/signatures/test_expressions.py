from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.expressions import SourceText, constant_string, dotted, truth, unpacked


def expression(source: str) -> ast.expr:
    return ast.parse(source.strip(), mode="eval").body


def text_of(source: str) -> str:
    statement = ast.parse(source).body[0]
    assert isinstance(statement, ast.Assign)
    return SourceText(source.encode()).of(statement.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = name", "name"),
        ("x = a.b.c", "a.b.c"),
        ('x = "text"', "'text'"),
        ("x = 'text'", "'text'"),
        ('x = """text"""', "'text'"),
        ("x = 'a' 'b'", "'ab'"),
        ("x = 0x10", "16"),
        ("x = 1_000", "1000"),
        ("x = 1 / 255", "1 / 255"),
        ("x = (1,\n     2)", "(1, 2)"),
        ("x = f(\n    1,\n    b=2,\n)", "f(1, b=2)"),
        ("x = [\n    1,\n    2,\n]", "[1, 2]"),
        ("x = f(\r\n    1,\r\n)", "f(1)"),
        ("x = {\n    'a': 1,\n    'b': [\n        2\n    ],\n}", "{'a': 1, 'b': [2]}"),
        ("x = f(\n    1,  # why\n)", "f(1)"),
        ("x = f(\n    'a # b',\n    c,\n)", "f('a # b', c)"),
        ("é = f('ü', ß)", "f('ü', ß)"),
        ("x = 'é'; y = g(1)", "'é'"),
    ],
)
def test_text_has_one_spelling(source: str, expected: str) -> None:
    assert text_of(source) == expected


def test_columns_count_bytes() -> None:
    source = "x = 'ééé'; y = g(ü)"
    statement = ast.parse(source).body[1]
    assert isinstance(statement, ast.Assign)
    assert SourceText(source.encode()).of(statement.value) == "g(ü)"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_shift_lines(line_end: str) -> None:
    source = line_end.join(["a = 1", "\f", "b = f(x, y)"])
    statement = ast.parse(source).body[1]
    assert isinstance(statement, ast.Assign)
    assert SourceText(source.encode()).of(statement.value) == "f(x, y)"


def test_a_long_text_is_cut_and_still_differs() -> None:
    one, two = (f"f({'a' * 300}, {last})" for last in "xy")
    texts = [SourceText(source.encode()).short(expression(source)) for source in (one, two)]
    assert texts[0] != texts[1]
    assert all(len(text) <= 120 for text in texts)
    assert SourceText(b"f(x)").short(expression("f(x)")) == "f(x)"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("return f( x )", "return f(x)", True),
        ("return x  # why", "return x", True),
        ("x = 1\n\n\nreturn x", "x = 1\nreturn x", True),
        ("return 'a # b'", "return 'a'", False),
        ("return x", "return y", False),
    ],
)
def test_squeezed_text_ignores_layout_only(one: str, other: str, same: bool) -> None:
    def squeezed(source: str) -> str:
        body = ast.parse(source).body
        return SourceText(source.encode()).squeezed(body[0], body[-1])

    assert (squeezed(one) == squeezed(other)) is same


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a", "a"), ("a.b.c", "a.b.c"), ("a().b", None), ("a[0].b", None), ("1", None), ("a + b", None)],
)
def test_dotted(source: str, expected: str | None) -> None:
    assert dotted(expression(source)) == expected


@pytest.mark.parametrize(("source", "expected"), [("'x'", "x"), ("''", ""), ("b'x'", None), ("1", None), ("x", None)])
def test_constant_string(source: str, expected: str | None) -> None:
    assert constant_string(expression(source)) == expected


def test_no_expression_is_no_string() -> None:
    assert constant_string(None) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("True", True),
        ("0", False),
        ("TYPE_CHECKING", False),
        ("typing.TYPE_CHECKING", False),
        ("not TYPE_CHECKING", True),
        ("is_torch_available()", True),
        ("utils.is_vision_available()", True),
        ("not is_torch_available()", False),
        ("is_torch_greater_or_equal('2.5')", True),
        ("is_something()", None),
        ("flag", None),
        ("not flag", None),
        ("is_torch_available() and flag", None),
        ("TYPE_CHECKING and flag", False),
        ("flag or is_torch_available()", True),
        ("flag or TYPE_CHECKING", None),
        ("is_torch_available() and is_vision_available()", True),
        ("TYPE_CHECKING or 0", False),
        ("sys.version_info >= (3, 8)", True),
        ("sys.version_info < (3, 8)", False),
        ("sys.version_info >= (4,)", False),
        ("sys.version_info >= (3, x)", None),
        ("sys.version_info > (3, 8)", None),
        ("sys.platform == 'win32'", False),
        ("sys.platform != 'win32'", True),
        ("os.name == 'posix'", True),
        ("__name__ == '__main__'", False),
        ("name == 'x'", None),
        ("sys.platform in ('linux',)", None),
        ("1 < x < 2", None),
    ],
)
def test_truth(source: str, expected: bool | None) -> None:
    assert truth(expression(source)) is expected


_LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(_LITERALS)
def test_text_of_a_literal_is_the_literal(value: object) -> None:
    source = repr(value).encode("utf-8", "surrogatepass")
    try:
        node = ast.parse(source, mode="eval").body
    except SyntaxError:
        return
    assert ast.literal_eval(SourceText(source).of(node)) == value or len(repr(value)) > 120


@pytest.mark.parametrize(
    ("target", "names"),
    [("a", "a"), ("a, b", "ab"), ("[a, b]", "ab"), ("a, (b, [c, *d])", "abcd"), ("*a, b", "ab"), ("()", "")],
)
def test_unpacked(target: str, names: str) -> None:
    statement = ast.parse(f"{target} = x").body[0]
    assert isinstance(statement, ast.Assign)
    assert [dotted(part) for part in unpacked(statement.targets[0])] == list(names)


def test_a_lone_surrogate_can_be_stored() -> None:
    assert constant_string(expression(r"'é\ud800'")) == "é?"
