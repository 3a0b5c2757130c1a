"""One stable call for code that has to run on many releases of transformers, torch and torch-npu.

Importing this package imports no upstream and nothing outside the standard library: its modules are imported when they
are first used, and an upstream when one of their functions is.
"""

from __future__ import annotations

from ._releases import UnreadableRelease, UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

MODULES = (
    "attention",
    "autocast",
    "backports",
    "caches",
    "calls",
    "chat_templates",
    "configs",
    "devices",
    "diffusion",
    "distributed",
    "experts",
    "hub",
    "image_batches",
    "image_processing",
    "loading",
    "masking",
    "models",
    "mrope",
    "ops",
    "patching",
    "precision",
    "preprocessing",
    "profiler",
    "qwen_vl",
    "registration",
    "resizing",
    "results",
    "rope",
    "sizes",
    "tokenizers",
    "trainer",
    "video_processing",
    "vision_features",
)

__all__ = ["UnreadableRelease", "UnsupportedRelease", "installed_release", *MODULES]


def __getattr__(name: str) -> ModuleType:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *MODULES})
