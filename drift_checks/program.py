"""The files of one downstream project together: what a name that one file imports from another denotes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from signatures.sources import Source

from .call_sites import words
from .module_files import ArchiveFiles, Files, FolderFiles, Meant, ModuleFiles
from .resolution import Resolver
from .scopes import Binding, FileScopes, Scope, read_scopes
from .sources import SourceFile, Unparsed
from .values import NOTHING, UNKNOWN, LocalModule, Value

_FROM_IMPORT = re.compile(rb"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)", re.MULTILINE)
_IMPORTED_NAME = re.compile(r"(\w+|\*)(?:\s+as\s+(\w+))?")
_CLASS = re.compile(rb"^class[ \t]+(\w+)[ \t]*\([ \t]*[\w(\[]", re.MULTILINE)


class _Outline(NamedTuple):
    """What a file that names no upstream can pass on, told without parsing it.

    Args:
        imports: Names bound by `from … import`, with the module and the name there.
        classes: Classes that have bases.
        stars: Modules whose names are all imported.
    """

    imports: dict[str, tuple[str, str]]
    classes: frozenset[str]
    stars: tuple[str, ...]


class Program:
    """A downstream project; files are parsed when a name of theirs is asked for.

    A file that names no upstream is only parsed for a class with bases: whatever else it defines leads nowhere.

    Args:
        where: The path that is checked, or an opened distribution.
        upstreams: Import names of the upstreams.
    """

    def __init__(self, where: Path | Source, upstreams: Collection[str]) -> None:
        self.depth = 0
        self._files: Files = FolderFiles(where) if isinstance(where, Path) else ArchiveFiles(where)
        self._modules = ModuleFiles(self._files)
        self._upstreams = frozenset(upstreams)
        self._words = words(upstreams)
        self._data: dict[str, bytes | None] = {}
        self._outlines: dict[str, _Outline] = {}
        self._resolvers: dict[str, Resolver | None] = {}
        self._asked: dict[str, set[str]] = {}
        self._digests: dict[str, str] = {}
        self._mentioned: dict[bytes, bool] = {}
        self._following: set[tuple[str, str]] = set()

    def add(self, file: SourceFile, found: FileScopes) -> Resolver:
        """The resolver of a file that is checked; the same as when another file asked for it."""
        path = self._files.absolute(file.path)
        self._data.setdefault(path, file.data)
        found.module.file = path
        resolver = self._resolvers[path] = Resolver(found, self._upstreams, self)
        return resolver

    def parsed(self, file: SourceFile) -> tuple[FileScopes, Resolver] | None:
        """What an earlier question from another file has already read of a file."""
        resolver = self._resolvers.get(self._files.absolute(file.path))
        return (resolver.found, resolver) if resolver is not None and not resolver.is_shed else None

    def consulted(self, file: SourceFile) -> dict[str, str]:
        """The other files that the values of a file's expressions depend on, with digests of their contents."""
        start = self._files.absolute(file.path)
        seen = {start}
        pending = [start]
        while pending:
            fresh = self._asked.get(pending.pop(), set()) - seen
            seen |= fresh
            pending += fresh
        return {path: self.digest(path) for path in sorted(seen - {start})}

    def digest(self, path: str) -> str:
        """Of the contents of a file that `consulted` names; "" where it is gone."""
        if path not in self._digests:
            data = self._read(path)
            self._digests[path] = blake2b(data, digest_size=16).hexdigest() if data is not None else ""
        return self._digests[path]

    def mentions(self, word: bytes) -> bool:
        """Whether a file of the project holds a word."""
        if word not in self._mentioned:
            texts = (data for path in self._files.python_files() if (data := self._read(path)) is not None)
            self._mentioned[word] = any(word in data for data in texts)
        return self._mentioned[word]

    # What resolvers ask

    def imported(self, path: str, attribute: str, importer: str) -> Value | None:
        meant = self._modules.find(path, posixpath.dirname(importer))
        if meant is None:
            return None
        value: Value = self._module(meant, importer)
        for name in (*meant.rest, attribute) if attribute else meant.rest:
            value = self._step(value, name, importer)
        return value

    def member(self, module: LocalModule, name: str) -> Value:
        return self._step(module, name, module.file)

    def starred(self, path: str, name: str, importer: str) -> Value | None:
        meant = self._modules.find(path, posixpath.dirname(importer))
        if meant is None or meant.rest or not meant.file:
            return None
        if name.startswith("_"):
            return NOTHING
        self._note(importer, meant.file)
        value = self._exported(meant.file, name, frozenset())
        return NOTHING if value is None else None if value is UNKNOWN else value

    def bindings(self, path: str, attribute: str, importer: str) -> list[Binding]:
        meant = self._modules.find(path, posixpath.dirname(importer)) if importer else None
        file = path if not importer else meant.file if meant is not None and not meant.rest else ""
        if not file or (file, attribute) in self._following:
            return []
        if importer:
            self._note(importer, file)
        self._following.add((file, attribute))
        try:
            return self._bindings_in(file, attribute)
        finally:
            self._following.discard((file, attribute))

    def _bindings_in(self, file: str, name: str) -> list[Binding]:
        """What binds a name in a file, where its value may depend on a release."""
        if not self._names_upstream(file) and not self._assigns(file, name):
            outline = self._outline(file)
            if name in outline.imports:
                return self.bindings(*outline.imports[name], file)
            stars = outline.stars
        else:
            resolver = self._parse(file)
            if resolver is None:
                return []
            module = resolver.found.module
            if name in module.bindings:
                return resolver.defined(module.bindings[name])
            stars = tuple(module.stars)
        return next((found for path in stars if (found := self.bindings(path, name, file))), [])

    def _assigns(self, file: str, name: str) -> bool:
        """Whether a file that names no upstream assigns a name at the start of a line, as constants are."""
        return re.search(rb"^%s\s*(:[^=\n]+)?=" % name.encode(), self._read(file) or b"", re.MULTILINE) is not None

    def resolver(self, scope: Scope) -> Resolver | None:
        return self._resolvers.get(scope.module.file)

    def _module(self, meant: Meant, importer: str) -> LocalModule:
        if meant.file:
            self._note(importer, meant.file)
        return LocalModule(meant.file, meant.folder)

    def _step(self, value: Value, name: str, importer: str) -> Value:
        if not isinstance(value, LocalModule):
            return UNKNOWN
        if value.file:
            found = self._exported(value.file, name, frozenset())
            if found is not None:
                return found
        below = self._modules.submodule(value.folder, name)
        return self._module(below, importer or value.file) if below is not None else UNKNOWN

    def _exported(self, file: str, name: str, seen: frozenset[tuple[str, str]]) -> Value | None:
        """What a file binds a name to; None where it does not."""
        if (file, name) in seen:
            return UNKNOWN
        if not self._names_upstream(file):
            outline = self._outline(file)
            if name in outline.imports:
                path, attribute = outline.imports[name]
                return self._followed(path, attribute, file, seen | {(file, name)})
            if name not in outline.classes:
                values = [self._starred_on(path, name, file, seen | {(file, name)}) for path in outline.stars]
                known = [value for value in values if value is not None]
                if len(known) == 1:
                    return known[0]
                return UNKNOWN if known or self._mentions(file, name) else None
        resolver = self._parse(file)
        return resolver.exported(name) if resolver is not None else UNKNOWN

    def _followed(self, path: str, attribute: str, importer: str, seen: frozenset[tuple[str, str]]) -> Value | None:
        meant = self._modules.find(path, posixpath.dirname(importer))
        if meant is None or meant.rest:
            return UNKNOWN
        module = self._module(meant, importer)
        found = self._exported(module.file, attribute, seen) if module.file else None
        return found if found is not None else self._step(LocalModule("", module.folder), attribute, importer)

    def _starred_on(self, path: str, name: str, importer: str, seen: frozenset[tuple[str, str]]) -> Value | None:
        meant = self._modules.find(path, posixpath.dirname(importer))
        if meant is None or meant.rest or not meant.file:
            return UNKNOWN
        self._note(importer, meant.file)
        return self._exported(meant.file, name, seen)

    # Files

    def _note(self, importer: str, file: str) -> None:
        self._asked.setdefault(importer, set()).add(file)

    def _read(self, path: str) -> bytes | None:
        if path not in self._data:
            self._data[path] = self._files.read(path)
        return self._data[path]

    def _names_upstream(self, path: str) -> bool:
        data = self._read(path)
        return data is not None and any(word in data for word in self._words)

    def _mentions(self, path: str, name: str) -> bool:
        return re.search(rb"\b%s\b" % re.escape(name.encode()), self._read(path) or b"") is not None

    def _outline(self, path: str) -> _Outline:
        if path not in self._outlines:
            self._outlines[path] = _read_outline(self._read(path) or b"")
        return self._outlines[path]

    def _parse(self, path: str) -> Resolver | None:
        if path not in self._resolvers:
            self._resolvers[path] = None
            data = self._read(path)
            tree = SourceFile(path, data).parse() if data is not None else None
            if tree is not None and not isinstance(tree, Unparsed):
                try:
                    self._resolvers[path] = Resolver(read_scopes(tree, path), self._upstreams, self)
                except RecursionError:
                    return None
        return self._resolvers[path]


def _read_outline(data: bytes) -> _Outline:
    imports: dict[str, tuple[str, str]] = {}
    stars = []
    for match in _FROM_IMPORT.finditer(data):
        module = match[1].decode("ascii", "replace")
        for name, alias in _IMPORTED_NAME.findall(_without_comments(match[2]).strip("() \t\r\n")):
            if name == "*":
                stars.append(module)
            else:
                imports[alias or name] = (module, name)
    classes = frozenset(name.decode("ascii", "replace") for name in _CLASS.findall(data))
    return _Outline(imports, classes, tuple(stars))


def _without_comments(names: bytes) -> str:
    return re.sub(r"#[^\n]*", "", names.decode("utf-8", "replace"))
