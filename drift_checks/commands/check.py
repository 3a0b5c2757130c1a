"""`drift check`: which lines of downstream code break or silently change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from signatures.errors import DriftError
from signatures.history import History
from signatures.surface import Surface
from signatures.upstreams import UPSTREAMS

from ..availability import HistoryReleases
from ..check import check, import_names
from ..output import Output
from ..projects import chosen_release, declared_requirements, open_project, upstream_requirements
from ..reports import FORMATS, as_text
from ..rules import Pair
from ..sources import SourceFile, Unparsed, find
from ..surfaces import others

if TYPE_CHECKING:
    from signatures.sources import Source

UNPARSED = 2


def run(output: Output, paths: tuple[str, ...], old: tuple[str, ...], new: tuple[str, ...], likely: bool) -> int:
    """Answer the command; findings whose receiver's type is not known never set the exit status."""
    with ExitStack() as stack:
        projects = [_entered(stack, open_project(text)) for text in paths]
        asked = upstream_requirements("--from", old), upstream_requirements("--to", new)
        pairs, releases = _pairs(output, projects, *asked)
        for pair in pairs:
            output.note(f"{pair.new.upstream} {pair.old.version} -> {pair.new.version}")
        report = check(_files(projects, pairs, output), pairs, releases)
    proven = tuple(finding for finding in report.findings if finding.decides)
    shown = report if likely else replace(report, findings=proven)
    output.text(as_text(shown, color=output.color) if output.form == "text" else FORMATS[output.form](shown))
    if report.unparsed:
        return UNPARSED
    return int(bool(proven))


def _entered(stack: ExitStack, project: Path | Source) -> Path | Source:
    return project if isinstance(project, Path) else stack.enter_context(project)


def _files(projects: list[Path | Source], pairs: list[Pair], output: Output) -> Iterator[SourceFile | Unparsed]:
    names = import_names(pairs)
    with output.progress("checking") as progress:
        count = 0
        for project in projects:
            for file in find(project, names):
                count += 1
                progress.step(count, None, file.path)
                yield file


def _pairs(
    output: Output, projects: list[Path | Source], old: dict[str, Requirement], new: dict[str, Requirement]
) -> tuple[list[Pair], dict[str, HistoryReleases]]:
    """The pair of releases for each upstream that is asked about, or that the project requires where none is."""
    declared = {name: req for project in projects for name, req in declared_requirements(project).items()}
    names = [name for name in UPSTREAMS if name in old or name in new] or [n for n in UPSTREAMS if n in declared]
    if not names:
        names = [name for name in UPSTREAMS if _installed(name) is not None]
    if not names:
        raise DriftError("no upstream to check against; name one with --to, such as --to transformers==5.23.0")
    pairs, releases = [], {}
    for name in names:
        history = History.open(name)
        for note in history.notes:
            output.warn(note)
        before = chosen_release(history, old.get(name) or declared.get(name) or _installed_requirement(name))
        after = chosen_release(history, new[name]) if name in new else history.releases[-1].version
        other = others(name)
        for each in (before, after):
            for problem in history.release(each).problems:
                output.warn(f"incomplete: {problem}")
        surfaces = (Surface(name, each, history.at(each), other) for each in (before, after))
        pairs.append(Pair(*surfaces))
        releases[name] = HistoryReleases(history)
    return pairs, releases


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
