"""Classes: their order of bases, their members, and how an instance is made."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .external_classes import external_class
from .function_bodies import ANY_NAME
from .model import Assignment, Class, Definition, Function, Hop, Kind, Parameter, Signature, Status
from .names import Answer, Modules, Names, Outcome, Place

if TYPE_CHECKING:
    from .surface import Surface

FIELD_MAKERS = frozenset({"typing.NamedTuple", "typing.TypedDict", "typing_extensions.TypedDict"})
"""Classes whose subclasses take their fields."""


class ClassRef(NamedTuple):
    """A class in a method resolution order.

    Args:
        path: Its canonical dotted path.
        module: The module that defines it.
        key: Its qualified name in that module.
        definition: Its definition; None for a class of another distribution.
    """

    path: str
    module: str
    key: str
    definition: Class | None

    @property
    def known(self) -> bool:
        return self.definition is not None or external_class(self.path) is not None


class Classes(Names, ABC):
    """The classes of a release; see `Names` for the arguments."""

    def __init__(self, modules: Modules, others: tuple[Surface, ...]) -> None:
        super().__init__(modules, others)
        self._orders: dict[tuple[str, str], tuple[ClassRef, ...]] = {}
        self._set: dict[tuple[str, str], dict[str, str]] = {}

    def member_of(self, place: Place, name: str) -> Answer:
        unknown = False
        order = self.order(place)
        for ref in order:
            if ref.definition is None:
                external = external_class(ref.path)
                if external is None:
                    outside = self.outside(f"{ref.path}.{name}")
                    if isinstance(outside, Place):
                        return outside, (Hop("inherited", f"{place.path}.{name}", outside.path),)
                    unknown = True
                elif name in external.members:
                    return Place(f"{ref.path}.{name}", "", None, external=True), ()
                continue
            found = self._own_member(ref, name, order)
            if found is not None:
                hops = () if ref.path == place.path else (Hop("inherited", f"{place.path}.{name}", found.path),)
                return found, hops
            unknown = unknown or "__getattr__" in ref.definition.methods or bool(ref.definition.keywords)
        for ref in order:
            value = self._sets(ref, name) if ref.definition is not None else None
            if value is not None:
                return Place(ref.module, f"{ref.key}.{name}", Assignment(name, value or None, target=value)), ()
            unknown = unknown or (ref.definition is not None and self._sets(ref, ANY_NAME) is not None)
        return (Status.UNKNOWN if unknown else Status.MISSING), ()

    def _own_member(self, ref: ClassRef, name: str, order: tuple[ClassRef, ...]) -> Place | None:
        assert ref.definition is not None
        key = f"{ref.key}.{name}"
        if name in ref.definition.methods:
            return Place(ref.module, key, self.definition(ref.module, key))
        if name == "__init__" and self.made_by_fields(ref, order):
            receiver = Parameter("self", Kind.POSITIONAL_OR_KEYWORD)
            return Place(ref.module, key, Function("__init__", Signature((receiver, *self.fields_of(ref)))))
        attribute = ref.definition.attribute(name)
        if attribute is None:
            return None
        if attribute.target and attribute.target != name:
            # `_further_process_kwargs = _standardize_kwargs`: another name for a member, or for a function.
            same = self._own_member(ref, attribute.target, order) if "." not in attribute.target else None
            if same is None:
                outcome, _ = self.local(ref.module, attribute.target)
                same = outcome if isinstance(outcome, Place) else None
            if same is not None and isinstance(same.definition, (Function, Class)):
                return same
        return Place(ref.module, key, attribute)

    def _sets(self, ref: ClassRef, name: str) -> str | None:
        question = (ref.module, ref.key)
        if question not in self._set:
            self._set[question] = dict(reversed(list(self._attributes_set(ref))))
        return self._set[question].get(name)

    def _attributes_set(self, ref: ClassRef) -> Iterator[tuple[str, str]]:
        """What the methods of a class set on `self`; of a name that several set, the first counts."""
        assert ref.definition is not None
        for method in ref.definition.methods:
            function = self.definition(ref.module, f"{ref.key}.{method}")
            if isinstance(function, Function):
                yield from function.body.attributes

    def order(self, place: Place) -> tuple[ClassRef, ...]:
        assert isinstance(place.definition, Class)
        question = (place.module, place.key)
        known = self._orders.get(question)
        if known is None:
            self._orders[question] = (ClassRef(place.path, *question, place.definition),)
            known = self._orders[question] = self._linearized(place)
        return known

    def _linearized(self, place: Place) -> tuple[ClassRef, ...]:
        assert isinstance(place.definition, Class)
        own = ClassRef(place.path, place.module, place.key, place.definition)
        bases = [self._base(place, text) for text in place.definition.bases]
        orders = [
            list(self.order(Place(b.module, b.key, b.definition))) if b.definition is not None else [b] for b in bases
        ]
        return (own, *_merged([*orders, bases]))

    def _base(self, place: Place, text: str) -> ClassRef:
        name = text.partition("[")[0].partition("(")[0]
        outcome: Outcome = Status.UNKNOWN
        if name.replace(".", "").replace("_", "").isalnum():
            outcome, _ = self.local(place.module, name)
            if outcome is Status.MISSING and "." in place.key:
                outcome, _ = self.step(Place(place.module, *self._outer(place)), name)
        if isinstance(outcome, Place) and isinstance(outcome.definition, Class):
            return ClassRef(outcome.path, outcome.module, outcome.key, outcome.definition)
        if isinstance(outcome, Place) and outcome.external:
            return ClassRef(outcome.path, "", "", None)
        return ClassRef(name if outcome is Status.MISSING else f"?{text}", "", "", None)

    def _outer(self, place: Place) -> tuple[str, Definition | None]:
        key = place.key.rpartition(".")[0]
        return key, self.definition(place.module, key)

    def fields_of(self, ref: ClassRef) -> tuple[Parameter, ...]:
        assert ref.definition is not None
        merged: dict[str, Parameter] = {}
        order = self.order(Place(ref.module, ref.key, ref.definition))
        for index in reversed(range(len(order))):
            definition = order[index].definition
            if definition is None or not self.made_by_fields(order[index], order):
                continue
            keyword_only = any(self.configures(base) for base in order[index + 1 :])
            keyword_only = keyword_only or any("kw_only=True" in text for text in definition.decorators)
            kind = Kind.KEYWORD_ONLY if keyword_only else Kind.POSITIONAL_OR_KEYWORD
            for attribute in definition.attributes:
                if attribute.annotation is None or "ClassVar" in attribute.annotation:
                    continue
                if "init=False" in (attribute.value or ""):
                    merged.pop(attribute.name, None)
                elif "KW_ONLY" in attribute.annotation and attribute.name == "_":
                    kind = Kind.KEYWORD_ONLY
                else:
                    default = _field_default(attribute)
                    own = Kind.KEYWORD_ONLY if "kw_only=True" in (attribute.value or "") else kind
                    merged[attribute.name] = Parameter(attribute.name, own, default, attribute.annotation)
        return tuple(sorted(merged.values(), key=lambda parameter: parameter.kind))

    def made_by_fields(self, ref: ClassRef, order: tuple[ClassRef, ...]) -> bool:
        assert ref.definition is not None
        if any(d.partition("(")[0].rsplit(".", 1)[-1] == "dataclass" for d in ref.definition.decorators):
            return True
        if any(r.path in FIELD_MAKERS for r in order):
            return True
        return any(self.configures(base) for base in order[order.index(ref) + 1 :])

    def configures(self, ref: ClassRef) -> bool:
        """Whether subclasses are made dataclasses by `__init_subclass__`, as configs are from transformers 5.4.0 on."""
        if ref.definition is None or "__init_subclass__" not in ref.definition.methods:
            return False
        function = self.definition(ref.module, f"{ref.key}.__init_subclass__")
        return isinstance(function, Function) and "makes-dataclass" in function.flags

    def construct(self, place: Place) -> Function | None:
        """How an instance of a class is made; `self` left out. None where it cannot be told."""
        order = self.order(place)
        if any(ref.path == "enum.Enum" for ref in order):
            # `EnumType.__call__` comes before any constructor: it looks a value up.
            order = tuple(ref for ref in order if ref.path == "enum.Enum")
        for ref in order:
            if ref.definition is None:
                made = external_class(ref.path)
                if made is None:
                    return self._outside_constructor(ref.path)
                if made.constructor is not None:
                    return Function("__init__", made.constructor)
                continue
            if "__init__" in ref.definition.methods:
                return _bound(self.definition(ref.module, f"{ref.key}.__init__"))
            without_init = any("dataclass(" in d and "init=False" in d for d in ref.definition.decorators)
            if self.made_by_fields(ref, order) and not without_init:
                return Function("__init__", Signature(self.fields_of(ref)))
            if "__new__" in ref.definition.methods:
                return _bound(self.definition(ref.module, f"{ref.key}.__new__"))
        return Function("__init__", Signature(()))

    def _outside_constructor(self, path: str) -> Function | None:
        for other in self._others:
            found = other.resolve(path)
            if found.found:
                return other.constructor(found)
        return None


def _bound(definition: Definition | None) -> Function | None:
    if not isinstance(definition, Function):
        return None
    return Function(
        definition.name,
        definition.signature.without_first(),
        definition.decorators,
        definition.deprecations,
        definition.body,
        definition.flags,
    )


def _field_default(attribute: Assignment) -> str | None:
    value = attribute.value
    if value is None or not value.startswith(("field(", "dataclasses.field(")):
        return value
    return value if "default" in value else None


def _merged(orders: list[list[ClassRef]]) -> Iterator[ClassRef]:
    """The C3 merge; where the orders contradict each other, what is left in depth-first order."""
    pending = [list(order) for order in orders if order]
    while pending:
        tails = {ref.path for order in pending for ref in order[1:]}
        head = next((order[0] for order in pending if order[0].path not in tails), pending[0][0])
        yield head
        pending = [rest for order in pending if (rest := [ref for ref in order if ref.path != head.path])]
