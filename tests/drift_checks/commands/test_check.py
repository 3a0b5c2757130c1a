from __future__ import annotations

import json
from pathlib import Path

import pytest

from drift_checks.commands import check
from signatures.upstreams import UPSTREAMS

from ...histories import drift, write_history

RELEASES = {
    "5.0": {"transformers/__init__.py": "def f(size=0): ...\ndef g(): ..."},
    "5.1": {"transformers/__init__.py": "def f(sizes=0): ...\ndef g(): ..."},
    "5.2": {"transformers/__init__.py": "def f(sizes=0): ..."},
}
CALL = "import transformers\n\ntransformers.f(size=1)\n"


@pytest.fixture(autouse=True)
def project(packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; nothing is installed, and each upstream has a small history."""
    write_history(packs, "transformers", RELEASES)
    monkeypatch.setattr(check, "_installed", lambda name: None)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "a.py").write_text(CALL)
    return folder


def require(folder: Path, *requirements: str) -> None:
    (folder / "pyproject.toml").write_text(f"[project]\ndependencies = {list(requirements)!r}\n")


def upstreams(*arguments: str) -> list[tuple[str, str, str]]:
    document = json.loads(drift("check", ".", "--format", "json", *arguments).stdout)
    return [(each["name"], each["from"], each["to"]) for each in document["upstreams"]]


def test_a_finding_sets_the_exit_status() -> None:
    result = drift("check", "a.py", "--from", "transformers==5.0", "--to", "transformers==5.1")
    assert result.exit_code == 1
    assert "breaks parameter-renamed" in result.stdout
    assert result.stderr == "transformers 5.0 -> 5.1\n"


def test_nothing_to_report() -> None:
    result = drift("check", "a.py", "--from", "transformers==5.0", "--to", "transformers==5.0", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("nothing to report; ")


def test_a_file_that_is_not_python_is_named_and_the_others_are_checked(project: Path) -> None:
    (project / "broken.py").write_text("import transformers\ndef f(:\n")
    result = drift("check", ".", "--from", "transformers==5.0", "--to", "transformers==5.1")
    assert result.exit_code == 2
    assert "parameter-renamed" in result.stdout
    assert "not checked broken.py:2: not valid Python" in result.stdout


@pytest.mark.parametrize(
    ("required", "arguments", "expected"),
    [
        # Both ends given.
        ([], ["--from", "transformers==5.0", "--to", "transformers==5.1"], ("5.0", "5.1")),
        # The newest known release is where to go.
        ([], ["--from", "transformers==5.0"], ("5.0", "5.2")),
        # The newest that the project's own metadata allows is where it is.
        (["transformers>=5.0,<5.2"], [], ("5.1", "5.2")),
        (["transformers>=5.0,<5.2"], ["--to", "transformers==5.1"], ("5.1", "5.1")),
        (["transformers>=5.0,<5.2"], ["--from", "transformers==5.0"], ("5.0", "5.2")),
        (["transformers[torch]"], [], ("5.2", "5.2")),
        (["transformers==5.1.*"], [], ("5.1", "5.2")),
        ([], ["--from", "Transformers>=5.0", "--to", "transformers<5.1"], ("5.2", "5.0")),
    ],
)
def test_the_pair_of_releases(
    project: Path, required: list[str], arguments: list[str], expected: tuple[str, str]
) -> None:
    require(project, *required)
    assert upstreams(*arguments) == [("transformers", *expected)]


def test_what_is_installed_where_nothing_else_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_installed", {"transformers": "5.1"}.get)
    assert upstreams() == [("transformers", "5.1", "5.2")]


def test_every_upstream_that_the_project_requires(project: Path) -> None:
    require(project, "transformers==5.0", "torch", "numpy")
    assert upstreams() == [("transformers", "5.0", "5.2"), ("torch", "2.1.0", "2.1.0")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "nosuch: no such path; to read a release from the package index, write NAME==VERSION"),
        (["a.py"], "no upstream to check against; name one with --to, such as --to transformers==5.23.0"),
        (
            ["a.py", "--to", "transformers==5.1"],
            "which release of transformers does the code work with? say so with --from transformers==VERSION",
        ),
        (["a.py", "--from", "5.0"], "--from 5.0: not a requirement; write it like transformers==5.6.2"),
        (["a.py", "--from", "torch=5.0"], "--from torch=5.0: not a requirement; write it like transformers==5.6.2"),
        (["a.py", "--to", "numpy"], f"--to numpy: numpy is not followed; known upstreams: {', '.join(UPSTREAMS)}"),
        (
            ["a.py", "--to", "transformers==5.1", "--to", "transformers==5.2"],
            "--to transformers==5.2: transformers is named twice; give one requirement, such as '>=5.3,<5.7'",
        ),
        (
            ["a.py", "--from", "transformers==5.0", "--to", "transformers==5.9"],
            "transformers 5.9 is newer than the history, which ends at 5.2: run `drift update transformers`",
        ),
        (
            ["a.py", "--from", "transformers>=6", "--to", "transformers"],
            "transformers>=6: no known release matches; the newest known is 5.2, see `drift releases`",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_checked(arguments: list[str], message: str) -> None:
    result = drift("check", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"drift: {message}\n")


def test_the_same_call_twice_gives_the_same_bytes_but_for_the_seconds() -> None:
    def once() -> str:
        arguments = ["--from", "transformers==5.0", "--to", "transformers==5.1", "--format", "json"]
        document = json.loads(drift("check", ".", *arguments).stdout)
        del document["statistics"]["seconds"]
        return json.dumps(document)

    assert once() == once()
