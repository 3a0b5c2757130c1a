"""One stable call for code that has to run on many releases of transformers, torch and torch-npu.

Importing this package imports no upstream and nothing outside the standard library.
"""

from __future__ import annotations

from ._releases import UnreadableRelease, installed_release

__all__ = ["UnreadableRelease", "installed_release"]
