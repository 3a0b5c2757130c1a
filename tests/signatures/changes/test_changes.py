from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from signatures.changes import DECLARATIONS, Consequence, consequence
from signatures.history import History
from signatures.surface import Surface


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda declared: f"{declared.symbols[0]}:{declared.parameter}")
def test_a_declaration_holds_in_each_of_its_releases(declared: Consequence) -> None:
    history = History.open(declared.upstream, overlay=False)
    held = 0
    for info in history.releases:
        if not SpecifierSet(declared.releases).contains(info.version):
            continue
        surface = Surface(declared.upstream, info.version, history.at(info.version))
        for symbol in declared.symbols:
            accepted = surface.accepts(surface.resolve(symbol), through_instance=True)
            assert accepted is not None
            instead = accepted.signature.get(declared.instead)
            assert instead is not None and instead.default == "None"
            assert accepted.signature.get(declared.parameter) is None
            assert (accepted.kwargs, declared.parameter in accepted.taken) == ("taken", False)
            held += 1
    history.close()
    assert held


def test_only_the_named_releases_are_meant() -> None:
    symbol = "transformers.image_processing_backends.TorchvisionBackend.resize"
    assert consequence("transformers", symbol, "interpolation", "5.6.2") is DECLARATIONS[0]
    assert consequence("transformers", symbol, "interpolation", "5.3.0") is None
    assert consequence("transformers", symbol, "antialias", "5.6.2") is None
