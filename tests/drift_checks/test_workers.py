from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from drift_checks import workers
from drift_checks.file_checks import FileChecker, FileResult
from drift_checks.moves import Move, roots
from drift_checks.running import run_checks
from drift_checks.sources import SourceFile, Unparsed, find
from drift_checks.workers import Task, check_files, processes
from signatures.errors import DriftError

from ..histories import write_history

RELEASES = {
    "1.0": {"transformers/__init__.py": "def f(size=0): ...\nclass Base:\n    def go(self): ..."},
    "2.0": {"transformers/__init__.py": "def f(sizes=0): ...\nclass Base: ..."},
}


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    packs = tmp_path / "packs"
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "cache"))
    write_history(packs, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    write_history(packs, "transformers", RELEASES)
    return Task((Move("transformers", "1.0", "2.0", ("1.0", "2.0"), ("1.0", "2.0"), ">=1"),), None, packs)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "base.py").write_text("import transformers\n\nclass Own(transformers.Base): ...\n")
    for number in range(12):
        (folder / f"a{number}.py").write_text(
            f"from base import Own\nimport transformers\n{'# more' * number}\n\nOwn().go()\ntransformers.f(size=1)\n"
        )
    (folder / "broken.py").write_text("import transformers (\n")
    return folder


def files(project: Path) -> list[SourceFile | Unparsed]:
    return list(find(project, roots(["transformers"])))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_several_processes_find_what_one_finds(
    task: Task, project: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    alone = run_checks(task, files(project), jobs=1)
    monkeypatch.setattr(workers, "_context", lambda: multiprocessing.get_context(method))
    together = run_checks(task, files(project), jobs=2)
    assert len(alone.findings) == 24
    assert [item.path for item in alone.unparsed] == [(project / "broken.py").as_posix()]
    assert (together.findings, together.unparsed) == (alone.findings, alone.unparsed)
    assert together.statistics.call_sites == alone.statistics.call_sites


def test_a_process_that_dies_is_one_clear_line(task: Task, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(self: FileChecker, file: SourceFile) -> FileResult:
        os._exit(9)

    monkeypatch.setattr(FileChecker, "check", die)
    monkeypatch.setattr(workers, "_context", lambda: multiprocessing.get_context("fork"))
    parsed = [file for file in files(project) if isinstance(file, SourceFile)]
    with pytest.raises(DriftError, match=r"^a process that checked files was killed, [^\n]*--jobs 1$"):
        check_files(task, parsed, 2, lambda number, result: None)


def test_progress_is_told_for_each_file(task: Task, project: Path) -> None:
    told: list[tuple[int, int | None]] = []
    run_checks(task, files(project), jobs=2, step=lambda done, total, path: told.append((done, total)))
    assert told == [(number, 14) for number in range(1, 15)]


@pytest.mark.parametrize(
    ("count", "size", "jobs", "expected"),
    [
        (10, 10, None, 1),
        (200, 10, None, 1),
        (200, 10_000, None, 4),
        (200, 10_000, 1, 1),
        (200, 10, 3, 3),
        (2, 10, 8, 2),
        (0, 0, 8, 1),
    ],
)
def test_as_many_processes_as_are_worth_it(
    monkeypatch: pytest.MonkeyPatch, count: int, size: int, jobs: int | None, expected: int
) -> None:
    monkeypatch.setattr(workers, "_cores", lambda: 4)
    assert processes([SourceFile(f"{number}.py", b"#" * size) for number in range(count)], jobs) == expected
