from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signatures.model import Assignment, Class, Entry, Function, Import, decode
from signatures.parsing import Unreadable
from signatures.python_source import read_module

from .programs import class_, entries, function


def fact(source: str, key: str, module: str = "p.m") -> Any:
    """What one `@…` entry of a program says; None where it has none."""
    entry = entries(source, module).get(key)
    return json.loads(entry.surface) if entry is not None else None


def names(source: str) -> set[str]:
    return {key for key in entries(source) if not key.startswith("@")}


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("", set()),
        ("x = 1", {"x"}),
        ("x: int", {"x"}),
        ("x = y = 1", {"x", "y"}),
        ("a, (b, *c) = f()", {"a", "b", "c"}),
        ("x = 1\ndel x", set()),
        ("import a.b", {"a"}),
        ("import a.b as c", {"c"}),
        ("from a import b, c as d", {"b", "d"}),
        ("def f(): pass\nclass C: pass", {"f", "C"}),
        ("async def f(): pass", {"f"}),
        ("class C:\n    def f(self): pass\n    class D:\n        def g(self): pass", {"C", "C.f", "C.D", "C.D.g"}),
        ("def f():\n    def g(): pass\n    x = 1", {"f"}),
        ("if flag:\n    x = 1\nelse:\n    y = 2", {"x", "y"}),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", {"b"}),
        ("if not is_torch_available():\n    x = 1\nelse:\n    y = 1", {"x", "y"}),
        ("if sys.version_info >= (3, 99):\n    x = 1\nelse:\n    y = 1", {"y"}),
        ("try:\n    import a\nexcept ImportError:\n    a = b = None", {"a", "b"}),
        ("try:\n    x = 1\nfinally:\n    y = 2", {"x", "y"}),
        ("with f() as g:\n    x = 1", {"g", "x"}),
        ("match f():\n    case 1:\n        x = 1", {"x"}),
        ("for i in range(3):\n    x = i", {"x"}),
        ("class C:\n    if True:\n        def f(self): pass\n    else:\n        def g(self): pass", {"C", "C.f"}),
        ("class C:\n    def f(self): pass\n    f = 1", {"C"}),
        ("class C:\n    f = 1\n    def f(self): pass", {"C", "C.f"}),
    ],
)
def test_names(source: str, bound: set[str]) -> None:
    found = names(source)
    assert bound <= found
    assert {key for key in found if key.isidentifier() or "." in key} - bound <= {"g", "i"}


@pytest.mark.parametrize(
    ("source", "first"),
    [
        ("if flag:\n    def f(a): ...\nelse:\n    def f(b): ...", "a"),
        ("def f(a): ...\ndef f(b): ...", "b"),
        ("try:\n    def f(a): ...\nexcept E:\n    def f(b): ...", "a"),
        ("@overload\ndef f(a): ...\n@overload\ndef f(b): ...\ndef f(c): ...", "c"),
    ],
)
def test_the_definition_that_holds(source: str, first: str) -> None:
    assert function(source).signature.parameters[0].name == first


@pytest.mark.parametrize(
    "signature",
    [
        "()",
        "(a)",
        "(a, /)",
        "(a, /, b, *, c)",
        "(a, b=1, *args, c, d=2, **kwargs)",
        "(*, a)",
        "(*args)",
        "(**kwargs)",
        "(a, b='x', /, c=None)",
        "(a: int, b: str = 'x') -> list[int]",
        "(a: int = 1, *args: str, b: int, **kwargs: Any) -> None",
        "(self, a: 'Text' = None)",
    ],
)
def test_signatures_are_written_as_they_were_read(signature: str) -> None:
    assert str(function(f"def f{signature}: ...").signature) == signature


def test_a_long_default_over_lines_is_one_text() -> None:
    one = function("def f(a={'x': [1, 2], 'y': 3}): ...").signature
    two = function("def f(\n    a={\n        'x': [1, 2],  # why\n        'y': 3,\n    },\n): ...").signature
    assert one == two


@pytest.mark.parametrize(
    ("source", "module", "is_package", "expected"),
    [
        ("from . import a", "p.m", False, ("p", "a")),
        ("from . import a", "p", True, ("p", "a")),
        ("from .b import a", "p.m", False, ("p.b", "a")),
        ("from .b import a", "p", True, ("p.b", "a")),
        ("from ..b import a", "p.q.m", False, ("p.b", "a")),
        ("from .. import a", "p.q", True, ("p", "a")),
        ("from b.c import a", "p.m", False, ("b.c", "a")),
        ("import b.c as a", "p.m", False, ("b.c", None)),
        ("import a.b", "p.m", False, ("a", None)),
    ],
)
def test_imports_are_absolute(source: str, module: str, is_package: bool, expected: tuple[str, str | None]) -> None:
    held = {entry.key: entry for entry in read_module(source.encode(), module, is_package=is_package)}["a"]
    found = decode("a", held.surface)
    assert isinstance(found, Import)
    assert (found.module, found.attribute) == expected


@pytest.mark.parametrize(
    ("source", "key", "value"),
    [
        ("from .a import *", "@star:p.a", ["import", 0]),
        ("__all__ = ['b', 'a']", "@all", ["a", "b"]),
        ("__all__ = ('a',)\n__all__ += ['b']", "@all", ["a", "b"]),
        ("__all__ = ['a']\n__all__.extend(['b'])", "@all", ["a", "b"]),
        ("__all__ = ['a'] + other.__all__", "@all-open", 1),
        ("from . import m\nfor name in dir(m):\n    globals()[name] = getattr(m, name)", "@star:p.m", ["dir", 0]),
        ("globals().update(f())", "@dynamic", 1),
        ("globals()['x'] = 1", "@dynamic", 1),
        ("setattr(sys.modules[__name__], 'x', 1)", "@dynamic", 1),
        ("def __getattr__(name): return f(name)", "@getattr", "?"),
        ("def __getattr__(name):\n    raise AttributeError(name)", "@getattr", None),
        ("TABLE = {'A': X, 'B': Y}", "@keys:TABLE", {"A": "X", "B": "Y"}),
    ],
)
def test_facts_of_a_module(source: str, key: str, value: object) -> None:
    assert fact(source, key) == value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", Assignment("x", "1")),
        ("x: int = 1", Assignment("x", "1", "int")),
        ("x: int", Assignment("x", None, "int")),
        ("x = a.b", Assignment("x", "a.b", None, "a.b")),
        ("x = f()", Assignment("x", "f()")),
    ],
)
def test_assignments(source: str, expected: Assignment) -> None:
    assert decode("x", entries(source)["x"].surface) == expected


def test_a_class() -> None:
    found = class_(
        """
        @decorated(by=1)
        class C(Base, other.Base[int], metaclass=Meta, **more):
            '''Text.'''
            a: int = 1
            b = c, d = 1, 2
            e: str
            def f(self): ...
            class D: ...
        """
    )
    assert found == Class(
        "C",
        ("Base", "other.Base[int]"),
        (("metaclass", "Meta"), ("**", "more")),
        ("decorated(by=1)",),
        (
            Assignment("a", "1", "int"),
            Assignment("b", "1, 2"),
            Assignment("c", "…"),
            Assignment("d", "…"),
            Assignment("e", None, "str"),
        ),
        ("f", "D"),
    )


def test_properties_keep_their_getter() -> None:
    source = """
        class C:
            @property
            def size(self): return 1
            @size.setter
            def size(self, value): ...
    """
    found = function(source, "C.size")
    assert found.is_property and len(found.signature.parameters) == 1


def test_overloads_of_a_stub_are_kept() -> None:
    source = b"@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\n"
    found = {entry.key for entry in read_module(source, "m", is_stub=True)}
    assert found == {"f", "f@1"}


# Hostile and odd input

_DEEP = 10_000


@pytest.mark.parametrize(
    "source",
    [
        b"x = 1\0",
        b"def f(:\n",
        b"x = 1\n  y = 2\n",
        b"if True:\n\tx = 1\n        y = 2\n",
        b"\xff\xfe",
        b"# coding: nonsense\nx = 1\n",
        b"# coding: ascii\nx = '\xe9'\n",
        b"# coding: undefined\nx = '\xe9'\n",
        b"# coding: idna\nx = '\xe9'\n",
        b"# coding: hex\nx = '\xe9'\n",
        b"# coding: utf-8\nx = '\xe9'\n",
        b"\xef\xbb\xbf# coding: latin-1\nx = '\xe9'\n",
        b"x = '" + b"a" * 10_000_000 + b"'\n",
        b"x = " + b"(" * _DEEP + b")" * _DEEP + b"\n",
        b"x = " + b"[" * 150 + b"]" * 150 + b"\n" + b"x = " + b"[" * _DEEP,
        "x = 'ü".encode(),
        b"print 'two'\n",
        b"match x:\n    case 1:\n",
        b"f'{'\n",
        b"\\",
    ],
    ids=lambda source: repr(source[:24]),
)
def test_unreadable(source: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read_module(source, "m")
    message = str(caught.value)
    assert message and message.isprintable() and len(message) < 300


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (b"\xef\xbb\xbfx = 'a'\n", "'a'"),
        (b"\xef\xbb\xbf# coding: utf-8\nx = '\xc3\xa9'\n", "'é'"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "'é'"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\nx = '\xe9'\n", "'é'"),
        (b"# coding: latin-1\nx = '\xc3\xa9'\n", "'Ã©'"),
        (b"# coding: utf-8\nx = '\xc3\xa9'\n", "'é'"),
        (b"x = 'a'\r\ny = 2\r\n", "'a'"),
        (b"y = 2\rx = 'a'\r", "'a'"),
        (b"\x0cx = 'a'\n\x0c\ny = g(1)\n", "'a'"),
        (b"if 1:\n\tx = 'a'\n\ty = 2\n", "'a'"),
        (b"x = 'a'", "'a'"),
        (b"x = '\\\n'\n", "''"),
        (b"x = '\\d'\n", "'\\\\d'"),
        (b"x = '\\ud800'\n", "'\\ud800'"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_odd_but_readable(source: bytes, value: str) -> None:
    found = {entry.key: entry for entry in read_module(source, "m")}["x"]
    definition = decode("x", found.surface)
    assert isinstance(definition, Assignment) and definition.value == value


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "-" * _DEEP + "1\n",
        "x = " + "not " * _DEEP + "1\n",
        "x = a" + ".b" * _DEEP + "\n",
        "x = f" + "()" * _DEEP + "\n",
        "x = a" + "[0]" * _DEEP + "\n",
        "x = " + "1 + " * _DEEP + "1\n",
        "x = " + "'a' " * _DEEP + "\n",
        "x = " + "1 if a else " * _DEEP + "1\n",
        "x = " + "lambda: " * _DEEP + "1\n",
        "__all__ = " + "['a'] + " * _DEEP + "['b']\n",
        "if " + "not " * 90 + "a: x = 1\n",
        "def f(**k): return g" + "(**k)" * _DEEP + "\n",
        "def f(self): return self" + ".a()" * _DEEP + "\n",
        "if a: x = 1\n" + "elif a: x = 1\n" * _DEEP,
        "\n".join(" " * depth + "if a:" for depth in range(99)) + "\n" + " " * 99 + "x = 1\n",
        "\n".join(" " * depth + "class C:" for depth in range(99)) + "\n" + " " * 99 + "x = 1\n",
        "@a\n" * _DEEP + "def f(): ...\n",
        "x = 1\n" * 100_000,
        "x = (" + "1,\n" * 100_000 + ")\n",
        "x = f'{" + "a" * 100 + "}'\n" * 100,
        "_import_structure = {'a\\nb': ['c\\0'], '\\ud800': ['\\ud800']}\n__all__ = ['\\ud800', 'a\\nb']\n",
        "def f(**k): return f'''é\n{k} é {g(**k)} é\n{g(\n**k)}'''\n",
        "def f(self, **k): return f'é{self.g(x=1)}é{h.é(**k)}' f'''é\n é{i.j(**k)}'''\n",
        "class A: x = y = (z := 1)\n",
        "def __getattr__(*, name): return 1\n",
        "def __getattr__(): raise E\n",
        "_import_structure = {**a, 'b': c}\n_import_structure['x'][0].append()\n",
        "__all__: list\n__all__ += x\nsys.modules[1] = 2\n",
        "def deprecate(): ...\n@deprecate_kwarg()\n@deprecate_kwarg(*a, **b)\ndef f(): ...\n",
        "for f in x.rglob(): pass\nfor a in dir(): globals()[a] = 1\n",
        "namedtuple()\nX = namedtuple('X', 3)\nsetattr()\n_create_alias(1, 2)\n",
    ],
    ids=lambda source: repr(source[:40]),
)
def test_bombs(source: str) -> None:
    started = time.process_time()
    try:
        found = read_module(source.encode(), "m")
    except Unreadable as error:
        assert str(error).isprintable()
    else:
        assert_storable(found)
    # Generous: what would be quadratic takes minutes.
    assert time.process_time() - started < 20


def assert_storable(found: list[Entry]) -> None:
    assert [entry.key for entry in found] == sorted({entry.key for entry in found})
    for entry in found:
        assert entry.key.isprintable()
        for text in entry:
            text.encode()
        if not entry.key.startswith("@"):
            definition = decode(*entry)
            assert isinstance(definition, (Assignment, Class, Function, Import))


@pytest.mark.skipif(not hasattr(sys, "get_int_max_str_digits"), reason="this Python has no limit on digits")
def test_an_integer_too_long_to_write() -> None:
    try:
        found = read_module(b"x = " + b"1" * 5000 + b"\ny = 0x" + b"f" * 5000 + b"\n", "m")
    except Unreadable:
        return
    assert_storable(found)


def test_reading_does_not_run_what_is_read() -> None:
    assert names("import sys\nsys.exit(1)\nraise SystemExit\nx = 1 / 0") == {"sys", "x"}


def test_recursion_bombs_do_not_crash_the_process() -> None:
    program = """
from signatures.parsing import Unreadable
from signatures.python_source import read_module
bombs = ["-" * 100000 + "1", "a" + ".b" * 200000, "1 +" * 200000 + "1", "(a" + "\\n.b" * 1000000 + ")"]
for text in [*bombs, "f" + "()" * 500000]:
    try:
        read_module(("x = " + text).encode(), "m")
    except Unreadable:
        pass
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")


# Random programs

_NAMES = st.sampled_from(["a", "b", "self", "cls", "kwargs", "__all__", "_import_structure", "__getattr__", "é", "C"])
_EXPRESSIONS = st.recursive(
    st.sampled_from(["1", "'x'", "None", "'é'", "b'x'", "...", "f'{a}é'", "1.5"]) | _NAMES,
    lambda inner: st.one_of(
        st.builds("{}.{}".format, inner, _NAMES),
        st.builds("{}({})".format, inner, inner),
        st.builds("{}({}, **kwargs)".format, inner, inner),
        st.builds("{}(*{}, a={})".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("({},\n {},)".format, inner, inner),
        st.builds("{{{}: {}, **{}}}".format, inner, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("(lambda *a, b={}, **kwargs: {})".format, inner, inner),
        st.builds("[{} for a in {} if {}]".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("f'{{{}!r}}'".format, _NAMES),
    ),
    max_leaves=6,
)


def _indented(body: str) -> str:
    return "".join(f"    {line}\n" for line in body.splitlines()) or "    pass\n"


_STATEMENTS = st.recursive(
    st.one_of(
        st.builds("{} = {}\n".format, _NAMES, _EXPRESSIONS),
        st.builds("{}: {} = {}\n".format, _NAMES, _EXPRESSIONS, _EXPRESSIONS),
        st.builds("{} += {}\n".format, _NAMES, _EXPRESSIONS),
        st.builds("{}['x'] = {}\n".format, _NAMES, _EXPRESSIONS),
        st.builds("self.{}, {} = {}\n".format, _NAMES, _NAMES, _EXPRESSIONS),
        st.builds("{}\n".format, _EXPRESSIONS),
        st.builds("return {}\n".format, _EXPRESSIONS),
        st.builds("from .{} import {} as {}\n".format, _NAMES, _NAMES, _NAMES),
        st.builds("from . import {}\n".format, _NAMES),
        st.builds("import {}.{}\n".format, _NAMES, _NAMES),
        st.builds("raise {}\n".format, _EXPRESSIONS),
        st.builds("del {}\n".format, _NAMES),
    ),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds(
            lambda name, default, annotation, body: (
                f"def {name}(self, a={default}, *, b: {annotation}, **kwargs):\n{body}"
            ),
            _NAMES,
            _EXPRESSIONS,
            _EXPRESSIONS,
            inner.map(_indented),
        ),
        st.builds("@{}\nclass {}({}):\n{}".format, _EXPRESSIONS, _NAMES, _EXPRESSIONS, inner.map(_indented)),
        st.builds("if {}:\n{}else:\n{}".format, _EXPRESSIONS, inner.map(_indented), inner.map(_indented)),
        st.builds("try:\n{}except {}:\n{}".format, inner.map(_indented), _EXPRESSIONS, inner.map(_indented)),
        st.builds("for {} in {}:\n{}".format, _NAMES, _EXPRESSIONS, inner.map(_indented)),
        st.builds("with {} as {}:\n{}".format, _EXPRESSIONS, _NAMES, inner.map(_indented)),
        st.builds("match {}:\n    case {}:\n{}".format, _NAMES, _NAMES, inner.map(_indented).map(_indented)),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(_STATEMENTS, st.booleans(), st.booleans())
def test_random_programs(source: str, is_package: bool, is_stub: bool) -> None:
    try:
        found = read_module(source.encode(), "p.m", is_package=is_package, is_stub=is_stub)
    except Unreadable:
        with pytest.raises((SyntaxError, ValueError)):
            ast.parse(source)
        return
    assert_storable(found)
    again = read_module(source.encode(), "p.m", is_package=is_package, is_stub=is_stub)
    assert found == again
    on_windows = read_module(source.replace("\n", "\r\n").encode(), "p.m", is_package=is_package, is_stub=is_stub)
    assert found == on_windows


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes(source: bytes) -> None:
    try:
        assert_storable(read_module(source, "m"))
    except Unreadable as error:
        assert str(error).isprintable()


_ENCODINGS = (
    "utf-7 latin-1 cp037 utf-16 unicode_escape raw_unicode_escape shift_jis punycode idna undefined rot13 mbcs x"
)


@settings(deadline=None)
@given(st.sampled_from(_ENCODINGS.split()), st.binary(max_size=40))
def test_random_cookies(encoding: str, rest: bytes) -> None:
    try:
        assert_storable(read_module(f"# coding: {encoding}\n".encode() + rest, "m"))
    except Unreadable as error:
        assert str(error).isprintable()
