from __future__ import annotations

import sys
from pathlib import Path

import pytest

from compat import UnsupportedRelease
from compat._names import imported

from .small_upstream import Installed


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(tmp_path, monkeypatch)


@pytest.mark.parametrize(("version", "home"), [("1.5", "plainly"), ("2.1", "plainly.inner")])
def test_a_stable_name_is_upstreams_object_wherever_it_is(installed: Installed, version: str, home: str) -> None:
    module = installed.module(version)
    assert "plainly" not in sys.modules
    assert module.Moved is sys.modules[home].Moved
    assert vars(module)["Moved"] is module.Moved


def test_a_name_that_a_release_has_not_is_refused_with_the_reason(installed: Installed) -> None:
    with pytest.raises(UnsupportedRelease, match=r"^adapted\.Gone is not there in plainly 2\.1: 2\.0 drops it$"):
        _ = installed.module("2.1").Gone


def test_an_import_that_fails_inside_of_upstream_is_not_taken_for_a_missing_name(installed: Installed) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        _ = installed.module("2.1").Broken


def test_a_module_has_no_other_names_and_lists_those_it_has(installed: Installed) -> None:
    module = installed.module("2.1")
    assert {"Moved", "Gone", "scale"} <= set(dir(module))
    with pytest.raises(AttributeError, match="module 'adapted' has no attribute 'Elsewhere'"):
        _ = module.Elsewhere


@pytest.mark.parametrize(
    ("path", "expected"), [("json.decoder.JSONDecoder.decode", "decode"), ("json.decoder", "json.decoder")]
)
def test_a_dotted_path_is_followed_through_modules_and_then_attributes(path: str, expected: str) -> None:
    assert imported(path).__name__ == expected


def test_a_path_that_begins_with_a_dot_is_within_the_package() -> None:
    assert imported("._names.imported") is imported
