from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drift_checks.ranges import Asked, range_results

from ..histories import drift, write_history

RELEASES = {
    "5.0": {"transformers/__init__.py": "def f(size=0): ...\n"},
    "5.1": {"transformers/__init__.py": "def f(size=0): ...\ndef g(): ..."},
    "5.2": {"transformers/__init__.py": "def f(sizes=0): ...\ndef g(): ..."},
    "5.3": {"transformers/__init__.py": "def f(size=0): ...\ndef g(): ...\ndef h(): ..."},
    "5.4": {"transformers/__init__.py": "def f(sizes=0): ..."},
    "6.0": {"transformers/__init__.py": "def f(size=0): ...\ndef g(): ..."},
}
PROGRAM = """\
from transformers import g
import transformers

transformers.f(size=1)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packs = tmp_path / "packs"
    packs.mkdir()
    monkeypatch.setattr("signatures.history.SHIPPED", packs)
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    write_history(packs, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    write_history(packs, "transformers", RELEASES)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "a.py").write_text(PROGRAM)
    (folder / "pyproject.toml").write_text("[project]\ndependencies = ['transformers>=5.1,!=5.3,<5.4']\n")
    return folder


def checked(*arguments: str) -> Any:
    return json.loads(drift("check", "a.py", "--from", "transformers==5.1", "--format", "json", *arguments).stdout)


def found(document: Any) -> list[tuple[int, str, list[str], str]]:
    return [(f["line"], f["rule"], f["broken_in"], f["works_in"]) for f in document["findings"]]


def test_each_place_is_one_finding_with_all_releases_that_break_it(project: Path) -> None:
    document = checked("--to", "transformers>=5,<6")
    assert found(document) == [
        (1, "symbol-removed", ["5.0", "5.4"], ">=5.1,<5.4 || >=6.0"),
        (4, "parameter-renamed", ["5.2", "5.4"], ">=5.0,<5.2 || >=5.3,<5.4 || >=6.0"),
    ]
    assert document["upstreams"] == [{"name": "transformers", "from": "5.1", "to": "5.4"}]


def test_the_project_as_a_whole(project: Path) -> None:
    [whole] = checked("--to", "transformers>=5,<6")["ranges"]
    g = {"path": "a.py", "line": 1, "column": 26, "rule": "symbol-removed"}
    f = {"path": "a.py", "line": 4, "column": 16, "rule": "parameter-renamed"}
    assert whole == {
        "upstream": "transformers",
        "asked": ">=5,<6",
        "declared": ">=5.1,<5.4,!=5.3",
        "releases": ["5.0", "5.1", "5.2", "5.3", "5.4"],
        "works_in": ">=5.1,<5.2 || >=5.3,<5.4",
        "declared_broken": ["5.2"],
        "costs": [
            {"releases": ["5.0"], "findings": [g]},
            {"releases": ["5.2"], "findings": [f]},
            {"releases": ["5.4"], "findings": [g, f]},
        ],
    }


def test_what_is_told_to_people(project: Path) -> None:
    result = drift("check", "a.py", "--from", "transformers==5.1", "--to", "transformers>=5,<6")
    assert result.exit_code == 1
    assert result.stderr == "transformers 5.1 -> 5.0 to 5.4 (5 releases)\n"
    assert (
        """
transformers>=5,<6 (5 known releases)
  everything works in >=5.1,<5.2 || >=5.3,<5.4
  declared >=5.1,<5.4,!=5.3, which is not true of 5.2
  2 lines cost 5.4: a.py:1, a.py:4
  only a.py:4 costs 5.2
  only a.py:1 costs 5.0
"""
        in result.stdout
    )


def test_an_older_release_is_said_to_be_older(project: Path) -> None:
    document = checked("--to", "transformers<5.2")
    assert found(document) == [(1, "symbol-removed", ["5.0"], ">=5.1,<5.4 || >=6.0")]
    assert document["findings"][0]["message"] == "going back to 5.0: `transformers.g` is gone"


@pytest.mark.parametrize("to", ["transformers==5.2", "transformers>=6", "transformers"])
def test_one_release_is_no_range(project: Path, to: str) -> None:
    assert checked("--to", to)["ranges"] == []


def test_guarded_lines_only_cost_the_releases_that_they_run_on(project: Path) -> None:
    (project / "a.py").write_text(
        "import transformers\nfrom packaging.version import Version\n\n"
        "if Version(transformers.__version__) < Version('5.4'):\n    transformers.f(size=1)\n"
    )
    assert found(checked("--to", "transformers>=5")) == [
        (5, "parameter-renamed", ["5.2"], ">=5.0,<5.2 || >=5.3,<5.4 || >=6.0")
    ]


def test_what_only_some_releases_announce(project: Path, tmp_path: Path) -> None:
    deprecated = (
        "def deprecate_kwarg(old, version, new_name=None):\n    return lambda f: f\n\n"
        "@deprecate_kwarg('size', version='6', new_name='sizes')\ndef f(sizes=0): ...\n"
    )
    texts = {"5.1": "def f(size=0): ...", "5.2": deprecated, "5.3": "def f(sizes=0): ..."}
    write_history(
        tmp_path / "packs", "transformers", {v: {"transformers/__init__.py": text} for v, text in texts.items()}
    )
    (project / "a.py").write_text("import transformers\n\ntransformers.f(size=1)\n")
    assert found(checked("--to", "transformers>=5")) == [(3, "parameter-renamed", ["5.3"], ">=5.1,<5.3")]
    announced = checked("--to", "transformers>=5,<5.3")
    assert found(announced) == [(3, "deprecated-parameter", [], ">=5.1,<5.3")]
    assert announced["ranges"][0]["costs"] == []


def test_a_range_without_findings() -> None:
    [whole] = range_results([Asked("torch", ">=2", "", ("2.1", "2.2"), ("2.0", "2.1", "2.2"))], [])
    assert (whole.works_in, whole.costs, whole.broken, whole.declared_broken) == (">=2.1", (), (), ())
