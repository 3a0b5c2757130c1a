from __future__ import annotations

import datetime
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
    result = drift("check", "a.py", "--from", "transformers==5.0", "--to", "transformers==5.0")
    assert result.exit_code == 0
    assert result.stdout.startswith("nothing to report; ")
    quiet = drift("check", "a.py", "--from", "transformers==5.0", "--to", "transformers==5.0", "-q")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


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


PAIR = ("--from", "transformers==5.0", "--to", "transformers==5.1")
FORMATS = ("text", "json", "sarif", "github", "markdown", "html")


def findings(*arguments: str) -> list[str]:
    document = json.loads(drift("check", *arguments, *PAIR, "--format", "json").stdout)
    return [f"{each['path']}:{each['line']}" for each in document["findings"]]


@pytest.mark.parametrize("form", FORMATS)
def test_the_exit_status_is_the_same_in_every_format(project: Path, form: str) -> None:
    assert drift("check", "a.py", *PAIR, "--format", form).exit_code == 1
    (project / "b.py").write_text("import transformers\ndef f(:\n")
    assert drift("check", ".", *PAIR, "--format", form).exit_code == 2
    assert drift("check", "a.py", "--from", "transformers==5.0", "--to", "transformers==5.0").exit_code == 0


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_gets_what_stdout_would(project: Path, form: str) -> None:
    result = drift("check", "a.py", *PAIR, "--format", form, "-q", "-o", "report")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "")
    if form not in ("json", "text", "markdown"):
        assert (project / "report").read_text(encoding="utf-8") == drift(
            "check", "a.py", *PAIR, "--format", form
        ).stdout


def test_a_baseline_from_the_first_run_to_the_last(project: Path) -> None:
    baseline = ("--baseline", "ci/drift.toml")
    first = drift("check", ".", *PAIR, *baseline, "--update-baseline", "--reason", "known", "--until", "never")
    assert (first.exit_code, "1 accepted, 0 before" in first.stderr) == (0, True)
    assert 'path = "../a.py"' in (project / "ci" / "drift.toml").read_text()
    (project / "a.py").write_text("# a line more\n" + CALL)
    assert drift("check", ".", *PAIR, *baseline).exit_code == 0
    (project / "a.py").write_text(CALL + "transformers.f(size=2)\n")
    assert findings(".", *baseline) == ["a.py:4"]
    (project / "a.py").write_text("import transformers\n")
    gone = drift("check", ".", *PAIR, *baseline)
    assert (gone.exit_code, "unused suppression" in gone.stdout) == (0, True)
    assert "is not found any more" in drift("check", ".", *PAIR, *baseline, "--format", "github").stderr
    drift("check", ".", *PAIR, *baseline, "--update-baseline")
    assert "[[accepted]]" not in (project / "ci" / "drift.toml").read_text().partition("schema")[2]


def test_a_baseline_is_only_asked_about_what_was_checked(project: Path) -> None:
    (project / "b.py").write_text(CALL)
    drift("check", ".", *PAIR, "--baseline", "b.toml", "--update-baseline")
    assert "suppression" not in drift("check", "a.py", *PAIR, "--baseline", "b.toml").stdout
    drift("check", "a.py", *PAIR, "--baseline", "b.toml", "--update-baseline")
    assert findings(".", "--baseline", "b.toml") == []


def test_new_entries_end_in_half_a_year(project: Path) -> None:
    drift("check", ".", *PAIR, "--baseline", "b.toml", "--update-baseline")
    day = datetime.date.today() + datetime.timedelta(days=180)
    assert f"until = {day.isoformat()}" in (project / "b.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--update-baseline"], "which baseline? name it with --baseline FILE"),
        (["--baseline", "no.toml"], "no.toml: no such baseline; make it with --update-baseline"),
        (["--baseline", "b.toml", "--reason", "x"], "--reason and --until are for new entries of the baseline: "),
        (["--baseline", "b.toml", "--update-baseline", "--until", "soon"], "--until soon: no date; write it like "),
        (
            ["--baseline", "b.toml", "--update-baseline", "--until", "2020-01-01"],
            "--until 2020-01-01: that day is over",
        ),
        (["--device", "foo"], "--device foo: no such kind of device; known: cpu, cuda, "),
        (["--select", "symbol-move"], "--select symbol-move: no rule has this name; did you mean symbol-moved?"),
    ],
)
def test_options_that_do_not_fit(arguments: list[str], message: str) -> None:
    result = drift("check", "a.py", *PAIR, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"drift: {message}")
    assert result.stderr.count("\n") == 1


def test_rules_and_files_can_be_left_out(project: Path) -> None:
    (project / "old").mkdir()
    (project / "old" / "b.py").write_text(CALL)
    assert findings(".") == ["a.py:3", "old/b.py:3"]
    assert findings(".", "--exclude", "old") == ["a.py:3"]
    assert findings(".", "--ignore", "parameter-*") == []
    assert findings(".", "--select", "symbol-moved") == []
    assert findings(".", "--per-path-ignores", "old/**:parameter-renamed") == ["a.py:3"]


def test_the_project_s_table_says_what_the_command_line_does_not(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.drift]\nfrom = "transformers==5.0"\nto = "transformers==5.1"\nformat = "json"\n'
        'ignore = ["parameter-*"]\n'
    )
    configured = drift("check", ".")
    assert (configured.exit_code, json.loads(configured.stdout)["findings"]) == (0, [])
    assert drift("check", ".", "--ignore", "symbol-moved").exit_code == 1
    assert json.loads(drift("check", ".", "--to", "transformers==5.0").stdout)["upstreams"][0]["to"] == "5.0"
    assert drift("check", ".", "--format", "markdown").stdout.startswith("### transformers 5.0 to 5.1\n")


def test_a_mistake_in_the_table_is_one_line(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.drift]\nfrmat = 1\n")
    result = drift("check", ".")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr == f"drift: {project / 'pyproject.toml'}: [tool.drift] has no key frmat; did you mean format?\n"
    )


def test_suppressions_to_look_at_are_told_and_change_no_exit_status(project: Path) -> None:
    (project / "a.py").write_text("import transformers  # drift: ignore[symbol-moved] why\n")
    result = drift("check", ".", *PAIR, "-q")
    assert result.exit_code == 0
    assert result.stdout == "unused suppression a.py:1: `symbol-moved` suppresses nothing here; take it away\n"
    assert result.stderr == ""


def test_a_suppression_that_has_expired_gives_its_finding_back(project: Path) -> None:
    (project / "a.py").write_text(CALL.rstrip() + "  # drift: ignore[parameter-renamed] until=2020-01-01 old\n")
    result = drift("check", ".", *PAIR)
    assert result.exit_code == 1
    assert "`parameter-renamed` was suppressed until 2020-01-01; the finding is back" in result.stdout
