"""Running the probe of a real install, and keeping what it answered."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PROBE = Path(__file__).parent / "live_surface.py"


class ProbeFailed(RuntimeError):
    """The interpreter of the install could not run the probe; the message ends with what it said."""


def live_surface(python: Path, package: str, version: str, cache: Path) -> dict[str, Any]:
    """Names, signatures and method resolution orders of an installed package, from the cache where it was asked before.

    Args:
        python: The interpreter of the install.
        package: Its top-level module.
        version: Its release, which is part of the cache's key; so is the probe's own text.
        cache: The folder that keeps answers.

    Raises:
        ProbeFailed: The probe did not run to its end.
    """
    kept = cache / f"{package}-{version}-{hashlib.sha256(PROBE.read_bytes()).hexdigest()[:12]}.json.gz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f"{kept.name}.{os.getpid()}")
        _run(python, "surface", package, partial, "")
        partial.replace(kept)
    answer: dict[str, Any] = _read(kept)
    return answer


def live_resolution(python: Path, package: str, names: Iterable[str], folder: Path) -> dict[str, str]:
    """For each dotted name "" where the install resolves it, else one line that says how it fails.

    Args:
        python: The interpreter of the install.
        package: Its top-level module.
        names: Dotted names, each beginning with a top-level module.
        folder: Where the answer is put for a moment.

    Raises:
        ProbeFailed: The probe did not run to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    answer = folder / f"resolved.{os.getpid()}.json.gz"
    try:
        _run(python, "resolve", package, answer, json.dumps(sorted(names)))
        resolved: dict[str, str] = _read(answer)
        return resolved
    finally:
        answer.unlink(missing_ok=True)


def _run(python: Path, action: str, package: str, output: Path, given: str) -> None:
    # `-I` keeps this process's settings out, PYTHONDONTWRITEBYTECODE among them.
    command = [str(python), "-I", str(PROBE), action, package, str(output)]
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode != 0:
        raise ProbeFailed(f"{python} could not run the probe:\n{done.stderr[-2000:]}")


def _read(path: Path) -> Any:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)
