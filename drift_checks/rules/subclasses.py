"""Downstream subclasses: hooks that are never called, changed bases, class attributes of another kind."""

from __future__ import annotations

from .declarations import Judge, Rule

RULES: tuple[Rule, ...] = ()

JUDGES: dict[type, Judge] = {}
