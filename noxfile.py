"""The project's sessions: `nox` runs the checks and the tests, `nox -l` lists all of them."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True

ROOT = Path(__file__).parent
BENCHMARKS = ROOT / "benchmarks"
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
MATRIX = (ROOT / "tests" / "matrix" / "releases.txt").read_text(encoding="utf-8").split()
SPREAD = ("4.49.0", "4.53.3", "4.57.6", "5.3.0", "5.4.0", "5.9.0", "5.15.0", MATRIX[-1])
"""What `nox` runs by itself: both sides of the largest changes, and the newest release."""

# One torch for all releases; torchvision's release that goes with it would take the newest torch if it were free to.
TORCH, TORCHVISION = "torch==2.13.0", "torchvision==0.28.0"

nox.options.sessions = ["lint", "tests", *(f"matrix({release})" for release in SPREAD)]


def prepare(session: nox.Session, *groups: str) -> None:
    """Install the project as a user would, and the dependency groups.

    Args:
        session: The session to prepare.
        groups: Names from `[dependency-groups]`.
    """
    settle(session)
    session.install(".[drift]", *nox.project.dependency_groups(PYPROJECT, *groups))


def settle(session: nox.Session) -> bool:
    """Set what installs and runs depend on; whether wheels lie in a folder of this machine.

    Args:
        session: The session to prepare.
    """
    session.env["UV_PYTHON_DOWNLOADS"] = "never"
    # Where bytecode is off, every process compiles its imports anew: two to three times the CPU.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    # uv does not read pip's settings; wheels that pip would find in a folder must be found by uv too.
    links = os.environ.get("UV_FIND_LINKS") or ",".join(os.environ.get("PIP_FIND_LINKS", "").split())
    session.env["UV_FIND_LINKS"] = links
    return bool(links)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting, types and the direction of imports."""
    prepare(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests against the installed package; arguments go to pytest."""
    prepare(session, "test")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
@nox.parametrize("release", [nox.param(release, id=release) for release in MATRIX])
def matrix(session: nox.Session, release: str) -> None:
    """Run `compat` on a real install of a transformers release, and compare the results with those of the others."""
    linked = settle(session)
    session.env["UV_CONSTRAINT"] = constraint(session)
    # The index's own torch is built for CUDA, 3 GB of it; uv knows where the CPU builds are.
    build = () if linked or session.venv_backend != "uv" else ("--torch-backend", "cpu")
    groups = nox.project.dependency_groups(PYPROJECT, "matrix")
    session.install(*build, ".[drift]", *groups, TORCH, f"transformers=={release}")
    session.install("--no-deps", TORCHVISION)
    results = ROOT / ".nox" / "matrix-results"
    session.env["MATRIX_RESULTS"] = str(results)
    session.run("pytest", "-p", "no:cacheprovider", *(session.posargs or ["tests/matrix"]))
    session.run("python", "-m", "tests.matrix.observations", str(results))


def constraint(session: nox.Session) -> str:
    """A file that keeps a resolver from any other torch, whatever asks for one."""
    file = Path(session.create_tmp()) / "constraint.txt"
    file.write_text(f"{TORCH}\n", encoding="utf-8")
    return str(file)


def benchmark(path: Path) -> None:
    """Make a session that runs one benchmark and is not run unless asked for.

    Args:
        path: The benchmark; the first line of its docstring describes the session.
    """

    def run(session: nox.Session) -> None:
        prepare(session, "bench")
        session.run("python", "-m", f"benchmarks.{path.stem}", *session.posargs)

    run.__doc__ = ast.get_docstring(ast.parse(path.read_bytes()))
    nox.session(name=path.stem, default=False)(run)


for file in sorted(BENCHMARKS.glob("*.py")):
    # The others are what benchmarks share.
    if '__name__ == "__main__"' in file.read_text(encoding="utf-8"):
        benchmark(file)
