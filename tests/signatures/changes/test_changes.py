from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from signatures.changes import DECLARATIONS, Declaration, Effect, consequence, declared
from signatures.changes.factories import FACTORIES, promised_class
from signatures.changes.returned_names import RETURNED_NAMES
from signatures.history import History
from signatures.model import Class, Function, Parameter, Resolution
from signatures.surface import Surface


@pytest.fixture(scope="module")
def surfaces() -> Iterator[Callable[[str], list[Surface]]]:
    histories: dict[str, History] = {}

    def of(upstream: str) -> list[Surface]:
        if upstream not in histories:
            histories[upstream] = History.open(upstream, overlay=False)
        history = histories[upstream]
        return [Surface(upstream, info.version, history.at(info.version)) for info in history.releases]

    yield of
    for history in histories.values():
        history.close()


def _name(declaration: Declaration) -> str:
    return f"{declaration.symbols[0]}:{declaration.parameter}:{declaration.effect.name}"


def _found(surface: Surface, declaration: Declaration) -> Iterator[Resolution]:
    """What a declaration is about in a release; of a pattern, one model stands for all."""
    for symbol in declaration.symbols:
        found = surface.resolve(symbol.replace("models.*.modeling_*.*", "models.llama.modeling_llama.Llama"))
        found = found if found.found else surface.resolve(symbol.replace("_auto.*", "_auto.AutoModel"))
        if found.found and declaration.is_about(found.canonical):
            yield found


def _parameter(surface: Surface, found: Resolution, name: str) -> Parameter | None:
    maker = surface.constructor(found) if isinstance(found.definition, Class) else found.definition
    return maker.signature.get(name) if isinstance(maker, Function) else None


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=_name)
def test_a_declaration_is_about_something_in_each_of_its_releases(
    declaration: Declaration, surfaces: Callable[[str], list[Surface]]
) -> None:
    meant = [surface for surface in surfaces(declaration.upstream) if declaration.holds(surface.version)]
    others = [surface for surface in surfaces(declaration.upstream) if not declaration.holds(surface.version)]
    assert meant and others
    assert all(any(_found(surface, declaration)) for surface in meant)


@pytest.mark.parametrize(
    "declaration", [d for d in DECLARATIONS if d.effect in (Effect.SWALLOWED, Effect.REFUSED)], ids=_name
)
def test_a_keyword_without_effect_is_no_parameter_but_may_be_passed(
    declaration: Declaration, surfaces: Callable[[str], list[Surface]]
) -> None:
    for surface in surfaces(declaration.upstream):
        for found in _found(surface, declaration) if declaration.holds(surface.version) else ():
            accepted = surface.accepts(found, through_instance=True)
            assert accepted is not None, surface.version
            # What the signature itself refuses is declared only for receivers that are known by name.
            told = declaration.effect is Effect.REFUSED and declaration.receivers
            assert accepted.signature.var_keyword is not None or told, surface.version
            assert accepted.signature.get(declaration.parameter) is None, surface.version


@pytest.mark.parametrize("declaration", [d for d in DECLARATIONS if d.effect is Effect.DEFAULT], ids=_name)
def test_a_default_that_the_signature_shows_differs_exactly_there(
    declaration: Declaration, surfaces: Callable[[str], list[Surface]]
) -> None:
    inside: set[str] = set()
    outside: set[str] = set()
    for surface in surfaces(declaration.upstream):
        for found in _found(surface, declaration):
            parameter = _parameter(surface, found, declaration.parameter)
            if parameter is not None and parameter.default is not None:
                (inside if declaration.holds(surface.version) else outside).add(parameter.default.partition(",")[0])
    if declaration.parameter in ("weights_only", "use_fast"):
        # Told by the body: None has another meaning.
        assert inside <= {"None"}
        return
    assert len(inside) == len(outside) == 1
    assert inside != outside


def test_interpolation_and_resample_changed_places(surfaces: Callable[[str], list[Surface]]) -> None:
    resizing = [d for d in DECLARATIONS if d.symbols[0].endswith(".resize")]
    assert {d.parameter for d in resizing} == {"interpolation", "resample"}
    for surface in surfaces("transformers"):
        for declaration in resizing:
            for found in _found(surface, declaration) if declaration.holds(surface.version) else ():
                instead = _parameter(surface, found, declaration.instead)
                assert instead is not None and instead.default == "None"


def test_only_the_named_releases_are_meant() -> None:
    symbol = "transformers.image_processing_backends.TorchvisionBackend.resize"
    known = consequence("transformers", symbol, "interpolation", "5.6.2")
    assert known is not None and known.says == "BILINEAR is used"
    assert consequence("transformers", symbol, "interpolation", "5.3.0") is None
    assert consequence("transformers", symbol, "antialias", "5.6.2") is None


def test_a_pattern_names_every_model_and_nothing_else() -> None:
    path = "transformers.models.qwen2.modeling_qwen2.Qwen2Attention.forward"
    assert [d.parameter for d in declared("transformers", path)] == ["past_key_value"]
    assert declared("transformers", path.replace("Attention", "MLP")) == ()
    assert declared("torch", path) == ()


@pytest.mark.parametrize("factory", sorted(name for each in FACTORIES for name in each.factories))
def test_a_factory_promises_a_class_in_every_release_that_has_it(
    factory: str, surfaces: Callable[[str], list[Surface]]
) -> None:
    having = [surface for surface in surfaces("transformers") if surface.resolve(factory).found]
    assert having
    assert all(promised_class(surface, factory) for surface in having)


def test_a_returned_name_agrees_with_the_annotations_that_say_so(surfaces: Callable[[str], list[Surface]]) -> None:
    agreed = 0
    for surface in surfaces("transformers")[::12]:
        found = surface.resolve("transformers.models.llama.modeling_llama.LlamaDecoderLayer.forward")
        assert isinstance(found.definition, Function)
        returns = found.definition.body.returns
        gives = {n.gives for n in RETURNED_NAMES if n.functions.match(found.canonical) and f"name:{n.name}" in returns}
        annotation = (found.definition.signature.returns or "").lower()
        assert len(gives) == 1
        if gives == {"tuple"}:
            assert annotation.startswith("tuple[")
            agreed += 1
    assert agreed
