"""The guides, one module a subject; each has `GUIDES` by the name of the rule."""

from __future__ import annotations

from . import calls, devices, guards, imports, members, operators, replacements, results
from .guide import Guide

GUIDES: dict[str, Guide] = {
    name: guide
    for module in (imports, calls, results, members, replacements, operators, guards, devices)
    for name, guide in module.GUIDES.items()
}

__all__ = ["GUIDES", "Guide"]
