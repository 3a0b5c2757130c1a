"""The constants of huggingface_hub, by their names there."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    from huggingface_hub import constants

    return getattr(constants, name)
