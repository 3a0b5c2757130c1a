"""Members of values whose type is not known, where the name fits one upstream only."""

from __future__ import annotations

from .declarations import Judge, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}
