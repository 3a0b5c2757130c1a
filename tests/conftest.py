"""Fixtures that all tests share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from platformdirs import user_cache_path

from signatures.wheels import Index

from .pins import PINS

# A machine that is busy is slow; that is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def released_wheel() -> Callable[[str, str], Path]:
    """Gives the path of a pinned wheel, downloaded once into DRIFT_TEST_CACHE (default: the user's cache folder)."""
    cache = os.environ.get("DRIFT_TEST_CACHE")
    folder = Path(cache) if cache else user_cache_path("upstream-compat-tests")

    def fetched(name: str, version: str) -> Path:
        pin = PINS[name, version]
        target = folder / pin.filename
        if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == pin.sha256:
            return target
        with Index() as index:
            [file] = [file for file in index.release(name, version).files if file.filename == pin.filename]
            return index.download(file._replace(sha256=pin.sha256), folder)

    return fetched
