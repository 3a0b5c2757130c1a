"""Commands run on small histories, never on the shipped ones or the user's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that takes the place of the shipped history."""
    folder = tmp_path / "packs"
    folder.mkdir()
    monkeypatch.setattr("signatures.history.SHIPPED", folder)
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    return folder
