"""Commands run on small histories, never on the shipped ones or the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...histories import write_history


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the shipped history; it has of torch what a history of transformers builds on."""
    folder = tmp_path / "packs"
    folder.mkdir()
    monkeypatch.setattr("signatures.history.SHIPPED", folder)
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    write_history(folder, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    return folder
