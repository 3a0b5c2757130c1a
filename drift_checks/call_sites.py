"""The kinds of place in downstream code that depend on an upstream, as data."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from signatures.changes.configs import config_members

CALLED = "()"
"""A step that calls: the value is what the call gives, for a class its instance."""

DECLARED = ":"
"""A step from a class to a value that is only annotated with it, so it may be of a subclass."""


class Span(NamedTuple):
    """Where something is written, as `ast` counts: lines from 1, columns in UTF-8 bytes from 0."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, node: ast.expr | ast.stmt | ast.alias | ast.arg | ast.keyword) -> Span:
        """The span of a node that was parsed."""
        end_line = node.lineno if node.end_lineno is None else node.end_lineno
        end_column = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return cls(node.lineno, node.col_offset, end_line, end_column)


def root(path: str) -> str:
    """The import name of the distribution that defines a dotted path; some operators lie in another's namespace."""
    namespace = path.split(".", 3)[:3]
    return "torch_npu" if namespace in _NPU_OPERATORS else namespace[0]


CONFIG_MEMBERS = config_members()
"""Names that only configs of transformers have, so that a file needs no import to mean one; what took their place."""

_NPU_OPERATORS = (["torch", "ops", "npu"], ["torch", "ops", "atb"])


def words(upstreams: Iterable[str]) -> tuple[bytes, ...]:
    """What a file must have one of in its bytes to depend on the upstreams: their names, or a namespace of operators.

    Args:
        upstreams: Their import names.
    """
    names = sorted(upstreams)
    spaces = [".".join(space[1:]) for space in _NPU_OPERATORS if "torch_npu" in names]
    return tuple(word.encode() for word in (*names, *spaces))


class Symbol(NamedTuple):
    """What an expression denotes: an importable dotted path, and the steps taken from there.

    Args:
        path: The dotted path, as imports and attribute access spell it.
        steps: `CALLED`, `DECLARED`, or the name of a member of what the steps before gave.
    """

    path: str
    steps: tuple[str, ...] = ()

    @property
    def upstream(self) -> str:
        """The import name of the distribution that the path starts in."""
        return root(self.path)

    @property
    def proven(self) -> bool:
        return DECLARED not in self.steps

    @property
    def is_object(self) -> bool:
        """Whether it is what a call gave, or an annotated value."""
        return self.steps[-1:] in ((CALLED,), (DECLARED,))

    def member(self, name: str) -> Symbol:
        """What the attribute of that name denotes."""
        return Symbol(self.path, (*self.steps, name)) if self.steps else Symbol(f"{self.path}.{name}")

    def step(self, kind: str) -> Symbol:
        """The symbol after `CALLED` or `DECLARED`."""
        return Symbol(self.path, (*self.steps, kind))

    def __str__(self) -> str:
        text = self.path
        for step in self.steps:
            text += {CALLED: "()", DECLARED: ""}.get(step, f".{step}")
        return text


class Keyword(NamedTuple):
    """A keyword argument as it is written.

    Args:
        name: The keyword.
        span: Of keyword and value.
        value: The value as `repr` writes it, where it is a constant; "" otherwise.
    """

    name: str
    span: Span
    value: str = ""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call passes.

    Args:
        positional: The positional arguments that are written before any `*iterable`.
        keywords: The keywords that are written.
        star: An `*iterable` is passed.
        double_star: A `**mapping` is passed.
        values: Beside `positional`, each value as `Keyword.value` has it.
    """

    positional: tuple[Span, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    star: bool = False
    double_star: bool = False
    values: tuple[str, ...] = ()

    def keyword(self, name: str) -> Keyword | None:
        """The keyword argument of that name."""
        return next((keyword for keyword in self.keywords if keyword.name == name), None)


class LocalParameter(NamedTuple):
    """A parameter of a downstream function; `kind` is a value of `signatures.model.Kind`."""

    name: str
    kind: int
    required: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Replacement:
    """A downstream function that runs in the place of an upstream one.

    Args:
        name: Its own name.
        parameters: In order, `self` included.
        span: Of its name.
        bound: It is called through an instance or class, so the first parameter is not passed.
    """

    name: str
    parameters: tuple[LocalParameter, ...]
    span: Span
    bound: bool = True


@dataclass(frozen=True, slots=True)
class ImportSite:
    """`import a.b`, `from a.b import name`, or `importlib.import_module("a.b")`.

    Args:
        module: The absolute module path.
        name: What is taken from it; None where the module itself is bound, `*` for all.
        span: Of the name that is imported.
        module_span: Of the module where it can be told from the name, else of the statement.
    """

    module: str
    name: str | None
    span: Span
    module_span: Span


class Access(Enum):
    """How an attribute is used; a missing one raises only where it is read."""

    READ = "read"
    PREPARED = "read, and the file itself sets it on some object"
    WRITTEN = "written"
    OPTIONAL = "hasattr; getattr with a default too, where the file asks for what took the member's place"
    DEFAULTED = "getattr with a default that is a value"
    OR_NONE = "getattr with None for a default"


@dataclass(frozen=True, slots=True)
class AttributeSite:
    """A dotted expression that is read.

    Args:
        symbol: What it denotes.
        span: Of the last name, which is what a user edits; of the whole expression where that is one name.
        imported: The dotted path that an import statement already gave, so it is judged there.
        access: How it is used.
        whole: As for `UnknownSite`; a condition has a site of its own.
    """

    symbol: Symbol
    span: Span
    imported: str
    access: Access = Access.READ
    whole: bool = False


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call of something that an upstream defines.

    Args:
        symbol: What is called.
        arguments: What it is given.
        span: Of the whole call.
        name_span: Of the expression that is called.
        asked: Keys and attributes that the file asks of a name that the result is bound to, and `isinstance`.
    """

    symbol: Symbol
    arguments: Arguments
    span: Span
    name_span: Span
    asked: frozenset[str] = frozenset()


class Use(Enum):
    """What is done with what a call gives."""

    UNPACKED = "unpacked"
    INDEXED = "indexed"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class ResultSite:
    """A use of what an upstream's function or method gives.

    Args:
        symbol: What was called.
        arguments: What it was given; None where the call stands elsewhere.
        use: What is done with the result.
        name: The attribute that is read, or the constant index as `repr` writes it; "" otherwise.
        count: For UNPACKED, how many targets; -1 with a starred one.
        span: Of the use: the targets, the index with its brackets, or the attribute's name.
    """

    symbol: Symbol
    arguments: Arguments | None
    use: Use
    name: str
    count: int
    span: Span


@dataclass(frozen=True, slots=True)
class KeySite:
    """A constant key of a value that an upstream defines: `size["height"]`.

    Args:
        symbol: The value.
        key: The key as `repr` writes it.
        span: Of the key.
        access: How it is used; OPTIONAL for `.get("key")` and `"key" in value`.
    """

    symbol: Symbol
    key: str
    span: Span
    access: Access = Access.READ


@dataclass(frozen=True, slots=True)
class ConditionSite:
    """A condition that asks whether a value that an upstream defines is None, or empty.

    Args:
        symbol: The value.
        span: Of the value.
    """

    symbol: Symbol
    span: Span


@dataclass(frozen=True, slots=True)
class UnknownSite:
    """A member of a value whose type is not known.

    Args:
        name: The member.
        arguments: What it is called with; None where it is only read.
        span: Of the member's name.
        receiver: The receiver's own last name (`tokenizer` of `self.tokenizer`); "" where it has none.
        imports: Dotted paths that the file imports from the upstreams; for a name that fits one only, that one too.
        access: How it is used.
        whole: It is used itself, not an item or a member of it, in a file that does not ask for what took its place.
    """

    name: str
    arguments: Arguments | None
    span: Span
    receiver: str
    imports: frozenset[str]
    access: Access = Access.READ
    whole: bool = False


class ClassAttribute(NamedTuple):
    """A name that a class body assigns.

    Args:
        name: The name.
        kind: `list`, `dict`, `tuple`, `set`, `str`, `int`, `float`, `bool`, `None`; "" for anything else.
        span: Of the value.
    """

    name: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class SubclassSite:
    """A downstream class with an upstream base.

    Args:
        name: The class's name.
        base: The upstream base.
        span: Of the base, as it is written.
        overrides: Its own methods.
        attributes: What its body assigns.
        between: Names that downstream classes between it and the base define.
        beside: Its other bases; None where one of them is not known.
        extends: Its own methods that call, through `super()`, the one that they override.
        used: Names of members that the file itself asks any object for, `super()` left out.
    """

    name: str
    base: Symbol
    span: Span
    overrides: tuple[Replacement, ...]
    attributes: tuple[ClassAttribute, ...] = ()
    between: frozenset[str] = frozenset()
    beside: tuple[Symbol, ...] | None = ()
    extends: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PatchSite:
    """A place that replaces something in an upstream.

    Args:
        container: The class or module that is changed.
        member: The name in it that is replaced.
        span: Of the text that names the target.
        strict: A missing member raises; otherwise the patch makes a new one that nobody calls.
        in_string: The target is named by a string.
        replacement: What runs instead, where it is defined in the same file.
    """

    container: str
    member: str
    span: Span
    strict: bool
    in_string: bool
    replacement: Replacement | None


Site: TypeAlias = (
    ImportSite
    | AttributeSite
    | CallSite
    | SubclassSite
    | PatchSite
    | ResultSite
    | KeySite
    | ConditionSite
    | UnknownSite
)


def roots(site: Site) -> frozenset[str]:
    """Import names of the upstreams that a call site depends on; several only where a receiver is not known."""
    if isinstance(site, UnknownSite):
        return frozenset(map(root, site.imports))
    if isinstance(site, ImportSite):
        return frozenset({root(site.module)})
    if isinstance(site, PatchSite):
        return frozenset({root(site.container)})
    return frozenset({root(site.base.path if isinstance(site, SubclassSite) else site.symbol.path)})
