from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...histories import drift, write_history

OLD = {
    "transformers/__init__.py": "",
    "transformers/a.py": "def f(a, b=1): ...\ndef long_name(a): ...\nclass C:\n    def m(self): ...",
    "transformers/b.py": "class C:\n    def m(self): ...",
    "transformers/gone.py": "x = 1\ny = 2",
}
NEW = {
    "transformers/__init__.py": "",
    "transformers/a.py": "def f(a, b=2): ...\ndef long_name(a, b): ...\nclass C: ...",
    "transformers/b.py": "class C: ...",
}


@pytest.fixture(autouse=True)
def transformers(packs: Path) -> None:
    write_history(packs, "transformers", {"5.0": OLD, "5.1": NEW, "5.2": NEW, "5.10": OLD})


def test_grouped_by_rule_and_module() -> None:
    result = drift("diff", "transformers", "5.0", "5.1")
    assert (result.exit_code, result.stderr) == (1, "transformers 5.0 -> 5.1: 4 changes, which stand for 7\n")
    assert (
        result.stdout
        == """\
module-removed (1)
    transformers.gone  2 symbols gone (x, y)

attribute-removed (1)
  transformers.a
    C.m  is gone [also C]

parameter-required (1)
  transformers.a
    long_name  `b` is new and required

default-changed (1)
  transformers.a
    f  `b` defaults to 2, was 1

"""
    )


def test_nothing_changed() -> None:
    result = drift("diff", "transformers", "5.1", "5.2")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "transformers 5.1 -> 5.2: no changes\n")


def test_quiet_leaves_the_summary_out() -> None:
    assert drift("diff", "transformers", "5.1", "5.2", "--quiet").stderr == ""


def test_json_names_every_symbol() -> None:
    document = json.loads(drift("diff", "transformers", "5.0", "5.1", "--format", "json").stdout)
    assert {key: document[key] for key in ("schema", "upstream", "old", "new")} == {
        "schema": 1,
        "upstream": "transformers",
        "old": "5.0",
        "new": "5.1",
    }
    assert document["changes"][1] == {
        "rule": "attribute-removed",
        "symbol": "transformers.a.C.m",
        "detail": "is gone",
        "old": "(self)",
        "new": None,
        "repeats": ["transformers.b.C.m"],
    }


def test_markdown() -> None:
    lines = drift("diff", "transformers", "5.0", "5.1", "--format", "markdown").stdout.splitlines()
    assert lines[0] == "### transformers 5.0 → 5.1"
    assert lines[-1] == "| default-changed | `transformers.a.f` | `b` defaults to 2, was 1 |"


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        (["--under", "transformers.gone"], {"module-removed"}),
        (["--under", "transformers.a.f"], {"default-changed"}),
        (["--under", "transformers.a.C.m"], {"attribute-removed"}),
        (["--under", "transformers.a"], {"attribute-removed", "parameter-required", "default-changed"}),
    ],
)
def test_under_a_path(options: list[str], rules: set[str]) -> None:
    result = drift("diff", "transformers", "5.0", "5.1", "--format", "json", *options)
    assert {change["rule"] for change in json.loads(result.stdout)["changes"]} == rules


def test_under_another_name_of_a_symbol(packs: Path) -> None:
    old = {"transformers/__init__.py": "from .a import f", "transformers/a.py": "def f(a): ..."}
    new = {"transformers/__init__.py": "from .a import f", "transformers/a.py": "def f(a, b): ..."}
    write_history(packs, "transformers", {"5.0": old, "5.1": new})
    assert (
        "    f  `b` is new and required\n"
        in drift("diff", "transformers", "5.0", "5.1", "--under", "transformers.f").stdout
    )


def test_all_shows_what_is_new() -> None:
    result = drift("diff", "transformers", "5.1", "5.10", "--all", "--format", "json")
    added = {c["symbol"] for c in json.loads(result.stdout)["changes"] if c["rule"] == "symbol-added"}
    assert {"transformers.gone.x", "transformers.gone.y"} <= added


def test_what_could_not_be_read_is_said_even_when_quiet(packs: Path) -> None:
    write_history(
        packs, "transformers", {"5.0": OLD, "5.1": NEW}, problems={"5.1": "transformers 5.1: a.py is damaged"}
    )
    result = drift("diff", "transformers", "5.0", "5.1", "--quiet")
    assert result.stderr == "drift: incomplete: transformers 5.1: a.py is damaged\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["numpy", "1", "2"], "numpy is not followed; known upstreams: transformers, torch, torch-npu"),
        (["transformers", "5.0", "5.3"], "the history has no transformers 5.3; near it: 5.1, 5.2, 5.10"),
        (
            ["transformers", "5.0", "5.99"],
            "transformers 5.99 is newer than the history, which ends at 5.10: run `drift update transformers`",
        ),
        (["transformers", "5.0", "new"], "'new' is not a version; an example is 5.10"),
        (["transformers", "5.0", "5.1", "--under", "transformers.x"], "--under transformers.x: neither release has it"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(arguments: list[str], message: str) -> None:
    result = drift("diff", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"drift: {message}\n")
