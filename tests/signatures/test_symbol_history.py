from __future__ import annotations

from pathlib import Path

import pytest

from signatures.history import History
from signatures.model import Status
from signatures.symbol_history import Era, release_ranges, symbol_history

from ..histories import history
from .programs import Files

INIT = "transformers/__init__.py"


def shown(era: Era) -> str:
    """An era in one line: its releases, and what the symbol is there."""
    what = era.status.value if era.status is not Status.FOUND else f"{era.kind} {era.canonical}"
    forms = [str(signature) for signature in era.signatures] + [era.value] * bool(era.value)
    return " ".join([",".join(era.versions), what, *forms, *era.through, *era.deprecated])


def eras(folder: Path, path: str, *releases: Files | str) -> list[str]:
    files = [{INIT: each} if isinstance(each, str) else {INIT: "", **each} for each in releases]
    known = history(folder, {f"5.{number}": each for number, each in enumerate(files)})
    return [shown(era) for era in symbol_history(known, path)]


@pytest.mark.parametrize(
    ("path", "releases", "expected"),
    [
        ("transformers.f", ["def f(a): ..."], ["5.0 function transformers.f (a)"]),
        # What is not the surface makes no era.
        (
            "transformers.f",
            ["def f(a): return 1", "def f(a): return 2", "x = 1\ndef f(a): ..."],
            ["5.0,5.1,5.2 function transformers.f (a)"],
        ),
        # Availability is a set: what came back is the era that it was.
        (
            "transformers.f",
            ["def f(a): ...", "def f(b): ...", "def f(a): ...", ""],
            ["5.0,5.2 function transformers.f (a)", "5.1 function transformers.f (b)", "5.3 missing"],
        ),
        # A move, by way of an import that stays behind.
        (
            "transformers.a.f",
            [
                {"transformers/a.py": "def f(a): ..."},
                {"transformers/a.py": "from .b import f", "transformers/b.py": "def f(a): ..."},
                {"transformers/b.py": "def f(a): ..."},
            ],
            ["5.0 function transformers.a.f (a)", "5.1 function transformers.b.f (a)", "5.2 missing"],
        ),
        # The base class changes in another file than the class.
        (
            "transformers.C.m",
            [
                {INIT: "from .b import B\nclass C(B): ...", "transformers/b.py": "class B:\n    def m(self, a): ..."},
                {INIT: "from .b import B\nclass C(B): ...", "transformers/b.py": "class B:\n    def m(self, b): ..."},
            ],
            [
                "5.0 function transformers.b.B.m (self, a) inherited",
                "5.1 function transformers.b.B.m (self, b) inherited",
            ],
        ),
        ("transformers.C", ["class C:\n    def __init__(self, a): ..."], ["5.0 class transformers.C (a)"]),
        (
            "transformers.x",
            ["x = 1", "x: int = 2", "x: int"],
            [f"5.{number} value transformers.x {value}" for number, value in enumerate(("1", "2", "int"))],
        ),
        ("transformers", ["x = 1", "x = 2"], ["5.0,5.1 module transformers"]),
        ("transformers.a", [{"transformers/a.py": ""}, ""], ["5.0 module transformers.a", "5.1 missing"]),
        ("transformers.f", ["globals().update(f=1)"], ["5.0 unknown"]),
        (
            "transformers.f",
            ["from .u import deprecate_kwarg\n@deprecate_kwarg('b', new_name='a', version='9')\ndef f(a): ..."],
            ["5.0 function transformers.f (a) b -> a"],
        ),
    ],
)
def test_eras(tmp_path: Path, path: str, releases: list[Files | str], expected: list[str]) -> None:
    assert eras(tmp_path, path, *releases) == expected


def test_every_overload_is_told(tmp_path: Path) -> None:
    stub = "from typing import overload\n@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\n"
    releases: list[Files | str] = [
        {"transformers/s.pyi": stub},
        {"transformers/s.pyi": stub.replace("str", "bytes")},
    ]
    assert eras(tmp_path, "transformers.s.f", *releases) == [
        "5.0 function transformers.s.f (a: int) (a: str)",
        "5.1 function transformers.s.f (a: int) (a: bytes)",
    ]


def test_each_release_is_in_exactly_one_era(tmp_path: Path) -> None:
    texts = ["def f(a): ...", "", "def f(b): ...", "def f(a): ...", "globals().update(f=1)", ""]
    known = history(tmp_path, {f"5.{number}": {INIT: text} for number, text in enumerate(texts)})
    told = [version for era in symbol_history(known, "transformers.f") for version in era.versions]
    assert sorted(told) == [info.version for info in known.releases]


TRAINS = {
    "2.1.0": "2025-04", "2.5.1": "2025-04",
    "2.1.0.post1": "2025-07", "2.5.1.post1": "2025-07", "2.6.0": "2025-07",
    "2.1.0.post2": "2025-10", "2.7.0": "2025-10",
    "2.8.0": "2026-01",
}  # fmt: skip


@pytest.fixture
def by_train(tmp_path: Path) -> History:
    return history(tmp_path, {version: {INIT: ""} for version in TRAINS}, trains=TRAINS)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ("2.1.0 2.5.1", "2025-04 (2.1.0, 2.5.1)"),
        ("2.1.0 2.5.1 2.1.0.post1 2.5.1.post1 2.6.0", "2025-04 to 2025-07"),
        ("2.1.0 2.5.1 2.6.0", "2025-04 (2.1.0, 2.5.1), 2025-07 (2.6.0)"),
        ("2.6.0 2.1.0.post2 2.7.0 2.8.0", "2025-07 (2.6.0), 2025-10 to 2026-01"),
        ("2.1.0 2.5.1 2.8.0", "2025-04 (2.1.0, 2.5.1), 2026-01 (2.8.0)"),
        (" ".join(TRAINS), "2025-04 to 2026-01"),
    ],
)
def test_ranges_by_train(by_train: History, versions: str, expected: str) -> None:
    assert release_ranges(by_train, tuple(versions.split())) == expected


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ("5.0", "5.0"),
        ("5.0 5.1", "5.0 to 5.1"),
        ("5.0 5.2", "5.0, 5.2"),
        ("5.0 5.1 5.3 5.9 5.10", "5.0 to 5.1, 5.3 to 5.10"),
    ],
)
def test_ranges_by_version(tmp_path: Path, versions: str, expected: str) -> None:
    known = history(tmp_path, {version: {INIT: ""} for version in ("5.0", "5.1", "5.2", "5.3", "5.9", "5.10")})
    assert release_ranges(known, tuple(versions.split())) == expected
