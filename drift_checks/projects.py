"""What the command line names: what is checked, and releases of upstreams."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from signatures.errors import DriftError
from signatures.history import History, normalised
from signatures.upstreams import UPSTREAMS

from .requirements import parsed

if TYPE_CHECKING:
    from signatures.sources import Source
    from signatures.wheels import Index

_ARCHIVES = (".whl", ".tar.gz", ".zip")


def open_project(text: str, index: Index | None = None) -> Path | Source:
    """What a PATH of the command line stands for.

    Args:
        text: A file, a folder, a wheel, an sdist, or a requirement that is read from the package index.
        index: The package index; made where it is needed.

    Raises:
        DriftError: There is no such path, and it is no requirement that the index can meet.
    """
    path = Path(text)
    # An empty path would be the working directory; more likely a shell variable is not set.
    if text and path.exists():
        if path.is_file() and path.name.endswith(_ARCHIVES):
            from signatures.local_sources import open_source

            return open_source(path)
        return path
    requirement = parsed(text)
    if requirement is None or not requirement.specifier:
        name = text or "an empty PATH"
        raise DriftError(f"{name}: no such path; to read a release from the package index, write NAME==VERSION")
    from signatures.wheels import Index

    index = index or Index()
    known = [release.version for release in index.releases(requirement.name)]
    allowed = list(requirement.specifier.filter(known))
    # A pinned version is asked for as it is: the index may list it as a prerelease, or say itself that it has none.
    version = _pin(requirement) or (allowed[-1] if allowed else None)
    if version is None:
        raise DriftError(f"{text}: no release on the index matches; the newest is {known[-1] if known else 'none'}")
    return index.open_release(index.release(requirement.name, version))


def chosen_release(history: History, requirement: Requirement) -> str:
    """The newest known release that a requirement allows.

    Raises:
        DriftError: It allows none.
    """
    pin = _pin(requirement)
    if pin is not None:
        return history.release(pin).version
    allowed = history.matching(str(requirement.specifier))
    if not allowed:
        newest = history.releases[-1].version
        raise DriftError(f"{requirement}: no known release matches; the newest known is {newest}, see `drift releases`")
    return allowed[-1].version


def upstream_requirements(option: str, texts: Iterable[str]) -> dict[str, Requirement]:
    """The requirements given with `--from` or `--to`, by distribution name.

    Args:
        option: Which of the two, for messages.
        texts: Its values.

    Raises:
        DriftError: One is not a requirement on an upstream, or an upstream is named twice.
    """
    found: dict[str, Requirement] = {}
    for text in texts:
        requirement = parsed(text)
        if requirement is None or text[:1].isdigit():
            raise DriftError(f"{option} {text}: not a requirement; write it like transformers==5.6.2")
        if requirement.marker is not None:
            raise DriftError(f"{option} {text}: leave the marker out; what follows `;` says nothing here")
        name = normalised(requirement.name)
        if name not in UPSTREAMS:
            raise DriftError(
                f"{option} {text}: {requirement.name} is not followed; known upstreams: {', '.join(UPSTREAMS)}"
            )
        if name in found:
            raise DriftError(f"{option} {text}: {name} is named twice; give one requirement, such as '>=5.3,<5.7'")
        found[name] = requirement
    return found


def is_pin(requirement: Requirement | None) -> bool:
    """Whether a requirement names one release."""
    return requirement is not None and _pin(requirement) is not None


def _pin(requirement: Requirement) -> str | None:
    exact = (s.version for s in requirement.specifier if s.operator in ("==", "===") and not s.version.endswith(".*"))
    return next(exact, None)
