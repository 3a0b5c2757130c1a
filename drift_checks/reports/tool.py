"""What reports say of the tool that made them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NAME = "upstream-compat"


def tool_version() -> str:
    """The installed version; "" where it is not installed."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        return ""
