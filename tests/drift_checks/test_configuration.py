from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks.configuration import read_configuration
from signatures.errors import DriftError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "pkg" / "a.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)


def test_every_key_becomes_its_option(folder: Path) -> None:
    configure(
        folder,
        """
        [tool.drift]
        from = "transformers==5.3.0"
        to = ["transformers==5.6.2", "torch==2.9.0"]
        exclude = ["vendored", "src/old"]
        select = ["symbol-*"]
        ignore = ["symbol-moved"]
        likely = true
        device = "npu"
        baseline = "ci/drift.toml"
        format = "json"
        [tool.drift.per-path-ignores]
        "tests/**" = ["deprecated-symbol", "patch-alias"]
        """,
    )
    found = read_configuration(["src"])
    assert found is not None
    assert found.values == {
        "old": ["transformers==5.3.0"],
        "new": ["transformers==5.6.2", "torch==2.9.0"],
        "exclude": ["vendored", "src/old"],
        "select": ["symbol-*"],
        "ignore": ["symbol-moved"],
        "likely": True,
        "device": "npu",
        "baseline": "ci/drift.toml",
        "form": "json",
        "per_path_ignores": ["tests/**:deprecated-symbol,patch-alias"],
    }


def test_the_nearest_table_counts_and_files_without_one_do_not(folder: Path) -> None:
    configure(folder, "[tool.drift]\nlikely = true\n")
    configure(folder / "src" / "pkg", "[tool.other]\n")
    for path in ("src/pkg/a.py", "src/pkg", "src", "."):
        found = read_configuration([path])
        assert found is not None and found.file == folder.resolve() / "pyproject.toml"
    configure(folder / "src" / "pkg", "[tool.drift]\nlikely = false\n")
    found = read_configuration(["src/pkg/a.py"])
    assert found is not None and found.values == {"likely": False}
    found = read_configuration(["src/pkg/a.py", "src"])
    assert found is not None and found.values == {"likely": True}


def test_what_is_not_on_disk_stands_for_the_working_directory(folder: Path) -> None:
    assert read_configuration(["sglang==0.5.11"]) is None
    configure(folder, "[tool.drift]\n")
    assert read_configuration(["sglang==0.5.11"]) is not None


def test_paths_are_those_of_the_file_wherever_the_command_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(folder, '[tool.drift]\nbaseline = "b.toml"\nexclude = ["old", "src/old"]\n')
    monkeypatch.chdir(folder / "src")
    found = read_configuration(["pkg"])
    assert found is not None
    assert found.values == {"baseline": "../b.toml", "exclude": ["old", "./old"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.drift]\nform = 1", "[tool.drift] has no key form; did you mean format?"),
        ("[tool.drift]\nexlude = []", "[tool.drift] has no key exlude; did you mean exclude?"),
        ("[tool.drift]\nxyz = 1", "[tool.drift] has no key xyz; it has from, to, exclude, "),
        ("[tool.drift]\nlikely = 'yes'", "[tool.drift] likely: expected true or false"),
        ("[tool.drift]\nto = [1]", '[tool.drift] to: expected a list of texts such as ["a", "b"]'),
        ("[tool.drift]\nbaseline = 1", "[tool.drift] baseline: expected text in quotes"),
        ("[tool.drift]\nper-path-ignores = []", "[tool.drift] per-path-ignores: expected a table such as "),
        ("[tool]\ndrift = 1", "[tool.drift] is no table"),
        ("[tool.drift", "not valid TOML: "),
    ],
)
def test_what_cannot_be_understood_is_one_line(folder: Path, text: str, message: str) -> None:
    configure(folder, text)
    with pytest.raises(DriftError) as raised:
        read_configuration(["src"])
    assert str(raised.value).startswith(f"{folder.resolve() / 'pyproject.toml'}: {message}")
    assert "\n" not in str(raised.value)
