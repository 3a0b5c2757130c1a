"""The words of the history as data: parameters, functions, classes, modules, resolutions and changes."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias


class Kind(enum.IntEnum):
    """How a parameter takes its argument; the values are those of `inspect.Parameter.kind`."""

    POSITIONAL_ONLY = 0
    POSITIONAL_OR_KEYWORD = 1
    VAR_POSITIONAL = 2
    KEYWORD_ONLY = 3
    VAR_KEYWORD = 4


class Parameter(NamedTuple):
    """One parameter as it is written.

    Args:
        name: The name, without stars.
        kind: How it takes its argument.
        default: The default's source text, or None where there is none.
        annotation: The annotation's source text, or None.
    """

    name: str
    kind: Kind
    default: str | None = None
    annotation: str | None = None

    @property
    def required(self) -> bool:
        return self.default is None and self.kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)


class Signature(NamedTuple):
    """Parameters in order, and the return annotation's text."""

    parameters: tuple[Parameter, ...]
    returns: str | None = None

    def get(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    @property
    def var_keyword(self) -> Parameter | None:
        return next((p for p in self.parameters if p.kind is Kind.VAR_KEYWORD), None)

    @property
    def var_positional(self) -> Parameter | None:
        return next((p for p in self.parameters if p.kind is Kind.VAR_POSITIONAL), None)

    @property
    def positional(self) -> tuple[Parameter, ...]:
        """The parameters that a positional argument can reach, in order."""
        return tuple(p for p in self.parameters if p.kind <= Kind.POSITIONAL_OR_KEYWORD)

    def without_first(self) -> Signature:
        """The signature as seen through an instance or a class: `self` or `cls` is bound."""
        if self.parameters and self.parameters[0].kind <= Kind.POSITIONAL_OR_KEYWORD:
            return Signature(self.parameters[1:], self.returns)
        return self

    @property
    def written(self) -> tuple[str, ...]:
        """The parameters as they stand in the source, `/` and `*` among them."""
        return tuple(_written(self.parameters))

    def __str__(self) -> str:
        return f"({', '.join(self.written)})" + (f" -> {self.returns}" if self.returns else "")


def _written(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    star_seen = False
    last_positional_only = max((i for i, p in enumerate(parameters) if p.kind is Kind.POSITIONAL_ONLY), default=-1)
    for index, parameter in enumerate(parameters):
        if parameter.kind is Kind.KEYWORD_ONLY and not star_seen:
            star_seen = True
            yield "*"
        star_seen = star_seen or parameter.kind is Kind.VAR_POSITIONAL
        stars = {Kind.VAR_POSITIONAL: "*", Kind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        text = stars + parameter.name + (f": {parameter.annotation}" if parameter.annotation else "")
        if parameter.default is not None:
            text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
        yield text
        if index == last_positional_only:
            yield "/"


class Deprecation(NamedTuple):
    """A keyword that a decorator or a warning still takes under its old name.

    Args:
        old: The deprecated name.
        new: What replaces it, or None where it has no replacement.
        announced: The release named in the source for its removal. Announced, not true: removals slip
            (`is_fast` was announced for 5.3 and left in 5.15.0).
    """

    old: str
    new: str | None = None
    announced: str | None = None


class HookCall(NamedTuple):
    """A call that a method makes on `self`, on its class or on `super()`: what an override is given.

    Args:
        receiver: `self`, `cls` or `super`.
        name: The method that is called.
        positional: How many positional arguments are written, stars excluded.
        keywords: The keywords that are written.
        star: An `*iterable` is passed.
        double_star: A `**mapping` is passed.
    """

    receiver: str
    name: str
    positional: int
    keywords: tuple[str, ...]
    star: bool
    double_star: bool


class Body(NamedTuple):
    """What a function's body tells beyond its signature.

    Args:
        taken: Keys popped or read from the `**` parameter.
        forwarded: Callee texts that the `**` parameter is passed on to as `**kwargs`.
        escapes: The `**` parameter goes somewhere that cannot be followed (a bare argument, a return,
            an assignment, a loop over it), so what it takes is unknown.
        hooks: Calls on `self`, `cls` and `super()`.
        returns: One word per distinct `return`: `None`, `tuple:3`, `call:NAME`, `self`, `name:X`, `?`.
        attributes: `(name, value text)` for each attribute set on `self`; the text is `Callee()` for a
            constructed object, the plain text for names and constants, and "" otherwise.
        raises: The body does nothing but raise; the text of what it raises, else None.
        digest: Hash of the source without comments, docstring and white space.
    """

    taken: tuple[str, ...] = ()
    forwarded: tuple[str, ...] = ()
    escapes: bool = False
    hooks: tuple[HookCall, ...] = ()
    returns: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    raises: str | None = None
    digest: str = ""


EMPTY_BODY = Body()


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method definition.

    Args:
        name: Its own name.
        signature: As written, `self` included.
        decorators: Source texts without `@`, outermost first.
        deprecations: Keywords taken under an old name.
        body: What the body tells.
        flags: Of `async`, `generator`, `overload`, `deprecated` (its body warns of it), and `makes-dataclass` (an
            `__init_subclass__` that turns every subclass into a dataclass).
    """

    name: str
    signature: Signature
    decorators: tuple[str, ...] = ()
    deprecations: tuple[Deprecation, ...] = ()
    body: Body = EMPTY_BODY
    flags: frozenset[str] = frozenset()

    def decorated_with(self, *names: str) -> bool:
        """Whether a decorator's callee ends in one of these names."""
        return any(text.split("(", 1)[0].rsplit(".", 1)[-1] in names for text in self.decorators)

    @property
    def is_property(self) -> bool:
        return self.decorated_with("property", "cached_property", "setter", "classproperty")

    @property
    def is_static(self) -> bool:
        return self.decorated_with("staticmethod")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A name bound to a value, at module level or in a class body.

    Args:
        name: The name.
        value: Source text of the value (shortened beyond 120 characters), or None for a bare annotation.
        annotation: Source text, or None.
        target: The dotted text where the value is a plain name or attribute, so the name is an alias of it.
    """

    name: str
    value: str | None = None
    annotation: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Class:
    """A class definition; its methods are entries of the module, under `Class.method`.

    Args:
        name: Its own name.
        bases: Source texts, in order.
        keywords: Of the class statement, such as `metaclass` or a TypedDict's `total`.
        decorators: Source texts without `@`.
        attributes: Assignments of the class body, in order (dataclass and TypedDict fields among them).
        methods: Names of the functions of the class body.
    """

    name: str
    bases: tuple[str, ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()
    decorators: tuple[str, ...] = ()
    attributes: tuple[Assignment, ...] = ()
    methods: tuple[str, ...] = ()

    def attribute(self, name: str) -> Assignment | None:
        return next((a for a in reversed(self.attributes) if a.name == name), None)


@dataclass(frozen=True, slots=True)
class Import:
    """A name bound by an import statement.

    Args:
        name: The bound name.
        module: The absolute module path.
        attribute: What is taken from it; None where the module itself is bound.
    """

    name: str
    module: str
    attribute: str | None = None


Definition: TypeAlias = Function | Class | Assignment | Import


class Entry(NamedTuple):
    """One definition as the history keeps it: a key and two JSON texts that compare as equal or not.

    Args:
        key: The qualified name within the module (`Class.method`), or `@…` for facts of the module itself.
        surface: What callers, importers and subclasses see.
        body: What only the body tells; "" where there is nothing.
    """

    key: str
    surface: str
    body: str = ""


class Status(enum.Enum):
    FOUND = "found"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Hop(NamedTuple):
    """One step that a name takes on its way to its definition.

    Args:
        kind: `import`, `star`, `lazy`, `alias-module`, `fast-suffix`, `converter`, `module-getattr`,
            `assignment`, `inherited`, `submodule`, `ops`.
        path: The dotted path at which the step is taken.
        target: Where it leads.
    """

    kind: str
    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a dotted path means in one release.

    Args:
        path: The path that was asked for.
        status: FOUND; MISSING where run time raises ImportError or AttributeError; UNKNOWN where what is
            written does not tell.
        canonical: Dotted path of the definition it leads to ("" unless found).
        module: The module that holds the definition.
        definition: The definition; None for a module.
        hops: The steps that led there.
        stopped_at: For MISSING and UNKNOWN, the first prefix of the path that does not resolve.
        inside: For a member found by inheritance, the class that defines it.
        external: The definition lies in another distribution, so only its path is known.
    """

    path: str
    status: Status
    canonical: str = ""
    module: str = ""
    definition: Definition | None = None
    hops: tuple[Hop, ...] = ()
    stopped_at: str = ""
    inside: str = ""
    external: bool = False

    @property
    def found(self) -> bool:
        return self.status is Status.FOUND

    @property
    def missing(self) -> bool:
        return self.status is Status.MISSING

    @property
    def through_alias(self) -> bool:
        """Whether it is reached under a name kept only for backward compatibility."""
        return any(hop.kind in ("alias-module", "fast-suffix", "converter", "module-getattr") for hop in self.hops)


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two releases for one symbol.

    Args:
        rule: The rule's name, as in the command's documentation (`symbol-removed`, `parameter-renamed`, …).
        symbol: The dotted path, as in the old release.
        detail: One line that says what differs.
        old: The old form, or "".
        new: The new form, or "".
        repeats: Symbols that change only because they inherit this one.
    """

    rule: str
    symbol: str
    detail: str
    old: str = ""
    new: str = ""
    repeats: tuple[str, ...] = field(default=())


# One encoder for all: `json.dumps` with options of its own makes one for each call.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def encode(definition: Definition) -> tuple[str, str]:
    """The surface and body texts of a definition, for an `Entry`."""
    if isinstance(definition, Function):
        surface: list[Any] = [
            "f",
            [_trimmed([p.name, int(p.kind), p.default, p.annotation]) for p in definition.signature.parameters],
            definition.signature.returns,
            definition.decorators,
            [_trimmed(list(d)) for d in definition.deprecations],
            sorted(definition.flags),
        ]
        b = definition.body
        hooks = [[h.receiver, h.name, h.positional, h.keywords, h.star * 1 + h.double_star * 2] for h in b.hooks]
        body = _trimmed([b.digest, b.returns, b.taken, b.forwarded, int(b.escapes), hooks, b.attributes, b.raises])
        return _json(_trimmed(surface)), _json(body)
    if isinstance(definition, Class):
        attributes = [_trimmed([a.name, a.value, a.annotation, a.target]) for a in definition.attributes]
        fields = ["c", definition.bases, attributes, definition.decorators, definition.keywords, definition.methods]
        return _json(_trimmed(fields)), ""
    if isinstance(definition, Import):
        return _json(_trimmed(["i", definition.module, definition.attribute])), ""
    return _json(_trimmed(["a", definition.value, definition.annotation, definition.target])), ""


def called_alike(surface: str, other: str) -> bool:
    """Whether two surfaces are of functions that differ in annotations only, told without decoding them."""
    if not surface.startswith('["f"') or not other.startswith('["f"'):
        return False
    one, two = json.loads(surface), json.loads(other)
    return one[3:] == two[3:] and _unannotated(one[1:2]) == _unannotated(two[1:2])


def _unannotated(parameters: list[list[list[Any]]]) -> list[list[Any]]:
    return [fields[:3] for written in parameters for fields in written]


def decode(key: str, surface: str, body: str = "") -> Definition:
    """The definition that `encode` wrote; `key` is its qualified name."""
    return _decoded(key.rsplit(".", 1)[-1], surface, body)


# Model code is copied from family to family: every second definition was decoded before.
@lru_cache(1 << 14)
def _decoded(name: str, surface: str, body: str) -> Definition:
    tag, *rest = json.loads(surface)
    if tag == "f":
        parameters, returns, decorators, deprecations, flags = _padded(rest, 5)
        return Function(
            name,
            Signature(tuple(_parameter(p) for p in parameters or ()), returns),
            tuple(decorators or ()),
            tuple(Deprecation(*d) for d in deprecations or ()),
            _body(json.loads(body)) if body else EMPTY_BODY,
            frozenset(flags or ()),
        )
    if tag == "c":
        bases, attributes, decorators, keywords, methods = _padded(rest, 5)
        return Class(
            name,
            tuple(bases or ()),
            tuple((k, v) for k, v in keywords or ()),
            tuple(decorators or ()),
            tuple(Assignment(*a) for a in attributes or ()),
            tuple(methods or ()),
        )
    if tag == "i":
        module, attribute = _padded(rest, 2)
        return Import(name, module, attribute)
    value, annotation, target = _padded(rest, 3)
    return Assignment(name, value, annotation, target)


# `Kind(value)` takes longer than all the rest of a parameter.
_KINDS = tuple(Kind)


def _parameter(fields: list[Any]) -> Parameter:
    name, kind, default, annotation = _padded(fields, 4)
    return Parameter(name, _KINDS[kind or 0], default, annotation)


def _body(fields: list[Any]) -> Body:
    digest, returns, taken, forwarded, escapes, hooks, attributes, raises = _padded(fields, 8)
    return Body(
        tuple(taken or ()),
        tuple(forwarded or ()),
        bool(escapes),
        tuple(HookCall(r, n, p, tuple(k), bool(s & 1), bool(s & 2)) for r, n, p, k, s in hooks or ()),
        tuple(returns or ()),
        tuple((name, value) for name, value in attributes or ()),
        raises,
        digest or "",
    )


def _trimmed(fields: list[Any]) -> list[Any]:
    """The list without empty values at its end; `_padded` puts them back."""
    while fields and not fields[-1] and fields[-1] != "":
        fields.pop()
    return fields


def _padded(fields: list[Any], size: int) -> list[Any]:
    return fields + [None] * (size - len(fields))
