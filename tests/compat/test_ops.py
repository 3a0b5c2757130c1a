from __future__ import annotations

import sys
from collections import defaultdict
from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from compat import ops
from compat._npu_operators import CHANGED_DEFAULTS, EVERYWHERE, PARAMETERS, RENAMED

from .npu_schemas import KEYWORD_ONLY, WHEELS, overloads

# A default that is another text and no other meaning: all tokens, and no output asked for in particular.
SAME_MEANING = {("npu_prompt_flash_attention", "pre_tokens"), ("npu_add_rms_norm_dynamic_quant", "output_mask")}


class Packet:
    """An operator as torch shows it: overloads with schemas; it gives back what it was called with."""

    def __init__(self, name: str, recorded: dict[str, list[Any]]) -> None:
        self.schemas = {
            overload: SimpleNamespace(
                name=f"npu::{name}",
                arguments=[SimpleNamespace(name=part[0], kwarg_only=part[1] == KEYWORD_ONLY) for part in parameters],
            )
            for overload, (parameters, *_) in recorded.items()
        }
        self.default = SimpleNamespace(_schema=next(iter(self.schemas.values())))

    def overloads(self) -> list[str]:
        return list(self.schemas)

    def __getattr__(self, overload: str) -> Any:
        if overload not in self.__dict__.get("schemas", {}):
            raise AttributeError(overload)
        return SimpleNamespace(_schema=self.schemas[overload])

    def __call__(self, /, *args: Any, **keywords: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, keywords


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Register the operators of one wheel, by its recorded schemas, in a stand-in for torch."""

    def register(release: str) -> None:
        torch: Any = ModuleType("torch")
        torch.npu = None
        registered = {name: Packet(name, held) for name, held in overloads(release).items()}
        torch.ops = SimpleNamespace(npu=SimpleNamespace(**registered), _C_ascend=SimpleNamespace())
        monkeypatch.setitem(sys.modules, "torch", torch)
        monkeypatch.setattr(ops, "_READ", {})

    return register


@pytest.mark.parametrize("release", ["2.9.1", "2.13.0"])
def test_a_parameter_is_given_under_the_name_that_the_schema_has(wheel: Any, release: str) -> None:
    wheel(release)
    name = "activation_mode" if release == "2.9.1" else "activation"
    for spelling in ("activation", "activation_mode"):
        given: dict[str, Any] = {spelling: "silu"}
        assert ops.call("npu_fused_causal_conv1d", 1, 2, 3, **given) == ((1, 2, 3), {name: "silu"})
    prepared = ops.prepare("npu_fused_causal_conv1d", "x weight conv_states activation")
    assert prepared(1, 2, 3, "silu")[1][name] == "silu"


def test_a_word_of_ones_own_for_a_parameter_reaches_it(wheel: Any) -> None:
    wheel("2.13.0")
    args, keywords = ops.call("npu_recurrent_gated_delta_rule", 1, 2, 3, 4, num_accept_tokens=5)
    assert (args, keywords) == ((1, 2, 3, 4), {"num_accepted_tokens": 5})


@pytest.mark.parametrize(("release", "name"), [("2.2.0", "self"), ("2.13.0", "input")])
def test_the_first_tensor_is_self_or_input(wheel: Any, release: str, name: str) -> None:
    wheel(release)
    for spelling in ("self", "input"):
        given: dict[str, Any] = {spelling: 1}
        assert ops.call("npu_rms_norm", **given, gamma=2) == ((), {name: 1, "gamma": 2})


@pytest.mark.parametrize("release", ["2.6.0", "2.13.0"])
def test_a_call_by_position_does_not_shift_when_a_parameter_is_inserted(wheel: Any, release: str) -> None:
    wheel(release)
    order = "x1 x2 gamma scales1 zero_points1 scales2"
    _, keywords = ops.call("npu_add_rms_norm_quant", 1, 2, 3, 4, 5, 6, order=order)
    assert keywords == {"x1": 1, "x2": 2, "gamma": 3, "scales1": 4, "zero_points1": 5, "scales2": 6}
    assert ops.takes("npu_add_rms_norm_quant", "beta") is (release == "2.13.0")


@pytest.mark.parametrize("group", RENAMED)
def test_an_operator_is_found_under_the_name_that_a_wheel_has(wheel: Any, group: tuple[str, ...]) -> None:
    having = {release: [name for name in group if name in overloads(release)] for release in WHEELS}
    assert all(len(names) <= 1 for names in having.values())
    assert set(group) == {name for names in having.values() for name in names}
    first = {names[0]: release for release, names in reversed(having.items()) if names}
    schemas = [overloads(release)[name]["default"] for name, release in first.items()]
    assert all(schema == schemas[0] for schema in schemas)
    for name, release in first.items():
        wheel(release)
        assert {ops.find(asked) for asked in group} == {getattr(sys.modules["torch"].ops.npu, name)}


@pytest.mark.parametrize(
    ("attempt", "error", "reason"),
    [
        (
            lambda: ops.call("npu_recurrent_gated_delta_rule", 1, 2, 3, 4, accepted=5),
            ops.CallMismatch,
            "npu::npu_recurrent_gated_delta_rule takes no `accepted`: it takes .*`num_accepted_tokens`",
        ),
        (lambda: ops.call("npu_rms_norm", input=1, self=1), ops.CallMismatch, "twice"),
        (lambda: ops.prepare("npu_rms_norm", "input gamma eps"), ops.CallMismatch, "takes no `eps`"),
        (lambda: ops.find("npu_no_such", "nor_this"), ops.MissingOperator, "has no operator npu_no_such or nor_this"),
        (lambda: ops.parameters("npu_no_such"), ops.MissingOperator, "torch-npu is not installed"),
        (lambda: ops.call("npu_apply_rotary_pos_emb", 1, 2, 3, 4), ops.CallMismatch, "default of `layout`"),
        (lambda: ops.prepare("npu_apply_rotary_pos_emb", "query key cos sin"), ops.CallMismatch, "`layout`"),
        (lambda: ops.call(object()), ops.CallMismatch, "no signature"),  # type: ignore[arg-type]
    ],
)
def test_what_an_operator_does_not_take_is_said(wheel: Any, attempt: Any, error: type[Exception], reason: str) -> None:
    wheel("2.13.0")
    with pytest.raises(error, match=reason):
        attempt()


def test_a_default_that_changed_has_to_be_given_by_name_or_position(wheel: Any) -> None:
    wheel("2.13.0")
    assert ops.call("npu_apply_rotary_pos_emb", 1, 2, 3, 4, layout="BSH")[1] == {"layout": "BSH"}
    assert ops.call("npu_apply_rotary_pos_emb", 1, 2, 3, 4, "BSH")[0] == (1, 2, 3, 4, "BSH")
    assert ops.prepare("npu_apply_rotary_pos_emb", "query key cos sin layout")(1, 2, 3, 4, "BSH")


def test_an_argument_may_be_left_out_where_a_wheel_has_no_such_parameter(wheel: Any) -> None:
    for release, keywords in (("2.6.0", {}), ("2.13.0", {"beta": 9})):
        wheel(release)
        assert ops.call("npu_add_rms_norm_quant", 1, 2, 3, 4, 5, beta=9, optional="beta")[1] == keywords


def test_a_function_of_torch_npu_that_is_no_operator_is_called_by_its_signature(
    wheel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel("2.13.0")
    torch_npu: Any = ModuleType("torch_npu")
    torch_npu.npu_only_in_python = lambda x, *, flag=False: (x, flag)
    monkeypatch.setitem(sys.modules, "torch_npu", torch_npu)
    assert ops.call("npu_only_in_python", 1, flag=True, optional="other", other=2) == (1, True)
    with pytest.raises(ops.CallMismatch, match="takes no `other`"):
        ops.call("npu_only_in_python", 1, other=2)


def test_the_tables_are_what_the_recorded_schemas_say() -> None:
    defaults: dict[tuple[str, str], set[str]] = defaultdict(set)
    parameters: dict[str, set[str]] = defaultdict(set)
    for release in WHEELS:
        for name, held in overloads(release).items():
            for recorded in held.values():
                for parameter, _, default, _ in recorded[0]:
                    parameters[name].add(parameter)
                    if default is not None:
                        defaults[name, parameter].add(default)
    changed = {key for key, values in defaults.items() if len(values) > 1} - SAME_MEANING
    assert changed == {(name, parameter) for name, held in CHANGED_DEFAULTS.items() for parameter in held}
    for name, spellings in PARAMETERS.items():
        if name in parameters:  # the others are of other libraries
            assert set(spellings.values()) <= parameters[name]


def test_no_parameter_of_a_recorded_operator_went_without_a_spelling_for_it() -> None:
    for older, newer in pairwise(WHEELS):
        for name, held in overloads(older).items():
            for overload, recorded in held.items():
                later = overloads(newer).get(name, {}).get(overload)
                if later is None:
                    continue
                before, after = ({part[0] for part in schema[0]} for schema in (recorded, later))
                respelled = {**EVERYWHERE, **PARAMETERS.get(name, {})}
                respelled |= {new: old for old, new in respelled.items()}
                assert {respelled.get(lost, lost) for lost in before - after} <= after, (name, older, newer)
