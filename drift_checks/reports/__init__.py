"""Reports: the same findings for people, machines and pull requests."""

from __future__ import annotations

from collections.abc import Callable

from ..check import Report
from .annotations import as_annotations
from .html import as_html
from .machine import as_json
from .markdown import as_markdown
from .sarif import as_sarif
from .text import as_text

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_annotations,
    "markdown": as_markdown,
    "html": as_html,
}

__all__ = ["FORMATS", "as_annotations", "as_html", "as_json", "as_markdown", "as_sarif", "as_text"]
