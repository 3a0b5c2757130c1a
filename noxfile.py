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


def prepare(session: nox.Session, *groups: str) -> None:
    """Install the project as a user would, and the dependency groups.

    Args:
        session: The session to prepare.
        groups: Names from `[dependency-groups]`.
    """
    # uv does not read pip's settings; wheels that pip would find in a folder must be found by uv too.
    if links := os.environ.get("PIP_FIND_LINKS", "").split():
        session.env.setdefault("UV_FIND_LINKS", ",".join(links))
    session.env["UV_PYTHON_DOWNLOADS"] = "never"
    # Where bytecode is off, every process compiles its imports anew: two to three times the CPU.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    session.install(".[drift]", *nox.project.dependency_groups(PYPROJECT, *groups))


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
