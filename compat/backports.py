"""Names that upstream removed, put back where they were, for code that cannot be edited."""

from __future__ import annotations

import threading
from functools import lru_cache

from ._served_names import serve, when_loaded, withdraw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any

    from packaging.version import Version

    from .patching import Patch

__all__ = ["Backport", "Installed", "UnknownBackport", "active", "available", "install"]

_UPSTREAM = "transformers"
_lock = threading.RLock()
# How many handles hold each backport that is installed.
_held: dict[str, int] = {}
_patches: dict[str, Patch] = {}
_values: dict[str, Any] = {}


class UnknownBackport(LookupError):
    """There is no backport by a name, for the release that is installed."""


class Backport:
    """One name that upstream removed.

    Args:
        name: The dotted name that it had, or that of what is patched for older models.
        stands_for: The dotted name of what it leads to; "" where it is written anew here.
        releases: The releases of transformers that lack it.
        because: What upstream changed.
    """

    __slots__ = ("because", "name", "releases", "stands_for")

    def __init__(self, name: str, stands_for: str, releases: str, because: str) -> None:
        self.name = name
        self.stands_for = stands_for
        self.releases = releases
        self.because = because

    def __repr__(self) -> str:
        return f"<Backport {self.name}: {self.because}>"


class Installed:
    """Backports that `install` put back; `undo()` takes them away again, as the end of a `with` block does.

    Attributes:
        backports: Which ones they are.
    """

    def __init__(self, backports: tuple[Backport, ...]) -> None:
        self.backports = backports
        self._done = False

    def __repr__(self) -> str:
        return f"<Installed: {len(self.backports)} backports{', undone' if self._done else ''}>"

    def undo(self) -> None:
        """Take them away; those that another handle holds stay until that one is undone. A second call does nothing.

        What other code has imported by then, it keeps.
        """
        with _lock:
            if self._done:
                return
            self._done = True
            for backport in self.backports:
                _held[backport.name] -= 1
                if not _held[backport.name]:
                    del _held[backport.name]
                    _withdraw(backport)

    def __enter__(self) -> Installed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()


def install(*names: str) -> Installed:
    """Put back names that the installed release of transformers lacks; upstream's own names are never replaced.

    Nothing is imported for it: a name is looked up when it is first used, and a class is given its methods when its
    module is loaded.

    Args:
        names: Dotted names, such as `transformers.utils.is_torch_fx_available`; that of a module or package means all
            below it. Without names, all that the release lacks.

    Returns:
        What takes them away again.

    Raises:
        UnknownBackport: A name is none that the installed release lacks and that can be put back.
    """
    known = _of_installed_release()
    wanted = dict(known) if not names else {}
    for name in names:
        below = {each: known[each] for each in known if each == name or each.startswith(f"{name}.")}
        if not below:
            raise UnknownBackport(_unknown(name))
        wanted.update(below)
    with _lock:
        # It makes the package anew when it is loaded, and what is served has to be served by that one too.
        when_loaded("transformers.processing_utils", "", lambda: None)
        for backport in wanted.values():
            if backport.name not in _held:
                _put(backport)
            _held[backport.name] = _held.get(backport.name, 0) + 1
    return Installed(tuple(wanted.values()))


def available() -> tuple[Backport, ...]:
    """What the installed release of transformers lacks and `install` can put back, by name."""
    return tuple(_of_installed_release().values())


def active() -> tuple[Backport, ...]:
    """The backports that are installed, by name."""
    known = _of_installed_release()
    with _lock:
        return tuple(known[name] for name in sorted(_held))


def _put(backport: Backport) -> None:
    module, name = _module_and_name(backport.name)
    if _is_patch(backport.name):
        when_loaded(module, backport.name, lambda: _apply(backport.name))
    else:
        serve(module, name, lambda: _value(backport.stands_for or backport.name))


def _withdraw(backport: Backport) -> None:
    module, name = _module_and_name(backport.name)
    withdraw(module, backport.name if _is_patch(backport.name) else name)
    applied = _patches.pop(backport.name, None)
    if applied is not None:
        applied.undo()
    if not _held:
        withdraw("transformers.processing_utils", "")


def _apply(name: str) -> None:
    """Patch a class or mapping whose module is loaded."""
    from ._removed_behaviours import BEHAVIOURS
    from .patching import PatchMismatch, addition

    behaviour = BEHAVIOURS.get(name)
    declared = addition(name, _anew(name)) if behaviour is None else behaviour.make()
    try:
        _patches[name] = declared.apply()
    except PatchMismatch:
        # The name is there: someone else put it back, or a release that nobody has read yet did.
        if not declared.adds and not _is_unread():
            raise


def _is_patch(name: str) -> bool:
    """Whether it changes a class or a mapping; other names are served by their module."""
    from ._removed_behaviours import BEHAVIOURS

    return name in BEHAVIOURS or name.split(".")[-2][:1].isupper()


def _module_and_name(name: str) -> tuple[str, str]:
    from ._removed_behaviours import BEHAVIOURS

    if name in BEHAVIOURS:
        return BEHAVIOURS[name].module, name
    module, _, own = name.rpartition(".")
    return (module.rpartition(".")[0], name) if _is_patch(name) else (module, own)


def _value(target: str) -> Any:
    """What a dotted name of the table means."""
    from ._names import imported

    kind, mark, path = target.rpartition(":")
    if not mark:
        known = _of_installed_release().get(target)
        return _anew(target) if known is not None and not known.stands_for else imported(target)
    if kind == "text":
        return ""
    attention = imported(path)
    # Since 4.48 one class does what the config asks for.
    return dict.fromkeys(("eager", "flash_attention_2", "sdpa"), attention)


def _anew(name: str) -> Any:
    """What is written anew for a name; always the same object."""
    from ._removed_names import MADE

    with _lock:
        if name not in _values:
            _values[name] = MADE[name]()
        return _values[name]


def _of_installed_release() -> Mapping[str, Backport]:
    from ._releases import UnsupportedRelease, installed_release

    release = installed_release(_UPSTREAM)
    if release is None:
        raise UnsupportedRelease(f"backports needs {_UPSTREAM}, which is not installed")
    return _lacking(release.base_version)


@lru_cache(1)
def _lacking(release: str) -> dict[str, Backport]:
    """The backports of a release, by name."""
    from ._backport_table import MOVED
    from ._removed_behaviours import BEHAVIOURS

    contains = _containing(release)
    found = [
        Backport(name, "" if target == "anew:" else target, releases, f"{_UPSTREAM}{releases} has no such name")
        for module, names in MOVED.items()
        for name, rows in ((f"{module}.{own}", rows) for own, rows in names.items())
        for releases, target in rows
        if contains(releases)
    ]
    found += [
        Backport(name, "", behaviour.releases, behaviour.because)
        for name, behaviour in BEHAVIOURS.items()
        if contains(behaviour.releases)
    ]
    return {backport.name: backport for backport in sorted(found, key=lambda each: each.name)}


def _containing(release: str) -> Callable[[str], bool]:
    from packaging.specifiers import SpecifierSet

    @lru_cache(None)
    def contains(releases: str) -> bool:
        return SpecifierSet(releases).contains(release, prereleases=True)

    return contains


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    from ._backport_table import MOVED
    from ._releases import installed_release

    here = f"{_UPSTREAM} {installed_release(_UPSTREAM)}"
    module, _, own = name.rpartition(".")
    rows = MOVED.get(module, {}).get(own)
    if rows:
        lacking = " or ".join(releases for releases, _ in rows)
        return f"{name} is not missing in {here}: it is put back on transformers{lacking}"
    near = get_close_matches(name, list(_of_installed_release()), n=2)
    return f"there is no backport of {name} for {here}" + (f"; near it: {', '.join(near)}" if near else "")


def _is_unread() -> bool:
    from packaging.version import Version

    from ._releases import NEWEST_KNOWN, installed_release

    release: Version | None = installed_release(_UPSTREAM)
    return release is not None and release > Version(NEWEST_KNOWN[_UPSTREAM])
