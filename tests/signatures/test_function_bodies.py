from __future__ import annotations

import pytest

from signatures.model import Deprecation, HookCall

from .programs import class_, function


def method(body: str, head: str = "self, x, **kwargs") -> str:
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    return f"class C:\n    def f({head}):\n{lines}\n"


@pytest.mark.parametrize(
    ("body", "taken", "forwarded", "escapes"),
    [
        ("return x", (), (), False),
        ("kwargs.pop('a'); kwargs.get('b', 1); kwargs['c']", ("a", "b", "c"), (), False),
        ("return kwargs.setdefault('a', 1)", ("a",), (), False),
        ("if 'a' in kwargs: return 1", ("a",), (), False),
        ("if 'a' not in kwargs: return 1", ("a",), (), False),
        ("kwargs['a'] = 1\nreturn g(x, **kwargs)", (), ("g",), False),
        ("kwargs.update(a=1)\nreturn self.g(**kwargs)", (), ("self.g",), False),
        ("return super().f(x, **kwargs)", (), ("super().f",), False),
        ("return super(C, self).f(x, **kwargs)", (), ("super().f",), False),
        ("return g(**kwargs), h.i(**kwargs)", (), ("g", "h.i"), False),
        ("return g(h(**kwargs), kwargs.pop('a'))", ("a",), ("h",), False),
        ("if len(kwargs): raise ValueError", (), (), False),
        ("kwargs = {**kwargs, 'a': 1}\nreturn g(**kwargs)", (), ("g",), True),
        ("return g(kwargs)", (), (), True),
        ("return kwargs", (), (), True),
        ("for key in kwargs: print(key)", (), (), True),
        ("for key, value in kwargs.items(): setattr(self, key, value)", (), (), True),
        ("return kwargs.pop(x)", (), (), True),
        ("return kwargs[x]", (), (), True),
        ("self.kwargs = kwargs", (), (), True),
        ("with g(**kwargs) as y: return y", (), ("g",), False),
        ("try:\n    return kwargs.pop('a')\nexcept KeyError:\n    return kwargs.pop('b')", ("a", "b"), (), False),
        ("match x:\n    case 1: return kwargs.pop('a')\n    case _: return g(**kwargs)", ("a",), ("g",), False),
        ("return [kwargs.get('a') for _ in x if kwargs.get('b')]", ("a", "b"), (), False),
        ("return (lambda: kwargs.pop('a'))()", ("a",), (), False),
        ("while kwargs.get('a'): pass\nelse: return kwargs['b']", ("a", "b"), (), False),
        ("def inner(y): return kwargs.pop('a')\nreturn inner", ("a",), (), False),
        ("def inner(**kwargs): return kwargs.pop('a')\nreturn inner", (), (), False),
        ("return f'{kwargs[\"a\"]}'", ("a",), (), False),
        ("del kwargs['a']\nreturn g(**kwargs)", ("a",), ("g",), False),
        ("return x if kwargs.get('a') is None else kwargs", ("a",), (), True),
        ("return kwargs.get('a', kwargs.get('b'))", ("a", "b"), (), False),
        ("return await_(kwargs | {'a': 1})", (), (), True),
        ("return dict(kwargs)", (), (), True),
        ("return {**kwargs}", (), (), True),
        ("if kwargs: raise TypeError", (), (), None),
    ],
)
def test_what_the_double_star_takes(
    body: str, taken: tuple[str, ...], forwarded: tuple[str, ...], escapes: bool | None
) -> None:
    found = function(method(body), "C.f").body
    assert found.taken == taken
    assert found.forwarded == forwarded
    if escapes is not None:
        assert found.escapes is escapes


def test_without_a_double_star_nothing_is_taken() -> None:
    found = function("def f(kwargs): return kwargs.pop('a'), g(**kwargs)").body
    assert (found.taken, found.forwarded, found.escapes) == ((), (), False)


def test_a_decorator_gains_what_its_wrapper_takes() -> None:
    found = function(
        """
        def f(func):
            def wrapper(self, *args, **kw):
                flag = kw.pop("return_dict", None)
                return func(self, *args, **kw)
            return wrapper
        """
    ).body
    assert (found.taken, found.escapes) == (("return_dict",), False)


@pytest.mark.parametrize(
    ("body", "hooks"),
    [
        ("self.g(x, 1, a=2)", [HookCall("self", "g", 2, ("a",), False, False)]),
        ("self.g(*x, **kwargs)", [HookCall("self", "g", 0, (), True, True)]),
        ("super().g(x)", [HookCall("super", "g", 1, (), False, False)]),
        ("super(C, self).g(x)", [HookCall("super", "g", 1, (), False, False)]),
        (
            "return [self.g(y) for y in self.h()]",
            [HookCall("self", n, p, (), False, False) for n, p in (("g", 1), ("h", 0))],
        ),
        ("self.g(self.h(x))", [HookCall("self", n, 1, (), False, False) for n in "gh"]),
        ("if self.g(): pass", [HookCall("self", "g", 0, (), False, False)]),
        ("return self.model.g(x)", []),
        ("g(x)", []),
        ("def inner(): return self.g(x)\nreturn inner", [HookCall("self", "g", 1, (), False, False)]),
        ("self.g(x)\nself.g(x)", [HookCall("self", "g", 1, (), False, False)]),
        ("@self.g(x)\ndef inner(): ...", [HookCall("self", "g", 1, (), False, False)]),
        ("def inner(y=self.g(x)): ...", [HookCall("self", "g", 1, (), False, False)]),
    ],
)
def test_hooks(body: str, hooks: list[HookCall]) -> None:
    assert list(function(method(body), "C.f").body.hooks) == hooks


def test_hooks_of_a_class_method() -> None:
    found = function("class C:\n    @classmethod\n    def f(cls, x): return cls.g(x)\n", "C.f").body
    assert found.hooks == (HookCall("cls", "g", 1, (), False, False),)


@pytest.mark.parametrize(
    ("body", "returns"),
    [
        ("return", {"None"}),
        ("pass", set()),
        ("return None", {"None"}),
        ("return x, x", {"tuple:2"}),
        ("return (*x, 1)", {"tuple:*"}),
        ("return g.Output(x)", {"call:g.Output"}),
        ("return g()(x)", {"?"}),
        ("return x", {"name:x"}),
        ("return self", {"self"}),
        ("return {}", {"dict"}),
        ("return [x]", {"list"}),
        ("return 'x'", {"str"}),
        ("return x.y", {"?"}),
        ("if x: return 1\nelse: return x, x", {"int", "tuple:2"}),
        ("for y in x:\n    with y: return 1\nelse:\n    return 'a'", {"int", "str"}),
        ("try: return 1\nexcept E: return 'a'\nfinally: return None", {"int", "str", "None"}),
        ("match x:\n    case 1: return 1", {"int"}),
        ("def inner(): return 1\nreturn inner", {"name:inner"}),
        ("class Inner:\n    def g(self): return 1\nreturn x", {"name:x"}),
        ("return lambda: 1", {"?"}),
    ],
)
def test_returns(body: str, returns: set[str]) -> None:
    assert set(function(method(body), "C.f").body.returns) == returns


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        ("self.a = x", {"a": "x"}),
        ("self.a = Layer(x)", {"a": "Layer()"}),
        ("self.a = nn.Linear(1, 2)", {"a": "nn.Linear()"}),
        ("self.a: int = 5", {"a": "5"}),
        ("self.a = self.b = None", {"a": "None", "b": "None"}),
        ("self.a, self.b = x", {"a": "", "b": ""}),
        ("self.a, (self.b, self.c) = x", {"a": "", "b": "", "c": ""}),
        ("[self.a, self.b] = x", {"a": "", "b": ""}),
        ("if x:\n    self.a = 1\nelse:\n    self.b = 2", {"a": "1", "b": "2"}),
        ("self.a.b = 1", {}),
        ("self.a = x + 1", {"a": ""}),
        ("other.a = 1", {}),
        ("self.a = 1\nself.a = 2", {"a": "1"}),
        ("self.a += 1", {}),
    ],
)
def test_attributes_set_on_self(body: str, attributes: dict[str, str]) -> None:
    assert dict(function(method(body), "C.f").body.attributes) == attributes


@pytest.mark.parametrize(
    ("source", "raised"),
    [
        ("def f(): raise NotImplementedError", "NotImplementedError"),
        ("def f():\n    '''Text.'''\n    raise errors.Gone('why')", "errors.Gone"),
        ("def f(): raise make()()", "?"),
        ("def f():\n    x = 1\n    raise E", None),
        ("def f(): return 1", None),
    ],
)
def test_a_body_that_only_raises(source: str, raised: str | None) -> None:
    assert function(source).body.raises == raised


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        ("def f(): yield 1", {"generator"}),
        ("def f():\n    x = yield from g()", {"generator"}),
        ("def f():\n    def inner(): yield 1\n    return inner", set()),
        ("def f(): return 'yield'", set()),
        ("async def f(): return 1", {"async"}),
        ("def f(): warnings.warn('f is deprecated', FutureWarning)", {"deprecated"}),
        ("def f(): logger.warning_once('`f` is deprecated'); return 1", {"deprecated"}),
        ("def f(): logger.warning('careful')", set()),
        ("class C:\n    def f(self): return 'deprecated'", set()),
    ],
)
def test_flags(source: str, flags: set[str]) -> None:
    assert function(source, "C.f" if "class" in source else "f").flags == flags


def test_a_subclass_hook_that_makes_dataclasses() -> None:
    source = "class C:\n    def __init_subclass__(cls, **kw):\n        dataclass(cls, kw_only=True)\n"
    assert function(source, "C.__init_subclass__").flags == {"makes-dataclass"}


@pytest.mark.parametrize(
    ("body", "deprecations"),
    [
        (
            "if old is not None:\n    warnings.warn('`old` is deprecated, removed in v5.2', FutureWarning)",
            (Deprecation("old", None, "5.2"),),
        ),
        (
            "if 'old' in kwargs:\n    logger.warning('`old` is deprecated')",
            (Deprecation("old", None, None),),
        ),
        ("if new is not None:\n    warnings.warn('`old` is deprecated')", ()),
        ("if old is not None:\n    warnings.warn('careful')", ()),
        ("if old is not None:\n    pass", ()),
    ],
)
def test_parameters_that_the_body_warns_of(body: str, deprecations: tuple[Deprecation, ...]) -> None:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    assert function(f"def f(old=None, new=None, **kwargs):\n{lines}\n").deprecations == deprecations


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f(x):\n    return g(x)", "def f(x):\n    # why\n    return g( x )", True),
        ("def f(x):\n    '''One.'''\n    return x", "def f(x):\n    return x", True),
        ("def f(x):\n    return x", "def f(y):\n    return x", True),
        ("def f(x):\n    return x", "def f(x):\n    return -x", False),
        ("def f():\n    @a\n    def g(): ...", "def f():\n    @b\n    def g(): ...", False),
        ("def f(x):\n    return 'a b'", "def f(x):\n    return 'a c'", False),
    ],
)
def test_digest(one: str, other: str, same: bool) -> None:
    assert (function(one).body.digest == function(other).body.digest) is same


def test_a_body_of_text_only_has_no_digest() -> None:
    assert function("def f():\n    '''Text.'''").body.digest == ""


def test_methods_of_the_class_are_not_its_attributes() -> None:
    found = class_("class C:\n    a = 1\n    def f(self): self.b = 2\n")
    assert ([a.name for a in found.attributes], found.methods) == (["a"], ("f",))
