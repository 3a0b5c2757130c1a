"""Calls of operators against their schemas."""

from __future__ import annotations

from .declarations import Judge, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}
