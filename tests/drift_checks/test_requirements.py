from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from drift_checks.projects import open_project
from drift_checks.requirements import declared_requirements
from signatures.errors import DriftError
from signatures.sources import Source

PYPROJECT = '[project]\ndependencies = ["transformers>=5", "Torch_NPU==2.6.0", "numpy", "torch; extra == \'gpu\'"]\n'
METADATA = "Metadata-Version: 2.1\nRequires-Dist: transformers>=5\nRequires-Dist: torch; extra == 'gpu'\n"
HERE = "python_version > '3'"
ELSEWHERE = "python_version < '3'"


def always(project: Path | Source) -> dict[str, str]:
    return {name: str(requirement) for name, requirement in declared_requirements(project).always.items()}


def sometimes(project: Path | Source) -> dict[str, str]:
    return {name: str(requirement) for name, requirement in declared_requirements(project).sometimes.items()}


@pytest.mark.parametrize("path", [".", "src", "src/a.py"])
def test_what_the_nearest_pyproject_requires_of_every_user(tmp_path: Path, path: str) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    assert always(tmp_path / path) == {"transformers": "transformers>=5", "torch-npu": "Torch_NPU==2.6.0"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tool.x]\ny = 1\n",
        "[project]\nname = 'p'\n",
        "[project]\ndependencies = ['not valid at all!!', 3]\n",
        "project = 3\n",
        "[project]\ndependencies = 3\n",
        "[tool]\npoetry = 3\n",
        "[tool.poetry.dependencies]\ntransformers = {path = '../t'}\ntorch = '^2 || ^3'\n",
    ],
)
def test_a_pyproject_that_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert (always(tmp_path), sometimes(tmp_path)) == ({}, {})


@pytest.mark.parametrize("content", [b"[project\n", b"\xff"])
def test_a_pyproject_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(DriftError, match=r"^.*pyproject\.toml: not valid TOML: [^\n]*$"):
        always(tmp_path)


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        # What every machine gets counts before what one machine gets.
        (["torch==2.5; " + HERE, "torch==2.6"], "torch==2.6"),
        (["torch==2.5; " + HERE, "torch==2.6; " + ELSEWHERE], "torch==2.5"),
        (["torch>=2.5; " + HERE, "torch<2.7; " + HERE], "torch<2.7,>=2.5"),
        (["torch>=2.5", "torch<2.7"], "torch<2.7,>=2.5"),
        (["torch[opt]>=2.5"], "torch[opt]>=2.5"),
        (["torch==2.6; " + ELSEWHERE], None),
    ],
)
def test_requirements_that_are_bound_to_machines(tmp_path: Path, requirements: list[str], expected: str | None) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project]\ndependencies = {requirements!r}\n")
    assert always(tmp_path).get("torch") == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ('"^4.52.1"', "transformers<5,>=4.52.1"),
        ('"^0.9.1"', "transformers<0.10,>=0.9.1"),
        ('"~4.52"', "transformers<4.53,>=4.52"),
        ('"~4"', "transformers<5,>=4"),
        ('"4.52.1"', "transformers==4.52.1"),
        ('">=4.52,<6"', "transformers<6,>=4.52"),
        ('"*"', "transformers"),
        ('{version = "^5.0", extras = ["torch"]}', "transformers<6,>=5.0"),
        (f'[{{version="5.1", markers="{ELSEWHERE}"}}, {{version="5.2", markers="{HERE}"}}]', "transformers==5.2"),
    ],
)
def test_what_poetry_requires(tmp_path: Path, constraint: str, expected: str) -> None:
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.poetry.dependencies]\npython = '^3.10'\ntransformers = {constraint}"
    )
    assert always(tmp_path) == {"transformers": expected}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("setup.cfg", "[options]\ninstall_requires =\n    transformers>=5\n    numpy\n"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['transformers>=5', 'numpy'])\n"),
        ("setup.py", "import setuptools\nneeded = ['transformers>=5']\nsetuptools.setup(install_requires=needed)\n"),
        ("setup.py", "from setuptools import setup\na = ['transformers>=5']\nsetup(install_requires=['numpy'] + a)\n"),
    ],
)
def test_what_setuptools_requires_is_read_and_not_run(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert always(tmp_path) == {"transformers": "transformers>=5"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("setup.cfg", "no section\n"),
        ("setup.cfg", "[options]\ninstall_requires = file: requirements.in\n"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=open('r.txt').read().split())\n"),
        ("setup.py", "def f(:\n"),
        ("setup.py", "needed = needed\nfrom setuptools import setup\nsetup(install_requires=needed)\n"),
    ],
)
def test_setuptools_files_that_do_not_tell(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert always(tmp_path) == {}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[project.optional-dependencies]\nnpu = ['torch-npu==2.6.0']\n"),
        ("pyproject.toml", "[dependency-groups]\nnpu = ['torch-npu==2.6.0', {include-group = 'test'}]\n"),
        ("pyproject.toml", "[tool.poetry.group.npu.dependencies]\ntorch-npu = '2.6.0'\n"),
        ("setup.cfg", "[options.extras_require]\nnpu =\n    torch-npu==2.6.0\n"),
        ("setup.py", "from setuptools import setup\nsetup(extras_require={'npu': ['torch-npu==2.6.0']})\n"),
        ("requirements-npu.txt", "-r other.txt\n# a comment\ntorch-npu==2.6.0 \\\n    --hash=sha256:00  # why\n"),
    ],
)
def test_what_some_users_get(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / file).write_text(text)
    assert (always(tmp_path), sometimes(tmp_path)) == ({}, {"torch-npu": "torch-npu==2.6.0"})


def test_lists_that_do_not_agree_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.5.0\n")
    (tmp_path / "requirements-dev.txt").write_text("torch==2.6.0\n")
    assert sometimes(tmp_path) == {}


def test_what_a_wheel_and_an_sdist_require(tmp_path: Path) -> None:
    wheel, sdist = tmp_path / "p-1-py3-none-any.whl", tmp_path / "p-1.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("p/__init__.py", "")
        archive.writestr("p/vendored/q-2.dist-info/METADATA", "Requires-Dist: transformers==1\n")
        archive.writestr("p-1.dist-info/METADATA", METADATA)
        archive.writestr("p-1.dist-info/RECORD", "")
    with tarfile.open(sdist, "w:gz") as packed:
        info = tarfile.TarInfo("p-1/PKG-INFO")
        info.size = len(METADATA)
        packed.addfile(info, io.BytesIO(METADATA.encode()))
    for path in (wheel, sdist):
        project = open_project(str(path))
        assert not isinstance(project, Path)
        with project:
            assert always(project) == {"transformers": "transformers>=5"}
            assert sometimes(project) == {"torch": 'torch; extra == "gpu"'}
