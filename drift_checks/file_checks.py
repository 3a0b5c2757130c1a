"""One downstream file judged against the releases it is to work with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from signatures.sources import Source
from signatures.surface import Surface
from signatures.upstreams import upstream_named

from .availability import Releases, specifier
from .call_sites import (
    AttributeSite,
    CallSite,
    ConditionSite,
    ImportSite,
    KeySite,
    PatchSite,
    ResultSite,
    Site,
    Span,
    SubclassSite,
    UnknownSite,
    roots,
)
from .compat_names import COVERED
from .extraction import FileSites, GuardedSite, extract
from .findings import Confidence, Finding, Fix, Outcome
from .guards import FileGuards
from .locating import locate
from .program import Program
from .rules import Judgement, Pair, Problem, judge
from .rules.devices import CUDA_TRANSLATOR, device_problems
from .rules.guarding import wrong_guards
from .sources import SourceFile, Unparsed
from .suppressions import Comment, comments
from .uses import edited_uses


@dataclass(slots=True)
class FileResult:
    """What one file gave.

    Args:
        findings: Each once, in no order.
        unparsed: Why it could not be checked.
        comments: Suppressions in it.
        call_sites: Places in it that depend on an upstream.
        unresolved: Questions about them that what is written does not answer.
        guarded: Findings left out, because the code does not run on a release where it fails.
        consulted: Other files of the program that it depends on, by path, with the digest of each.
    """

    findings: tuple[Finding, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()
    comments: tuple[Comment, ...] = ()
    call_sites: int = 0
    unresolved: int = 0
    guarded: int = 0
    consulted: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Met:
    """One problem at one place, with the releases that have it, newest first; it is told as in the newest."""

    problem: Problem
    releases: list[str]


class FileChecker:
    """Judges files one by one.

    Args:
        pairs: For each upstream, the release that the code works with and the newest one that it is to work with.
        releases: Known releases by distribution name, to tell where a line works; without, only the old one is named.
        asked: Further releases that it is to work with, by distribution name.
        device: What it is to run on.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        releases: Mapping[str, Releases],
        asked: Mapping[str, Sequence[str]],
        device: str | None = None,
    ) -> None:
        self._releases = releases
        self._device = device
        self._programs: dict[Path | Source, Program] = {}
        self._by_root = {root: pair for pair in pairs for root in import_names([pair])}
        self._old = {root: pair.old for root, pair in self._by_root.items()}
        self._new = {root: pair.new for root, pair in self._by_root.items()}
        # Newest first: of several releases with one problem, the newest one tells it.
        self._asked = {
            name: [version for version in reversed(releases[name].versions) if version in {*versions}]
            for name, versions in asked.items()
        }

    def check(self, file: SourceFile | Unparsed) -> FileResult:
        """Judge one file."""
        if isinstance(file, Unparsed):
            return FileResult(unparsed=(file,))
        program = self._program(file)
        found = extract(file, frozenset(self._by_root), program)
        if isinstance(found, Unparsed):
            return FileResult(unparsed=(found,))
        result = FileResult()
        try:
            result.findings = tuple(self._unique(self._judged(file, found, result)))
        except RecursionError:
            return FileResult(unparsed=(Unparsed(file.path, 1, "nested too deeply to be read"),))
        result.comments = comments(file.path, file.data)
        if program is None:
            found.scopes.clear()
        else:
            result.consulted = program.consulted(file)
            found.resolver.shed()
        return result

    def _program(self, file: SourceFile) -> Program | None:
        if file.origin is None:
            return None
        if file.origin not in self._programs:
            self._programs[file.origin] = Program(file.origin, self._by_root.keys())
        return self._programs[file.origin]

    def _unique(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        seen = set()
        for finding in findings:
            key = (finding.rule, finding.line, finding.column, finding.symbol)
            if key not in seen:
                seen.add(key)
                yield finding

    def _judged(self, file: SourceFile, found: FileSites, result: FileResult) -> Iterator[Finding]:
        result.call_sites = sum(not isinstance(guarded.site, UnknownSite) for guarded in found.sites)
        open_questions: dict[Span, int] = {}
        guards = FileGuards(found)
        replaced = _replaced(found.sites, self._by_root)
        for guarded, pair in self._questions(found.sites):
            judgement = _judgement(guarded, pair)
            # A method that is read to be called is one question, not two.
            place = guarded.site.name_span if isinstance(guarded.site, CallSite) else guarded.site.span
            open_questions[place] = max(judgement.unresolved, open_questions.get(place, 0))
            for met in self._met(guarded, judgement, pair, guards):
                if isinstance(guarded.site, CallSite) and met.problem.symbol in replaced:
                    # The downstream's own function runs there.
                    continue
                if met.releases:
                    met.problem = _with_compat(guarded.site, met.problem)
                    works_in = self._works_in(guarded, met.problem, pair)
                    yield self._finding(file, met, pair, works_in)
                    for span in edited_uses(found, guarded.site, met.problem):
                        used = _Met(replace(met.problem, span=span), met.releases)
                        yield self._finding(file, used, pair, works_in)
                else:
                    result.guarded += 1
        result.unresolved = sum(open_questions.values())
        yield from self._of_the_whole_file(file, found)

    def _questions(self, sites: Iterable[GuardedSite]) -> Iterator[tuple[GuardedSite, Pair]]:
        """Each call site with the pair of each upstream that it depends on."""
        for guarded in sites:
            for name in sorted(roots(guarded.site) & self._by_root.keys()):
                yield guarded, self._by_root[name]

    def _met(self, guarded: GuardedSite, newest: Judgement, pair: Pair, guards: FileGuards) -> list[_Met]:
        """The problems of a call site; a release that the code guards against is left out of each."""
        met: dict[tuple[str, Span, int], _Met] = {}
        for version, problems in self._problems(guarded, newest, pair):
            counts: dict[tuple[str, Span], int] = {}
            for problem in problems:
                name, span = problem.rule.name, problem.span
                counts[name, span] = number = counts.get((name, span), 0) + 1
                each = met.setdefault((name, span, number), _Met(problem, []))
                if not guards.cover(guarded, problem, self._old, self._at(pair, version)):
                    if not each.releases:
                        each.problem = problem
                    each.releases.append(version)
        return _without_announcements(met.values())

    def _at(self, pair: Pair, version: str) -> Mapping[str, Surface]:
        """One upstream at a release, and the others at their newest, by import name."""
        if version == pair.new.version:
            return self._new
        surface = self._releases[pair.new.upstream].surface(version)
        return {**self._new, **dict.fromkeys(import_names([pair]), surface)}

    def _problems(
        self, guarded: GuardedSite, newest: Judgement, pair: Pair
    ) -> Iterator[tuple[str, tuple[Problem, ...]]]:
        """The problems of a call site in each release that is asked about, the newest release first."""
        name = pair.new.upstream
        yield pair.new.version, newest.problems
        older = [version for version in self._asked.get(name, ()) if version != pair.new.version]
        if older and not isinstance(guarded.site, UnknownSite):
            answers = self._releases[name].answers(
                subject(guarded.site),
                older,
                lambda surface: _judgement(guarded, Pair(pair.old, surface), guess=False).problems,
            )
            yield from ((version, answers[version]) for version in older)

    def _of_the_whole_file(self, file: SourceFile, found: FileSites) -> Iterator[Finding]:
        for root, problem in wrong_guards(found, self._old, self._new):
            pair = self._by_root[root]
            yield self._finding(file, _Met(problem, [pair.new.version]), pair, f"=={pair.old.version}")
        if self._device is None:
            return
        program = self._program(file)
        translated = program is not None and program.mentions(CUDA_TRANSLATOR)
        for name, problem in device_problems(found, self._device, self._new, translated=translated):
            broken = tuple(pair.new.version for pair in self._by_root.values() if pair.new.upstream == name)[:1]
            yield _finding(file, problem, name, "", broken)

    def _finding(self, file: SourceFile, met: _Met, pair: Pair, works_in: str) -> Finding:
        name = pair.new.upstream
        broken = tuple(reversed(met.releases))
        note = ""
        if name in self._releases:
            order = self._releases[name].versions
            if order.index(broken[-1]) < order.index(pair.old.version):
                note = f"going back to {broken[-1]}: "
        if outcome(met.problem) is Outcome.DEPRECATED:
            broken = ()
        return _finding(file, met.problem, name, works_in, broken, note)

    def _works_in(self, guarded: GuardedSite, problem: Problem, pair: Pair) -> str:
        known = self._releases.get(pair.new.upstream)
        if known is None or _is_guess(guarded, problem, pair):
            return f"=={pair.old.version}"
        open_anyway = _judgement(guarded, Pair(pair.old, pair.old), guess=False).unresolved
        works = known.answers(
            subject(guarded.site),
            known.versions,
            lambda surface: _works(guarded, problem, Pair(pair.old, surface), open_anyway),
        )
        return specifier((version, works[version]) for version in known.versions)


def _with_compat(site: Site, problem: Problem) -> Problem:
    """A problem with `compat` as its fix, where nothing of upstream's is one and `compat` stands for what is named."""
    name = COVERED.get(problem.symbol) if problem.fix is None and isinstance(site, _NAMING) else None
    return problem if name is None else replace(problem, fix=Fix("compat", f"compat.{name}", "unsafe"))


# An override or a patch needs upstream's own.
_NAMING = (AttributeSite, CallSite, ImportSite)


def _replaced(sites: Iterable[GuardedSite], by_root: Mapping[str, Pair]) -> frozenset[str]:
    """Canonical paths of what the file patches."""
    patched = [guarded.site for guarded in sites if isinstance(guarded.site, PatchSite)]
    return frozenset(
        surface.resolve(f"{site.container}.{site.member}").canonical
        for site in patched
        for name in roots(site) & by_root.keys()
        for surface in by_root[name]
    )


def import_names(pairs: Iterable[Pair]) -> frozenset[str]:
    """The top-level modules of the upstreams: what a file must name to be looked at."""
    return frozenset(root for pair in pairs for root in upstream_named(pair.new.upstream).roots)


def outcome(problem: Problem) -> Outcome:
    """What a problem is at run time."""
    return problem.outcome or problem.rule.outcome


def _without_announcements(met: Collection[_Met]) -> list[_Met]:
    """Leave out that something is deprecated in one release, where it is gone in another one."""
    gone = {each.problem.span for each in met if outcome(each.problem) is not Outcome.DEPRECATED and each.releases}
    return [each for each in met if outcome(each.problem) is not Outcome.DEPRECATED or each.problem.span not in gone]


def _finding(
    file: SourceFile, problem: Problem, upstream: str, works_in: str, broken_in: tuple[str, ...], note: str = ""
) -> Finding:
    span = problem.span
    return Finding(
        file.path,
        span.line,
        file.column(span.line, span.column),
        span.end_line,
        file.column(span.end_line, span.end_column),
        problem.rule.name,
        outcome(problem),
        problem.confidence,
        problem.symbol,
        upstream,
        note + problem.message,
        works_in,
        broken_in,
        problem.fix,
        problem.witness,
        file.line(span.line),
    )


def _judgement(guarded: GuardedSite, pair: Pair, *, guess: bool = True) -> Judgement:
    """What a call site meets; where it may be one of several, only what each of them meets."""
    judgement = judge(guarded.site, pair, guess=guess)
    if not guarded.alternatives:
        return judgement
    others = [judge(site, pair, guess=guess) for site in guarded.alternatives]
    problems = tuple(problem for problem in judgement.problems if all(_has(other, problem) for other in others))
    return Judgement(problems, max(judgement.unresolved, *(other.unresolved for other in others)))


def _is_guess(guarded: GuardedSite, problem: Problem, pair: Pair) -> bool:
    """Whether only a look at whole releases tells of a problem, which a hundred others are spared."""
    return problem.confidence is Confidence.LIKELY and not _has(_judgement(guarded, pair, guess=False), problem)


def _has(judgement: Judgement, problem: Problem) -> bool:
    return any((other.rule, other.span) == (problem.rule, problem.span) for other in judgement.problems)


def _works(guarded: GuardedSite, problem: Problem, pair: Pair, open_anyway: int) -> bool:
    """Whether the text that is a problem in one release is sure to be none in another, whatever its rule is there."""
    if all(is_missing(site, pair.new) for site in (guarded.site, *guarded.alternatives)):
        return False
    judgement = _judgement(guarded, pair, guess=False)
    if judgement.unresolved > open_anyway:
        return False
    return all(o.span != problem.span or outcome(o) is Outcome.DEPRECATED for o in judgement.problems)


def subject(site: Site) -> str:
    """What several call sites are about together."""
    if isinstance(site, ImportSite):
        return site.module
    if isinstance(site, PatchSite):
        return site.container
    if isinstance(site, SubclassSite):
        return site.base.path
    return site.name if isinstance(site, UnknownSite) else site.symbol.path


def is_missing(site: Site, surface: Surface) -> bool:
    """Whether a release has no such thing at all, as before it was added."""
    if isinstance(site, UnknownSite):
        return False
    if isinstance(site, (AttributeSite, CallSite, ConditionSite, KeySite, ResultSite)):
        at = locate(surface, site.symbol)
        return at is not None and at.found.missing
    if isinstance(site, PatchSite):
        return surface.resolve(f"{site.container}.{site.member}").missing
    if isinstance(site, ImportSite):
        named = site.name not in (None, "*")
        return surface.resolve(f"{site.module}.{site.name}" if named else site.module).missing
    return surface.resolve(site.base.path).missing
