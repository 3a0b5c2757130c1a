"""What a symbol has been, release by release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .history import History, PastRelease, Place
from .model import Assignment, Class, Definition, Entry, Function, Resolution, Status
from .packs import ReleaseInfo
from .surface import Surface


class Era(NamedTuple):
    """The releases in which a symbol means the same.

    Args:
        versions: Exactly those releases, in release order; they need not follow each other.
        status: Whether the symbol resolves there.
        kind: `function`, `class`, `module`, `value` or "".
        canonical: Where it is defined.
        form: The signature of a function, what makes an instance of a class, the value of an assignment.
        through: How the name gets there, where it is not simply defined or imported: `alias-module`, `inherited`, ….
        deprecated: Keywords that are still taken under an old name.
    """

    versions: tuple[str, ...]
    status: Status
    kind: str
    canonical: str
    form: str
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


def symbol_history(history: History, path: str) -> list[Era]:
    """The eras of a symbol, each with its set of releases; moves, aliases and inheritance are followed.

    Args:
        history: Of the upstream that the symbol belongs to.
        path: Its dotted path, under any of its names.

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
            current, places = _era(history, info, path)
        assert current is not None
        eras.setdefault(current, []).append(info.version)
    return [era._replace(versions=tuple(versions)) for era, versions in eras.items()]


def _era(history: History, info: ReleaseInfo, path: str) -> tuple[Era, dict[str, Place | None]]:
    watched = _Watched(history.at(info.version))
    surface = Surface(history.upstream, info.version, watched)
    found = surface.resolve(path)
    era = Era(
        (),
        found.status,
        _kind(found),
        found.canonical,
        _form(surface, found),
        tuple(dict.fromkeys(hop.kind for hop in found.hops if hop.kind not in ("submodule", "import", "lazy", "star"))),
        _deprecated(found.definition),
    )
    return era, watched.places


def _kind(found: Resolution) -> str:
    if not found.found or found.external:
        return ""
    kinds: dict[type[Definition], str] = {Function: "function", Class: "class", Assignment: "value"}
    return "module" if found.definition is None else kinds.get(type(found.definition), "")


def _form(surface: Surface, found: Resolution) -> str:
    signature = surface.signature(found) if found.found else None
    if signature is not None:
        return str(signature)
    if isinstance(found.definition, Assignment):
        return found.definition.value or found.definition.annotation or ""
    return ""


def _deprecated(definition: Definition | None) -> tuple[str, ...]:
    if not isinstance(definition, Function):
        return ()
    return tuple(f"{d.old} -> {d.new}" if d.new else d.old for d in definition.deprecations)


def release_ranges(history: History, versions: tuple[str, ...]) -> str:
    """Releases as runs of what follows each other in the history: `4.53.0 to 4.56.2, 5.5.0`."""
    order = {info.version: index for index, info in enumerate(history.releases)}
    runs: list[list[str]] = []
    for version in versions:
        if runs and order[version] == order[runs[-1][-1]] + 1:
            runs[-1].append(version)
        else:
            runs.append([version])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
