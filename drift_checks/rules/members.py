"""Members of classes and instances: attributes that are gone, renamed, or of another kind."""

from __future__ import annotations

from .declarations import Judge, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}
