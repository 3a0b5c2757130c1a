from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks.availability import HistoryReleases, specifier
from signatures.history import History
from signatures.packs import Pack, ReleaseInfo
from signatures.python_source import read_module
from signatures.recording import write_base


@pytest.mark.parametrize(
    ("works", "text"),
    [
        ("11", ">=1"),
        ("00", ""),
        ("", ""),
        ("0110", ">=2,<4"),
        ("1001", ">=1,<2 || >=4"),
        ("01010", ">=2,<3 || >=4,<5"),
    ],
)
def test_holes_are_kept(works: str, text: str) -> None:
    assert specifier((str(number), digit == "1") for number, digit in enumerate(works, 1)) == text


def test_releases_that_are_dated_in_another_order_are_told_by_version() -> None:
    dated = [("2.7", True), ("2.8", True), ("2.7.post8", False), ("2.9", True), ("2.8.post4", False)]
    assert specifier(dated) == ">=2.7,<2.7.post8 || >=2.8,<2.8.post4 || >=2.9"


def test_the_releases_of_a_history_are_surfaces(tmp_path: Path) -> None:
    path = tmp_path / "base.pack"
    texts = {"1.0": b"def f(a): ...", "1.1": b"def f(b): ..."}
    write_base(
        path,
        "transformers",
        [
            (ReleaseInfo(version), {"transformers": read_module(text, "transformers")})
            for version, text in texts.items()
        ],
    )
    releases = HistoryReleases(History("transformers", [Pack(path)]))
    assert releases.versions == ("1.0", "1.1")
    found = [releases.surface(version).resolve("transformers.f") for version in releases.versions]
    assert [str(releases.surface("1.0").signature(f)) for f in found] == ["(a)", "(b)"]
