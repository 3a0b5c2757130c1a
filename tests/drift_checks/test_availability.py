from __future__ import annotations

import pytest

from drift_checks.availability import specifier


@pytest.mark.parametrize(
    ("works", "text"),
    [
        ("11", ">=1"),
        ("00", ""),
        ("", ""),
        ("0110", ">=2,<4"),
        ("1001", ">=1,<2 || >=4"),
        ("01010", ">=2,<3 || >=4,<5"),
    ],
)
def test_holes_are_kept(works: str, text: str) -> None:
    assert specifier((str(number), digit == "1") for number, digit in enumerate(works, 1)) == text
