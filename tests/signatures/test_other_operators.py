from __future__ import annotations

from signatures.history import History
from signatures.op_schemas import parse_schema
from signatures.other_operators import OTHER_OPERATORS, other_operators
from signatures.surface import Surface


def test_each_schema_is_one_of_the_npu_namespace() -> None:
    schemas = [parse_schema(text) for package in OTHER_OPERATORS for _, text in package.schemas]
    assert {schema.namespace for schema in schemas} == {"npu"}


def test_an_operator_that_was_registered_anew_keeps_each_signature() -> None:
    operator = other_operators()["torch.ops.npu.causal_conv1d"]
    assert operator.package == "sgl-kernel-npu"
    assert [signature.get("run_mode") is not None for signature in operator.signatures] == [False, True]


def test_no_release_of_torch_npu_has_one_of_them() -> None:
    history = History.open("torch-npu", overlay=False)
    for release in history.releases:
        surface = Surface("torch-npu", release.version, history.at(release.version))
        assert not [path for path in other_operators() if not surface.resolve(path).missing], release.version
