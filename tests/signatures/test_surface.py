from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from signatures.model import HookCall, Status

from .programs import Files, compare, run, surface

IMPORTS: Files = {
    "p/__init__.py": """
        import os
        from . import direct
        from .direct import one, _hidden as shown
        from .convert import convert
        from .starred import *
        from .listed import *
        import p.deep.inner
        try:
            import surely_not_installed
        except ImportError:
            surely_not_installed = None
        local = 1
        alias = one
        gone = 2
        del gone
    """,
    "p/direct.py": "def one(): ...\ndef _hidden(): ...\nclass K:\n    class L: ...\n    def m(): ...\nlater = K.m\n",
    "p/convert.py": "def convert(): ...\ndef helper(): ...\n",
    "p/starred.py": "from .base import *\ndef public(): ...\ndef _private(): ...\nconvert = 1\ndel convert\n",
    "p/base.py": "def deeper(): ...\nimport json\n",
    "p/listed.py": "__all__ = ['_named', 'listed_one']\ndef _named(): ...\ndef listed_one(): ...\nx = 1\n",
    "p/deep/__init__.py": "",
    "p/deep/inner.py": "from ..direct import K as Known\nfrom .. import direct as up\nvalue = Known.L\n",
}


def test_imports(tmp_path: Path) -> None:
    names = (
        "alias convert deep deep.inner.Known deep.inner.Known.L deep.inner.Known.m deep.inner.nothing "
        "deep.inner.up.one deep.inner.value deeper direct direct.K.L direct.K.nothing direct.later direct.nothing gone "
        "json listed_one local nothing nothing.more one os public shown starred surely_not_installed x _hidden "
        "_named _private __name__ __file__ base.json direct.__doc__"
    )
    compare(tmp_path, IMPORTS, [f"p.{name}" for name in names.split()])


def test_a_module_that_a_function_hides_can_be_imported_from() -> None:
    release = surface(IMPORTS)
    assert release.resolve("p.convert").canonical == "p.convert.convert"
    assert release.resolve("p.convert.helper").canonical == "p.convert.helper"


def test_what_lies_outside_is_external_or_unknown() -> None:
    release = surface(IMPORTS)
    assert release.resolve("p.os").external
    assert release.resolve("p.os.path.join").status is Status.UNKNOWN
    assert release.resolve("p.local.real").status is Status.UNKNOWN
    assert release.resolve("q.x").missing
    assert release.resolve("q.x").stopped_at == "q"
    assert release.resolve("p.deep.nothing.more").stopped_at == "p.deep.nothing"


def test_hops_name_each_step() -> None:
    found = surface(IMPORTS).resolve("p.deeper")
    assert [hop.kind for hop in found.hops] == ["star", "star"]
    assert not found.through_alias


def test_names_of_a_module(tmp_path: Path) -> None:
    release = surface(IMPORTS)
    for module in ("p", "p.deep.inner", "p.direct", "p.starred"):
        code = f"import importlib\nanswer = [n for n in dir(importlib.import_module({module!r})) if n[:2] != '__']"
        modules = {key.removeprefix("p/").removesuffix(".py") for key in IMPORTS} | {"deep"}
        assert release.names(module) - modules == set(run(tmp_path, IMPORTS, code)) - modules
    assert release.names("p.nothing") == frozenset()


def test_import_circles_end() -> None:
    release = surface(
        {
            "p/__init__.py": "from .a import *\nfrom .b import *\n",
            "p/a.py": "from .b import *\nfrom .b import x\nfrom . import y\n",
            "p/b.py": """
                from .a import *
                from .a import x
                from . import y
                class C(C): ...
                class D(E): ...
                class E(D): ...
            """,
        }
    )
    for name in ("p.x", "p.y", "p.a.x", "p.b.y", "p.z"):
        assert not release.resolve(name).found
    assert release.mro("p.b.D")[0].path == "p.b.D"
    assert not release.resolve("p.b.D.nothing").found
    assert release.resolve("p.C").canonical == "p.b.C"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_random_packages_resolve_as_they_run(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    names = st.sampled_from(["f", "g", "_h", "m0", "m1"])
    files = {"p/__init__.py": ""}
    for index in range(4):
        earlier = st.sampled_from([f"m{number}" for number in range(index)] or ["m0"])
        lines = data.draw(
            st.lists(
                st.one_of(
                    st.builds("def {}(): ...".format, names),
                    st.builds("class {}: ...".format, names),
                    st.builds("{} = 1".format, names),
                    *(
                        (
                            st.builds("try: from .{} import {}\nexcept ImportError: pass".format, earlier, names),
                            st.builds("from .{} import *".format, earlier),
                            st.builds("from . import {}".format, earlier),
                        )
                        if index
                        else ()
                    ),
                ),
                max_size=2,
                unique_by=lambda line: line.split("import")[-1].split("(")[0].split()[-1],
            )
        )
        files[f"p/m{index}.py"] = "".join(f"{line}\n" for line in lines)
    asked = [f"p.m{index}.{name}" for index in range(4) for name in ("f", "g", "_h")]
    really = run(tmp_path_factory.mktemp("p"), files, f"answer = [walk(path) is not None for path in {asked!r}]")
    release = surface(files)
    assert [release.resolve(path).found for path in asked] == really


@given(st.lists(st.lists(st.integers(0, 5), unique=True, max_size=3), min_size=2, max_size=6))
def test_the_order_of_classes_is_pythons(bases: list[list[int]]) -> None:
    made: list[type] = []
    source = ""
    for index, chosen in enumerate(bases):
        known = [base for base in chosen if base < index]
        try:
            made.append(type(f"C{index}", tuple(made[base] for base in known), {}))
        except TypeError:
            assume(False)
        source += f"class C{index}({', '.join(f'C{base}' for base in known)}): ...\n"
    release = surface({"p.py": source})
    for index, found in enumerate(made):
        order = [ref.path for ref in release.mro(f"p.C{index}")]
        assert order == [f"p.{each.__name__}" for each in found.__mro__[:-1]]


CONSTRUCTORS = """
    import abc, collections, dataclasses, enum
    from dataclasses import KW_ONLY, InitVar, dataclass, field
    from typing import ClassVar, Generic, NamedTuple, TypedDict, TypeVar

    T = TypeVar("T")

    class Plain: ...

    class Init:
        def __init__(self, a, b=1, *args, c, **kwargs): ...

    class Inherits(Plain, Init): ...

    class New:
        def __new__(cls, a, *, b=2): return object.__new__(cls)

    class Both(New):
        def __init__(self, a, b=3): ...

    class Abstract(abc.ABC):
        def __init__(self, a): ...

    class OfT(Generic[T]):
        def __init__(self, a): ...

    class Child(OfT[int], Plain): ...

    @dataclass
    class Data:
        a: int
        b: int = 1
        c: list = field(default_factory=list)
        d: int = field(default=4, init=False)
        e: ClassVar[int] = 5
        f: int = field(default=6)

    @dataclass
    class More(Data):
        b: int = 7
        g: int = 8

    @dataclasses.dataclass(kw_only=True)
    class Keywords(Data):
        h: int

    @dataclass
    class Marked:
        a: int
        _: KW_ONLY
        b: int = 2
        c: int

    @dataclass
    class Mixed:
        a: int = field(kw_only=True)
        b: int = 3

    @dataclass
    class Initialised:
        a: int
        b: InitVar[int] = 2

    @dataclass
    class OwnInit:
        a: int
        def __init__(self, z): ...

    @dataclass(init=False)
    class NoInit(Init):
        a: int

    class Undecorated(Data):
        z: int = 9

    class Named(NamedTuple):
        a: int
        b: str = "x"

    Pair = collections.namedtuple("Pair", "first second")

    class Typed(TypedDict, total=False):
        a: int

    class Colour(enum.Enum):
        RED = 1

    class Static:
        @staticmethod
        def make(a): ...
        @classmethod
        def load(cls, a): ...
        def method(self, a): ...
        renamed = method
        other = staticmethod(lambda a: a)
"""

_EXACT = "Plain Init Inherits New Both Abstract OfT Child Data More Keywords Marked Mixed Initialised OwnInit NoInit"


@pytest.mark.parametrize("name", [*_EXACT.split(), "Undecorated", "Named", "Pair"])
def test_constructors_bind_as_inspect_says(tmp_path: Path, name: str) -> None:
    files = {"p.py": CONSTRUCTORS}
    code = f"""
        import inspect, p
        answer = [[q.name, int(q.kind), q.default is q.empty] for q in inspect.signature(p.{name}).parameters.values()]
    """
    release = surface(files)
    found = release.signature(release.resolve(f"p.{name}"))
    assert found is not None
    ours = [[p.name, int(p.kind), p.default is None] for p in found.parameters]
    assert ours == run(tmp_path, files, code)


@pytest.mark.parametrize(
    ("path", "signature"),
    [
        ("Static.make", "(a)"),
        ("Static.load", "(a)"),
        ("Static.method", "(self, a)"),
        ("Static.renamed", "(self, a)"),
        ("Static.other", None),
        ("Static.nothing", None),
        ("T", None),
    ],
)
def test_signatures_through_a_class(path: str, signature: str | None) -> None:
    release = surface({"p.py": CONSTRUCTORS})
    found = release.signature(release.resolve(f"p.{path}"))
    assert (str(found) if found is not None else None) == signature


def test_signatures_through_an_instance() -> None:
    release = surface({"p.py": CONSTRUCTORS})
    told = [
        str(release.signature(release.resolve(f"p.Static.{name}"), through_instance=True))
        for name in ("make", "load", "method")
    ]
    assert told == ["(a)"] * 3


def test_a_base_that_is_not_known_makes_the_constructor_unknown() -> None:
    release = surface(
        {"p.py": "import torch\nclass C(torch.nn.Module): ...\nclass D(make()): ...\nclass E(Nowhere): ...\n"}
    )
    for name in ("C", "D", "E"):
        assert release.signature(release.resolve(f"p.{name}")) is None
        assert release.resolve(f"p.{name}.anything").status is Status.UNKNOWN


def test_a_base_of_another_upstream_answers() -> None:
    other = surface({"torch/__init__.py": "", "torch/nn.py": "class Module:\n    def forward(self, x): ...\n"})
    held = surface(
        {"p.py": "import torch.nn\nfrom torch import nn\nclass C(nn.Module): ...\nclass D(torch.nn.Module): ...\n"}
    )
    release = type(held)("p", "1.0", held._modules, (other,))
    for name in ("C", "D"):
        assert release.resolve(f"p.{name}.forward").canonical == "torch.nn.Module.forward"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("own", Status.FOUND),
        ("set_in_init", Status.FOUND),
        ("set_in_base", Status.FOUND),
        ("field", Status.FOUND),
        ("items", Status.FOUND),
        ("__class__", Status.FOUND),
        ("nothing", Status.MISSING),
    ],
)
def test_members(name: str, status: Status) -> None:
    source = """
        class Base(dict):
            def __init__(self): self.set_in_base = 1
        class C(Base):
            field: int = 0
            def __init__(self):
                super().__init__()
                self.set_in_init = Part()
            def own(self): ...
    """
    assert surface({"p.py": source}).member("p.C", name).status is status


def test_a_class_that_answers_any_name() -> None:
    release = surface(
        {"p.py": "class M(type): ...\nclass A:\n    def __getattr__(self, name): ...\nclass B(metaclass=M): ...\n"}
    )
    for name in ("A", "B"):
        assert release.member(f"p.{name}", "anything").status is Status.UNKNOWN


def test_unpacked_attributes_resolve() -> None:
    release = surface({"p.py": "a, (b, *c) = f()\nclass C:\n    d, e = 1, 2\n"})
    assert all(release.resolve(f"p.{name}").found for name in ("a", "b", "c", "C.d", "C.e"))


FORWARDS: Files = {
    "p/__init__.py": "",
    "p/a.py": """
        from .b import target, Made
        class Base:
            def f(self, x, deep=1, **kwargs): return kwargs.pop("base", None)
        class Child(Base):
            def f(self, x, **kwargs): return super().f(x, **kwargs)
            def g(self, **kwargs): return self.f(1, **kwargs)
            def old(self, **kwargs): return super(Child, self).f(1, **kwargs)
            @classmethod
            def make(cls, **kwargs): return cls(**kwargs)
        class Grandchild(Child):
            def f(self, x, own=1, **kwargs): return super().f(x, **kwargs)
        def through(**kwargs): return target(**kwargs)
        def made(**kwargs): return Made(**kwargs)
        def itself(**kwargs): return itself(**kwargs)
        def ping(a=1, **kwargs): return pong(**kwargs)
        def pong(b=1, **kwargs): return ping(**kwargs)
        def nowhere(**kwargs): return unknown(**kwargs)
        def outside(**kwargs): return os.system(**kwargs)
        def parameter(call, **kwargs): return call(**kwargs)
        def closed(**kwargs): return strict(**kwargs)
        def strict(only): ...
        def never(**kwargs): raise NotImplementedError
    """,
    "p/b.py": """
        def target(size, *args, flag=False, **kwargs): return kwargs.get("late")
        class Made:
            def __init__(self, made=1): ...
    """,
}


@pytest.mark.parametrize(
    ("path", "kwargs", "taken"),
    [
        ("through", "taken", {"size", "flag", "late"}),
        ("made", "taken", {"made"}),
        ("closed", "taken", {"only"}),
        ("Base.f", "taken", {"base"}),
        ("Child.f", "taken", {"x", "deep", "base"}),
        ("Child.g", "taken", {"x", "deep", "base"}),
        ("Child.old", "taken", {"x", "deep", "base"}),
        ("Grandchild.f", "taken", {"x", "deep", "base"}),
        ("Grandchild.g", "taken", {"x", "own", "deep", "base"}),
        ("itself", "unknown", set()),
        ("ping", "unknown", {"a", "b"}),
        ("nowhere", "unknown", set()),
        ("outside", "unknown", set()),
        ("parameter", "unknown", set()),
        ("never", "unknown", set()),
        ("strict", "none", set()),
    ],
)
def test_keywords_are_followed(path: str, kwargs: str, taken: set[str]) -> None:
    release = surface(FORWARDS)
    accepted = release.accepts(release.resolve(f"p.a.{path}"), through_instance=True)
    assert accepted is not None
    assert (accepted.kwargs, set(accepted.taken)) == (kwargs, taken)


def test_a_name_that_a_function_hides_is_not_followed() -> None:
    source = """
        def target(size): ...
        def hidden(target, **kwargs): return target(**kwargs)
        def rebound(**kwargs):
            target = make()
            return target(**kwargs)
    """
    release = surface({"p.py": source})
    for name in ("hidden", "rebound"):
        accepted = release.accepts(release.resolve(f"p.{name}"))
        assert accepted is not None and accepted.kwargs == "unknown"


def test_hook_calls() -> None:
    source = """
        class Base:
            def run(self, x): return self.step(x, flag=1)
        class Child(Base):
            def step(self, x, **kwargs): return self.other(x)
            def twice(self, x): return self.step(x), self.step(*x)
    """
    found = surface({"p.py": source}).hook_calls("p.Child", "step")
    assert found == [
        ("p.Child.twice", HookCall("self", "step", 0, (), True, False)),
        ("p.Child.twice", HookCall("self", "step", 1, (), False, False)),
        ("p.Base.run", HookCall("self", "step", 1, ("flag",), False, False)),
    ]


def test_questions_about_nothing() -> None:
    release = surface({"p.py": "x = 1\n"})
    missing = release.resolve("p.nothing")
    assert release.mro("p.nothing") == () == release.mro("p.x")
    assert release.signature(missing) is None
    assert release.constructor(missing) is None
    assert release.accepts(missing) is None
    assert release.hook_calls("p.nothing", "f") == []


def accepted_names(paths: Sequence[str]) -> list[str]:
    release = surface(FORWARDS)
    return [release.resolve(path).status.value for path in paths]


def test_answers_do_not_depend_on_the_order_of_questions() -> None:
    paths = ["p.a.Child.f", "p.a.target", "p.a.Base.f", "p.b.Made", "p.a.Grandchild.nothing"]
    assert accepted_names(paths) == list(reversed(accepted_names(paths[::-1])))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("self.known = 1", Status.MISSING),
        ("setattr(self, 'other', 1)", Status.MISSING),
        ("setattr(self, 'asked', 1)", Status.FOUND),
        ("for key in kwargs: setattr(self, key, kwargs[key])", Status.UNKNOWN),
        ("self.__dict__.update(kwargs)", Status.UNKNOWN),
        ("setattr(config, key, 1)", Status.MISSING),
    ],
)
def test_attributes_whose_names_are_only_known_at_run_time(body: str, status: Status) -> None:
    found = surface({"p/__init__.py": f"class C:\n    def __init__(self, **kwargs):\n        {body}\n"})
    assert found.resolve("p.C.asked").status is status


def test_the_later_of_two_star_imports_wins(tmp_path: Path) -> None:
    files: Files = {
        "p/__init__.py": "from .b import *\nfrom .a import *\n",
        "p/a.py": "def both(): ...\n",
        "p/b.py": "def both(): ...\ndef only(): ...\n",
    }
    compare(tmp_path, files, ["p.both", "p.only"])
