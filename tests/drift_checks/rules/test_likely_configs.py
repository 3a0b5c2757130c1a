"""Configs and models whose class is not known: likely findings, on small programs against the shipped history."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import pytest

from drift_checks.check import check
from drift_checks.findings import Finding
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile
from signatures.history import History
from signatures.surface import Surface


@pytest.fixture(scope="module")
def found() -> Iterator[Callable[..., list[Finding]]]:
    history = History.open("transformers", overlay=False)
    surfaces: dict[str, Surface] = {}

    def surface(version: str) -> Surface:
        if version not in surfaces:
            surfaces[version] = Surface("transformers", version, history.at(version))
        return surfaces[version]

    def checked(program: str, old: str = "4.57.6", new: str = "5.3.0") -> list[Finding]:
        pair = Pair(surface(old), surface(new))
        return list(check([SourceFile("p.py", textwrap.dedent(program).encode())], [pair]).findings)

    yield checked
    history.close()


THETA = "transformers.models.apertus.configuration_apertus.ApertusConfig.rope_theta"
SCALING = "transformers.configuration_utils.PreTrainedConfig.rope_scaling"
SILENT, BREAKS = ("attribute-kind-changed", "silent"), ("attribute-removed", "breaks")

PROGRAMS = {
    "a default for what is gone": ("def f(config):\n    return getattr(config, 'rope_theta', 10000)\n", 2, *SILENT),
    "of a member": ("def f(m):\n    return getattr(m.hf_config, 'rope_theta', 1e6)\n", 2, *SILENT),
    "of any config": (
        "from transformers import PretrainedConfig\ndef f(config: PretrainedConfig):\n"
        "    return getattr(config, 'rope_theta', 10000)\n",
        3,
        *SILENT,
    ),
    "kept under its own name": (
        "class A:\n    def __init__(self, config):\n        self.rope_theta = config.attn_config.rope_theta\n",
        3,
        *BREAKS,
    ),
    "scaling passed on": ("def f(config, g):\n    return g(rope_scaling=config.rope_scaling)\n", 2, *SILENT),
    "scaling stored": (
        "class A:\n    def __init__(self, cfg):\n        self.rope_scaling = getattr(cfg, 'rope_scaling', None)\n",
        3,
        *SILENT,
    ),
    "scaling as a condition": ("def f(config):\n    if config.rope_scaling is None:\n        return 1\n", 2, *SILENT),
    "scaling of any config": (
        "from transformers import PretrainedConfig\ndef f(config: PretrainedConfig, g):\n"
        "    return g(config.rope_scaling)\n",
        3,
        *SILENT,
    ),
    "what another distribution's function gives": (
        "from other import get_config\nconfig = get_config(1)\nprint(config.rope_scaling)\n",
        3,
        *SILENT,
    ),
    "a model is saved": (
        "import transformers\ndef f(model, other):\n    model.save_pretrained(1, safe_serialization=other)\n",
        3,
        "parameter-swallowed",
        "silent",
    ),
    "a model is pushed": (
        "import transformers\ndef f(model):\n    model.push_to_hub(\n        'a',\n        safe_serialization=True)\n",
        5,
        "parameter-removed",
        "breaks",
    ),
}


@pytest.mark.parametrize(("program", "line", "rule", "outcome"), PROGRAMS.values(), ids=PROGRAMS)
def test_finds(found: Callable[..., list[Finding]], program: str, line: int, rule: str, outcome: str) -> None:
    [finding] = found(program)
    assert (finding.line, finding.rule, finding.outcome.value, finding.decides) == (line, rule, outcome, False)


@pytest.mark.parametrize("program", [program for program, *_ in PROGRAMS.values()], ids=PROGRAMS)
def test_finds_nothing_within_one_side(found: Callable[..., list[Finding]], program: str) -> None:
    assert not found(program, "4.56.0", "4.57.6")
    assert not found(program, "5.3.0", "5.23.0")


def test_says_which_member_it_is(found: Callable[..., list[Finding]]) -> None:
    [theta] = found(PROGRAMS["a default for what is gone"][0])
    assert theta.symbol == THETA and theta.message.endswith("the default is taken here") and theta.witness
    [scaling] = found(PROGRAMS["scaling passed on"][0])
    assert scaling.symbol == SCALING and "never None" in scaling.message and scaling.witness


@pytest.mark.parametrize(
    "body",
    [
        "hasattr(config, 'rope_theta')",
        "getattr(config, 'rope_theta', None)",
        "getattr(other, 'rope_theta', 10000)",
        "getattr(config, 'rope_theta', config.rope_parameters['rope_theta'])",
        "getattr(config, 'rope_parameters', None) or getattr(config, 'rope_theta', 1)",
        "getattr(config, 'hidden_size', 1)",
        "other.rope_scaling",
        "config.rope_scaling['mrope_section']",
        "'mrope_section' in config.rope_scaling",
        "'mrope_section' in getattr(config, 'rope_scaling', {})",
        "config.rope_scaling.get('type')",
        "config.rope_parameters or config.rope_scaling",
        "hasattr(config, 'rope_scaling')",
        "config.rope_scaling(1)",
        "setattr(config, 'rope_scaling', 1) or config.rope_scaling",
        "other.save_pretrained(1, safe_serialization=False)",
        "model.save_pretrained(1, safe_serialization=True)",
        "model.save_pretrained(1)",
        "model.push_to_hub(1, token=2)",
    ],
)
def test_finds_nothing(found: Callable[..., list[Finding]], body: str) -> None:
    assert not found(f"import transformers\n\ndef f(config, other, model):\n    return {body}\n")


def test_a_config_of_the_file_may_be_the_one(found: Callable[..., list[Finding]]) -> None:
    own = "class OwnConfig:\n    def __init__(self):\n        self.rope_theta = 1\n"
    read = "def f(config):\n    return getattr(config, 'rope_theta', 10000), config.rope_theta\n"
    assert not found(own + read)
    assert len(found(own.replace("Config", "Layer") + read)) == 2


def test_a_model_needs_an_import(found: Callable[..., list[Finding]]) -> None:
    assert not found("def f(model):\n    model.push_to_hub('a', safe_serialization=True)\n")


def test_a_class_of_another_distribution_is_no_config_of_the_upstream(found: Callable[..., list[Finding]]) -> None:
    program = "from other import OwnConfig\n\ndef f(config: OwnConfig):\n    return config.{}\n"
    assert not found(program.format("rope_scaling"))
    assert not found(program.format("rope_theta"))
