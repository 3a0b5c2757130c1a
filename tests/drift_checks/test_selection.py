from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks.selection import pattern, selection
from signatures.errors import DriftError

RULES = ("symbol-moved", "symbol-removed", "parameter-swallowed")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "path", "matches"),
    [
        ("tests", "tests/a.py", True),
        ("tests", "src/tests/a.py", True),
        ("tests", "src/mytests/a.py", False),
        ("*_test.py", "src/a_test.py", True),
        ("tests/", "src/tests/a.py", True),
        ("src/tests", "src/tests/a.py", True),
        ("src/tests", "other/src/tests/a.py", False),
        ("./src", "src/a.py", True),
        ("./src", "other/src/a.py", False),
        ("src/**", "src/deep/a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*/b.py", "src/a/b.py", True),
        ("../up/src", "src/a.py", False),
    ],
)
def test_patterns_match_as_people_expect(text: str, path: str, matches: bool) -> None:
    assert pattern(text, Path()).matches(path) is matches


def test_absolute_paths_are_matched_too(folder: Path) -> None:
    assert pattern("src/tests", Path()).matches(str(folder / "src" / "tests" / "a.py"))


def test_a_folder_whose_name_has_wildcards_is_itself_only(tmp_path: Path) -> None:
    odd = tmp_path / "a[bc]"
    assert pattern("src/x", odd).matches(str(odd / "src" / "x" / "y.py"))
    assert not pattern("src/x", odd).matches(str(tmp_path / "ab" / "src" / "x" / "y.py"))


def test_rules_are_chosen_by_name_list_and_wildcard() -> None:
    assert selection(RULES).rules == frozenset(RULES)
    assert selection(RULES, select=["symbol-*"]).rules == {"symbol-moved", "symbol-removed"}
    assert selection(RULES, select=["symbol-moved,parameter-swallowed"]).rules == {RULES[0], RULES[2]}
    assert selection(RULES, select=["symbol-*"], ignore=["symbol-moved"]).rules == {"symbol-removed"}


def test_rules_can_be_left_out_in_some_files() -> None:
    chosen = selection(RULES, per_path_ignores=["tests:symbol-*", "docs/**:parameter-swallowed,symbol-moved"])
    assert not chosen.has_rule("symbol-moved", "tests/a.py")
    assert chosen.has_rule("symbol-moved", "src/a.py")
    assert chosen.has_rule("parameter-swallowed", "tests/a.py")
    assert not chosen.has_rule("parameter-swallowed", "docs/a.py")


def test_excluded_files_are_not_asked_for() -> None:
    chosen = selection(RULES, exclude=["vendored"])
    assert not chosen.has_file("src/vendored/a.py")
    assert chosen.has_file("src/a.py")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"select": ["symbol-move"]}, "--select symbol-move: no rule has this name; did you mean symbol-moved?"),
        ({"ignore": ["x"]}, "--ignore x: no rule has this name; see `drift explain`"),
        ({"select": [""]}, "--select : no rule has this name; see `drift explain`"),
        ({"per_path_ignores": ["tests"]}, "--per-path-ignores tests: write it like 'tests/**:deprecated-symbol'"),
        ({"per_path_ignores": ["tests:"]}, "--per-path-ignores tests:: write it like 'tests/**:deprecated-symbol'"),
    ],
)
def test_what_is_not_known_is_said(options: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DriftError) as raised:
        selection(RULES, **options)  # type: ignore[arg-type]
    assert str(raised.value) == message
