"""Which classes of a release have a member of some name, found by a search through its texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

# A method's key, and the first text of a list that goes on with a text or ends: an attribute, of a class or of `self`.
_METHOD = re.compile(r"^[\w.]*\.(\w+)\t", re.MULTILINE)
_ATTRIBUTE = re.compile(r'\["(\w+)"(?=\]|,"|,null)')
_MODULE = "\x1d"


@runtime_checkable
class WholeRelease(Protocol):
    """A release of which everything can be read."""

    def modules(self) -> frozenset[str]:
        """Its modules."""

    def texts(self, module: str) -> Mapping[str, str]:
        """The surface and body of each entry of a module by key, with a tab between them."""


class Owner(NamedTuple):
    """A class that shows a member: the module that defines it, and its qualified name there."""

    module: str
    key: str

    @property
    def path(self) -> str:
        return f"{self.module}.{self.key}"


class MemberNames:
    """The members of the classes of one release.

    Args:
        release: Where it is read.
    """

    def __init__(self, release: WholeRelease) -> None:
        self._release = release
        self._owners: dict[str, tuple[Owner, ...]] = {}

    @cached_property
    def modules(self) -> frozenset[str]:
        """The modules of the release."""
        return self._release.modules()

    def mentioned_in(self, modules: Iterable[str]) -> frozenset[str]:
        """Names among which are those of all members of the classes of some modules."""
        text = "\n".join(_lines(self._release, module) for module in modules)
        return frozenset(_METHOD.findall(text)).union(_ATTRIBUTE.findall(text))

    def owners(self, name: str) -> tuple[Owner, ...]:
        """The classes that show the member themselves, as a method, in their body, or set on `self`."""
        if name not in self._owners:
            self._owners[name] = tuple(sorted({*self._methods(name), *self._attributes(name)}))
        return self._owners[name]

    @cached_property
    def _text(self) -> str:
        """All entries, a line each, behind a line for each module."""
        # One emoji in a default would make the whole text four times as large; what is searched for is ASCII.
        lines = (f"{_MODULE}{name}\n{_lines(self._release, name)}" for name in sorted(self.modules))
        return "\n".join(each.encode("ascii", "replace").decode("ascii") for each in lines)

    def _methods(self, name: str) -> Iterator[Owner]:
        for start, end in self._lines_with(f".{name}\t"):
            key = self._text[start : self._text.index("\t", start, end)]
            owner, _, own = key.rpartition(".")
            if own == name:
                yield Owner(self._module_at(start), owner)

    def _attributes(self, name: str) -> Iterator[Owner]:
        for start, end in self._lines_with(f'["{name}"'):
            key, surface, body = (*self._text[start:end].split("\t"), "")[:3]
            owner = _owner_of_attribute(key, surface, body, name)
            if owner:
                yield Owner(self._module_at(start), owner)

    def _lines_with(self, wanted: str) -> Iterator[tuple[int, int]]:
        text, end = self._text, 0
        while (at := text.find(wanted, end)) >= 0:
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            yield start, end

    def _module_at(self, position: int) -> str:
        start = self._text.rfind(_MODULE, 0, position) + 1
        return self._text[start : self._text.index("\n", start)]


def _lines(release: WholeRelease, module: str) -> str:
    return "\n".join(f"{key}\t{text}" for key, text in release.texts(module).items() if key[0] != "@")


def _owner_of_attribute(key: str, surface: str, body: str, name: str) -> str:
    """The class whose body, or whose method of that key, assigns the name; "" where the name is something else."""
    tag, *fields = json.loads(surface)
    if tag == "c":
        assigned, owner = fields[1:2], key
    elif tag == "f" and body:
        assigned, owner = json.loads(body)[6:7], key.rpartition(".")[0]
    else:
        return ""
    return owner if any(attribute[0] == name for attribute in (assigned and assigned[0]) or ()) else ""
