from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from signatures.lazy_exports import complete
from signatures.model import Entry

Facts = Mapping[str, Mapping[str, object]]


def completed(modules: Facts) -> dict[str, dict[str, object]]:
    """The modules of a release with what `complete` adds, facts as Python values."""
    held = {
        module: [Entry(key, json.dumps(value)) for key, value in sorted(facts.items())]
        for module, facts in modules.items()
    }
    complete(held)
    for entries in held.values():
        assert [entry.key for entry in entries] == sorted({entry.key for entry in entries})
    return {module: {entry.key: json.loads(entry.surface) for entry in entries} for module, entries in held.items()}


def exports(found: Mapping[str, object]) -> dict[str, object]:
    return {key.removeprefix("@export:"): value for key, value in found.items() if key.startswith("@export:")}


def test_a_literal_structure() -> None:
    found = completed({"p": {"@lazy": ["structure", []], "@lazy:a": ["X", "Y"], "@lazy:b.c": ["Z"]}, "p.a": {}})
    assert exports(found["p"]) == {"X": "p.a", "Y": "p.a", "Z": "p.b.c"}


def test_files_of_a_package() -> None:
    found = completed(
        {
            "p": {"@lazy": ["files", []]},
            "p.modeling_p": {"@all": ["Model"]},
            "p.plain": {},
            "p.convert_p": {"@all": ["Script"]},
            "p.modular_p": {"@all": ["Draft"]},
            "p.sub": {"@all": ["Ignored"]},
            "p.sub.modeling_sub": {"@all": ["Deep"]},
            "other.modeling_q": {"@all": ["Other"]},
        }
    )
    assert exports(found["p"]) == {"Model": "p.modeling_p", "Deep": "p.sub.modeling_sub"}


def test_a_prefix_names_the_folder_that_is_read() -> None:
    found = completed(
        {
            "p": {"@lazy": ["structure", []], "@lazy:": ["models"], "@lazy:base": ["Base"]},
            "p.models": {},
            "p.models.m": {},
            "p.models.m.modeling_m": {"@all": ["Model"]},
            "p.base": {"@all": ["Base", "NotExported"]},
        }
    )
    assert exports(found["p"]) == {"Base": "p.base", "Model": "p.models.m.modeling_m"}


def test_a_module_that_is_not_lazy_exports_nothing() -> None:
    assert exports(completed({"p": {"@lazy:a": ["X"]}, "p.a": {"@all": ["X"]}})["p"]) == {}


def test_what_requires_a_backend_is_exported() -> None:
    decorated = {
        "Model": ["c", [], [], ['requires(backends=("torch",))']],
        "Plain": ["c"],
        "Model.f": ["f", [], 0, ["requires()"]],
    }
    found = completed({"p": {"@lazy": ["files", []]}, "p.m": decorated})
    assert exports(found["p"]) == {"Model": "p.m"}


@pytest.mark.parametrize(("mode", "target"), [("stub", ["p.new", "stub"]), ("finder", ["p.new", "finder"])])
def test_alias_modules(mode: str, target: list[str]) -> None:
    found = completed({"p": {"@alias:p.old": ["p.new", mode]}, "p.new": {"f": ["f"]}})
    assert found["p.old"] == {"@alias-of": target}


def test_a_stub_takes_the_place_of_a_file_and_a_finder_does_not() -> None:
    files: dict[str, Mapping[str, object]] = {"p.new": {}, "p.old": {"f": ["f"]}}
    assert "@alias-of" in completed({"p": {"@alias:p.old": ["p.new", "stub"]}, **files})["p.old"]
    assert completed({"p": {"@alias:p.old": ["p.new", "finder"]}, **files})["p.old"] == {"f": ["f"]}


@pytest.mark.parametrize(
    ("mode", "pattern", "made"),
    [
        ("stub", "image_processing_*.py", {"image_processing_m_fast", "image_processing_pil_m_fast"}),
        ("finder", "image_processing_(?!pil_)*.py", {"image_processing_m_fast"}),
    ],
)
def test_modules_of_image_processors(mode: str, pattern: str, made: set[str]) -> None:
    files: Facts = {
        "p": {"@fast-modules": [mode, pattern]},
        "p.models.m.image_processing_m": {},
        "p.models.m.image_processing_pil_m": {},
        "p.models.m.processing_m": {},
        "p.image_processing_base": {},
    }
    found = completed(files)
    assert {name.removeprefix("p.models.m.") for name in set(found) - set(files)} == made
    target = found["p.models.m.image_processing_m_fast"]["@alias-of"]
    assert target == ["p.models.m.image_processing_m", "stub-fast" if mode == "stub" else "finder"]


def test_completing_depends_on_nothing_but_the_files() -> None:
    modules: Facts = {"p": {"@lazy": ["files", []]}, "p.b": {"@all": ["X"]}, "p.a": {"@all": ["X"]}}
    backwards = dict(reversed(list(modules.items())))
    assert completed(modules) == completed(backwards)
