from __future__ import annotations

import ast

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from drift_checks.guards.versions import UNKNOWN, TorchText, asked_by_name, compared

RELEASES = {"transformers": Version("5.3.0"), "torch_npu": Version("2.7.1")}


@pytest.mark.parametrize(
    ("name", "values", "answer"),
    [
        ("is_transformers_version", [">=", "5.0"], True),
        ("is_transformers_version", ["<", Version("5.0")], False),
        ("is_transformers_version", ["~", "5.0"], None),
        ("is_torch_npu_version", [">=", "2.8"], False),
        ("is_diffusers_version", [">=", "0.30"], None),
        ("compare_versions", ["transformers", "<", "5"], False),
        ("compare_versions", ["torch-npu", "<", "2.8"], True),
        ("compare_versions", ["peft", "<", "2.8"], None),
        ("is_transformers_version_greater_than", ["5.0"], True),
        ("is_transformers_version_greater_than", ["5.4"], False),
        ("is_transformers_version_greater_than", ["5.3.0"], None),
        ("is_transformers_greater_or_equal", ["5.3.0"], True),
        ("transformers_at_most", ["5.3.0"], True),
        ("is_transformers_less_than", ["5.4"], True),
        ("is_transformers_v5", [], None),
        ("is_transformers_older", ["main"], None),
        ("_is_package_version_below", ["transformers", "5.0.0"], False),
        ("require_version", ["transformers>=4.45"], True),
        ("require_version", ["transformers>=4.45,<5"], False),
        ("require_version", ["peft>=0.1"], None),
        ("is_transformers_version", [">=", UNKNOWN], None),
    ],
)
def test_what_the_name_of_a_helper_says(name: str, values: list[object], answer: bool | None) -> None:
    assert asked_by_name(name, values, RELEASES) is answer


@pytest.mark.parametrize(
    ("left", "sign", "right", "answer"),
    [
        ("5.10", ast.Lt(), "5.4", True),
        (TorchText("2.10"), ast.Lt(), "2.4", False),
        ("2.4", ast.Lt(), TorchText("2.10"), True),
        (Version("5.10"), ast.Lt(), Version("5.4"), False),
        ((5, 3), ast.GtE(), (5,), True),
        (Version("5"), ast.Lt(), "5.4", None),
        (Version("5"), ast.In(), SpecifierSet(">=5"), True),
        ("5.3", ast.NotIn(), ("5.3", "5.4"), False),
        (None, ast.Is(), None, True),
        ("5.3", ast.IsNot(), None, True),
        (UNKNOWN, ast.Eq(), "5.3", None),
    ],
)
def test_what_python_answers(left: object, sign: ast.cmpop, right: object, answer: bool | None) -> None:
    assert compared(sign, left, right) is answer
