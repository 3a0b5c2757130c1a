"""Which transformers releases the matrix runs on.

    python -m tests.matrix.releases

writes them to `releases.txt`, where `nox` reads them: the last patch of every minor since 4.49, and the first and last
release of every adapter's set, so that each adapter runs on both of its edges.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

import compat
from compat._adapters import REGISTRY
from compat._names import NAMES
from drift_checks.adapters import Histories

LISTED = Path(__file__).with_suffix(".txt")
OLDEST = Version("4.49")


def releases() -> list[str]:
    """The releases, oldest first."""
    histories = Histories()
    for module in compat.MODULES:
        import_module(f"compat.{module}")
    sets = {adapter.releases for function in REGISTRY.values() for adapter in function.adapters}
    sets |= {each for name in NAMES.values() for each in name.places}
    chosen = {f"{version.major}.{version.minor}": version for version in _known(histories, "transformers")}
    edges = [edge for each in sets if Requirement(each).name == "transformers" for edge in _edges(histories, each)]
    return [str(version) for version in sorted({*chosen.values(), *edges})]


def _known(histories: Histories, requirement: str) -> list[Version]:
    versions = map(Version, histories.within(requirement))
    return sorted(version for version in versions if version >= OLDEST)


def _edges(histories: Histories, requirement: str) -> list[Version]:
    known = _known(histories, requirement)
    return [known[0], known[-1]] if known else []


if __name__ == "__main__":
    LISTED.write_text("".join(f"{release}\n" for release in releases()), encoding="utf-8")
