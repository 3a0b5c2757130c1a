"""What a symbol has been, release by release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .history import History, PastRelease, Place
from .model import Assignment, Class, Definition, Entry, Function, Resolution, Signature, Status
from .packs import ReleaseInfo
from .surface import Surface


class Era(NamedTuple):
    """The releases in which a symbol means the same.

    Args:
        versions: Exactly those releases, in release order; they need not follow each other.
        status: Whether the symbol resolves there.
        kind: `function`, `class`, `module`, `value` or "".
        canonical: Where it is defined.
        signatures: Of a function, each of its overloads; of a class, what makes an instance of it.
        value: Of an assignment.
        through: How the name gets there, where it is not simply defined or imported: `alias-module`, `inherited`, ….
        deprecated: Keywords that are still taken under an old name.
    """

    versions: tuple[str, ...]
    status: Status
    kind: str
    canonical: str
    signatures: tuple[Signature, ...]
    value: str
    through: tuple[str, ...]
    deprecated: tuple[str, ...]


class _Watched:
    """A past release that notes what was read of it."""

    def __init__(self, release: PastRelease) -> None:
        self._release = release
        self.places: dict[str, Place | None] = {}

    def has(self, module: str) -> bool:
        self._note(module)
        return self._release.has(module)

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        self._note(module)
        return self._release.entries(module)

    def _note(self, module: str) -> None:
        if module not in self.places:
            self.places[module] = self._release.history.place(module, self._release.info.version)


def symbol_history(history: History, path: str, others: tuple[Surface, ...] = ()) -> list[Era]:
    """The eras of a symbol, each with its set of releases; moves, aliases and inheritance are followed.

    Args:
        history: Of the upstream that the symbol belongs to.
        path: Its dotted path, under any of its names.
        others: Surfaces of other upstreams that this one builds on.

    Returns:
        Eras in the order of their first release; releases in which it does not resolve are an era too.
    """
    eras: dict[Era, list[str]] = {}
    places: dict[str, Place | None] = {}
    current: Era | None = None
    for info in history.releases:
        # A release in which nothing that the answer rests on has changed gives the same answer.
        same = current is not None and all(history.place(m, info.version) == place for m, place in places.items())
        if not same:
            current, places = _era(history, info, path, others)
        assert current is not None
        eras.setdefault(current, []).append(info.version)
    return [era._replace(versions=tuple(versions)) for era, versions in eras.items()]


def _era(
    history: History, info: ReleaseInfo, path: str, others: tuple[Surface, ...]
) -> tuple[Era, dict[str, Place | None]]:
    watched = _Watched(history.at(info.version))
    surface = Surface(history.upstream, info.version, watched, others)
    found = surface.resolve(path)
    era = Era(
        (),
        found.status,
        _kind(found),
        found.canonical,
        _signatures(surface, found),
        _value(found.definition),
        tuple(dict.fromkeys(hop.kind for hop in found.hops if hop.kind not in ("submodule", "import", "lazy", "star"))),
        _deprecated(found.definition),
    )
    return era, watched.places


def _kind(found: Resolution) -> str:
    if not found.found or found.external:
        return ""
    kinds: dict[type[Definition], str] = {Function: "function", Class: "class", Assignment: "value"}
    return "module" if found.definition is None else kinds.get(type(found.definition), "")


def _signatures(surface: Surface, found: Resolution) -> tuple[Signature, ...]:
    if not found.found or found.external:
        return ()
    overloads = [function for function in surface.overloads(found) if "overload" in function.flags]
    if overloads:
        return tuple(function.signature for function in overloads)
    signature = surface.signature(found)
    return (signature,) if signature is not None else ()


def _value(definition: Definition | None) -> str:
    if not isinstance(definition, Assignment):
        return ""
    return definition.value or definition.annotation or ""


def _deprecated(definition: Definition | None) -> tuple[str, ...]:
    if not isinstance(definition, Function):
        return ()
    return tuple(f"{d.old} -> {d.new}" if d.new else d.old for d in definition.deprecations)


def release_ranges(history: History, versions: tuple[str, ...]) -> str:
    """Releases as people name them: `4.53.0 to 4.56.2, 5.5.0`, or by train: `2025-01 to 2025-04, 2025-07 (2.6.0)`."""
    trains: dict[str, list[str]] = {}
    for info in history.releases:
        trains.setdefault(info.train or info.version, []).append(info.version)
    wanted = set(versions)
    names = list(trains)
    held = {name: [version for version in trains[name] if version in wanted] for name in names}
    runs: list[list[str]] = []
    for index, name in enumerate(names):
        if not held[name]:
            continue
        whole = held[name] == trains[name]
        follows = runs and runs[-1][-1] == names[index - 1] and held[names[index - 1]] == trains[names[index - 1]]
        if whole and follows:
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(_run(run, held) for run in runs)


def _run(run: list[str], held: dict[str, list[str]]) -> str:
    if len(run) > 1:
        return f"{run[0]} to {run[-1]}"
    [name] = run
    return name if held[name] == [name] else f"{name} ({', '.join(held[name])})"
