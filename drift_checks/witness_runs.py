"""Running witnesses in real installs of the old and the new release, and what that says about their findings.

A witness imports upstream and runs the few lines of its own finding; nothing downstream is imported.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from packaging.specifiers import SpecifierSet

from signatures.upstreams import upstream_named

from .environments import RUNNABLE
from .findings import Confidence, Finding, Verdict, WitnessResult
from .witness_process import DIED, Answer

SECONDS = 60.0
"""What one witness may take."""

_START_SECONDS = 300.0
# Programs in one process: enough of them to be worth the seconds in which it loads torch.
_BATCH = 50
_SCRIPT = Path(__file__).with_name("witness_process.py")
_PRELOADED = ("torch", "torchvision", "transformers")
_SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    # A device plug-in beside the torch in use must not be loaded: witnesses need no device.
    "TORCH_DEVICE_BACKEND_AUTOLOAD": "0",
    # macOS ends processes that fork after some system libraries are loaded, unless told not to.
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
}

Releases = tuple[str, str]
"""The release in which a witness is to pass, and the one in which it is to fail."""

Step = Callable[[int, int, str], None]


class Installs(Protocol):
    """Where releases are installed; `Environments` is one."""

    def python(self, upstream: str, version: str) -> Path:
        """The Python that has a release."""


def confirm(
    asked: Iterable[tuple[Finding, Releases]],
    installs: Installs,
    step: Step = lambda done, total, what: None,
) -> list[tuple[Finding, WitnessResult]]:
    """Run witnesses in the releases that their findings are about.

    Args:
        asked: Each finding with its releases; see `releases_of`.
        installs: Where the releases are installed.
        step: Told how many runs are done, of how many, and which release comes next.

    Returns:
        What came of each, in the order of `asked`.

    Raises:
        DriftError: An environment cannot be made.
    """
    wanted = list(asked)
    answers = run_programs(
        ((f.upstream, release, f.witness) for f, pair in wanted if not _why_not(f) for release in pair),
        installs,
        step,
    )
    results = []
    for finding, (old, new) in wanted:
        reason = _why_not(finding)
        if reason:
            result = WitnessResult(Verdict.NOT_RUN, old, new, reason)
        else:
            before, after = (answers[finding.upstream, release, finding.witness] for release in (old, new))
            result = _weighed(old, new, before, after)
        results.append((finding, result))
    return results


def judged(finding: Finding, result: WitnessResult) -> Finding | None:
    """The finding as it is to be reported; None where its witness refutes it."""
    if result.verdict is Verdict.REFUTED:
        return None
    if result.verdict is Verdict.UNCONFIRMED:
        return replace(finding, confidence=Confidence.LIKELY, witness_result=result)
    return replace(finding, witness_result=result)


def releases_of(finding: Finding, compared: Releases, known: Sequence[str] = ()) -> Releases:
    """The releases that a finding is about.

    Args:
        finding: A finding.
        compared: The old and the new release of its report.
        known: All releases of the upstream, oldest first; needed where a range is checked.
    """
    old, new = compared
    if finding.broken_in and new not in finding.broken_in:
        new = finding.broken_in[-1]
    works = [SpecifierSet(run, prereleases=True) for run in finding.works_in.split(" || ") if run]
    if works and not any(old in run for run in works):
        # Of a range: the newest release in which the line works.
        old = next((version for version in reversed(known) if any(version in run for run in works)), old)
    return old, new


def run_programs(
    asked: Iterable[tuple[str, str, str]], installs: Installs, step: Step = lambda done, total, what: None
) -> dict[tuple[str, str, str], Answer]:
    """What comes of programs in releases.

    Args:
        asked: Upstream, release and program of each run.
        installs: Where the releases are installed.
        step: Told how many runs are done, of how many, and which release comes next.

    Raises:
        DriftError: An environment cannot be made.
    """
    programs: dict[tuple[str, str], list[str]] = {}
    for upstream, release, program in sorted(set(asked)):
        programs.setdefault((upstream, release), []).append(program)
    total = sum(map(len, programs.values()))
    pythons = {}
    for upstream, release in programs:
        step(0, total, f"{upstream} {release}")
        pythons[upstream, release] = installs.python(upstream, release)
    parts = [(at, texts[i : i + _BATCH]) for at, texts in programs.items() for i in range(0, len(texts), _BATCH)]
    found: dict[tuple[str, str, str], Answer] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(run_in, pythons[at], at[0], texts) for at, texts in parts]
        for (at, texts), run in zip(parts, runs, strict=True):
            step(len(found), total, " ".join(at))
            found.update(((*at, text), answer) for text, answer in zip(texts, run.result(), strict=True))
    return found


def run_in(python: Path, upstream: str, programs: Sequence[str], *, seconds: float = SECONDS) -> list[Answer]:
    """What comes of programs in one environment, each in a process of its own.

    Args:
        python: The environment's interpreter.
        upstream: The distribution that they are about.
        programs: Their texts.
        seconds: What each may take.
    """
    roots = upstream_named(upstream).roots
    answers = _batch(python, roots, programs, seconds, fork=True) if hasattr(os, "fork") else []
    answers += [Answer(False, hindrance=DIED)] * (len(programs) - len(answers))
    # A copy of a process that has loaded much can die of what it has inherited; a fresh one does not.
    return [
        next(iter(_batch(python, roots, [program], seconds, fork=False)), answer)
        if answer.hindrance == DIED
        else answer
        for program, answer in zip(programs, answers, strict=True)
    ]


def _batch(python: Path, roots: Sequence[str], programs: Sequence[str], seconds: float, *, fork: bool) -> list[Answer]:
    """The answers of one process, as far as it came."""
    with tempfile.TemporaryDirectory(prefix="drift-witness-", ignore_cleanup_errors=True) as scratch:
        file = Path(scratch, "answers")
        folder = Path(scratch, "work")
        folder.mkdir()
        request = {
            "programs": programs,
            "roots": roots,
            "imports": _PRELOADED,
            "seconds": seconds,
            "fork": fork,
            "answers": str(file),
        }
        # Whoever runs this may have set variables for their own Python.
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        # What it has answered by then counts.
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [python, "-I", _SCRIPT],
                input=json.dumps(request).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={**variables, **_SETTINGS, "HF_HOME": str(folder)},
                timeout=_START_SECONDS + seconds * len(programs),
                check=False,
            )
        if not file.exists():
            return []
        # What follows the last line's end was cut off.
        whole = file.read_text("utf-8").rpartition("\n")[0]
        return [Answer(*json.loads(line)) for line in whole.splitlines()]


def _why_not(finding: Finding) -> str:
    """Why a witness cannot be run; "" where it can."""
    if not finding.witness:
        return "it has no witness"
    if finding.upstream not in RUNNABLE:
        return f"no environment is made for {finding.upstream}, only for {', '.join(sorted(RUNNABLE))}"
    return ""


def _weighed(old: str, new: str, before: Answer, after: Answer) -> WitnessResult:
    if before.passed and not after.passed and not after.hindrance:
        return WitnessResult(Verdict.CONFIRMED, old, new, after.error)
    if after.passed:
        return WitnessResult(Verdict.REFUTED, old, new, f"its witness passes on {new}")
    if before.passed or before.hindrance:
        release, answer = (new, after) if before.passed else (old, before)
        return WitnessResult(Verdict.UNCONFIRMED, old, new, f"on {release} its witness {answer.hindrance}")
    return WitnessResult(Verdict.UNCONFIRMED, old, new, f"its witness fails on {old}: {before.error}")
