from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from signatures.differences import ChangedEntry, differences
from signatures.model import Change, Entry
from signatures.op_schemas import op_entries, parse_schema
from signatures.surface import Snapshot, Surface

from .programs import Files, modules

Modules = dict[str, list[Entry]]
Rows = list[tuple[str, str, str]]


def changed(old: Modules, new: Modules) -> Iterator[ChangedEntry]:
    for module in sorted(old.keys() | new.keys()):
        before = {entry.key: entry for entry in old.get(module, ())}
        after = {entry.key: entry for entry in new.get(module, ())}
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield ChangedEntry(module, key, before.get(key), after.get(key))


def compared(old: Modules, new: Modules, **options: Any) -> list[Change]:
    before, after = Surface("p", "1", Snapshot(old)), Surface("p", "2", Snapshot(new))
    return differences(before, after, changed(old, new), **options)


def rows(old: Files | str, new: Files | str, **options: Any) -> Rows:
    files = ({"p/__init__.py": each} if isinstance(each, str) else {"p/__init__.py": "", **each} for each in (old, new))
    return [(c.rule, c.symbol, c.detail) for c in compared(*map(modules, files), **options)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def f(): ...", "def f(): ...", []),
        ("def f(): return 1", "def f(): return 2", []),
        ("def f(): ...", "", [("symbol-removed", "p.f", "is gone")]),
        ("x = 1", "", [("symbol-removed", "p.x", "is gone")]),
        ("def _f(): ...", "", []),
        ("", "def f(): ...", []),
        ("def f(a): ...", "def f(a, b): ...", [("parameter-required", "p.f", "`b` is new and required")]),
        ("def f(): ...", "class f: ...", [("symbol-rebound", "p.f", "was a function, is now a class")]),
        (
            "class C:\n    def m(self, a): ...",
            "class C:\n    def m(self, b, a): ...",
            [
                ("parameter-required", "p.C.m", "`b` is new and required"),
                ("positional-shift", "p.C.m", "positional argument 1 is now `b`, was `a`"),
            ],
        ),
        (
            "class C:\n    @staticmethod\n    def m(a): ...",
            "class C:\n    @staticmethod\n    def m(b, a): ...",
            [
                ("parameter-required", "p.C.m", "`b` is new and required"),
                ("positional-shift", "p.C.m", "positional argument 1 is now `b`, was `a`"),
            ],
        ),
        (
            "class C:\n    @property\n    def m(self): ...",
            "class C:\n    def m(self): ...",
            [("attribute-kind-changed", "p.C.m", "was a property, is now a method")],
        ),
        ("class C:\n    x = 1", "class C: ...", [("attribute-removed", "p.C.x", "is gone")]),
        ("class C:\n    _x = 1", "class C: ...", []),
        # Nobody can say what `__getattr__` answers to.
        (
            "class C:\n    def __getattr__(self, name): ...\n    def m(self): ...",
            "class C:\n    def __getattr__(self, name): ...",
            [("attribute-removed", "p.C.m", "is gone, unless it is set at run time")],
        ),
        # What a constructor sets is an attribute too, wherever it is set.
        (
            "class C:\n    def __init__(self):\n        self.x = 1\n        self._y = 2",
            "class C:\n    def __init__(self):\n        pass",
            [("attribute-removed", "p.C.x", "is gone")],
        ),
        (
            "class C:\n    def __init__(self):\n        self.x = 1",
            "class C:\n    def __init__(self):\n        self.m()\n    def m(self):\n        self.x = 1",
            [],
        ),
        # A class that is gone is one row, without its members.
        ("class C:\n    x = 1\n    def m(self): ...", "", [("symbol-removed", "p.C", "is gone")]),
        # What is inherited now is still there.
        (
            "class B: ...\nclass C(B):\n    x = 1\n    def m(self, a): ...",
            "class B:\n    x = 1\n    def m(self, a): ...\nclass C(B): ...",
            [],
        ),
        (
            "class B:\n    def m(self, a): ...\nclass C(B):\n    def m(self, a, b): ...",
            "class B:\n    def m(self, a): ...\nclass C(B): ...",
            [("parameter-removed", "p.C.m", "`b` is gone")],
        ),
        # `**kwargs` that goes nowhere swallows the old keyword; one that is read does not.
        (
            "def f(a, b=1): ...",
            "def f(a, **kwargs): ...",
            [("parameter-swallowed", "p.f", "`b` is gone; the old keyword is swallowed by **kwargs")],
        ),
        (
            "def f(a, b=1): ...",
            "def f(a, **kwargs): return kwargs.pop('b', 1)",
            [("parameter-keyword-only", "p.f", "`b` is keyword-only")],
        ),
        (
            "def f(a, b=1): ...",
            "def f(a, **kwargs): return g(a, **kwargs)\ndef g(a, b=1): ...",
            [("parameter-keyword-only", "p.f", "`b` is keyword-only")],
        ),
    ],
)
def test_one_module(old: str, new: str, expected: Rows) -> None:
    assert rows(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            {"p/a.py": "def f(): ..."},
            {"p/a.py": "", "p/b.py": "def f(): ..."},
            [("symbol-moved", "p.a.f", "is now p.b.f")],
        ),
        # Two homes are none: nobody may guess.
        (
            {"p/a.py": "def f(): ..."},
            {"p/a.py": "", "p/b.py": "def f(): ...", "p/c.py": "def f(): ..."},
            [("symbol-removed", "p.a.f", "is gone")],
        ),
        # It is still importable from the old place.
        (
            {"p/a.py": "def f(): ..."},
            {"p/a.py": "from p.b import f", "p/b.py": "def f(): ..."},
            [],
        ),
        (
            {"p/a.py": "def f(size): ..."},
            {"p/a.py": "from p.b import f", "p/b.py": "def f(sizes): ..."},
            [("parameter-renamed", "p.a.f", "`size` is now `sizes`")],
        ),
        (
            {"p/a.py": "def f(): ...\ndef g(): ..."},
            {"p/b.py": "def f(): ...\ndef g(): ..."},
            [("module-moved", "p.a", "its 2 symbols are now in p.b")],
        ),
        (
            {"p/a.py": "def f(): ...\ndef g(): ..."},
            {"p/b.py": "def f(): ..."},
            [("module-removed", "p.a", "2 symbols, 1 of them moved")],
        ),
        ({"p/a.py": "def f(): ..."}, {}, [("module-removed", "p.a", "1 symbol gone")]),
        # A package goes with all that is below it: one row.
        (
            {"p/q/__init__.py": "", "p/q/a.py": "def f(): ...", "p/q/b.py": "def g(): ...\nclass C:\n    x = 1"},
            {},
            [("module-removed", "p.q", "2 modules with 3 symbols gone")],
        ),
        ({"p/_a.py": "def f(): ..."}, {}, []),
        ({"p/modular_a.py": "def f(): ..."}, {}, []),
        # What a package showed of its own modules.
        (
            {"p/q/__init__.py": "from p.q.a import f", "p/q/a.py": "def f(): ..."},
            {"p/q/__init__.py": "", "p/q/a.py": "def f(): ..."},
            [("symbol-moved", "p.q.f", "is now only at p.q.a.f")],
        ),
        (
            {"p/q.py": "from p.a import f", "p/a.py": "def f(): ..."},
            {"p/q.py": "", "p/a.py": "def f(): ..."},
            [],
        ),
    ],
)
def test_several_modules(old: Files, new: Files, expected: Rows) -> None:
    assert rows(old, new) == expected


def test_an_alias_module_that_is_gone_says_what_it_stood_for() -> None:
    lazy = """
        import sys
        sys.modules["p.old"] = new
        from p import new
    """
    old = {"p/__init__.py": lazy, "p/new.py": "def f(): ..."}
    entries = modules(old)
    entries["p.old"] = [Entry("@alias-of", '["p.new","stub"]')]
    found = compared(entries, modules({"p/__init__.py": "", "p/new.py": "def f(): ..."}))
    assert ("module-removed", "p.old", "was an alias of p.new", "p.new") in [
        (c.rule, c.symbol, c.detail, c.new) for c in found
    ]


def test_a_member_of_many_classes_is_one_row_for_the_base_that_had_it() -> None:
    copies = {f"p/models/m{number}.py": "class C:\n    def gone(self): ..." for number in range(40)}
    stripped = dict.fromkeys(copies, "class C: ...")
    old = {"p/base.py": "class B:\n    def gone(self): ...", "p/models/__init__.py": "", **copies}
    new = {"p/base.py": "class B: ...", "p/models/__init__.py": "", **stripped}
    files = ({"p/__init__.py": "", **each} for each in (old, new))
    [row] = compared(*map(modules, files))
    assert (row.rule, row.symbol, row.detail) == ("attribute-removed", "p.base.B.gone", "is gone")
    assert len(row.repeats) == 40
    assert list(row.repeats) == sorted(row.repeats)


def test_what_subclasses_inherit_is_not_told_again() -> None:
    classes = "\n".join(f"class C{number}(B): ..." for number in range(40))
    old, new = f"class B:\n    def gone(self): ...\n{classes}", f"class B: ...\n{classes}"
    assert rows(old, new) == [("attribute-removed", "p.B.gone", "is gone")]


def test_configs_that_become_keyword_only_dataclasses_are_one_row() -> None:
    base = """
        from dataclasses import dataclass

        @dataclass
        class Config:
            version: str = ""
            def __init_subclass__(cls, **kwargs):
                dataclass(cls, kw_only=True)
    """
    old = {f"p/c{n}.py": f"class C{n}:\n    def __init__(self, a{n}=1, b{n}=2): ..." for n in range(5)}
    new = {
        f"p/c{n}.py": f"from p.base import Config\nclass C{n}(Config):\n    a{n}: int = 1\n    b{n}: int = 2"
        for n in range(5)
    }
    files = ({"p/__init__.py": "", "p/base.py": base, **each} for each in (old, new))
    found = compared(*map(modules, files))
    detail = "all parameters that were positional are keyword-only; the first positional argument is now `version`"
    assert [(c.rule, c.symbol, c.detail, len(c.repeats)) for c in found] == [
        ("parameter-keyword-only", "p.c0.C0.__init__", detail, 4)
    ]


def test_forms_are_those_of_the_named_symbol() -> None:
    [row] = compared(*(modules({"p/__init__.py": text}) for text in ("def f(a, b=1): ...", "def f(a): ...")))
    assert (row.old, row.new) == ("(a, b=1)", "(a)")


@pytest.mark.parametrize(
    ("under", "expected"),
    [
        ("", ["p.a.C.x", "p.a.f", "p.ab.f"]),
        ("p.a", ["p.a.C.x", "p.a.f"]),
        ("p.a.C", ["p.a.C.x"]),
        ("p.a.C.x", ["p.a.C.x"]),
        ("p.other", []),
    ],
)
def test_only_what_is_below_a_path(under: str, expected: list[str]) -> None:
    old = {"p/a.py": "class C:\n    x = 1\ndef f(): ...", "p/ab.py": "def f(a): ..."}
    new = {"p/a.py": "class C: ...", "p/ab.py": "def f(b, a): ..."}
    assert sorted({symbol for _, symbol, _ in rows(old, new, under=under)}) == expected


def test_everything_shows_private_names_additions_moves_and_bases() -> None:
    old = {"p/a.py": "def _f(): ...\ndef g(): ...\nclass B: ...\nclass C: ..."}
    new = {"p/a.py": "from p.b import g\nclass B: ...\nclass C(B): ...", "p/b.py": "def g(): ...\nx = 1"}
    assert rows(old, new, everything=True) == [
        ("base-removed", "p.a.C", "has other bases"),
        ("symbol-added", "p.b.g", "is new"),
        ("symbol-added", "p.b.x", "is new"),
        ("symbol-moved", "p.a.g", "still resolves, now defined at p.b.g"),
        ("symbol-removed", "p.a._f", "is gone"),
    ]


STUB = """\
from typing import overload
@overload
def f(a: int) -> int: ...
@overload
def f(a: str, size: int) -> str: ...
"""


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (STUB, []),
        (STUB.replace("size: int", "size: float"), []),
        (STUB + "@overload\ndef f(a: bytes, *, c: int) -> str: ...\n", []),
        (STUB.replace("size", "sizes"), [("parameter-renamed", "p.s.f", "`size` is now `sizes`")]),
        (STUB.partition("@overload\ndef f(a: str")[0], [("parameter-removed", "p.s.f", "`size` is gone")]),
        ("", [("symbol-removed", "p.s.f", "is gone")]),
    ],
)
def test_a_call_may_bind_to_any_overload(new: str, expected: Rows) -> None:
    assert rows({"p/s.pyi": STUB}, {"p/s.pyi": new}) == expected


def operators(*schemas: str) -> Modules:
    return {"torch": [], **op_entries(parse_schema(text) for text in schemas)}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("npu::f(Tensor a) -> Tensor", "npu::f(Tensor a, int b=1) -> Tensor", []),
        ("npu::f(Tensor a) -> Tensor", "npu::g(Tensor a) -> Tensor", [("op-removed", "is gone")]),
        (
            "npu::f(Tensor a) -> Tensor",
            "npu::f(Tensor a) -> (Tensor, Tensor)",
            [("op-return-changed", "returns (Tensor, Tensor), was Tensor")],
        ),
        (
            "npu::f(Tensor a, int b=0) -> Tensor",
            "npu::f(Tensor a, int b=1) -> Tensor",
            [("op-default-changed", "`b` defaults to 1, was 0")],
        ),
        (
            "npu::f(Tensor a, int b) -> Tensor",
            "npu::f(Tensor a, *, int b) -> Tensor",
            [("op-parameter", "`b` is keyword-only")],
        ),
        (
            "npu::f.out(Tensor a, int b=0) -> Tensor",
            "npu::f.out(Tensor a) -> Tensor",
            [("op-parameter", "`b` is gone")],
        ),
    ],
)
def test_operators_have_rules_of_their_own(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    found = compared(operators(old), operators(new))
    assert [(c.rule, c.symbol, c.detail) for c in found] == [(rule, "torch.ops.npu.f", why) for rule, why in expected]
