"""What a call may pass: keywords followed through `**` parameters to where they end."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .classes import FIELD_MAKERS
from .expressions import dotted
from .model import Class, Deprecation, Function, Kind, Parameter, Resolution, Signature
from .names import DEEPEST, Place

if TYPE_CHECKING:
    from .surface import Surface


# Distributions whose decorators hand all arguments on: `functools.wraps`, `torch.no_grad`, `contextlib.contextmanager`.
_TRANSPARENT = frozenset({"abc", "contextlib", "functools", "torch", "typing", "typing_extensions", "warnings"})


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a call may pass.

    Args:
        signature: Parameters, the bound first one left out.
        kwargs: `none`: there is no `**`; `taken`: everything that the `**` parameter can take is in `taken`, any
            other keyword is swallowed without effect; `unknown`: it goes where it cannot be followed.
        taken: Keywords that the `**` parameter takes.
        deprecated: Old names that are still taken, with what replaces them.
        through: The functions that the `**` parameter was followed through.
    """

    signature: Signature
    kwargs: str = "none"
    taken: frozenset[str] = frozenset()
    deprecated: Mapping[str, Deprecation] = field(default_factory=dict)
    through: tuple[str, ...] = ()


class _Home(NamedTuple):
    """Where a function is defined, and on which class it is called.

    Args:
        module: The module of its definition.
        receiver: The class that it is called on, or "".
        definer: The class that defines it, or "".
    """

    module: str
    receiver: str
    definer: str


class Keywords:
    """Follows the keywords of calls in one release.

    Args:
        surface: The release.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def accepts(self, found: Resolution, *, through_instance: bool = False) -> Acceptance | None:
        """What a call may pass, `**` parameters followed to where they end.

        Args:
            found: A resolution of a function, method or class.
            through_instance: A method is called on an instance.
        """
        if isinstance(found.definition, Class):
            function = self._surface.constructor(found)
            signature = function.signature if function is not None else None
        else:
            function = found.definition if isinstance(found.definition, Function) else None
            signature = self._surface.signature(found, through_instance=through_instance)
        if function is None or signature is None:
            return None
        home = self._home(found, function)
        deprecated = {d.old: d for d in function.deprecations}
        followed, taken = self._decorated(home.module, function)
        if isinstance(found.definition, Class) and any(
            self._surface.configures(ref) for ref in self._surface.mro(found.canonical)
        ):
            # `wrap_init_to_accept_kwargs` hands other keywords to `__post_init__` (transformers 5.4.0 on).
            return Acceptance(signature, "unknown", frozenset(taken), deprecated)
        if signature.var_keyword is None:
            return Acceptance(signature, "none" if followed else "unknown", frozenset(taken), deprecated)
        known, more, through = self._keywords(home, function, 0)
        kwargs = "taken" if known and followed else "unknown"
        return Acceptance(signature, kwargs, frozenset(taken | more), deprecated, tuple(through))

    def _home(self, found: Resolution, function: Function) -> _Home:
        if not isinstance(found.definition, Class):
            receiver = self._surface.resolve(found.path.rpartition(".")[0]).canonical if found.inside else ""
            return _Home(found.module, receiver, found.inside)
        for ref in self._surface.mro(found.canonical):
            if ref.definition is not None and function.name in ref.definition.methods:
                return _Home(ref.module, found.canonical, ref.path)
        return _Home(found.module, found.canonical, "")

    def _keywords(self, home: _Home, function: Function, depth: int) -> tuple[bool, set[str], list[str]]:
        """Whether all that the `**` parameter takes is known, what it takes, and what it passes through."""
        variable = function.signature.var_keyword
        if variable is None:
            return True, set(), []
        typed = self._typed_keywords(home.module, variable)
        taken = set(function.body.taken) | (typed or set())
        through: list[str] = []
        known = typed is not None and not function.body.escapes and depth < DEEPEST // 4
        if function.body.raises is not None:
            known = False
        for callee in function.body.forwarded if known else ():
            target = self._callee(home, function, callee)
            if target is None:
                known = False
                continue
            through.append(target[0].canonical)
            accepted = self._accepted(*target, depth + 1)
            if accepted is None:
                known = False
                continue
            inner_known, more, further = accepted
            known = known and inner_known
            taken |= more
            through += further
        return known, taken, through

    def _accepted(self, target: Resolution, receiver: str, depth: int) -> tuple[bool, set[str], list[str]] | None:
        function = self._surface.constructor(target) if isinstance(target.definition, Class) else target.definition
        signature = self._surface.signature(target, through_instance=True)
        if not isinstance(function, Function) or signature is None:
            return None
        home = self._home(target, function)
        home = home._replace(receiver=receiver or home.receiver)
        known, taken, through = self._keywords(home, function, depth)
        followed, more = self._decorated(home.module, function)
        names = {p.name for p in signature.parameters if p.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)}
        return known and followed, taken | more | names | {d.old for d in function.deprecations}, through

    def _callee(self, home: _Home, function: Function, text: str) -> tuple[Resolution, str] | None:
        """What a callee written in a body means: `self.x`, `super().x`, a module-level name; and its receiver."""
        head, _, name = text.partition(".")
        receiver = ""
        if head in ("self", "cls") and name and home.receiver:
            receiver = home.receiver
            found = self._surface.resolve(f"{receiver}.{name}")
        elif head == "super()" and home.receiver:
            receiver = home.receiver
            order = self._surface.mro(receiver)
            above = next((i + 1 for i, ref in enumerate(order) if ref.path == home.definer), len(order))
            bases = [ref for ref in order[above:] if ref.definition is None or name in ref.definition.methods]
            if not bases or bases[0].definition is None:
                return None
            found = self._surface.resolve(f"{bases[0].path}.{name}")
        else:
            parsed = dotted(ast.parse(text, mode="eval").body) if text.isascii() and "…" not in text else None
            if parsed is None or function.signature.get(head) is not None:
                return None
            outcome, _ = self._surface.local(home.module, parsed)
            if not isinstance(outcome, Place) or outcome.external:
                return None
            found = self._surface.resolve(outcome.path)
        return (found, receiver) if found.found and not found.external else None

    def _typed_keywords(self, module: str, variable: Parameter) -> set[str] | None:
        """The fields of `Unpack[SomeTypedDict]`; None where that names something that is not known."""
        annotation = variable.annotation or ""
        if "Unpack[" not in annotation:
            return set()
        name = annotation.partition("Unpack[")[2].rstrip("]\"' ").lstrip("\"'")
        outcome, _ = self._surface.local(module, name)
        if not isinstance(outcome, Place) or not isinstance(outcome.definition, Class):
            return None
        order = self._surface.order(outcome)
        if not all(ref.known or ref.path in FIELD_MAKERS for ref in order):
            return None
        fields = (a for ref in order if ref.definition is not None for a in ref.definition.attributes)
        return {field.name for field in fields if field.annotation is not None}

    def _decorated(self, module: str, function: Function) -> tuple[bool, set[str]]:
        """What decorators' wrappers do to the keywords before the function sees them.

        Returns:
            Whether all of it is known (`accepts_precomputed_kwargs` renames what it is given), and the keywords that
            are taken out (`can_return_tuple`: `return_dict`).
        """
        known = True
        found: set[str] = set()
        for text in function.decorators:
            name = text.partition("(")[0]
            # What `deprecate_kwarg` takes is in the function's deprecations.
            if not name.replace(".", "").replace("_", "").isalnum() or name.endswith("deprecate_kwarg"):
                continue
            source, _ = self._surface.local(module, name.partition(".")[0])
            if isinstance(source, Place) and source.external:
                known = known and source.path.partition(".")[0] in _TRANSPARENT
                continue
            outcome, _ = self._surface.local(module, name)
            if isinstance(outcome, Place) and isinstance(outcome.definition, Function):
                known = known and not outcome.definition.body.escapes
                found.update(outcome.definition.body.taken)
        return known, found
