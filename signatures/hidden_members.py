"""Whether an instance may have a member that the text of its class does not show."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from .changes.unwritten import MODULES, REGISTRARS, UNKNOWN, Source, Unwritten, unwritten
from .classes import ClassRef
from .external_classes import external_class
from .function_bodies import ANY_NAME
from .model import Class, Function, Resolution

if TYPE_CHECKING:
    from .surface import Surface


class Held(Enum):
    """How a class has a member."""

    METHOD = "a method or nested class"
    PROPERTY = "a property"
    VALUE = "assigned in the class body"
    FIELD = "annotated in the class body"
    INSTANCE = "set on `self`"


_NEVER: dict[Source, frozenset[Held]] = {
    Source.OWN: frozenset(Held),
    Source.REGISTERED: frozenset({Held.METHOD, Held.PROPERTY, Held.VALUE}),
    Source.SUBMODULES: frozenset({Held.METHOD, Held.PROPERTY, Held.VALUE}),
    Source.ITEMS: frozenset({Held.METHOD}),
    Source.TOKENS: frozenset(),
    # Only what an instance's own dictionary held was ever saved.
    Source.KEYWORDS: frozenset({Held.METHOD, Held.PROPERTY}),
    Source.ANYTHING: frozenset(),
}
"""Of each source, the kinds of member that it does not bring back once they are gone from the class."""

_TOKEN_ENDINGS = ("_token", "_tokens", "_token_id", "_token_ids")
_PLAIN_METACLASSES = frozenset({("metaclass", "ABCMeta"), ("metaclass", "abc.ABCMeta")})


def held(surface: Surface, found: Resolution) -> Held:
    """How the member of a class that was found is held there."""
    definition = found.definition
    if isinstance(definition, Function):
        return Held.PROPERTY if definition.is_property else Held.METHOD
    if isinstance(definition, Class):
        return Held.METHOD
    path, _, name = found.canonical.rpartition(".")
    owner = surface.resolve(path).definition
    assigned = owner.attribute(name) if isinstance(owner, Class) else None
    if assigned is None:
        return Held.INSTANCE
    return Held.VALUE if assigned.annotation is None or "ClassVar" in assigned.annotation else Held.FIELD


def may_have(surface: Surface, path: str, name: str, kind: Held) -> bool:
    """Whether an instance may have a member that its class does not show.

    Args:
        surface: The release.
        path: The canonical path of a class that shows no such member.
        name: The member.
        kind: How a former release held it.
    """
    order = surface.mro(path)
    if not order or _renamed_by_map(order, name):
        return True
    return any(_brings(surface, order, source, name, kind) for source in _sources(surface, order))


def _brings(surface: Surface, order: tuple[ClassRef, ...], source: Unwritten, name: str, kind: Held) -> bool:
    if kind in _NEVER[source.source]:
        return False
    if source.source is Source.TOKENS:
        return name.endswith(_TOKEN_ENDINGS)
    if source.source is Source.REGISTERED:
        return any(hook.name in REGISTRARS for method in _methods(surface, order) for hook in method.body.hooks)
    if name in source.popped:
        return not surface.member(order[0].path, source.unless).found
    return True


def _sources(surface: Surface, order: tuple[ClassRef, ...]) -> Iterator[Unwritten]:
    for ref in order:
        if ref.definition is None:
            if ref.path.lstrip("?") in MODULES:
                yield Unwritten(Source.REGISTERED)
            elif external_class(ref.path) is None:
                yield UNKNOWN
            continue
        if not _PLAIN_METACLASSES.issuperset(ref.definition.keywords):
            yield UNKNOWN
        for name in ref.definition.methods:
            function = surface.definition(ref.module, f"{ref.key}.{name}")
            if isinstance(function, Function) and (name == "__getattr__" or _sets_any(function)):
                yield unwritten(f"{ref.path}.{name}", function.body.digest)


def _sets_any(function: Function) -> bool:
    return any(attribute == ANY_NAME for attribute, _ in function.body.attributes)


def _methods(surface: Surface, order: tuple[ClassRef, ...]) -> Iterator[Function]:
    for ref in order:
        for name in ref.definition.methods if ref.definition is not None else ():
            function = surface.definition(ref.module, f"{ref.key}.{name}")
            if isinstance(function, Function):
                yield function


def _renamed_by_map(order: tuple[ClassRef, ...], name: str) -> bool:
    """Whether a config's `attribute_map` may give the name to another attribute; a long one is kept shortened."""
    texts = [a.value or "" for ref in order if ref.definition and (a := ref.definition.attribute("attribute_map"))]
    return any(f'"{name}"' in text or f"'{name}'" in text or "…" in text for text in texts)
