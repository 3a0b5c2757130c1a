"""Small releases and small downstream programs: checked as users' are, and witnesses run for real."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

from drift_checks.check import Report, check
from drift_checks.findings import Finding
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile

from ..signatures.programs import surface

Release = dict[str, str] | str
"""The files of a release by path, or the text of its only one."""


class Case(NamedTuple):
    """A change of an upstream, a program that meets it, and what is to be found.

    Args:
        name: Of the case.
        before: The old release.
        after: The new release.
        program: The downstream file.
        found: Line, rule and outcome of each finding.
    """

    name: str
    before: Release
    after: Release
    program: str
    found: list[tuple[int, str, str]]


def files(release: Release) -> dict[str, str]:
    return {"transformers/__init__.py": release} if isinstance(release, str) else release


def checked(before: Release, after: Release, program: str) -> Report:
    """The report on one downstream file."""
    pair = Pair(surface(files(before), "1.0"), surface(files(after), "2.0"))
    return check([SourceFile("program.py", textwrap.dedent(program).encode())], [pair])


def places(report: Report) -> list[tuple[int, str, str]]:
    return [(finding.line, finding.rule, finding.outcome.value) for finding in report.findings]


def judged(case: Case) -> list[tuple[int, str, str]]:
    return places(checked(case.before, case.after, case.program))


def check_witnesses(case: Case, folder: Path) -> None:
    """Every witness passes on the old release and fails on the new one."""
    findings = [f for f in checked(case.before, case.after, case.program).findings if f.witness]
    for finding in findings:
        for release, passes in ((case.before, True), (case.after, False)):
            assert _runs(finding, release, folder / ("old" if passes else "new")) is passes, finding.witness


def _runs(finding: Finding, release: Release, folder: Path) -> bool:
    for path, text in files(release).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text), encoding="utf-8")
    program = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{finding.witness}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, timeout=60, check=False
    )
    return done.returncode == 0
