"""Reports: the same findings as text, JSON, workflow annotations or Markdown."""

from __future__ import annotations

from collections.abc import Callable

from ..check import Report
from .annotations import as_annotations
from .machine import as_json
from .markdown import as_markdown
from .text import as_text

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_annotations,
    "markdown": as_markdown,
}

__all__ = ["FORMATS", "as_annotations", "as_json", "as_markdown", "as_text"]
