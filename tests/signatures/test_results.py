from __future__ import annotations

import pytest

from signatures.results import Instance, Results, Shape

from .programs import surface

LIBRARY = """
    from typing import Optional, TypeVar, Union
    from outside import Thing
    T = TypeVar("T", bound="Base")

    class Config:
        def __init__(self, size=1): ...
        @classmethod
        def from_dict(cls, given):
            config = cls(**given)
            return config
        @classmethod
        def load(cls):
            return cls.from_dict({})

    class Small(Config): ...

    class Base:
        config_class = None
        def __init__(self, config: Config, *parts):
            self.config = config
            self.first, self.second = parts
            self.made = Config()
            self.other = None
        def set(self, other: Optional["Small"]):
            self.other = other
        @classmethod
        def from_pretrained(cls, name):
            model = cls(name)
            return model
        @classmethod
        def typed(cls: type[T], name) -> T:
            return load(name)
        def itself(self):
            return self
        def maybe(self, yes) -> Optional["Config"]:
            if yes:
                return unknown()
        def either(self) -> Union[Config, int]: ...
        def several(self, yes):
            return Config() if yes else Small()
        def two(self, yes):
            if yes:
                return Config()
            return Small()
        def through(self):
            return self.made.load()
        def outside(self) -> Thing: ...
        async def later(self) -> Config: ...
        def parts(self) -> "list[Config]": ...
        @property
        def small(self):
            return Small()
        def looping(self):
            return self.looping()

    class Model(Base):
        config_class = Small

    def build(name: str) -> Base:
        return globals()[name]

    def closure(make):
        return make.load()

    DEFAULT = Config()
    NAMED: Base = build("x")
    COUNT = 3
"""


def _given(path: str, receiver: Instance | None = None) -> Instance | None:
    release = surface({"p/__init__.py": LIBRARY}, "1.0")
    return Results(release).given(release.resolve(path), receiver)


def _held(path: str, receiver: Instance | None = None) -> Instance | None:
    release = surface({"p/__init__.py": LIBRARY}, "1.0")
    return Results(release).held(release.resolve(path), receiver)


MODEL = Instance("p.Model")


@pytest.mark.parametrize(
    ("path", "gives"),
    [
        ("p.Config", Instance("p.Config")),
        ("p.Config.load", Instance("p.Config")),
        ("p.Small.from_dict", Instance("p.Small")),
        ("p.Small.load", Instance("p.Small")),
        ("p.build", Instance("p.Base", exact=False)),
        ("p.closure", None),
    ],
)
def test_a_call_of_a_class_or_function_gives(path: str, gives: Instance | None) -> None:
    owner = path.rpartition(".")[0]
    assert _given(path, Instance(owner) if owner != "p" else None) == gives


@pytest.mark.parametrize(
    ("method", "gives"),
    [
        ("from_pretrained", MODEL),
        ("typed", MODEL),
        ("itself", MODEL),
        ("maybe", Instance("p.Config", exact=False)),
        ("through", Instance("p.Config", exact=False, assumed=True)),
        ("either", None),
        ("several", None),
        ("two", None),
        ("outside", None),
        ("later", None),
        ("parts", None),
        ("looping", None),
    ],
)
def test_a_method_gives(method: str, gives: Instance | None) -> None:
    assert _given(f"p.Model.{method}", MODEL) == gives


def test_a_subclass_gives_its_own_kind_even_where_it_is_only_declared() -> None:
    declared = Instance("p.Model", exact=False)
    assert _given("p.Model.itself", declared) == declared


@pytest.mark.parametrize(
    ("path", "receiver", "holds"),
    [
        ("p.DEFAULT", None, Instance("p.Config")),
        ("p.NAMED", None, Instance("p.Base", exact=False)),
        ("p.COUNT", None, None),
        ("p.Model.small", MODEL, Instance("p.Small")),
        ("p.Model.config", MODEL, Instance("p.Small", exact=False)),
        ("p.Base.config", Instance("p.Base"), Instance("p.Config", exact=False)),
        ("p.Model.made", MODEL, Instance("p.Config", exact=False, assumed=True)),
        ("p.Model.other", MODEL, Instance("p.Small", exact=False)),
        ("p.Model.first", MODEL, None),
    ],
)
def test_a_variable_property_or_attribute_holds(path: str, receiver: Instance | None, holds: Instance | None) -> None:
    assert _held(path, receiver) == holds


OUTPUTS = {
    "transformers/__init__.py": "",
    "transformers/utils.py": """
        from collections import OrderedDict
        class ModelOutput(OrderedDict): ...
        class Pooled(ModelOutput): ...
        def can_return_tuple(function): ...
        def memoised(function): ...
    """,
    "transformers/models/__init__.py": "",
    "transformers/models/m/__init__.py": "",
    "transformers/models/m/modeling_m.py": """
        from ...utils import ModelOutput, Pooled, can_return_tuple, memoised
        class MDecoderLayer:
            def forward(self, x):
                outputs = (x,)
                return outputs
        class MEncoderLayer:
            def forward(self, hidden_states):
                return hidden_states
        class M:
            def pair(self, x, both):
                if both:
                    return x, x, x
                return x, x
            def starred(self, x):
                return (x, *x)
            def mixed(self, x):
                return (x, x) if x else (x, x, x)
            def other(self, hidden_states):
                return hidden_states
            def made(self, x):
                return Pooled(x)
            @can_return_tuple
            def tuple_or_object(self, x) -> tuple | Pooled:
                result = self.pair(x)
                return result
            @memoised
            def decorated(self, x):
                return x, x
            def plain(self, x) -> tuple | M:
                result = x
                return result
    """,
}


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("MDecoderLayer.forward", Shape("tuple")),
        ("MEncoderLayer.forward", Shape("tensor")),
        ("M.pair", Shape("tuple", frozenset({2, 3}))),
        ("M.starred", Shape("tuple")),
        ("M.mixed", None),
        ("M.other", None),
        ("M.made", Shape("object", path="transformers.utils.Pooled")),
        ("M.tuple_or_object", Shape("object", path="transformers.utils.Pooled")),
        ("M.decorated", None),
        ("M.plain", None),
    ],
)
def test_the_shape_of_a_result(path: str, shape: Shape | None) -> None:
    release = surface(OUTPUTS, "1.0")
    found = release.resolve(f"transformers.models.m.modeling_m.{path}")
    assert Results(release).shape(found, Instance(found.path.rpartition(".")[0])) == shape


FACTORIES = {
    "transformers/__init__.py": "",
    "transformers/configuration_utils.py": "class PretrainedConfig: ...",
    "transformers/modeling_utils.py": "class PreTrainedModel: ...",
    "transformers/models/__init__.py": "",
    "transformers/models/auto/__init__.py": "",
    "transformers/models/auto/configuration_auto.py": """
        class AutoConfig:
            @classmethod
            def from_pretrained(cls, name): ...
            @staticmethod
            def register(name, config): ...
    """,
    "transformers/models/auto/auto_factory.py": """
        class _BaseAutoModelClass:
            @classmethod
            def from_config(cls, config): ...
    """,
    "transformers/models/auto/modeling_auto.py": """
        from .auto_factory import _BaseAutoModelClass
        class AutoModel(_BaseAutoModelClass): ...
    """,
}


@pytest.mark.parametrize(
    ("path", "promised"),
    [
        ("configuration_auto.AutoConfig.from_pretrained", "transformers.configuration_utils.PretrainedConfig"),
        ("modeling_auto.AutoModel.from_config", "transformers.modeling_utils.PreTrainedModel"),
        ("configuration_auto.AutoConfig.register", None),
    ],
)
def test_a_factory_promises_a_base_and_no_more(path: str, promised: str | None) -> None:
    release = surface(FACTORIES, "1.0")
    found = release.resolve(f"transformers.models.auto.{path}")
    given = Results(release).given(found, Instance(found.path.rpartition(".")[0]))
    assert given == (Instance(promised, exact=False) if promised else None)


def test_an_annotation_with_a_factory_means_what_it_gives() -> None:
    release = surface(FACTORIES, "1.0")
    annotated = Results(release).annotated("transformers.models.auto.configuration_auto.AutoConfig")
    assert annotated == Instance("transformers.configuration_utils.PretrainedConfig", exact=False)


STUB = """
    from typing import overload

    class Tensor: ...

    @overload
    def cat(parts: list[Tensor]) -> Tensor: ...
    @overload
    def cat(parts: list[Tensor], dim: int) -> Tensor: ...
    @overload
    def split(x: Tensor) -> list[Tensor]: ...
    @overload
    def split(x: Tensor, dim: int) -> Tensor: ...
"""


def test_a_function_with_several_signatures_gives_what_all_of_them_say() -> None:
    release = surface({"m.pyi": STUB})
    results = Results(release)
    given = [results.given(release.resolve(path), None) for path in ("m.cat", "m.split")]
    assert given == [Instance("m.Tensor", exact=False), None]
