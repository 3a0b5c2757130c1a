"""Reading one release into entries: which files count, which were seen before, and what they make together."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Set
from itertools import chain
from typing import NamedTuple, Protocol

from .lazy_exports import complete, grounds, is_completed
from .model import Entry
from .names import Snapshot
from .op_schemas import InvalidSchema, Schema, file_schemas, op_entries, operator_files
from .parsing import Unreadable, without_collector
from .python_source import read_module
from .sources import Source, UnreadableFile
from .upstreams import Upstream

FILES = "@files"
"""The pseudo-module that records each file's digest, so that an unchanged file is neither fetched nor parsed again."""

_DIGEST_BYTES = 12
_EXTENSION = re.compile(r"(\.[\w-]+)?\.(so|pyd)$")
# Classes without signatures that stand in for a missing dependency: recorded as modules, never as definitions.
_PLACEHOLDERS = re.compile(r"transformers/utils/dummy_\w+\.py$")


class Known(Protocol):
    """A release that was read before, in this run or in the history."""

    def modules(self) -> frozenset[str]:
        """All of its modules, `@files` among them."""

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        """The entries of a module, `@files` among them; None where it has no such module."""


class Reading(NamedTuple):
    """One release, read.

    Args:
        modules: Entries of each module, alias modules and `@files` included; what is as it was in the known release is
            read there when it is asked for.
        problems: One line for each file that could not be read; where there is one, the release is incomplete.
        fresh: Modules that were read from their files.
        changed: Modules that may differ from the known release: those, `@files`, and what lazy exports were put into.
    """

    modules: Mapping[str, list[Entry]]
    problems: tuple[str, ...]
    fresh: frozenset[str]
    changed: frozenset[str]


class _Following(Mapping[str, list[Entry]]):
    """A release that has some modules of its own and the others in common with a known one.

    Args:
        own: Its own modules.
        known: The release that has the others.
        shared: Their names.
    """

    def __init__(self, own: Mapping[str, list[Entry]], known: Known, shared: frozenset[str]) -> None:
        self._own = own
        self._known = known
        self._shared = shared

    def __getitem__(self, module: str) -> list[Entry]:
        if module in self._shared:
            return list((self._known.entries(module) or {}).values())
        return self._own[module]

    def __iter__(self) -> Iterator[str]:
        return chain(self._own, self._shared)

    def __len__(self) -> int:
        return len(self._own) + len(self._shared)


class _Unit(NamedTuple):
    """The files that make one module: source, stub, or a library that registers operators."""

    source: str | None = None
    stub: str | None = None
    extension: str | None = None
    operators: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        return tuple(path for path in (self.source, self.stub) if path is not None) + self.operators


def read_release(source: Source, upstream: Upstream, known: Known | None = None) -> Reading:
    """The surface of one release.

    Args:
        source: The release's files.
        upstream: Which of them count.
        known: A release whose unchanged modules need not be read again.

    Raises:
        DriftError: It holds none of the modules that the upstream installs.
    """
    return _ReleaseReader(source, upstream, known).read()


def module_name(path: str) -> tuple[str, bool]:
    """The dotted name that a Python file is imported by, and whether it is a package."""
    name = path.rpartition(".")[0].replace("/", ".")
    return (name.removesuffix(".__init__"), True) if name.endswith(".__init__") else (name, False)


class _ReleaseReader:
    def __init__(self, source: Source, upstream: Upstream, known: Known | None) -> None:
        self._source = source
        self._upstream = upstream
        self._known: Known = known if known is not None else Snapshot({})
        self._problems: list[str] = []
        self._digests: dict[str, str] = {}

    def read(self) -> Reading:
        stated = {path: _short(bytes.fromhex(digest)) for path, digest in self._source.files().items() if digest}
        before = {path: json.loads(entry.surface) for path, entry in self._entries_before(FILES).items()}
        known = self._known.modules()
        units = self._units()
        fresh = {
            module: unit
            for module, unit in units.items()
            if not unit.read
            or module not in known
            or any(before.get(path, "") != stated.get(path) for path in unit.read)
        }
        self._source.prefetch([path for unit in fresh.values() for path in unit.read])
        for module in units.keys() - fresh.keys():
            self._digests.update((path, stated[path]) for path in units[module].read)
        with without_collector():
            read = {module: self._entries(module, unit) for module, unit in fresh.items()}
            read[FILES] = [Entry(path, json.dumps(digest)) for path, digest in sorted(self._digests.items())]
            modules, changed = self._put_together(units, read)
        # The source notes a file that it refuses by itself.
        problems = (*self._source.problems, *self._problems)
        return Reading(modules, tuple(dict.fromkeys(problems)), frozenset(fresh), frozenset(changed))

    def _put_together(
        self, units: Mapping[str, _Unit], read: dict[str, list[Entry]]
    ) -> tuple[Mapping[str, list[Entry]], Set[str]]:
        """All modules of the release, and the names of those that may differ from the known one."""
        if self._completes_alike(units, read):
            for module, entries in read.items():
                completed = filter(is_completed, self._entries_before(module).values())
                read[module] = sorted([*entries, *completed]) if module != FILES else entries
            return _Following(read, self._known, self._known.modules().difference(read)), read.keys()
        modules = {module: self._as_before(module, unit) for module, unit in units.items() if module not in read} | read
        return modules, complete(modules) | read.keys()

    def _completes_alike(self, units: Mapping[str, _Unit], read: Mapping[str, list[Entry]]) -> bool:
        """Whether all that `complete` goes by is as it was, so that what it would add is known.

        It is in most patch releases, and then no module but those that were read has to be looked at.
        """
        known = self._known.modules() - {FILES}
        made = known.difference(units)
        return (
            known.issuperset(units)
            and all("@alias-of" in self._entries_before(module) for module in made)
            and all(
                "@alias-of" not in self._entries_before(module)
                and grounds(entries) == grounds(self._plain_before(module))
                for module, entries in read.items()
                if module != FILES
            )
        )

    def _units(self) -> dict[str, _Unit]:
        roots = tuple(f"{root}/" for root in self._upstream.roots)
        files = self._source.files()
        units = {module: _Unit(operators=paths) for module, paths in operator_files(files).items()}
        for path in sorted(files):
            if not path.startswith(roots) or path.startswith(self._upstream.left_out):
                continue
            if path.endswith(".py"):
                module, _ = module_name(path)
                units[module] = units.get(module, _Unit())._replace(source=path)
            elif path.endswith(".pyi"):
                module, _ = module_name(path)
                units[module] = units.get(module, _Unit())._replace(stub=path)
            elif "/lib/" not in path and _EXTENSION.search(path):
                module = _EXTENSION.sub("", path).replace("/", ".")
                units[module] = units.get(module, _Unit())._replace(extension=path)
        return units

    def _entries_before(self, module: str) -> Mapping[str, Entry]:
        return self._known.entries(module) or {}

    def _as_before(self, module: str, unit: _Unit) -> list[Entry]:
        # An alias stands in the place of what the file gave.
        hidden = "@alias-of" in self._entries_before(module)
        return self._entries(module, unit) if hidden else self._plain_before(module)

    def _plain_before(self, module: str) -> list[Entry]:
        """What the module's own file gave, in the known release."""
        return [entry for entry in self._entries_before(module).values() if not is_completed(entry)]

    def _entries(self, module: str, unit: _Unit) -> list[Entry]:
        if unit.operators:
            schemas = [schema for path in unit.operators for schema in self._schemas(path)]
            return op_entries(schemas).get(module, [])
        found = self._python(unit.source, module) if unit.source is not None else []
        if unit.stub is not None:
            stub = self._python(unit.stub, module)
            found = _with_stub(found, stub) if unit.source is not None else stub
        added = [Entry("@extension", "1")] if unit.extension is not None else []
        operators = self._upstream.mirrored.get(module)
        if operators is not None:
            # Names are put there while it is imported: the operators, and others that no file lists.
            added += [Entry(f"@star:{operators}", '["dir",0]'), Entry("@dynamic", "1")]
        return sorted({entry.key: entry for entry in [*found, *added]}.values())

    def _schemas(self, path: str) -> list[Schema]:
        content = self._content(path)
        try:
            return file_schemas(path, content) if content is not None else []
        except InvalidSchema as error:
            self._problems.append(f"{self._source.label}: {error}")
            return []

    def _python(self, path: str, module: str) -> list[Entry]:
        content = self._content(path)
        if content is None:
            return [Entry("@dynamic", "1")]
        if _PLACEHOLDERS.search(path):
            return [Entry("@dummy", "1")]
        try:
            package = path.endswith(("/__init__.py", "/__init__.pyi"))
            return read_module(content, module, is_package=package, is_stub=path.endswith(".pyi"))
        except Unreadable as error:
            self._problems.append(f"{self._source.label}: {path} {error}")
            # What a file holds that cannot be read is not known: nothing in it may be called missing.
            return [Entry("@dynamic", "1")]

    def _content(self, path: str) -> bytes | None:
        try:
            content = self._source.read(path)
        except UnreadableFile:
            return None
        self._digests[path] = _short(hashlib.sha256(content).digest())
        return content


def _short(digest: bytes) -> str:
    return base64.b64encode(digest[:_DIGEST_BYTES]).decode()


def _with_stub(source: list[Entry], stub: list[Entry]) -> list[Entry]:
    """A module's entries, with signatures from its stub for names that it assigns from elsewhere.

    `torch.nn.functional.conv1d = _add_docstr(torch.conv1d, …)` has its parameters in `functional.pyi` only.
    """
    merged = {entry.key: entry for entry in source}
    assigned = {entry.key for entry in source if entry.surface.startswith('["a"')}
    for entry in stub:
        if entry.surface.startswith('["f"') and entry.key.partition("@")[0] in assigned:
            merged[entry.key] = entry
    return list(merged.values())
