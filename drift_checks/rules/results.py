"""What a call gives: tuples of another size, output objects, other defaults."""

from __future__ import annotations

from .declarations import Judge, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}
