"""What differs between two releases: one row a change, repeats folded into the row that causes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .model import Change, Class, Definition, Entry, Function, Import, Kind, Signature, decode
from .surface import Surface


class ChangedEntry(NamedTuple):
    """An entry that is not the same in two releases.

    Args:
        module: The module that holds it.
        key: Its qualified name there.
        old: As it was, or None.
        new: As it is, or None.
    """

    module: str
    key: str
    old: Entry | None
    new: Entry | None


class ParameterChange(NamedTuple):
    """One difference between two signatures.

    Args:
        rule: The rule's name.
        name: The parameter, as the old signature has it (the new one for `parameter-required`).
        detail: What differs, in words.
    """

    rule: str
    name: str
    detail: str


def differences(
    old: Surface, new: Surface, changed: Iterable[ChangedEntry], *, under: str = "", everything: bool = False
) -> list[Change]:
    """The changes from one release to another that its users can notice.

    Args:
        old: The release before.
        new: The release after.
        changed: The entries that differ between them.
        under: Only symbols at or below this dotted path.
        everything: Private names too, and what was only added or still resolves from another place.

    Returns:
        Changes sorted by rule and symbol.
    """
    return _Comparison(old, new, under, everything).of(changed)


class _Comparison:
    def __init__(self, old: Surface, new: Surface, under: str, everything: bool) -> None:
        self._old = old
        self._new = new
        self._under = under
        self._everything = everything
        self._added: dict[str, list[str]] = defaultdict(list)

    def of(self, changed: Iterable[ChangedEntry]) -> list[Change]:
        entries = [entry for entry in changed if self._counts(entry)]
        for entry in entries:
            if entry.old is None and "." not in entry.key and entry.new is not None and _defines(entry.new):
                self._added[entry.key].append(entry.module)
        chosen = [e for e in entries if _at_or_below(f"{e.module}.{e.key}", self._under)]
        gone = {e.module for e in chosen if e.new is None and not self._new.module_exists(e.module)}
        found = [change for module in sorted(gone) if (change := self._module(module, chosen)) is not None]
        lost: set[str] = set()
        for entry in chosen:
            if entry.module not in gone:
                found += self._entry(entry, lost)
        return _folded(found)

    def _counts(self, entry: ChangedEntry) -> bool:
        if entry.key[0] == "@" or "@" in entry.key or entry.module[0] == "@":
            return False
        return self._everything or not (_private(entry.key) or _private(entry.module))

    def _module(self, module: str, entries: list[ChangedEntry]) -> Change | None:
        """A module that is gone: one row, with where its symbols went where they are to be found."""
        own = [e for e in entries if e.module == module and e.old is not None and _defines(e.old)]
        symbols = tuple(sorted(f"{module}.{e.key}" for e in own if "." not in e.key))
        if not symbols and not self._everything:
            return None
        homes = {self._home(e.key) for e in own if "." not in e.key}
        known = sorted(home.rpartition(".")[0] for home in homes if home is not None)
        if known and None not in homes and len(set(known)) == 1:
            return Change("module-moved", module, f"its {len(symbols)} symbols are now in {known[0]}", new=known[0])
        kept = sum(home is not None for home in homes)
        detail = f"{len(symbols)} symbols are gone" if not kept else f"{len(symbols)} symbols, {kept} of them moved"
        return Change("module-removed", module, detail, repeats=symbols)

    def _home(self, name: str) -> str | None:
        modules = self._added.get(name, ())
        return f"{modules[0]}.{name}" if len(modules) == 1 else None

    def _entry(self, entry: ChangedEntry, lost: set[str]) -> Iterator[Change]:
        path = f"{entry.module}.{entry.key}"
        if entry.old is None:
            if self._everything and entry.new is not None and _defines(entry.new):
                yield Change("symbol-added", path, "is new", new=_shown(_decoded(entry.key, entry.new)))
            return
        if not _defines(entry.old):
            return
        owner = path.rpartition(".")[0]
        if owner in lost:
            lost.add(path)
            return
        before = _decoded(entry.key, entry.old)
        if entry.new is not None and _defines(entry.new):
            yield from self._compared(path, before, _decoded(entry.key, entry.new))
            return
        found = self._new.resolve(path)
        if found.missing:
            lost.add(path)
            yield self._removed(path, entry.key, before)
        elif found.found and not found.external and found.definition is not None:
            if self._everything:
                yield Change(
                    "symbol-moved", path, f"still resolves, now defined at {found.canonical}", new=found.canonical
                )
            yield from self._compared(path, before, found.definition)

    def _removed(self, path: str, key: str, before: Definition) -> Change:
        home = self._home(key) if "." not in key else None
        if home is not None:
            return Change("symbol-moved", path, f"is now {home}", _shown(before), home)
        rule = "attribute-removed" if "." in key else "symbol-removed"
        return Change(rule, path, "is gone", _shown(before))

    def _compared(self, path: str, before: Definition, after: Definition) -> Iterator[Change]:
        if isinstance(before, Function) and isinstance(after, Function):
            if before.is_property != after.is_property:
                kinds = ("a property", "a method") if before.is_property else ("a method", "a property")
                yield Change("attribute-kind-changed", path, f"was {kinds[0]}, is now {kinds[1]}")
                return
            renamed = {d.old: d.new for d in after.deprecations if d.new}
            for change in signature_changes(before.signature, after.signature, renamed):
                yield Change(change.rule, path, change.detail, str(before.signature), str(after.signature))
        elif isinstance(before, Class) and isinstance(after, Class):
            yield from self._class(path, before, after)
        elif isinstance(before, (Function, Class)) and isinstance(after, (Function, Class)):
            yield Change("symbol-rebound", path, f"was {_kind(before)}, is now {_kind(after)}", new=_shown(after))

    def _class(self, path: str, before: Class, after: Class) -> Iterator[Change]:
        held = {attribute.name for attribute in after.attributes} | set(after.methods)
        for attribute in before.attributes:
            if attribute.name in held or (_private(attribute.name) and not self._everything):
                continue
            if self._new.member(path, attribute.name).missing:
                yield Change("attribute-removed", f"{path}.{attribute.name}", "is gone", attribute.value or "")
        if self._everything and before.bases != after.bases:
            yield Change("base-removed", path, "has other bases", ", ".join(before.bases), ", ".join(after.bases))


def signature_changes(old: Signature, new: Signature, renamed: Mapping[str, str]) -> Iterator[ParameterChange]:
    """What a caller of the old signature can notice under the new one.

    Args:
        old: The signature before.
        new: The signature after.
        renamed: Old names that are still taken, to their new names.
    """
    before = {p.name: p for p in old.parameters if p.kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)}
    after = {p.name: p for p in new.parameters if p.kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)}
    substitutes = _substitutes(old, new)
    for name, parameter in before.items():
        if name in after:
            now = after[name]
            if parameter.kind is not Kind.KEYWORD_ONLY and now.kind is Kind.KEYWORD_ONLY:
                yield ParameterChange("parameter-keyword-only", name, f"`{name}` is keyword-only")
            elif not parameter.required and now.required:
                yield ParameterChange("parameter-required", name, f"`{name}` has no default any more")
            elif not parameter.required and parameter.default != now.default:
                detail = f"`{name}` defaults to {now.default}, was {parameter.default}"
                yield ParameterChange("default-changed", name, detail)
        elif name in renamed:
            yield ParameterChange("deprecated-parameter", name, f"`{name}` is now `{renamed[name]}`; still taken")
        elif name in substitutes:
            yield ParameterChange("parameter-renamed", name, f"`{name}` is now `{substitutes[name]}`")
        elif new.var_keyword is not None and old.var_keyword is None:
            yield ParameterChange("parameter-swallowed", name, f"`{name}` now falls into **{new.var_keyword.name}")
        else:
            yield ParameterChange("parameter-removed", name, f"`{name}` is gone")
    replaced = set(substitutes.values())
    for name, parameter in after.items():
        if name not in before and name not in replaced and parameter.required:
            yield ParameterChange("parameter-required", name, f"`{name}` is new and required")
    shift = _shifted(old, new, substitutes)
    if shift is not None:
        yield shift


def _substitutes(old: Signature, new: Signature) -> dict[str, str]:
    """A parameter whose place another one has taken: the same index, kind and default, with all around them kept."""
    before, after = old.parameters, new.parameters
    if len(before) != len(after):
        return {}
    return {
        b.name: a.name
        for b, a in zip(before, after, strict=True)
        if b.name != a.name
        and (b.kind, b.default) == (a.kind, a.default)
        and new.get(b.name) is None
        and old.get(a.name) is None
        and a.kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)
    }


def _shifted(old: Signature, new: Signature, substitutes: dict[str, str]) -> ParameterChange | None:
    for index, (before, after) in enumerate(zip(old.positional, new.positional, strict=False)):
        if before.name != after.name and substitutes.get(before.name) != after.name:
            detail = f"positional argument {index + 1} is now `{after.name}`, was `{before.name}`"
            return ParameterChange("positional-shift", before.name, detail)
    return None


def _defines(entry: Entry) -> bool:
    """Whether it is a definition; an import only shows one from elsewhere."""
    return entry.surface[2] in "fca"


def _decoded(key: str, entry: Entry) -> Definition:
    return decode(key, entry.surface)


def _private(path: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in path.split("."))


def _at_or_below(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(f"{prefix}.")


def _kind(definition: Definition) -> str:
    return {Function: "a function", Class: "a class", Import: "an import"}.get(type(definition), "a value")


def _shown(definition: Definition) -> str:
    if isinstance(definition, Function):
        return str(definition.signature)
    return f"class {definition.name}" if isinstance(definition, Class) else ""


def _folded(changes: list[Change]) -> list[Change]:
    """The same change of members of the same name in many classes, as copies of model code make them: one row."""
    groups: dict[tuple[str, str, str], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.rule, change.symbol.rpartition(".")[2], change.detail].append(change)
    rows = []
    for same in groups.values():
        first = min(same, key=lambda change: (change.symbol.count("."), change.symbol))
        others = tuple(sorted(change.symbol for change in same if change is not first))
        rows.append(Change(first.rule, first.symbol, first.detail, first.old, first.new, (*first.repeats, *others)))
    return sorted(rows, key=lambda change: (change.rule, change.symbol))
