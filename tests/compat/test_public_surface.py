from __future__ import annotations

from .public_surface import FROZEN, lines


def test_the_public_surface_is_the_frozen_one() -> None:
    frozen = FROZEN.read_text(encoding="utf-8").splitlines()
    now = list(lines())
    changed = [line for line in frozen if line not in now]
    assert not changed, "a stable function never changes its shape, and no public name goes"
    assert now == frozen, "new names are added with `python -m tests.compat.public_surface`"
