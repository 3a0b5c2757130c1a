"""The adapters of `compat` against every release of the history: their sets, their targets and their calls.

    python -m drift_checks.adapters

writes what the newest adapters call into `compat`, where it is checked live on releases that nobody has read yet, and
the upstream names that `compat` stands for, which findings name as their fix.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from inspect import Parameter, getsourcelines, signature
from itertools import islice
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from packaging.requirements import Requirement

import compat
from compat._adapters import REGISTRY, Adapter, StableFunction
from compat._names import NAMES
from compat._releases import NEWEST_KNOWN
from signatures.errors import DriftError
from signatures.history import History
from signatures.surface import Surface
from signatures.upstreams import UPSTREAMS, upstream_named
from signatures.whole_files import replacing

from .availability import HistoryReleases, specifier
from .call_sites import Arguments, AttributeSite, CallSite, ImportSite, Keyword, Site, Span, Symbol, UnknownSite, roots
from .extraction import FileSites, GuardedSite, extract
from .file_checks import is_missing, subject
from .guard_syntax import Inside
from .guards import FileGuards
from .locating import is_unknown, locate_called
from .rules.binding import Clash
from .rules.overloads import Fit, fits, stated
from .sources import SourceFile, Unparsed
from .surfaces import others

PACKAGE = Path(compat.__file__).parent
TARGETS = PACKAGE / "_recorded_targets.py"
COVERED = Path(__file__).with_name("compat_names.py")


class Flaw(NamedTuple):
    """One way in which an adapter does not fit the releases that it is for.

    Args:
        function: The stable function or name, such as `masking.create_causal_mask`.
        path: The file.
        line: Where it is to be edited.
        releases: Specifier of the releases that have it; "" where it is no matter of a release.
        message: One line.
    """

    function: str
    path: str
    line: int
    releases: str
    message: str


class Target(NamedTuple):
    """A call that an adapter makes.

    Args:
        path: What it calls.
        positional: How many positional arguments it passes.
        keywords: The keywords that it passes, and that the newest known release names.
    """

    path: str
    positional: int
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Verified:
    """What was verified of one stable function or name.

    Args:
        name: Such as `masking.create_causal_mask`.
        upstream: The distribution that its adapters choose by; "" where it does not choose.
        adapters: Requirement and reason of each adapter, and whether it is declared absent.
        sites: Places in it that depend on an upstream.
        unresolved: Questions about them that what is written does not answer.
        flaws: What does not fit.
    """

    name: str
    upstream: str = ""
    adapters: tuple[tuple[str, str, bool], ...] = ()
    sites: int = 0
    unresolved: int = 0
    flaws: tuple[Flaw, ...] = ()


@dataclass
class _Part:
    """Some lines of a module, and the releases that they run on."""

    name: str
    lines: range
    releases: dict[str, tuple[str, ...]]
    adapter: Adapter | None = None
    sites: list[GuardedSite] = field(default_factory=list)


class Histories:
    """The releases of the upstreams, opened when they are asked for."""

    def __init__(self) -> None:
        self._known: dict[str, HistoryReleases] = {}

    def __getitem__(self, upstream: str) -> HistoryReleases:
        name = upstream_named(upstream).name
        if name not in self._known:
            history = History.open(name)
            known = tuple(release.version for release in history.releases)
            self._known[name] = HistoryReleases(history, others(name), known)
        return self._known[name]

    def within(self, requirement: str) -> tuple[str, ...]:
        """The known releases that a requirement allows, oldest first."""
        wanted = Requirement(requirement)
        return tuple(v for v in self[wanted.name].versions if wanted.specifier.contains(v, prereleases=True))


def verified(histories: Histories, modules: Iterable[str] | None = None) -> Iterator[Verified]:
    """Verify stable functions, stable names, and what the modules do besides.

    Args:
        histories: The releases.
        modules: Modules of `compat`; without, all of them.

    Raises:
        DriftError: Another package that is called `compat` is in the way.
    """
    if not hasattr(compat, "MODULES"):
        raise DriftError(f"{compat.__file__} is another package called `compat`: take it off the path")
    for module in compat.MODULES if modules is None else modules:
        import_module(f"{compat.__name__}.{module}")
        yield from _Module(module, histories).verified()


class _Module:
    def __init__(self, name: str, histories: Histories) -> None:
        self._name = name
        self._histories = histories
        self._file = PACKAGE / f"{name}.py"
        self._path = f"{PACKAGE.name}/{name}.py"
        self._functions = {f.declared.__name__: f for n, f in REGISTRY.items() if n.startswith(f"{name}.")}

    def verified(self) -> Iterator[Verified]:
        parts = self._placed()
        for function in self._functions.values():
            own = [part for part in parts if part.name == function.name]
            yield self._function(function, own)
        rest = [part for part in parts if part.adapter is None]
        yield from (self._plain(part) for part in rest if part.sites)
        yield from self._names()

    def _placed(self) -> list[_Part]:
        """The parts of the module with the call sites that lie in them."""
        parts = list(self._parts())
        for guarded in self._found.sites:
            holding = (part for part in parts if guarded.site.span.line in part.lines)
            for part in islice(holding, 1):
                part.sites.append(guarded)
        return parts

    @cached_property
    def _found(self) -> FileSites:
        names = frozenset(root for upstream in UPSTREAMS.values() for root in upstream.roots)
        found = extract(SourceFile(self._path, self._file.read_bytes()), names)
        if isinstance(found, Unparsed):
            raise DriftError(f"{found.path}:{found.line}: {found.message}")
        return found

    def newest_parts(self) -> Iterator[_Part]:
        """The adapters for the newest known releases."""
        for part in self._placed():
            if part.adapter is not None and any(NEWEST_KNOWN[name] in held for name, held in part.releases.items()):
                yield part

    def stood_for(self) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
        """Each stable name with the upstream, path and releases of what it stands for, which has the same name."""
        for part in self._placed() if self._functions else ():
            own = part.name.partition(".")[2]
            for guarded in part.sites if part.adapter is not None else ():
                site = guarded.site
                if isinstance(site, ImportSite) and site.name == own:
                    [(upstream, versions)] = part.releases.items()
                    yield part.name, upstream, _named(site), versions
        for name, declared in NAMES.items():
            for releases, path in declared.places.items() if name.startswith(f"{self._name}.") else ():
                if path is not None and not path.startswith("."):
                    yield name, Requirement(releases).name, path, self._histories.within(releases)

    def paths(self, upstream: str, version: str) -> Iterator[tuple[str, str]]:
        """Each function with a dotted path that it imports or calls in a release, guarded code left out."""
        parts = [part for part in self._placed() if version in part.releases.get(upstream, (version,))]
        for part in parts:
            for guarded in part.sites:
                site = guarded.site
                if upstream not in _upstreams(guarded) or _is_conditional(guarded):
                    continue
                if isinstance(site, ImportSite):
                    yield part.name, _named(site)
                elif isinstance(site, (AttributeSite, CallSite)) and not site.symbol.steps:
                    yield part.name, site.symbol.path
        for name, declared in NAMES.items():
            for releases, path in declared.places.items() if name.startswith(f"{self._name}.") else ():
                if path is not None and not path.startswith(".") and version in self._histories.within(releases):
                    yield name, path

    def _parts(self) -> Iterator[_Part]:
        """The factories, then the other functions, which run on all releases."""
        for function in self._functions.values():
            for adapter in function.adapters:
                if adapter.make is not None:
                    upstream = Requirement(adapter.releases).name
                    versions = {upstream: self._histories.within(adapter.releases)}
                    yield _Part(function.name, _lines(adapter), versions, adapter)
        for node in ast.parse(self._file.read_bytes()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                yield _Part(f"{self._name}.{node.name}", lines, {})

    def _function(self, function: StableFunction, parts: Sequence[_Part]) -> Verified:
        upstream = Requirement(function.adapters[0].releases).name if function.adapters else ""
        flaws = [*self._sets(function), *(flaw for part in parts for flaw in self._flaws(part))]
        return Verified(
            function.name,
            upstream,
            tuple((each.releases, each.because, each.make is None) for each in function.adapters),
            sum(len(part.sites) for part in parts),
            sum(self._unresolved(part) for part in parts),
            (*flaws, *(flaw for part in parts for flaw in self._handed_on(function, part))),
        )

    def _plain(self, part: _Part) -> Verified:
        flaws = tuple(self._flaws(part))
        return Verified(part.name, "", (), len(part.sites), self._unresolved(part), flaws)

    def _names(self) -> Iterator[Verified]:
        for name, declared in NAMES.items():
            if name.startswith(f"{self._name}."):
                flaws = [*self._covering(name, list(declared.places), 1)]
                for releases, path in declared.places.items():
                    if path is not None and not path.startswith("."):
                        flaws += self._place(name, releases, path)
                adapters = tuple((each, declared.because, path is None) for each, path in declared.places.items())
                upstream = Requirement(next(iter(declared.places))).name
                yield Verified(name, upstream, adapters, len(adapters), 0, tuple(flaws))

    def _place(self, name: str, releases: str, path: str) -> Iterator[Flaw]:
        known = self._histories[Requirement(releases).name]
        versions = self._histories.within(releases)
        missing = [version for version in versions if not known.surface(version).resolve(path).found]
        if missing:
            yield Flaw(name, self._path, 1, _text(known.versions, missing), f"{path} does not resolve")

    # Sets

    def _sets(self, function: StableFunction) -> Iterator[Flaw]:
        line = getsourcelines(function.declared)[1]
        if not function.adapters:
            yield Flaw(function.name, self._path, line, "", "no adapters")
        else:
            yield from self._covering(function.name, [each.releases for each in function.adapters], line)

    def _covering(self, name: str, sets: Sequence[str], line: int) -> Iterator[Flaw]:
        """Every release is in exactly one of the sets, and no set is empty."""
        upstreams = {Requirement(each).name for each in sets}
        if len(upstreams) > 1:
            yield Flaw(name, self._path, line, "", f"chooses by several upstreams: {', '.join(sorted(upstreams))}")
            return
        known = self._histories[upstreams.pop()].versions
        held = {each: self._histories.within(each) for each in sets}
        counts = {version: sum(version in versions for versions in held.values()) for version in known}
        for count, message in ((0, "no adapter"), (2, "more than one adapter")):
            wrong = [version for version in known if min(counts[version], 2) == count]
            if wrong:
                yield Flaw(name, self._path, line, _text(known, wrong), message)
        for each, versions in held.items():
            if not versions:
                yield Flaw(name, self._path, line, each, "no release needs this adapter any more")

    # Targets and calls

    def _flaws(self, part: _Part) -> Iterator[Flaw]:
        for guarded in part.sites:
            for upstream in sorted(_upstreams(guarded)):
                yield from self._site_flaws(part, guarded, upstream)

    def _site_flaws(self, part: _Part, guarded: GuardedSite, upstream: str) -> Iterator[Flaw]:
        known = self._histories[upstream]
        versions = part.releases.get(upstream, known.versions)
        answers = known.answers(subject(guarded.site), versions, lambda surface: _flaw(guarded, surface))
        guards = FileGuards(self._found)
        met: dict[str, list[str]] = {}
        for version in versions:
            message = answers[version]
            if message and not self._guarded(guards, guarded, upstream, known.surface(version)):
                met.setdefault(message, []).append(version)
        for message, broken in met.items():
            yield Flaw(part.name, self._path, guarded.site.span.line, _text(known.versions, broken), message)

    def _guarded(self, guards: FileGuards, guarded: GuardedSite, upstream: str, surface: Surface) -> bool:
        if not guarded.guards:
            return False
        surfaces = dict.fromkeys(upstream_named(upstream).roots, surface)
        runs = guards.on(surfaces).runs(guarded.guards, guarded.site.span.line)
        return not runs or guards.handles(guarded, surfaces)

    def _unresolved(self, part: _Part) -> int:
        """Calls whose target the newest release of the part does not tell."""
        count = 0
        for guarded in part.sites:
            for upstream in _upstreams(guarded):
                known = self._histories[upstream]
                newest = part.releases.get(upstream, known.versions)[-1:]
                count += any(
                    _fit(guarded, known.surface(v)) is None for v in newest if isinstance(guarded.site, CallSite)
                )
        return count

    def _handed_on(self, function: StableFunction, part: _Part) -> Iterator[Flaw]:
        """Where upstream's own object is handed on, it takes every argument that the stable function declares."""
        path = _returned(part)
        if path is None:
            return
        declared = [p for p in signature(function.declared).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        span = Span(part.lines.start, 0, part.lines.start, 0)
        keywords = tuple(Keyword(p.name, span) for p in declared if p.kind is not Parameter.VAR_POSITIONAL)
        site = CallSite(symbol=Symbol(path), arguments=Arguments((), keywords), span=span, name_span=span)
        for upstream in _upstreams(GuardedSite(site, ())):
            for flaw in self._site_flaws(part, GuardedSite(site, ()), upstream):
                yield flaw._replace(message=f"handed on: {flaw.message}")


def targets(histories: Histories) -> dict[str, list[Target]]:
    """What the newest adapter of each stable function calls."""
    recorded: dict[str, list[Target]] = {}
    for module in compat.MODULES:
        import_module(f"{compat.__name__}.{module}")
        for part in _Module(module, histories).newest_parts():
            [upstream] = part.releases
            surface = histories[upstream].surface(NEWEST_KNOWN[upstream])
            recorded[part.name] = sorted(set(_targets(part, surface)))
    return recorded


def touched(histories: Histories, upstream: str, version: str) -> dict[str, list[str]]:
    """The dotted paths that `compat` depends on in a release, with the stable functions and names that do.

    Args:
        histories: The releases.
        upstream: A distribution.
        version: Its release.
    """
    found: dict[str, list[str]] = {}
    for module in compat.MODULES:
        import_module(f"{compat.__name__}.{module}")
        for name, path in _Module(module, histories).paths(upstream, version):
            found.setdefault(path, []).append(name)
    return found


def covered(histories: Histories) -> dict[str, str]:
    """The upstream names that a stable name or function stands for, by every path that leads to them."""
    found: dict[str, str] = {}
    for module in compat.MODULES:
        import_module(f"{compat.__name__}.{module}")
        for name, upstream, path, versions in _Module(module, histories).stood_for():
            for version in dict.fromkeys((versions[0], versions[-1])) if versions else ():
                resolved = histories[upstream].surface(version).resolve(path)
                for each in (path, resolved.canonical) if resolved.found else ():
                    found.setdefault(each, name)
    return found


def _targets(part: _Part, surface: Surface) -> Iterator[Target]:
    for guarded in part.sites:
        fit = _fit(guarded, surface)
        site = guarded.site
        if isinstance(site, CallSite) and fit is not None and not site.symbol.steps and not _is_conditional(guarded):
            named = tuple(sorted(fit.bound.named))
            yield Target(site.symbol.path, len(site.arguments.positional), named)


def _fit(guarded: GuardedSite, surface: Surface) -> Fit | None:
    site = guarded.site
    if not isinstance(site, CallSite):
        return None
    at = locate_called(surface, site.symbol)
    if at is None or is_unknown(at) or at.found.missing:
        return None
    signatures = stated(surface, at)
    return fits(signatures, site.arguments)[0] if signatures else None


def _flaw(guarded: GuardedSite, surface: Surface) -> str:
    """What of a call site does not fit a release; "" where nothing does, or what is written does not tell."""
    site = guarded.site
    if isinstance(site, UnknownSite):
        return ""
    if all(is_missing(each, surface) for each in (site, *guarded.alternatives)):
        return f"{_named(site)} does not resolve"
    fit = _fit(guarded, surface)
    if fit is None:
        return ""
    for failure in fit.bound.failures:
        what = f"`{failure.name}`" if failure.clash is not Clash.TOO_MANY else f"argument {failure.position + 1}"
        return f"{_named(site)}: {failure.clash.value}: {what}"
    accepts = fit.stated.accepts
    known = {*accepts.taken, *accepts.deprecated}
    swallowed = [name for name in fit.bound.swallowed if name not in known] if accepts.kwargs == "taken" else []
    return f"{_named(site)}: `{swallowed[0]}` is swallowed by `**`" if swallowed else ""


def _named(site: Site) -> str:
    if isinstance(site, ImportSite):
        return f"{site.module}.{site.name}" if site.name else site.module
    return subject(site)


def _is_conditional(guarded: GuardedSite) -> bool:
    return any(not isinstance(guard, Inside) for guard in guarded.guards)


def _upstreams(guarded: GuardedSite) -> list[str]:
    return sorted({_BY_ROOT[root] for root in roots(guarded.site) if root in _BY_ROOT})


_BY_ROOT: Mapping[str, str] = {root: each.name for each in UPSTREAMS.values() for root in each.roots}


def _lines(adapter: Adapter) -> range:
    assert adapter.make is not None
    text, start = getsourcelines(adapter.make)
    return range(start, start + len(text))


def _returned(part: _Part) -> str | None:
    """The dotted path of what a factory hands on as it is, where that is an upstream's object."""
    if part.adapter is None or part.adapter.make is None:
        return None
    [factory] = ast.parse(dedent("".join(getsourcelines(part.adapter.make)[0]))).body
    assert isinstance(factory, ast.FunctionDef)
    last = factory.body[-1]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name):
        return None
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in factory.body
        if isinstance(node, ast.ImportFrom) and not node.level
        for alias in node.names
    }
    rebound = any(isinstance(node, ast.FunctionDef) and node.name == last.value.id for node in factory.body)
    return None if rebound else imported.get(last.value.id)


def _text(known: Iterable[str], versions: Iterable[str]) -> str:
    chosen = set(versions)
    return specifier((version, version in chosen) for version in known)


def recorded_targets(found: Mapping[str, Sequence[Target]]) -> str:
    """The text of the module that holds the targets."""
    lines = [
        '"""Made by `python -m drift_checks.adapters`: what the newest adapters call, by stable function."""',
        "",
        "from __future__ import annotations",
        "",
        "TARGETS: dict[str, tuple[tuple[str, int, tuple[str, ...]], ...]] = {",
    ]
    for name, called in sorted(found.items()):
        if called:
            lines += [f'    "{name}": (', *(f"        {_row(each)}," for each in called), "    ),"]
    return "\n".join([*lines, "}", ""])


def covered_names(found: Mapping[str, str]) -> str:
    """The text of the module that holds the names that `compat` stands for."""
    rows = [f'    "{path}": "{name}",' for path, name in sorted(found.items())]
    head = '"""Made by `python -m drift_checks.adapters`: the upstream names that `compat` stands for."""'
    return "\n".join([head, "", "from __future__ import annotations", "", "COVERED = {", *rows, "}", ""])


def _row(target: Target) -> str:
    path, positional, keywords = target
    named = "".join(f'"{keyword}", ' for keyword in keywords)
    return f'("{path}", {positional}, ({named.strip() if len(keywords) == 1 else named.rstrip(", ")}))'


if __name__ == "__main__":
    if len(sys.argv) > 1:
        for each in verified(Histories(), [Path(name).stem for name in sys.argv[1:]]):
            print(each.name, f"{each.sites} sites, {each.unresolved} unresolved")
            for flaw in each.flaws:
                print(f"  {flaw.path}:{flaw.line}: {flaw.message} [{flaw.releases}]")
    else:
        histories = Histories()
        for file, text in (
            (TARGETS, recorded_targets(targets(histories))),
            (COVERED, covered_names(covered(histories))),
        ):
            with replacing(file) as temporary:
                temporary.write_text(text, encoding="utf-8")
