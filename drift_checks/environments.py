"""Virtual environments with real upstream releases, made once each and kept in the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from signatures.connections import configured_index
from signatures.errors import DriftError

RUNNABLE = frozenset({"transformers"})
"""Upstreams of which a release can be installed by itself: one of torch is gigabytes, torch-npu needs its drivers."""

# What is optional for transformers but decides which of its classes a name gives, and is small.
COMPANIONS = ("pillow", "protobuf", "sentencepiece")

_CACHE_VARIABLE = "DRIFT_CACHE_DIR"
_TORCH_VARIABLE = "DRIFT_TORCH"
_TORCH = re.compile(r"2\.(?P<minor>\d+)\.(?P<patch>\d+)")
_SAID = 400
_UNFINISHED = ".making-"
_STALE_SECONDS = 24 * 3600


class Packages(NamedTuple):
    """What an environment holds.

    Args:
        requirements: Installed with what they depend on.
        no_deps: Installed after them, without what they depend on.
        constraints: What nothing that is installed may go beyond.
        linked: Folders whose packages are seen too, after its own.
    """

    requirements: tuple[str, ...]
    no_deps: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


def environment(folder: Path, packages: Packages) -> Path:
    """Make a virtual environment, or find the one made before, for the Python that runs this.

    uv makes it where it is to be had, else `venv` and pip. The index and the folders of wheels that pip is told to use
    are used by both.

    Args:
        folder: Where environments are kept, each under its own name.
        packages: What it holds.

    Returns:
        The environment's Python.

    Raises:
        DriftError: It cannot be made.
    """
    home = environment_home(folder, packages)
    try:
        if home.exists() and not _python(home).exists():
            # An upgrade has removed the Python that it was made from.
            shutil.rmtree(home)
        if not home.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _remove_stale(folder)
            # Renamed once it is whole: one that was interrupted is never used.
            with tempfile.TemporaryDirectory(dir=folder, prefix=_UNFINISHED) as scratch:
                made = Path(scratch, "environment")
                _make(made, packages, Path(scratch, "constraints.txt"))
                _place(made, home)
    except OSError as error:
        raise DriftError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
    return _python(home)


def _place(made: Path, home: Path) -> None:
    try:
        made.rename(home)
    except OSError:
        # Another run was faster; what it made is the same.
        if not _python(home).exists():
            raise


def _remove_stale(folder: Path) -> None:
    """Remove what killed runs have left."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left)


def environment_home(folder: Path, packages: Packages) -> Path:
    """Where the environment is, or would be."""
    wanted = json.dumps([platform.python_version(), sys.base_prefix, *map(sorted, packages)])
    first = re.sub(r"[^\w.]+", "-", (*packages.no_deps, *packages.requirements)[0])
    return folder / f"{first}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


class Environments:
    """Releases of upstreams, each in an environment of its own; they share one torch.

    The torch is never left to a resolver: every release of it is a download of gigabytes.

    Args:
        folder: Where they are kept; None for the user's cache.
        torch: Its version; None for that of `DRIFT_TORCH`, else the torch that is installed beside this package.
        note: Told before one is made.
    """

    def __init__(
        self,
        folder: Path | None = None,
        torch: str | None = None,
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._folder = folder or _cache_folder()
        self._wanted = torch or os.environ.get(_TORCH_VARIABLE, "").strip()
        self._note = note
        self._torch: tuple[str, str] | None = None

    def python(self, upstream: str, version: str) -> Path:
        """The Python of an environment that has a release.

        Args:
            upstream: One of `RUNNABLE`.
            version: The release.

        Raises:
            DriftError: The environment cannot be made, or `DRIFT_TORCH` is no version.
        """
        torch, site = self._shared_torch()
        return self._environment(
            Packages(
                (f"{upstream}=={version}", *COMPANIONS),
                # No release of transformers requires torch; one that does must not fetch another.
                constraints=(f"torch=={torch}" if torch else "torch<0",),
                linked=(site,) if site else (),
            )
        )

    def _environment(self, packages: Packages) -> Path:
        if not environment_home(self._folder, packages).exists():
            self._note(f"making an environment with {packages.requirements[0]}, once")
        return environment(self._folder, packages)

    def _shared_torch(self) -> tuple[str, str]:
        if self._torch is None:
            self._torch = self._pinned_torch() or _installed_torch() or ("", "")
        return self._torch

    def _pinned_torch(self) -> tuple[str, str] | None:
        wanted = self._wanted
        if not wanted:
            return None
        match = _TORCH.fullmatch(wanted)
        if match is None:
            raise DriftError(f"{_TORCH_VARIABLE}={wanted}: not a release of torch; an example is 2.13.0")
        # torchvision's own requirement would be met by another build of torch; its minor version runs 15 ahead.
        vision = f"torchvision==0.{int(match['minor']) + 15}.{match['patch']}"
        python = self._environment(Packages((f"torch=={wanted}", "numpy"), no_deps=(vision,)))
        return wanted, str(_site(python))


def _installed_torch() -> tuple[str, str] | None:
    try:
        found = distribution("torch")
    except PackageNotFoundError:
        return None
    return found.version, str(found.locate_file(""))


def _cache_folder() -> Path:
    chosen = os.environ.get(_CACHE_VARIABLE)
    if chosen:
        return Path(chosen) / "environments"
    import platformdirs

    return platformdirs.user_cache_path("upstream-compat") / "environments"


def _make(home: Path, packages: Packages, constraints: Path) -> None:
    python = str(_python(home))
    uv = _uv()
    if uv is not None:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(home)], "make a virtual environment")
        install = [uv, "pip", "install", "--quiet", "--python", python]
        # pip reads this by itself, uv does not.
        install += ["--no-index"] if os.environ.get("PIP_NO_INDEX", "0") not in ("", "0", "false") else []
    else:
        _run([sys.executable, "-m", "venv", str(home)], "make a virtual environment")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constraints.write_text("".join(f"{line}\n" for line in packages.constraints), encoding="utf-8")
    held = ["--constraint", str(constraints)]
    _run([*install, *held, *packages.requirements], f"install {', '.join(packages.requirements)}")
    if packages.no_deps:
        _run([*install, "--no-deps", *packages.no_deps], f"install {', '.join(packages.no_deps)}")
    if packages.linked:
        lines = "".join(f"{folder}\n" for folder in packages.linked)
        (_site(Path(python)) / "_linked.pth").write_text(lines, encoding="utf-8")


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    return shutil.which("uv") or (str(beside) if beside.exists() else None)


def _run(command: Sequence[str], purpose: str) -> str:
    done = subprocess.run(command, env=_settings(os.environ), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        said = " ".join(" ".join(lines).split()) or f"exit status {done.returncode}"
        raise DriftError(f"cannot {purpose}: {said[:_SAID]}")
    return done.stdout


def _settings(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables for uv and pip: uv does not read pip's, and separates folders by commas."""
    links = ",".join(variables.get("PIP_FIND_LINKS", "").split())
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_DEFAULT_INDEX": configured_index()}
    if links:
        settings["UV_FIND_LINKS"] = links
    return {**settings, **variables}


def _site(python: Path) -> Path:
    """The folder of an environment's packages."""
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(_run([str(python), "-I", "-c", asked], f"run {python}").strip())


def _python(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
