"""Guards: version tests, `hasattr`, exceptions that are caught, and whether guarded code runs on a release."""

from __future__ import annotations

from .conditions import Conditions, Truth, asked_function
from .coverage import FileGuards
from .versions import compared, is_version_text, version_of

__all__ = ["Conditions", "FileGuards", "Truth", "asked_function", "compared", "is_version_text", "version_of"]
