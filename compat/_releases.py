"""Which release of an upstream is installed, told without importing it."""

from __future__ import annotations

# `typing` would cost more than the rest of `import compat`; type checkers know this name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from packaging.version import Version


# The newest release of each upstream that the adapters were checked against; the tests hold it to the history.
NEWEST_KNOWN = {"torch": "2.15.0", "torch-npu": "2.14.0", "transformers": "5.23.0"}


class UnreadableRelease(RuntimeError):
    """A distribution is installed, but its metadata names no valid version."""


class UnsupportedRelease(RuntimeError):
    """Nothing here is right for the release that is installed."""


def installed_release(distribution: str) -> Version | None:
    """The release of a distribution that is installed here, or None where it is not installed.

    Args:
        distribution: The name that it is installed by, such as `torch-npu`; case, `-` and `_` do not matter.

    Raises:
        UnreadableRelease: The distribution is there, but its metadata names no valid version.
    """
    from importlib import metadata

    try:
        fields = metadata.distribution(distribution).metadata
    except metadata.PackageNotFoundError:
        return None

    from packaging.version import InvalidVersion, Version

    # A removal that was cut short leaves a folder without METADATA: no fields, or None, by the version of Python.
    written = fields["Version"] if fields and "Version" in fields else ""
    try:
        return Version(written)
    except InvalidVersion:
        raise UnreadableRelease(
            f"{distribution} is installed, but its metadata names no valid version ({written!r}); reinstall it"
        ) from None
