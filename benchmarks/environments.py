"""Real installs to measure against, made once and kept in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_path

from signatures.errors import DriftError

DEFAULT_FOLDER = user_cache_path("upstream-compat-benchmarks")

_PINNED_TORCH = re.compile(r"torch==[\w.+]+")


def environment(folder: Path, requirements: Sequence[str], no_deps: Sequence[str] = ()) -> Path:
    """Make a virtual environment, or find the one made before, for the Python that runs this.

    uv makes it where it is on PATH, else `venv` and pip. Wheels in the folders of PIP_FIND_LINKS are found by both.

    Args:
        folder: Where environments are kept, each under its own name.
        requirements: Installed with what they depend on. One of them pins torch: every release of it is a download of
            hundreds of megabytes, and what is measured must not depend on the day.
        no_deps: Installed after them, without what they depend on.

    Returns:
        The environment's Python.

    Raises:
        DriftError: torch is not pinned, or the environment cannot be made.
    """
    if not any(_PINNED_TORCH.fullmatch(requirement) for requirement in requirements):
        raise DriftError(f"pin torch (torch==X.Y.Z) beside {', '.join(requirements)}")
    wanted = json.dumps([platform.python_version(), sorted(requirements), sorted(no_deps)])
    first = re.sub(r"[^\w.]+", "-", (*no_deps, *requirements)[0])
    home = folder / f"{first}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    if not home.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Renamed once it is whole: one that was interrupted, or made twice at once, is never used.
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch, "environment")
            _make(made, requirements, no_deps)
            if not home.exists():
                made.rename(home)
    return _python(home)


def _make(home: Path, requirements: Sequence[str], no_deps: Sequence[str]) -> None:
    python = str(_python(home))
    uv = shutil.which("uv")
    if uv is not None:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(home)])
        install = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        _run([sys.executable, "-m", "venv", str(home)])
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, *requirements])
    if no_deps:
        _run([*install, "--no-deps", *no_deps])


def _run(command: Sequence[str]) -> None:
    # pip separates folders by spaces, uv by commas.
    links = ",".join(os.environ.get("PIP_FIND_LINKS", "").split())
    settings = {"UV_FIND_LINKS": links, "UV_PYTHON_DOWNLOADS": "never"} if links else {"UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(command, env={**settings, **os.environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        said = " ".join(lines) or f"exit status {done.returncode}"
        raise DriftError(f"`{' '.join(command)}` failed: {said[:500]}")


def _python(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
