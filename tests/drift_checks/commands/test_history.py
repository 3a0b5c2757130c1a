from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...histories import drift, write_history

EMPTY = {"transformers/__init__.py": ""}
RELEASES = {
    "5.0": {**EMPTY, "transformers/a.py": "def f(a): ...\nclass C:\n    def __init__(self, a): ..."},
    "5.1": {**EMPTY, "transformers/a.py": "from .b import f", "transformers/b.py": "def f(a): ..."},
    "5.2": {**EMPTY, "transformers/a.py": "from .b import f", "transformers/b.py": "def f(a, b): ..."},
    "5.3": {"transformers/__init__.py": "from .b import *", "transformers/b.py": "def f(a, b): ...\nx = 1"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def transformers(packs: Path) -> None:
    write_history(packs, "transformers", RELEASES)


def test_each_era_with_what_differs_from_the_one_before() -> None:
    result = drift("history", "transformers.a.f")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
transformers.a.f

5.0
  f(a)

5.1
  is transformers.b.f
  the same signature

5.2
  f(a, b)

5.3
  does not resolve
"""
    )


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("transformers.a.C", "transformers.a.C\n\n5.0\n  C(a)\n\n5.1 to 5.3\n  does not resolve\n"),
        ("transformers.b.x", "transformers.b.x\n\n5.0 to 5.2\n  does not resolve\n\n5.3\n  value 1\n"),
        ("transformers", "transformers\n\n5.0 to 5.3\n  module\n"),
    ],
)
def test_what_is_no_function(symbol: str, expected: str) -> None:
    assert drift("history", symbol).stdout == expected


LONG = ["first: int", "second: int", "third: int", "fourth: int", "fifth: int", "sixth: int = 6", "seventh: int = 7"]


def signature(*parameters: str) -> dict[str, str]:
    return {"transformers/__init__.py": f"def function({', '.join(parameters)}) -> dict[str, int]: ..."}


def test_a_long_signature_is_told_by_what_differs(packs: Path) -> None:
    later = [*LONG[:5], "sixth: int = 60", *LONG[6:], "*", "eighth: bool = False"]
    releases = {"5.0": signature(*LONG), "5.1": signature(*later), "5.2": signature(*LONG[1:])}
    write_history(packs, "transformers", releases)
    assert (
        drift("history", "transformers.function").stdout
        == """\
transformers.function

5.0
  function(
      first: int,
      second: int,
      third: int,
      fourth: int,
      fifth: int,
      sixth: int = 6,
      seventh: int = 7,
  ) -> dict[str, int]

5.1
    function(
        …
        fifth: int,
  -     sixth: int = 6,
  +     sixth: int = 60,
        seventh: int = 7,
  +     *,
  +     eighth: bool = False,
    ) -> dict[str, int]

5.2
  function(second: int, third: int, fourth: int, fifth: int, sixth: int = 6, seventh: int = 7) -> dict[str, int]
"""
    )


def test_nothing_is_left_out_of_the_json() -> None:
    document = json.loads(drift("history", "transformers.a.f", "--format", "json").stdout)
    assert (document["schema"], document["symbol"], document["upstream"]) == (1, "transformers.a.f", "transformers")
    assert [each["releases"] for each in document["definitions"]] == [["5.0"], ["5.1"], ["5.2"], ["5.3"]]
    assert document["definitions"][1] == {
        "releases": ["5.1"],
        "status": "found",
        "kind": "function",
        "canonical": "transformers.b.f",
        "signatures": ["(a)"],
        "value": "",
        "through": [],
        "deprecated": [],
    }


def test_markdown() -> None:
    assert (
        drift("history", "transformers.a.f", "--format", "markdown").stdout
        == """\
### `transformers.a.f`

| releases | definition |
| --- | --- |
| 5.0 | `f(a)` |
| 5.1 | is transformers.b.f; `f(a)` |
| 5.2 | is transformers.b.f; `f(a, b)` |
| 5.3 | does not resolve |
"""
    )


def test_overloads(packs: Path) -> None:
    stub = "from typing import overload\n@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\n"
    releases = {"2.1": {"torch/__init__.pyi": stub}, "2.2": {"torch/__init__.pyi": stub.replace("str", "bytes")}}
    write_history(packs, "torch", releases)
    assert (
        drift("history", "torch.f").stdout
        == """\
torch.f

2.1
  f(a: int)
  f(a: str)

2.2
  1 overload as before
  - f(a: str)
  + f(a: bytes)
"""
    )


def test_releases_of_an_upstream_with_trains(packs: Path) -> None:
    trains = {"2.1.0": "2025-04", "2.5.1": "2025-04", "2.1.0.post1": "2025-07", "2.6.0": "2025-07"}
    texts = {version: {"torch_npu/__init__.py": "def f(a): ..."} for version in trains}
    texts["2.6.0"] = {"torch_npu/__init__.py": "def f(a, b): ..."}
    write_history(packs, "torch-npu", texts, trains)
    lines = drift("history", "torch_npu.f").stdout.splitlines()
    assert [line for line in lines[1:] if line and line[0] != " "] == [
        "2025-04 (2.1.0, 2.5.1), 2025-07 (2.1.0.post1)",
        "2025-07 (2.6.0)",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["transformers.nosuch"], "transformers.nosuch is in none of its releases (transformers 5.0 to 5.3)"),
        (
            ["transformers.b.ff"],
            "transformers.b.ff is in none of its releases (transformers 5.0 to 5.3); near it in transformers.b: f",
        ),
        (
            ["numpy.array"],
            "numpy.array: no upstream has a module 'numpy'; "
            "a symbol begins with one of transformers, torch, functorch, torch_npu",
        ),
        (["torch_npu.f"], "there is no history of 'torch-npu'; known: torch, transformers"),
        (["a.f", "--upstream", "numpy"], "numpy is not followed; known upstreams: transformers, torch, torch-npu"),
    ],
)  # fmt: skip
def test_what_no_release_has(arguments: list[str], message: str) -> None:
    result = drift("history", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"drift: {message}\n")
