from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...histories import drift, write_history


@pytest.fixture(autouse=True)
def histories(packs: Path) -> None:
    text = {"__init__.py": ""}
    transformers = {f"transformers/{path}": source for path, source in text.items()}
    write_history(
        packs,
        "transformers",
        {"5.9": transformers, "5.10": transformers},
        problems={"5.10": "transformers 5.10: a.py is damaged"},
    )
    write_history(packs, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    trains = {"2.6.0": "2025-04", "2.1.0.post9": "2025-07"}
    write_history(packs, "torch-npu", {version: {"torch_npu/__init__.py": ""} for version in trains}, trains)


def test_all_upstreams() -> None:
    result = drift("releases")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
upstream      releases  oldest  newest       built
transformers  2         5.9     5.10         2026-01-02
torch         1         2.1.0   2.1.0        2026-01-02
torch-npu     2         2.6.0   2.1.0.post9  2026-01-02
"""
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch", "release  built\n2.1.0    2026-01-02\n"),
        (
            "transformers",
            "release  built       not read\n"
            "5.9      2026-01-02\n"
            "5.10     2026-01-02  transformers 5.10: a.py is damaged\n",
        ),
        (
            "torch_npu",
            "release      built       train\n2.6.0        2026-01-02  2025-04\n2.1.0.post9  2026-01-02  2025-07\n",
        ),
    ],
)
def test_one_upstream_in_release_order(name: str, expected: str) -> None:
    assert drift("releases", name).stdout == expected


def test_json() -> None:
    document = json.loads(drift("releases", "--format", "json").stdout)
    assert [each["name"] for each in document["upstreams"]] == ["transformers", "torch", "torch-npu"]
    assert document["upstreams"][0]["releases"][1] == {
        "version": "5.10",
        "date": "2026-01-02",
        "train": None,
        "problems": ["transformers 5.10: a.py is damaged"],
    }


def test_markdown() -> None:
    assert drift("releases", "torch", "--format", "markdown").stdout == (
        "| release | built |\n| --- | --- |\n| 2.1.0 | 2026-01-02 |\n"
    )


def test_a_pack_of_the_user_that_is_damaged_is_left_out_aloud(tmp_path: Path) -> None:
    pack = tmp_path / "cache" / "history" / "torch" / "0001-2.2.0.pack"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(b"no pack")
    result = drift("releases", "torch")
    assert (result.exit_code, result.stdout) == (0, "release  built\n2.1.0    2026-01-02\n")
    assert result.stderr.startswith(f"drift: {pack}: ")
    assert result.stderr.endswith("left out; run `drift update torch`\n")
    assert len(result.stderr.splitlines()) == 1


def test_an_upstream_that_is_not_followed() -> None:
    result = drift("releases", "numpy")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "drift: numpy is not followed; known upstreams: transformers, torch, torch-npu\n"
