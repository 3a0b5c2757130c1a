from __future__ import annotations

import pytest

from drift_checks.call_sites import Symbol
from drift_checks.locating import acceptance, locate
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
