"""From downstream files and pairs of releases to a report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from signatures.parsing import without_collector
from signatures.surface import Surface
from signatures.upstreams import upstream_named

from .availability import Releases, specifier
from .call_sites import (
    AttributeSite,
    CallSite,
    ImportSite,
    KeySite,
    PatchSite,
    ResultSite,
    Site,
    Span,
    UnknownSite,
    roots,
)
from .extraction import FileSites, GuardedSite, extract
from .findings import Finding, Outcome
from .guards import caught, runs
from .locating import locate
from .rules import Pair, Problem, judge
from .sources import SourceFile, Unparsed
from .suppressions import ignored_rules


@dataclass(slots=True)
class Statistics:
    """What was looked at.

    Args:
        files: Files that name an upstream.
        call_sites: Places in them that depend on one.
        unresolved: Questions about call sites that what is written does not answer.
        guarded: Findings left out, because the code does not run on a release where it fails.
        suppressed: Findings left out by a comment.
        seconds: Time taken.
    """

    files: int = 0
    call_sites: int = 0
    unresolved: int = 0
    guarded: int = 0
    suppressed: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, int | float]:
        """The object of the JSON report."""
        return {
            "files": self.files,
            "call_sites": self.call_sites,
            "unresolved": self.unresolved,
            "guarded": self.guarded,
            "suppressed": self.suppressed,
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check.

    Args:
        upstreams: Name, old release and new release of each pair.
        findings: In the order of their places.
        unparsed: Files that could not be checked.
        statistics: What was looked at.
    """

    upstreams: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...]
    unparsed: tuple[Unparsed, ...]
    statistics: Statistics


def import_names(pairs: Iterable[Pair]) -> frozenset[str]:
    """The top-level modules of the upstreams: what a file must name to be looked at."""
    return frozenset(root for pair in pairs for root in upstream_named(pair.new.upstream).roots)


def check(
    files: Iterable[SourceFile | Unparsed],
    pairs: Sequence[Pair],
    releases: Mapping[str, Releases] | None = None,
) -> Report:
    """Check downstream files.

    Args:
        files: What `sources.find` gives.
        pairs: For each upstream, the release that the code works with and the one it is moved to.
        releases: Known releases by distribution name, to tell where a line works; without, only the old one is named.
    """
    started = time.perf_counter()
    checker = _Checker(pairs, releases or {})
    with without_collector():
        for file in files:
            checker.add(file)
    checker.statistics.seconds = time.perf_counter() - started
    return Report(
        tuple((pair.new.upstream, pair.old.version, pair.new.version) for pair in pairs),
        tuple(sorted(checker.findings, key=lambda finding: finding.order)),
        tuple(sorted(checker.unparsed)),
        checker.statistics,
    )


@dataclass
class _Checker:
    pairs: Sequence[Pair]
    releases: Mapping[str, Releases]
    findings: list[Finding] = field(default_factory=list)
    unparsed: list[Unparsed] = field(default_factory=list)
    statistics: Statistics = field(default_factory=Statistics)

    def __post_init__(self) -> None:
        self._by_root = {root: pair for pair in self.pairs for root in import_names([pair])}
        self._old = {root: pair.old for root, pair in self._by_root.items()}
        self._new = {root: pair.new for root, pair in self._by_root.items()}

    def add(self, file: SourceFile | Unparsed) -> None:
        """Check one file."""
        self.statistics.files += 1
        if isinstance(file, Unparsed):
            self.unparsed.append(file)
            return
        tree = file.parse()
        if isinstance(tree, Unparsed):
            self.unparsed.append(tree)
            return
        try:
            found = extract(tree, frozenset(self._by_root))
            self.findings += self._unique(self._judged(file, found))
            found.scopes.clear()
        except RecursionError:
            self.unparsed.append(Unparsed(file.path, 1, "nested too deeply to be read"))

    def _unique(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        seen = set()
        for finding in findings:
            key = (finding.rule, finding.line, finding.column, finding.symbol)
            if key not in seen:
                seen.add(key)
                yield finding

    def _judged(self, file: SourceFile, found: FileSites) -> Iterator[Finding]:
        self.statistics.call_sites += sum(not isinstance(guarded.site, UnknownSite) for guarded in found.sites)
        open_questions: dict[Span, int] = {}
        for guarded, pair in self._asked(found.sites):
            judgement = judge(guarded.site, pair)
            # A method that is read to be called is one question, not two.
            place = guarded.site.name_span if isinstance(guarded.site, CallSite) else guarded.site.span
            open_questions[place] = max(judgement.unresolved, open_questions.get(place, 0))
            for problem in judgement.problems:
                if self._is_guarded(guarded, problem, found):
                    self.statistics.guarded += 1
                elif problem.rule.name in ignored_rules(file.line(problem.span.line)):
                    self.statistics.suppressed += 1
                else:
                    yield self._finding(file, guarded.site, problem, pair)
        self.statistics.unresolved += sum(open_questions.values())

    def _asked(self, sites: Iterable[GuardedSite]) -> Iterator[tuple[GuardedSite, Pair]]:
        """Each call site with the pair of each upstream that it depends on."""
        for guarded in sites:
            for name in sorted(roots(guarded.site) & self._by_root.keys()):
                yield guarded, self._by_root[name]

    def _is_guarded(self, guarded: GuardedSite, problem: Problem, found: FileSites) -> bool:
        if not guarded.guards:
            return False
        if _outcome(problem) is Outcome.BREAKS and caught(guarded.guards, _raised(guarded.site)):
            return True
        return not all(runs(guarded.guards, found.resolver, surfaces) for surfaces in (self._old, self._new))

    def _finding(self, file: SourceFile, site: Site, problem: Problem, pair: Pair) -> Finding:
        span = problem.span
        return Finding(
            file.path,
            span.line,
            file.column(span.line, span.column),
            span.end_line,
            file.column(span.end_line, span.end_column),
            problem.rule.name,
            _outcome(problem),
            problem.confidence,
            problem.symbol,
            pair.new.upstream,
            problem.message,
            self._works_in(site, problem, pair),
            () if _outcome(problem) is Outcome.DEPRECATED else (pair.new.version,),
            problem.fix,
            problem.witness,
            file.line(span.line),
        )

    def _works_in(self, site: Site, problem: Problem, pair: Pair) -> str:
        known = self.releases.get(pair.new.upstream)
        if known is None:
            return f"=={pair.old.version}"
        same = Pair(pair.old, pair.old)
        open_anyway = judge(site, same).unresolved
        return specifier(
            (version, _works(site, problem, Pair(pair.old, known.surface(version)), open_anyway))
            for version in known.versions
        )


def _works(site: Site, problem: Problem, pair: Pair, open_anyway: int) -> bool:
    """Whether the text that is a problem in one release is sure to be none in another, whatever its rule is there."""
    if _is_missing(site, pair.new):
        return False
    judgement = judge(site, pair)
    if judgement.unresolved > open_anyway:
        return False
    return all(o.span != problem.span or _outcome(o) is Outcome.DEPRECATED for o in judgement.problems)


def _is_missing(site: Site, surface: Surface) -> bool:
    """Whether a release has no such thing at all, as before it was added."""
    if isinstance(site, UnknownSite):
        return False
    if isinstance(site, (AttributeSite, CallSite, KeySite, ResultSite)):
        at = locate(surface, site.symbol)
        return at is not None and at.found.missing
    if isinstance(site, PatchSite):
        return surface.resolve(f"{site.container}.{site.member}").missing
    if isinstance(site, ImportSite):
        named = site.name not in (None, "*")
        return surface.resolve(f"{site.module}.{site.name}" if named else site.module).missing
    return surface.resolve(site.base.path).missing


def _outcome(problem: Problem) -> Outcome:
    return problem.outcome or problem.rule.outcome


def _raised(site: Site) -> frozenset[str]:
    """What a call site raises where it fails."""
    if isinstance(site, ImportSite):
        return frozenset({"ImportError", "ModuleNotFoundError"})
    if isinstance(site, CallSite):
        return frozenset({"TypeError"})
    if isinstance(site, PatchSite):
        return frozenset({"AttributeError", "ImportError", "ModuleNotFoundError"})
    return frozenset({"AttributeError"})
