"""Patches of upstream: applied by dotted name, checked before, in order, and taken back without a trace."""

from __future__ import annotations

import functools
import inspect
import sys
import threading

from ._accepted_calls import refused_call
from ._patch_sites import MISSING, PatchMismatch, Place, Stack, copies_of, described_like, kind, place_of, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, TypeVar

    Self = TypeVar("Self", bound="_Applicable")

__all__ = ["Patch", "PatchMismatch", "Patches", "active", "addition", "patch"]

_lock = threading.RLock()
# The stacks of each place, the newest last, by the owner's identity (a stack keeps its owner) and the name in it.
_stacks: dict[tuple[int, str], list[Stack]] = {}
_applied: list[Patch] = []


class _Applicable:
    """What can be applied and undone, and holds for the length of a `with` block."""

    _entered: list[bool]

    @property
    def applied(self) -> bool:
        """Whether it is in force."""
        raise NotImplementedError

    def apply(self: Self) -> Self:
        """Put it in force; where it is already, nothing happens."""
        raise NotImplementedError

    def undo(self) -> None:
        """Take it back; where it is not in force, nothing happens."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        with _lock:
            self._entered.append(not self.applied)
            return self.apply()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._entered.pop():
            self.undo()


class Patch(_Applicable):
    """One change of upstream, made by `patch` or `addition`."""

    def __init__(
        self, target: str, replacement: Any, *, wraps: bool, check: bool, everywhere: bool, adds: bool
    ) -> None:
        self.target = target
        self.replacement = replacement
        self._wraps = wraps
        self._check = check
        self._everywhere = everywhere
        self.adds = adds
        self._layers: list[tuple[Stack, _Layer]] = []
        self._entered: list[bool] = []

    def __repr__(self) -> str:
        return f"<Patch {self.target}: {'applied' if self.applied else 'not applied'}>"

    @property
    def applied(self) -> bool:
        """Whether it is in force."""
        return bool(self._layers)

    def check(self) -> None:
        """See whether it could be applied, and change nothing.

        Raises:
            PatchMismatch: The target is not there, is of another kind, or accepts calls that the replacement refuses.
        """
        place = place_of(self.target)
        with _lock:
            if not self._same(place):
                self._fits(place)

    def copies(self) -> list[str]:
        """The names by which other loaded modules hold the same object, as `from module import name` makes them.

        They keep what they hold, unless the patch was declared with `everywhere=True`.
        """
        place = place_of(self.target)
        with _lock:
            if self.applied:
                main = self._layers[0][0]
                held = [main.found, main.installed]
            else:
                held = [place.found()]
            return sorted({copy.label for value in held if callable(value) for copy in copies_of(value, place)})

    def apply(self) -> Patch:
        """Put it in force; where it is already, or another patch with the same change is, nothing is changed again.

        Returns:
            The patch itself.

        Raises:
            PatchMismatch: The target is not there, is of another kind, or accepts calls that the replacement refuses.
        """
        # Before the lock is taken: it imports, and a module that is being imported elsewhere may want to patch.
        place = place_of(self.target)
        place.found()
        with _lock:
            if self.applied:
                return self
            same = self._same(place)
            if same is not None:
                self._layers = list(same._layers)
                for _, layer in self._layers:
                    layer.holders += 1
            else:
                self._fits(place)
                self._layers = self._laid(place)
            _applied.append(self)
        return self

    def undo(self) -> None:
        """Take it back: what it hid is there again, and what was not there before is gone.

        Other patches of the same target stay in force, whatever order they were applied in. Where a patch with the
        same change is still in force, the change stays until that one is undone too.

        Raises:
            PatchMismatch: Something else has set the target since: it would be lost.
        """
        with _lock:
            if not self.applied:
                return
            if self._last_holder():
                self._can_go()
                late = self._late_copies()
                for stack, layer in self._layers:
                    _take_off(stack, layer)
                for copy in late:
                    copy.put(self._layers[0][0].place.found())
            for _, layer in self._layers:
                layer.holders -= 1
            self._layers = []
            _applied.remove(self)

    def _same(self, place: Place) -> Patch | None:
        """The patch in force that makes the same change of the same place."""
        for other in _applied:
            main = other._layers[0][0].place
            if main.owner is place.owner and main.name == place.name and self._is_like(other):
                return other
        return None

    def _is_like(self, other: Patch) -> bool:
        flags = (self._wraps, self._everywhere, self.adds) == (other._wraps, other._everywhere, other.adds)
        return flags and _same_code(self.replacement, other.replacement)

    def _fits(self, place: Place) -> None:
        """Raise PatchMismatch where the change cannot be made there."""
        found = place.found()
        if self.adds:
            if found is not MISSING:
                raise PatchMismatch(f"{self.target} is there already ({found!r}): an addition replaces nothing")
            return
        stacks = _stacks.get((id(place.owner), place.name))
        # Patches that are in force may accept more; whoever calls upstream relies on upstream's signature.
        if stacks and stacks[-1].installed is place.held():
            found = stacks[-1].lowest()
        if found is MISSING:
            raise PatchMismatch(f"{self.target} is not there: {_release_note(self.target)}nothing is patched")
        _fits_kind(self, found)
        home = _home_elsewhere(place, found)
        if home:
            raise PatchMismatch(f"{self.target} only stands in for {home}, which would stay as it is: patch that")
        if self._check:
            _fits_calls(self, place, found)

    def _laid(self, place: Place) -> list[tuple[Stack, _Layer]]:
        main = _stack(place)
        places = [place]
        if self._everywhere:
            places += [
                copy
                for value in {id(v): v for v in (main.found, main.installed)}.values()
                for copy in copies_of(value, place)
            ]
        laid: list[tuple[Stack, _Layer]] = []
        try:
            for each in places:
                stack = _stack(each)
                layer = _Layer(self.replacement, each.name, self._wraps, self.adds)
                stack.put([*stack.layers, layer])
                laid.append((stack, layer))
        except PatchMismatch:
            for stack, layer in laid:
                _take_off(stack, layer)
            raise
        finally:
            _forget_empty(place)
        return laid

    def _last_holder(self) -> bool:
        return self._layers[0][1].holders == 1

    def _late_copies(self) -> list[Place]:
        """Where upstream has come to hold what this patch made: a lazy package keeps what it was once asked for."""
        main, value = self._layers[0][0], self._layers[0][0].installed
        upstream = self.target.partition(".")[0]
        if self.adds or not callable(value) or _package(getattr(self.replacement, "__module__", None)) == upstream:
            return []
        return [
            copy
            for copy in copies_of(value, main.place)
            if _package(copy.owner.__name__) == upstream and (id(copy.owner), copy.name) not in _stacks
        ]

    def _can_go(self) -> None:
        for stack, layer in self._layers:
            place = stack.place
            key = (id(place.owner), place.name)
            if place.held() is stack.base and stack.base is not stack.installed:
                continue
            if _stacks[key][-1] is not stack or place.held() is not stack.installed:
                raise PatchMismatch(
                    f"{place.label} was set to {place.held()!r} after this patch was applied: undo that first"
                )
            if layer.adds and len(stack.layers) > 1:
                raise PatchMismatch(
                    f"{place.label} was added by this patch, and other patches lie on it: undo them first"
                )


class Patches(_Applicable):
    """Several patches as one: all of them are applied, or none.

    Args:
        patches: What `patch` and `addition` return, or groups of them.
    """

    def __init__(self, *patches: Patch | Patches) -> None:
        self.patches: tuple[Patch, ...] = tuple(
            one for each in patches for one in (each.patches if isinstance(each, Patches) else (each,))
        )
        self._entered: list[bool] = []

    def __repr__(self) -> str:
        return f"<Patches of {', '.join(one.target for one in self.patches)}>"

    @property
    def applied(self) -> bool:
        """Whether all of them are in force."""
        return all(one.applied for one in self.patches)

    def apply(self) -> Patches:
        """Apply all of them in order; where one does not fit, those before it are undone again.

        Returns:
            The group itself.

        Raises:
            PatchMismatch: One of them does not fit.
        """
        with _lock:
            done: list[Patch] = []
            try:
                for one in self.patches:
                    if not one.applied:
                        one.apply()
                        done.append(one)
            except BaseException:
                for one in reversed(done):
                    one.undo()
                raise
        return self

    def undo(self) -> None:
        """Undo all of them, the last first; where one cannot be undone, all stay in force.

        Raises:
            PatchMismatch: Something else has set one of the targets since.
        """
        with _lock:
            done: list[Patch] = []
            try:
                for one in reversed(self.patches):
                    if one.applied:
                        one.undo()
                        done.append(one)
            except PatchMismatch:
                for one in reversed(done):
                    one.apply()
                raise


def patch(target: str, replacement: Any, *, wraps: bool = False, check: bool = True, everywhere: bool = False) -> Patch:
    """Declare a change of upstream; `apply()` makes it, `undo()` takes it back, a `with` block does both.

    Methods stay what they are: for a staticmethod, a classmethod or a property give the plain function.

    Args:
        target: The dotted name of what is changed, such as `transformers.modeling_utils.PreTrainedModel.tie_weights`,
            or an item of a mapping: `transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["linear"]`.
        replacement: What stands there instead; with `wraps`, a function that is called with the original before the
            arguments of the call: `replacement(original, *args, **kwargs)`.
        wraps: Whether the replacement calls the original. Wrappers of one target lie over each other in the order in
            which they are applied.
        check: Whether the replacement has to accept every call that the original accepts, argument for argument.
        everywhere: Whether modules that imported the same function or class by name are changed too.
    """
    return Patch(target, replacement, wraps=wraps, check=check, everywhere=everywhere, adds=False)


def addition(target: str, value: Any) -> Patch:
    """Declare a name that upstream does not have (any more); one that is there is never replaced.

    Args:
        target: The dotted name, or an item of a mapping, as for `patch`; `sys.modules["package.module"]` adds a module.
        value: What it names.
    """
    return Patch(target, value, wraps=False, check=False, everywhere=False, adds=True)


def active() -> tuple[Patch, ...]:
    """The patches that are in force, in the order in which they were applied."""
    with _lock:
        return tuple(_applied)


class _Layer:
    """One patch on one place."""

    def __init__(self, replacement: Any, name: str, wraps: bool, adds: bool) -> None:
        self.replacement = replacement
        self.name = name
        self.wraps = wraps
        self.adds = adds
        self.holders = 1

    def made_over(self, below: Any) -> Any:
        """What the place holds where this lies over another value."""
        if self.adds or not callable(plain(below)):
            return self.replacement
        if not self.wraps:
            return described_like(below, self.replacement, self.name)
        replacement, original = self.replacement, plain(below)

        @functools.wraps(original)
        def wrapper(*args: Any, **keywords: Any) -> Any:
            return replacement(original, *args, **keywords)

        return described_like(below, wrapper, self.name)


def _stack(place: Place) -> Stack:
    """The stack that shows at a place now, or a new one over what something else has put there."""
    stacks = _stacks.setdefault((id(place.owner), place.name), [])
    if not stacks or stacks[-1].installed is not place.held():
        stacks.append(Stack(place))
    return stacks[-1]


def _take_off(stack: Stack, layer: _Layer) -> None:
    if stack.place.held() is stack.installed:
        stack.put([other for other in stack.layers if other is not layer])
    else:
        # Something else has put back what was there before.
        stack.layers = [other for other in stack.layers if other is not layer]
    _forget_empty(stack.place)


def _forget_empty(place: Place) -> None:
    key = (id(place.owner), place.name)
    left = [stack for stack in _stacks.get(key, ()) if stack.layers]
    if left:
        _stacks[key] = left
    else:
        _stacks.pop(key, None)


def _fits_kind(one: Patch, found: Any) -> None:
    needed, given = kind(found), kind(one.replacement)
    if one._wraps and needed not in ("a function", "an async function", "an async generator", "a property"):
        raise PatchMismatch(f"{one.target} is {needed}: only functions, methods and properties can be wrapped")
    if one._wraps and not callable(one.replacement):
        raise PatchMismatch(f"{one.target} would be wrapped by {one.replacement!r}, which is no function")
    if one._everywhere and (isinstance(found, property) or not callable(found)):
        raise PatchMismatch(f"{one.target} is {needed}: everywhere=True is for functions and classes")
    if needed == "a property":
        needed = "a function" if given == "a function" else needed
    if needed != given and not (one._wraps and given == "a function"):
        raise PatchMismatch(f"{one.target} is {needed}, and would be replaced by {given}: {one.replacement!r}")


def _fits_calls(one: Patch, place: Place, found: Any) -> None:
    original, replacement = plain(found), plain(one.replacement)
    if not callable(original):
        return
    try:
        accepted, given = inspect.signature(original), inspect.signature(replacement)
    except (TypeError, ValueError):
        # Written in C, without a signature: nobody can say.
        return
    if one._wraps:
        parameters = list(given.parameters.values())
        if not parameters or parameters[0].kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD):
            raise PatchMismatch(f"{one.target} would be wrapped by {_named(replacement)}{given}: it takes no original")
        if parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            given = given.replace(parameters=parameters[1:])
    bound = 1 if isinstance(place.owner, type) and not isinstance(found, staticmethod) else 0
    reason = refused_call(accepted, given, bound)
    if reason:
        raise PatchMismatch(
            f"{one.target}{accepted} accepts {reason}; {_named(replacement)}{given}, which would stand for it, does not"
        )


def _home_elsewhere(place: Place, found: Any) -> str:
    """Where a value really is that a module without a file serves in another module's stead; "" where it is here."""
    if not inspect.ismodule(place.owner) or vars(place.owner).get("__file__") is not None:
        return ""
    home = sys.modules.get(getattr(found, "__module__", None) or "")
    name = getattr(found, "__qualname__", "")
    if home is None or home is place.owner or vars(home).get(name) is not found:
        return ""
    return f"{home.__name__}.{name}"


def _release_note(target: str) -> str:
    from ._releases import installed_release

    upstream = target.partition(".")[0].replace("_", "-")
    release = installed_release(upstream)
    return "" if release is None else f"{upstream} {release} has no such name; "


def _same_code(one: Any, other: Any) -> bool:
    """Whether two replacements do the same: the same object, or a function that was made again by the same lines."""
    if one is other:
        return True
    codes = getattr(one, "__code__", None), getattr(other, "__code__", None)
    if None in codes or codes[0] != codes[1] or one.__globals__ is not other.__globals__:
        return False
    cells = one.__closure__ or (), other.__closure__ or ()
    alike = all(left.cell_contents is right.cell_contents for left, right in zip(*cells, strict=True))
    return alike and (one.__defaults__, one.__kwdefaults__) == (other.__defaults__, other.__kwdefaults__)


def _package(module: str | None) -> str:
    return (module or "").partition(".")[0]


def _named(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)
