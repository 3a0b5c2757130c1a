"""What an expression of a downstream program may denote, as data."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from .call_sites import Symbol
from .scopes import FunctionNode, Scope


class Text(NamedTuple):
    """A string constant."""

    value: str


class Number(NamedTuple):
    """An integer, or a tuple of them, as version comparisons use."""

    value: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class LocalFunction:
    """A function or lambda of the downstream program, and where it is defined."""

    node: FunctionNode | ast.Lambda
    scope: Scope


@dataclass(frozen=True, eq=False, slots=True)
class LocalClass:
    """A class of the downstream program, and where it is defined."""

    node: ast.ClassDef
    scope: Scope


class LocalInstance(NamedTuple):
    """An instance of a downstream class.

    Args:
        of: The class.
        declared: It is only annotated so, so it may be of a subclass.
    """

    of: LocalClass
    declared: bool = False


class LocalMethod(NamedTuple):
    """A method of a downstream class, read from an instance or from the class."""

    function: LocalFunction


class LocalModule(NamedTuple):
    """A module of the downstream program, by the path of its file; "" for a folder without one."""

    file: str
    folder: str


class Inherited(NamedTuple):
    """What `super()` gives inside a downstream class."""

    of: LocalClass


class Partial(NamedTuple):
    """`functools.partial` of an upstream's function or class."""

    function: Symbol


class Items(NamedTuple):
    """A sequence whose elements all denote one thing."""

    element: Value


class OneOf(NamedTuple):
    """Any of several things, each of them possible on every run: what a dict of classes holds, a union annotation."""

    symbols: tuple[Symbol, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A value that no rule follows; `NOTHING` is None itself, `UNKNOWN` may be anything."""

    name: str


NOTHING: Final = Other("None")
UNKNOWN: Final = Other("unknown")
BUILTIN: Final = Other("builtin")

Value: TypeAlias = (
    Symbol
    | Text
    | Number
    | LocalFunction
    | LocalClass
    | LocalInstance
    | LocalMethod
    | LocalModule
    | Inherited
    | Partial
    | Items
    | OneOf
    | Other
)
