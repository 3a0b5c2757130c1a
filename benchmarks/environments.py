"""Real installs to measure against, made once and kept in a folder."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_path

from drift_checks.environments import Environments, Packages
from drift_checks.environments import environment as made
from signatures.errors import DriftError

DEFAULT_FOLDER = user_cache_path("upstream-compat-benchmarks")

TORCH = "2.13.0"
"""The torch under every release, unless DRIFT_TORCH names another."""

_PINNED_TORCH = re.compile(r"torch==[\w.+]+")


def environment(folder: Path, requirements: Sequence[str], no_deps: Sequence[str] = ()) -> Path:
    """The Python of an environment that has a torch of its own; made where there is none.

    Args:
        folder: Where environments are kept.
        requirements: Installed with what they depend on. One of them pins torch: every release of it is a download of
            hundreds of megabytes, and what is measured must not depend on the day.
        no_deps: Installed after them, without what they depend on.

    Raises:
        DriftError: torch is not pinned, or the environment cannot be made.
    """
    if not any(_PINNED_TORCH.fullmatch(requirement) for requirement in requirements):
        raise DriftError(f"pin torch (torch==X.Y.Z) beside {', '.join(requirements)}")
    return made(folder, Packages(tuple(requirements), tuple(no_deps)))


def releases() -> Environments:
    """Where releases are installed as `drift check --witness` installs them."""
    return Environments(torch=os.environ.get("DRIFT_TORCH") or TORCH, note=lambda line: print(line, file=sys.stderr))
