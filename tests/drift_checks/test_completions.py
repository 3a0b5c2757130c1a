from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks.completions import requirements, rules

from ..histories import write_history


@pytest.fixture(autouse=True)
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signatures.history.SHIPPED", tmp_path)
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    write_history(tmp_path, "torch", {"2.1.0": {"torch/__init__.py": ""}, "2.10.0": {"torch/__init__.py": ""}})


def test_rules_by_their_beginning_and_behind_a_comma() -> None:
    assert {"symbol-moved", "symbol-removed"} <= {item.value for item in rules("symbol-")}
    assert "symbol-moved,patch-alias" in {item.value for item in rules("symbol-moved,patch-")}
    assert rules("nosuch") == []


def test_upstreams_and_then_their_releases_the_newest_first() -> None:
    assert [item.value for item in requirements("to")] == ["torch==", "torch-npu=="]
    assert [item.value for item in requirements("torch==")] == ["torch==2.10.0", "torch==2.1.0"]
    assert [item.value for item in requirements("torch==2.10")] == ["torch==2.10.0"]


@pytest.mark.parametrize("begun", ["numpy==", "torch-npu==", "torch>=2"])
def test_where_nothing_is_known_nothing_is_offered(begun: str) -> None:
    assert requirements(begun) == []
