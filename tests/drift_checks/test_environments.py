from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from drift_checks import environments
from drift_checks.environments import COMPANIONS, Environments, Packages, environment
from signatures.errors import DriftError


def wheel(folder: Path, name: str, version: str, text: str = "", requires: str = "") -> None:
    """Write a wheel of one module."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {requires}\n" if requires else ""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", text)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all there is to install from."""
    folder = tmp_path / "wheels"
    for name in COMPANIONS:
        wheel(folder, name, "1.0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.delenv("DRIFT_TORCH", raising=False)
    return folder


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No torch beside this package, wherever the tests run."""
    monkeypatch.setattr(environments, "_installed_torch", lambda: None)


def printed(python: Path, program: str) -> str:
    return subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("with_uv", [True, False], ids=["uv where there is one", "pip"])
def test_an_environment_has_what_is_asked_for_and_sees_what_is_linked(
    with_uv: bool, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_uv:
        monkeypatch.setattr(environments, "_uv", lambda: None)
    wheel(wheels, "alpha", "1.0", "x = 1", requires="beta")
    wheel(wheels, "alpha", "2.0", "x = 2", requires="beta")
    wheel(wheels, "beta", "1.0")
    wheel(wheels, "beta", "2.0")
    wheel(wheels, "gamma", "1.0", requires="not-to-be-had")
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "alpha.py").write_text("x = 3")
    (linked / "delta.py").write_text("x = 4")
    packages = Packages(("alpha==1.0",), ("gamma",), constraints=("beta<2",), linked=(str(linked),))
    python = environment(tmp_path / "kept", packages)
    program = "import alpha, delta, gamma, importlib.metadata as m; print(alpha.x, delta.x, m.version('beta'))"
    assert printed(python, program) == "1 4 1.0"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [python.parent.parent.name]


def test_an_environment_is_made_once_and_anew_where_its_python_is_gone(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    make = environments._make

    def counted(home: Path, packages: Packages, constraints: Path) -> None:
        made.append(home)
        make(home, packages, constraints)

    monkeypatch.setattr(environments, "_make", counted)
    packages = Packages(("pillow==1.0",))
    python = environment(tmp_path / "kept", packages)
    assert environment(tmp_path / "kept", packages) == python
    assert len(made) == 1
    python.unlink()
    python.symlink_to(tmp_path / "removed-python")
    assert environment(tmp_path / "kept", packages) == python
    assert len(made) == 2
    assert printed(python, "import pillow; print(1)") == "1"


def test_two_runs_at_once_make_one_environment(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = Packages(("pillow==1.0",))
    make = environments._make

    def overtaken(home: Path, packages: Packages, constraints: Path) -> None:
        make(home, packages, constraints)
        monkeypatch.setattr(environments, "_make", make)
        environment(tmp_path / "kept", packages)

    monkeypatch.setattr(environments, "_make", overtaken)
    python = environment(tmp_path / "kept", packages)
    assert printed(python, "import pillow; print(1)") == "1"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [python.parent.parent.name]


def test_what_a_killed_run_left_is_removed_a_day_later(wheels: Path, tmp_path: Path) -> None:
    old, fresh = (tmp_path / "kept" / f".making-{name}" for name in ("old", "fresh"))
    for folder in (old, fresh):
        (folder / "environment").mkdir(parents=True)
    os.utime(old, (0, 0))
    environment(tmp_path / "kept", Packages(("pillow==1.0",)))
    assert (old.exists(), fresh.exists()) == (False, True)


def test_other_packages_are_another_environment(wheels: Path, tmp_path: Path) -> None:
    one = environment(tmp_path / "kept", Packages(("pillow==1.0",)))
    other = environment(tmp_path / "kept", Packages(("pillow==1.0",), linked=(str(tmp_path),)))
    assert one != other


def test_what_cannot_be_installed_is_one_line_and_leaves_nothing(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(DriftError, match=r"^cannot install absent==9\.9: .") as error:
        environment(tmp_path / "kept", Packages(("absent==9.9",)))
    assert "\n" not in str(error.value)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(DriftError, match=r"^cannot write .*kept: "):
        environment(tmp_path / "kept", Packages(("pillow==1.0",)))


def test_a_python_without_venv_is_one_line(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "_uv", lambda: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(DriftError, match=r"no-python: "):
        environment(tmp_path / "kept", Packages(("pillow==1.0",)))


@pytest.mark.usefixtures("no_torch")
def test_a_release_is_installed_with_its_companions_and_said_once(wheels: Path, tmp_path: Path) -> None:
    wheel(wheels, "transformers", "5.0.0", "x = 5")
    notes: list[str] = []
    made = Environments(tmp_path / "kept", note=notes.append)
    python = made.python("transformers", "5.0.0")
    assert printed(python, "import transformers, pillow, sentencepiece; print(transformers.x)") == "5"
    assert made.python("transformers", "5.0.0") == python
    assert notes == ["making an environment with transformers==5.0.0, once"]


@pytest.mark.usefixtures("no_torch")
def test_torch_is_never_left_to_a_resolver(wheels: Path, tmp_path: Path) -> None:
    wheel(wheels, "torch", "9.0")
    wheel(wheels, "transformers", "5.0.0", requires="torch")
    with pytest.raises(DriftError, match=r"^cannot install transformers==5\.0\.0"):
        Environments(tmp_path / "kept").python("transformers", "5.0.0")


def test_releases_share_the_torch_that_is_installed(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "torch.py").write_text("x = 6")
    monkeypatch.setattr(environments, "_installed_torch", lambda: ("2.13.0", str(shared)))
    wheel(wheels, "transformers", "5.0.0")
    python = Environments(tmp_path / "kept").python("transformers", "5.0.0")
    assert printed(python, "import torch, transformers; print(torch.x)") == "6"


def test_a_torch_that_is_asked_for_is_made_once_for_all_releases(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFT_TORCH", "2.13.0")
    wheel(wheels, "torch", "2.13.0", "x = 7")
    wheel(wheels, "torch", "2.15.0", "x = 8")
    wheel(wheels, "numpy", "1.0")
    wheel(wheels, "torchvision", "0.28.0", requires="torch==2.14.0")
    notes: list[str] = []
    made = Environments(tmp_path / "kept", note=notes.append)
    for version in ("5.0.0", "5.1.0"):
        wheel(wheels, "transformers", version)
        python = made.python("transformers", version)
        assert printed(python, "import torch, torchvision, transformers; print(torch.x)") == "7"
    assert [note.split()[-2] for note in notes] == ["torch==2.13.0,", "transformers==5.0.0,", "transformers==5.1.0,"]


def test_a_torch_that_is_no_release_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFT_TORCH", ">=2")
    with pytest.raises(DriftError, match=r"^DRIFT_TORCH=>=2: not a release of torch; an example is 2\.13\.0$"):
        Environments(tmp_path).python("transformers", "5.0.0")
