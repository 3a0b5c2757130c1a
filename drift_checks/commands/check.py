"""`drift check`: which lines of downstream code break or silently change."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from signatures.errors import DriftError
from signatures.history import History
from signatures.parsing import without_collector
from signatures.upstreams import UPSTREAMS

from ..accepting import Acceptance, acceptance, covering
from ..baseline import Entry
from ..check import Report
from ..findings import Finding
from ..kept_sources import KeptSource
from ..moves import Move, move_to, roots
from ..output import Output
from ..projects import chosen_release, open_project, upstream_requirements
from ..reports import FORMATS, as_text
from ..requirements import declared_requirements
from ..results_cache import results_folder
from ..rules import RULES
from ..rules.devices import DEVICE_NAMES, DEVICES
from ..running import run_checks
from ..selection import selection
from ..sifting import accept, sift
from ..sources import find
from ..workers import Task

if TYPE_CHECKING:
    from signatures.sources import Source

UNPARSED = 2


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for.

    Args:
        paths: Files, folders, distributions or requirements.
        old: Values of `--from`.
        new: Values of `--to`.
        likely: Show findings whose receiver's type is not known.
        device: What the code is to run on.
        select: Rules to look for; none for all.
        ignore: Rules to leave out.
        exclude: Patterns of files to leave out.
        per_path_ignores: Rules to leave out in files that match a pattern.
        baseline: The file of accepted findings.
        update_baseline: Write that file.
        reason: For its new entries.
        until: The last day of its new entries, or `never`.
        witness: Run the findings' programs.
        jobs: Processes to use; None for one a core.
        no_cache: Take no results from earlier runs.
    """

    paths: tuple[str, ...]
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    likely: bool = False
    device: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_path_ignores: tuple[str, ...] = ()
    baseline: Path | None = None
    update_baseline: bool = False
    reason: str | None = None
    until: str | None = None
    witness: bool = False
    jobs: int | None = None
    no_cache: bool = False


def run(output: Output, options: Options) -> int:
    """Answer the command; findings whose receiver's type is not known never set the exit status."""
    today = datetime.date.today()
    chosen = selection(RULES, options.select, options.ignore, options.exclude, options.per_path_ignores)
    if options.device not in (None, *DEVICES):
        raise DriftError(f"--device {options.device}: no such kind of device; known: {', '.join(DEVICES)}")
    asked = acceptance(options.baseline, options.update_baseline, options.reason, options.until, today)
    with ExitStack() as stack:
        stack.enter_context(without_collector(kept=True))
        projects = [_entered(stack, open_project(text)) for text in options.paths]
        requirements = upstream_requirements("--from", options.old), upstream_requirements("--to", options.new)
        moves = _moves(output, projects, *requirements)
        for move in moves:
            output.note(str(move))
        names = {*roots(move.upstream for move in moves), *(DEVICE_NAMES if options.device is not None else ())}
        files = [file for each in projects for file in find(each, names) if chosen.has_file(file.path)]
        if not files:
            output.warn(f"no Python file there names {' or '.join(sorted(names))}")
        folder = None if options.no_cache else results_folder()
        with output.progress("checking") as progress:
            report = run_checks(Task(tuple(moves), options.device), files, options.jobs, folder, progress.step)
    report = sift(report, chosen, today, RULES)
    if asked is None:
        report = _witnessed(report, options, output)
    else:
        places = [project if isinstance(project, Path) else None for project in projects]
        report = _accepted(report, asked, covering(asked.baseline, places, chosen, report), options, output)
    if output.form != "text":
        for notice in report.notices:
            output.warn(f"{notice.path}:{notice.line}: {notice.message}")
    proven = _proven(report)
    shown = report if options.likely else replace(report, findings=proven)
    output.text(_written(shown, output))
    hidden = len(report.findings) - len(shown.findings)
    if hidden:
        output.note(f"{hidden} more likely, whose receiver's type is not known: see them with --likely")
    if report.unparsed:
        return UNPARSED
    return int(bool(proven))


def _accepted(
    report: Report, asked: Acceptance, covered: Callable[[Entry], bool], options: Options, output: Output
) -> Report:
    """The report without what the baseline accepts; what is to be accepted anew is put to the test before."""
    if asked.terms is None:
        return _witnessed(accept(report, asked.baseline, asked.today, RULES, covered), options, output)
    report = _witnessed(report, options, output)
    updated = asked.baseline.updated(report.findings if options.likely else _proven(report), covered, asked.terms)
    updated.write()
    output.note(f"{updated.file}: {len(updated.entries)} accepted, {len(asked.baseline.entries)} before")
    return accept(report, updated, asked.today, RULES, covered)


def _witnessed(report: Report, options: Options, output: Output) -> Report:
    if not options.witness:
        return report
    from ..witnessing import witnessed

    return witnessed(report, output, likely=options.likely)


def _proven(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in report.findings if finding.decides)


def _written(report: Report, output: Output) -> str:
    if output.form == "text":
        return as_text(report, color=output.color, quiet=output.quiet)
    return FORMATS[output.form](report)


def _entered(stack: ExitStack, project: Path | Source) -> Path | Source:
    return project if isinstance(project, Path) else KeptSource(stack.enter_context(project))


def _moves(
    output: Output, projects: list[Path | Source], old: dict[str, Requirement], new: dict[str, Requirement]
) -> list[Move]:
    """What is asked of each upstream that is named, or that the project requires where none is."""
    found = [declared_requirements(project) for project in projects]
    always = {name: requirement for each in found for name, requirement in each.always.items()}
    declared = {name: requirement for each in found for name, requirement in each.sometimes.items()} | always
    names = [name for name in UPSTREAMS if name in old or name in new] or [n for n in UPSTREAMS if n in always]
    if not names:
        names = [name for name in UPSTREAMS if _installed(name) is not None]
    if not names:
        raise DriftError("no upstream to check against; name one with --to, such as --to transformers==5.23.0")
    moves = []
    for name in names:
        history = History.open(name)
        for note in history.notes:
            output.warn(note)
        before = chosen_release(history, old.get(name) or declared.get(name) or _installed_requirement(name))
        move = move_to(history, before, new.get(name), declared.get(name))
        for each in dict.fromkeys((move.old, *move.asked, move.new)):
            for problem in history.release(each).problems:
                output.warn(f"incomplete: {problem}")
        moves.append(move)
    return moves


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _installed_requirement(name: str) -> Requirement:
    installed = _installed(name)
    if installed is None:
        raise DriftError(f"which release of {name} does the code work with? say so with --from {name}==VERSION")
    return Requirement(f"{name}=={installed.partition('+')[0]}")
