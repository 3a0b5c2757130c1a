from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drift_checks import results_cache, running
from drift_checks.check import Report
from drift_checks.file_checks import FileChecker, FileResult
from drift_checks.moves import Move, roots
from drift_checks.running import run_checks
from drift_checks.sources import SourceFile, Unparsed, find
from drift_checks.workers import Task

from ..histories import write_history

RELEASES = {
    "1.0": {"transformers/__init__.py": "def f(size=0): ...\nclass Base:\n    def go(self): ..."},
    "2.0": {"transformers/__init__.py": "def f(sizes=0): ...\nclass Base: ..."},
    "3.0": {"transformers/__init__.py": "def f(sizes=0): ...\nclass Base:\n    def go(self): ..."},
}
USES = """\
from base import Own
import transformers

Own().go()
transformers.f(size=1)  # drift: ignore[x] until=2030-01-31 why
"""
BASE = "import transformers\n\nclass Own(transformers.Base): ...\n"


class Run:
    """Runs of one project, which tell which files were judged anew."""

    def __init__(self, folder: Path, packs: Path, cache: Path) -> None:
        self.project = folder
        self.packs = packs
        self.cache = cache
        self.judged: list[str] = []

    def __call__(self, new: str = "2.0", device: str | None = None, jobs: int = 1) -> Report:
        task = Task((Move("transformers", "1.0", new, tuple(RELEASES)),), device, self.packs)
        self.judged.clear()
        return run_checks(task, find(self.project, roots(["transformers"])), jobs, self.cache)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path / "user"))
    packs = tmp_path / "packs"
    write_history(packs, "torch", {"2.1.0": {"torch/__init__.py": ""}})
    write_history(packs, "transformers", RELEASES)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "base.py").write_text(BASE)
    (folder / "uses.py").write_text(USES)
    (folder / "other.py").write_text("import transformers\n\ntransformers.f(size=1)\n")
    made = Run(folder, packs, tmp_path / "results")
    check = FileChecker.check

    def noting(self: FileChecker, file: SourceFile | Unparsed) -> FileResult:
        made.judged.append(Path(file.path).name)
        return check(self, file)

    monkeypatch.setattr(FileChecker, "check", noting)
    return made


def same(one: Report, other: Report) -> bool:
    counts = [(r.statistics.files, r.statistics.call_sites, r.statistics.unresolved) for r in (one, other)]
    return (one.findings, one.comments, counts[0]) == (other.findings, other.comments, counts[1])


def test_a_second_run_judges_nothing_and_says_the_same(run: Run) -> None:
    first = run()
    assert sorted(run.judged) == ["base.py", "other.py", "uses.py"]
    assert len(first.findings) == 3
    assert same(run(), first)
    assert run.judged == []


def test_a_file_that_changed_is_judged_anew(run: Run) -> None:
    run()
    (run.project / "other.py").write_text("import transformers\n\n\ntransformers.f(size=1)\n")
    report = run()
    assert run.judged == ["other.py"]
    assert [(Path(f.path).name, f.line) for f in report.findings] == [("other.py", 4), ("uses.py", 4), ("uses.py", 5)]


def test_a_file_is_judged_anew_when_one_that_it_imports_has_changed(run: Run) -> None:
    run()
    (run.project / "base.py").write_text("import transformers\n\nclass Own: ...\n")
    report = run()
    assert sorted(run.judged) == ["base.py", "uses.py"]
    assert [(Path(f.path).name, f.line) for f in report.findings] == [("other.py", 3), ("uses.py", 5)]


def test_a_file_that_is_new_may_be_what_an_import_means(run: Run) -> None:
    (run.project / "base.py").unlink()
    assert len(run().findings) == 2
    (run.project / "base.py").write_text(BASE)
    assert len(run().findings) == 3


def newer_release(run: Run) -> Report:
    return run("3.0")


def with_a_device(run: Run) -> Report:
    return run(device="npu")


def with_another_history(run: Run) -> Report:
    write_history(run.packs, "transformers", {**RELEASES, "2.0": RELEASES["3.0"]})
    return run()


def test_what_a_file_anywhere_in_the_project_does_for_a_device(run: Run) -> None:
    run(device="npu")
    (run.project / "other.py").write_text("import transformers\nfrom torch_npu.contrib import transfer_to_npu\n")
    run(device="npu")
    assert sorted(run.judged) == ["base.py", "other.py", "uses.py"]


@pytest.mark.parametrize("change", [newer_release, with_a_device, with_another_history])
def test_what_else_a_result_depends_on(run: Run, change: Callable[[Run], Report]) -> None:
    run()
    change(run)
    assert sorted(run.judged) == ["base.py", "other.py", "uses.py"]


def test_another_state_of_this_tool(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setattr(results_cache, "tool_digest", lambda: "other")
    run()
    assert len(run.judged) == 3


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"12\n{}", b"no number\n{}", b"[]"])
def test_a_damaged_entry_is_not_there(run: Run, damage: bytes) -> None:
    first = run()
    for path in entries(run.cache):
        path.write_bytes(damage)
    assert same(run(), first)
    assert len(run.judged) == 3
    run()
    assert run.judged == []


def test_an_entry_that_lost_its_end_is_not_there(run: Run) -> None:
    first = run()
    for path in entries(run.cache):
        path.write_bytes(path.read_bytes()[:-3])
    assert same(run(), first)
    assert len(run.judged) == 3


def test_a_folder_that_cannot_be_written_is_no_error(run: Run) -> None:
    run.cache.write_text("a file in its place")
    assert same(run(), run())


def test_a_file_that_cannot_be_parsed_is_never_kept(run: Run) -> None:
    (run.project / "broken.py").write_text("import transformers (\n")
    assert len(run().unparsed) == 1
    assert len(run().unparsed) == 1
    assert run.judged == ["broken.py"]


def test_several_processes_keep_what_they_find(run: Run) -> None:
    first = run(jobs=2)
    assert same(run(), first)
    assert run.judged == []


def test_two_runs_at_once(run: Run) -> None:
    alone = run()
    for path in entries(run.cache):
        path.unlink()
    reports: list[Report] = []
    threads = [threading.Thread(target=lambda: reports.append(run())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 4
    assert all(same(report, alone) for report in reports)
    assert not [path for path in entries(run.cache) if path.suffix == ".tmp"]


def test_the_oldest_entries_go_when_there_are_too_many(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    old = entries(run.cache)
    for path in old:
        os.utime(path, (1, 1))
    monkeypatch.setattr(results_cache, "_MOST_ENTRIES", 4)
    (run.project / "other.py").write_text("import transformers\n\n\n\ntransformers.f(size=1)\n")
    (run.project / "more.py").write_text("import transformers\n")
    run()
    assert len(entries(run.cache)) == 4
    assert len([path for path in old if path.exists()]) == 0


def test_results_lie_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DRIFT_CACHE_DIR", str(tmp_path))
    assert results_cache.results_folder() == tmp_path / "results"


def test_without_a_cache_nothing_is_written(run: Run) -> None:
    task = Task((Move("transformers", "1.0", "2.0", tuple(RELEASES)),), None, run.packs)
    assert len(running.run_checks(task, find(run.project, roots(["transformers"])), 1).findings) == 3
    assert not run.cache.exists()
