from __future__ import annotations

import pytest

from ..programs import checked

STUBS = """
    from typing import overload

    @overload
    def empty(size: list[int], *, dtype=None) -> Tensor: ...
    @overload
    def empty(*size: int, dtype=None) -> Tensor: ...
    @overload
    def empty(size: list[int], *, names: list[str], dtype=None) -> Tensor: ...

    class Tensor:
        @overload
        def flatten(self, start: int = 0, end: int = -1) -> Tensor: ...
        @overload
        def flatten(self, start: int, end: int, out: str) -> Tensor: ...
        @overload
        def view(self, dtype) -> Tensor: ...
        @overload
        def view(self, *size: int) -> Tensor: ...

    class device:
        @overload
        def __init__(self, device: str) -> None: ...
        @overload
        def __init__(self, type: str, index: int) -> None: ...
"""
WITHOUT_NAMES = """
    from typing import overload

    @overload
    def empty(size: list[int], *, dtype=None) -> Tensor: ...
    @overload
    def empty(*size: int, dtype=None) -> Tensor: ...

    class Tensor:
        def flatten(self, start: int = 0, end: int = -1) -> Tensor: ...
        @overload
        def view(self, dtype) -> Tensor: ...
        @overload
        def view(self, *size: int) -> Tensor: ...

    class device:
        def __init__(self, device: str) -> None: ...
"""


def found(program: str) -> tuple[list[tuple[int, str, str]], int]:
    before, after = ({"transformers/__init__.pyi": text} for text in (STUBS, WITHOUT_NAMES))
    report = checked(before, after, f"from transformers import Tensor, device, empty\n\n{program}\n")
    return [(f.line, f.rule, f.outcome.value) for f in report.findings], report.statistics.unresolved


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("empty([2],\n  names=['a'])", [(4, "parameter-removed", "breaks")]),
        ("def f(x: Tensor):\n    x.flatten(0, 1, 'b')", [(4, "parameter-removed", "breaks")]),
        ("def f(x: Tensor):\n    x.flatten(0, 1,\n        out='b')", [(5, "parameter-removed", "breaks")]),
        ("device('npu', 0)", [(3, "parameter-removed", "breaks")]),
    ],
)
def test_a_call_that_fits_no_signature_any_more(program: str, expected: list[tuple[int, str, str]]) -> None:
    assert found(program) == (expected, 0)


@pytest.mark.parametrize(
    "program",
    [
        "empty(2, 3)",
        "empty([2], dtype=1)",
        "empty(2, 3, dtype=1)",
        "empty(*shape, **options)",
        "empty(2, bogus=1)",
        "def f(x: Tensor):\n    x.flatten()\n    x.flatten(0, end=1)\n    Tensor.flatten(x, 0)",
        "def f(x: Tensor):\n    x.view(1, 2, 3)\n    x.view(*size)",
        "device('npu')",
    ],
)
def test_a_call_that_still_fits_one_is_fine_and_resolved(program: str) -> None:
    assert found(program) == ([], 0)
