from __future__ import annotations

import pytest

from drift_checks.call_sites import CALLED, DECLARED, Symbol
from drift_checks.locating import acceptance, certain, locate, locate_called, lookup_path
from signatures.python_source import read_module
from signatures.surface import Snapshot, Surface

STUB = b"""
from typing import overload
def one(a): ...
@overload
def several(a): ...
@overload
def several(b, c): ...
class Made:
    @overload
    def __init__(self, a): ...
    @overload
    def __init__(self, b, c): ...
"""


@pytest.mark.parametrize(("path", "known"), [("p.one", True), ("p.several", False), ("p.Made", False)])
def test_which_of_several_signatures_is_meant_is_not_guessed(path: str, known: bool) -> None:
    surface = Surface("p", "1", Snapshot({"p": read_module(STUB, "p", is_stub=True)}))
    at = locate(surface, Symbol(path))
    assert at is not None and at.found.found
    assert (acceptance(surface, at) is not None) is known


MODULE = b"""
import torch.nn as nn
class Config:
    def to_dict(self): ...
class Attention(nn.Module):
    def forward(self, x, cache=None): ...
class Checkpointed(nn.Module):
    def __call__(self, *args, **kwargs):
        return super().__call__(*args, **kwargs)
class Own(nn.Module):
    def __call__(self, x):
        return super().__call__(x)
    def forward(self, x, y): ...
class Layer(Checkpointed):
    def __init__(self, config: Config):
        self.attention = Attention()
        self.config = config
    def forward(self, x) -> Config:
        return self.config
    @classmethod
    def make(cls, config):
        return cls(config)
    @property
    def settings(self) -> Config: ...
DEFAULT = Config()
"""


@pytest.fixture(name="release")
def _release() -> Surface:
    return Surface("p", "1", Snapshot({"p": read_module(MODULE, "p")}))


@pytest.mark.parametrize(
    ("path", "steps", "canonical"),
    [
        ("p.Layer.make", (CALLED, "forward"), "p.Layer.forward"),
        ("p.Layer.make", (CALLED, "__call__"), "p.Layer.forward"),
        ("p.Own", (CALLED, "__call__"), "p.Own.__call__"),
        ("p.Layer", (CALLED, "config", "to_dict"), "p.Config.to_dict"),
        ("p.Layer", (CALLED, "settings", "to_dict"), "p.Config.to_dict"),
        ("p.Layer", (CALLED, "__call__", CALLED, "to_dict"), "p.Config.to_dict"),
        ("p.Layer", (CALLED, CALLED, "to_dict"), "p.Config.to_dict"),
        ("p.Layer", (DECLARED, "attention", "forward"), "p.Attention.forward"),
        ("p.DEFAULT.to_dict", (), "p.Config.to_dict"),
        ("p.DEFAULT", ("to_dict",), "p.Config.to_dict"),
        ("p.Layer", (CALLED, "__init__"), "p.Layer"),
    ],
)
def test_results_and_attributes_are_followed(
    release: Surface, path: str, steps: tuple[str, ...], canonical: str
) -> None:
    at = locate(release, Symbol(path, steps))
    assert at is not None and at.found.canonical == canonical


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("p.Layer", (CALLED, "make", "forward")),
        ("p.Layer", (CALLED, "unknown", CALLED)),
        ("p.DEFAULT", (CALLED, "to_dict")),
        ("p.Layer.make", (DECLARED, "forward")),
        ("p.Attention", (CALLED, "__call__", CALLED, "shape")),
    ],
)
def test_what_a_step_gives_is_not_guessed(release: Surface, path: str, steps: tuple[str, ...]) -> None:
    at = locate(release, Symbol(path, steps))
    assert at is None or not at.found.found


@pytest.mark.parametrize(
    ("path", "steps", "proven", "assumed"),
    [
        ("p.Layer.make", (CALLED, "forward"), True, False),
        ("p.Layer", (DECLARED, "forward"), False, False),
        ("p.Layer", (CALLED, "config", "to_dict"), False, False),
        ("p.Layer", (CALLED, "attention", "forward"), False, True),
        ("p.DEFAULT.to_dict", (), True, False),
    ],
)
def test_what_may_be_of_another_class_is_told(
    release: Surface, path: str, steps: tuple[str, ...], proven: bool, assumed: bool
) -> None:
    symbol = Symbol(path, steps)
    at = locate(release, symbol)
    assert at is not None and (at.proven, at.assumed) == (proven, assumed)
    assert certain(symbol, release, release) is proven


def test_calling_an_attribute_runs_what_it_holds(release: Surface) -> None:
    symbol = Symbol("p.Layer", (CALLED, "attention"))
    at = locate_called(release, symbol)
    assert at is not None and at.found.canonical == "p.Attention.forward"
    assert lookup_path(release, symbol) == "p.Attention.forward"


@pytest.mark.parametrize(
    ("path", "steps", "looked_up"),
    [
        ("p.Layer", (CALLED, "forward"), "p.Layer.forward"),
        ("p.Layer.make", (CALLED, "forward"), "p.Layer.forward"),
        ("p.Layer", (CALLED, "config", "to_dict"), "p.Config.to_dict"),
        ("p.Layer.make", (), "p.Layer.make"),
        ("p.Layer", (CALLED, "absent"), "p.Layer"),
    ],
)
def test_a_member_is_looked_up_on_its_class(
    release: Surface, path: str, steps: tuple[str, ...], looked_up: str
) -> None:
    assert lookup_path(release, Symbol(path, steps)) == looked_up
