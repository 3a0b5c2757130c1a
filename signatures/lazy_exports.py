"""Names that a release makes for itself while it is imported: lazy exports and modules under other names.

What a single file tells is an entry that begins with `@` (see `python_source.Reader`). Here the files of a release are
put together, and the result is written down as entries too, so that a question about one name needs no other file:

`@export:NAME` of a lazy module: the module that holds NAME. `@module:NAME`: a module of another place that is put there
under NAME. `@alias-of` of a module that has no file: `[target, mode]`,
where mode is `stub` (transformers 5.0-5.20: an empty module in `sys.modules`, there before any file of that name),
`stub-fast` (the same, and `Fast` is stripped from every name that is asked for) or `finder` (5.21.0 on: a copy made by
a meta-path finder, after files have been looked for; `Fast` is stripped from `*ImageProcessorFast`).
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, MutableMapping

from .model import Entry

Modules = MutableMapping[str, list[Entry]]

_COMPLETED = ("@export:", "@alias-of", "@module:")

# `create_import_structure_from_path` leaves these files out.
_NOT_EXPORTED = ("convert_", "modular_")


def is_completed(entry: Entry) -> bool:
    """Whether `complete` added it."""
    return entry.key.startswith(_COMPLETED)


def grounds(entries: list[Entry]) -> tuple[list[str], dict[str, object]]:
    """What `complete` looks at in a module: with the names of all modules, nothing else decides what it adds."""
    return sorted(_exported_names(entries)), _facts(entries)


def complete(modules: Modules) -> set[str]:
    """Adds the exports of lazy modules and the alias modules of one release, in place.

    Args:
        modules: Entries of every module of the release, by dotted name.

    Returns:
        The modules that it added something to, or made.
    """
    completed: set[str] = set()
    exported = {name: sorted(_exported_names(entries)) for name, entries in modules.items()}
    children = _children(modules)
    facts = {name: _facts(entries) for name, entries in modules.items()}
    for name, found in facts.items():
        if "@lazy" in found:
            exports = dict(_exports(name, found, exported, children))
            modules[name] = sorted([*modules[name], *(_export(key, value) for key, value in exports.items())])
            completed.add(name)
    for package, found in list(facts.items()):
        for alias, target, mode in _aliases(found, modules):
            if mode != "finder" or alias not in modules:
                modules[alias] = [Entry("@alias-of", json.dumps([target, mode], separators=(",", ":")))]
                completed.add(alias)
            if mode != "finder":
                # `setattr(sys.modules[__name__], alias.rsplit(".", 1)[-1], module)` puts it into the package as well.
                modules[package] = sorted(
                    [*modules[package], Entry(f"@module:{alias.rpartition('.')[2]}", f'"{alias}"')]
                )
                completed.add(package)
    return completed


def _facts(entries: list[Entry]) -> dict[str, object]:
    return {
        entry.key: json.loads(entry.surface)
        for entry in entries
        if entry.key.startswith(("@lazy", "@alias:", "@fast-modules"))
    }


def _export(name: str, module: str) -> Entry:
    return Entry(f"@export:{name}", json.dumps(module))


def _children(modules: Mapping[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in modules:
        found.setdefault(name.rpartition(".")[0], []).append(name)
    return found


def _exported_names(entries: list[Entry]) -> Iterator[str]:
    """What `define_import_structure` reads off one file: its literal `__all__`, and what `@requires` decorates."""
    for entry in entries:
        if entry.key == "@all":
            yield from json.loads(entry.surface)
        elif '"requires(' in entry.surface and "." not in entry.key:
            yield entry.key


def _exports(
    module: str, facts: Mapping[str, object], exported: Mapping[str, list[str]], children: Mapping[str, list[str]]
) -> Iterator[tuple[str, str]]:
    how = facts["@lazy"]
    assert isinstance(how, list)
    if how[0] == "files":
        yield from _file_exports(module, exported, children)
    for key, value in facts.items():
        if not key.startswith("@lazy:") or not isinstance(value, list):
            continue
        submodule = key.removeprefix("@lazy:")
        if submodule:
            # A literal structure names symbols in a submodule; the submodule itself may be a lazy package.
            yield from ((name, f"{module}.{submodule}") for name in value)
        else:
            yield from _file_exports(f"{module}.{value[0]}" if value[0] else module, exported, children)


def _file_exports(
    package: str, exported: Mapping[str, list[str]], children: Mapping[str, list[str]]
) -> Iterator[tuple[str, str]]:
    for child in sorted(children.get(package, ())):
        if child in children:
            yield from _file_exports(child, exported, children)
        elif not child.rpartition(".")[2].startswith(_NOT_EXPORTED):
            yield from ((name, child) for name in exported[child])


def _aliases(facts: Mapping[str, object], modules: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    for key, value in facts.items():
        if key.startswith("@alias:") and isinstance(value, list):
            yield key.removeprefix("@alias:"), value[0], value[1]
        elif key == "@fast-modules" and isinstance(value, list):
            mode, pattern = value
            yield from _fast_modules(mode, pattern, modules)


def _fast_modules(mode: str, pattern: str, modules: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """`models/x/image_processing_x.py` under the name that it had up to 5.3: `image_processing_x_fast`."""
    stem = pattern.replace("(?!pil_)", "").removesuffix(".py")
    for name in list(modules):
        package, _, last = name.rpartition(".")
        if ".models." not in name or not fnmatch.fnmatchcase(last, stem):
            continue
        if mode == "finder" and last.startswith("image_processing_pil_"):
            continue
        yield f"{package}.{last}_fast", name, "stub-fast" if mode == "stub" else "finder"
