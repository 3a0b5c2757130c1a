"""What differs between two releases: one row a change, repeats folded into the row that causes them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from .model import Assignment, Change, Class, Definition, Entry, Function, Import, Resolution, called_alike, decode
from .signature_changes import ParameterChange, signature_changes
from .surface import Acceptance, Surface

_OPERATORS = "torch.ops."
# A call of an operator is checked by its schema, so what differs has rules of its own.
_OPERATOR_RULES = {
    "symbol-added": "symbol-added",
    "symbol-removed": "op-removed",
    "symbol-moved": "op-renamed",
    "default-changed": "op-default-changed",
    "return-changed": "op-return-changed",
}


# `modular_x.py` is what transformers generates `modeling_x.py` from; nobody imports it.
_PRIVATE = re.compile(r"(?:^|\.)(?:modular_|_(?!\w*__(?:\.|$)))")


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

    @property
    def path(self) -> str:
        return f"{self.module}.{self.key}"


class _Row(NamedTuple):
    """A change before it is folded; its forms are written only where the row is kept."""

    rule: str
    symbol: str
    detail: str
    old: Definition | str | None = None
    new: Definition | str | None = None
    repeats: tuple[str, ...] = ()


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
    rows = _Comparison(old, new, under, everything).rows(changed)
    return _folded(row for row in rows if _at_or_below(row.symbol, under))


class _Comparison:
    def __init__(self, old: Surface, new: Surface, under: str, everything: bool) -> None:
        self._old = old
        self._new = new
        self._under = under
        self._everything = everything
        self._added: dict[str, list[str]] = defaultdict(list)
        self._lost: set[str] = set()

    def rows(self, changed: Iterable[ChangedEntry]) -> Iterator[_Row]:
        entries = [entry for entry in changed if self._everything or not _private(entry.path)]
        for entry in entries:
            if entry.old is None and _is_plain(entry.key) and entry.new is not None and _defines(entry.new):
                self._added[entry.key].append(entry.module)
        # A change of a class's attribute is found in the entry of the class.
        under = self._under
        chosen = [e for e in entries if _at_or_below(e.path, under) or _at_or_below(under, e.path)]
        gone = {e.module for e in chosen if e.new is None and not self._new.module_exists(e.module)}
        yield from self._modules([entry for entry in chosen if entry.module in gone])
        overloaded: dict[str, None] = {}
        for entry in chosen:
            base, is_overload, _ = entry.key.partition("@")
            if entry.module in gone or not base:
                continue
            if is_overload:
                overloaded[f"{entry.module}.{base}"] = None
            else:
                yield from self._entry(entry, overloaded)
        for path in overloaded:
            yield from self._overloads(path)

    # Modules that are gone

    def _modules(self, entries: list[ChangedEntry]) -> Iterator[_Row]:
        """One row for each module that is gone, or for the package that went with all its modules."""
        by_module: dict[str, list[ChangedEntry]] = defaultdict(list)
        for entry in entries:
            by_module[entry.module].append(entry)
        packages: dict[str, list[str]] = defaultdict(list)
        for module in sorted(by_module):
            packages[next(filter(self._is_gone, _packages(module)), module)].append(module)
        for outer, modules in packages.items():
            row = self._module(outer, modules, [entry for module in modules for entry in by_module[module]])
            if row is not None:
                yield row

    def _is_gone(self, module: str) -> bool:
        return self._old.module_exists(module) and not self._new.module_exists(module)

    def _module(self, outer: str, modules: list[str], entries: list[ChangedEntry]) -> _Row | None:
        alias = next((e.old for e in entries if e.key == "@alias-of" and e.module == outer), None)
        if alias is not None:
            target = json.loads(alias.surface)[0]
            return _Row("module-removed", outer, f"was an alias of {target}", new=target)
        own = [e for e in entries if _is_plain(e.key) and e.old is not None and _defines(e.old)]
        symbols = tuple(sorted(entry.path for entry in own))
        if not symbols and not self._everything:
            return None
        several = f"{len(modules)} modules with {_count(len(symbols), 'symbol')}"
        held = _count(len(symbols), "symbol") if len(modules) == 1 else several
        homes = [self._home(entry.key) for entry in own]
        places = {home.rpartition(".")[0] for home in homes if home is not None}
        if len(places) == 1 and None not in homes:
            place = places.pop()
            return _Row("module-moved", outer, f"its {held} are now in {place}", new=place, repeats=symbols)
        kept = sum(home is not None for home in homes)
        detail = f"{held}, {kept} of them moved" if kept else f"{held} gone"
        return _Row("module-removed", outer, detail, repeats=symbols)

    def _home(self, name: str) -> str | None:
        """Where a top-level name went: the one module that has it now and had not before."""
        modules = self._added.get(name, ())
        return f"{modules[0]}.{name}" if len(modules) == 1 else None

    # Single entries

    def _entry(self, entry: ChangedEntry, overloaded: dict[str, None]) -> Iterator[_Row]:
        path, old, new = entry.path, entry.old, entry.new
        if old is None:
            if self._everything and new is not None and _defines(new):
                yield _Row("symbol-added", path, "is new", new=_decoded(entry.key, new))
            return
        if path.rpartition(".")[0] in self._lost:
            self._lost.add(path)
            return
        if new is not None and entry.key.endswith(".__init__") and old.body != new.body:
            yield from self._instance(entry, old, new)
        if new is not None and (new.surface == old.surface or self._same_call(path, old, new)):
            return
        before = _decoded(entry.key, old)
        after = _decoded(entry.key, new) if new is not None else None
        if isinstance(before, Import):
            yield from self._export(entry, before)
        elif isinstance(after, Import) or after is None:
            yield from self._elsewhere(entry, before)
        elif path.startswith(_OPERATORS) or _overloaded(before) or _overloaded(after):
            overloaded[path] = None
        else:
            yield from self._compared(entry, before, after)

    def _same_call(self, path: str, old: Entry, new: Entry) -> bool:
        # What a schema annotates and returns is part of the call.
        return not path.startswith(_OPERATORS) and called_alike(old.surface, new.surface)

    def _elsewhere(self, entry: ChangedEntry, before: Definition) -> Iterator[_Row]:
        """A definition that left its place: it is gone, or an import, a base or an alias leads to another one."""
        found = self._new.resolve(entry.path)
        if not found.found:
            self._lost.add(entry.path)
            yield self._removed(entry, before, _loss(found))
        elif not found.external and found.definition is not None:
            if self._everything:
                detail = f"still resolves, now defined at {found.canonical}"
                yield _Row("symbol-moved", entry.path, detail, new=found.canonical)
            yield from self._compared(entry, before, found.definition)

    def _removed(self, entry: ChangedEntry, before: Definition, loss: str) -> _Row:
        home = self._home(entry.key) if _is_plain(entry.key) else None
        if home is not None:
            return _Row("symbol-moved", entry.path, f"is now {home}", before, home)
        rule = "symbol-removed" if _is_plain(entry.key) else "attribute-removed"
        return _Row(rule, entry.path, loss, before)

    def _export(self, entry: ChangedEntry, before: Import) -> Iterator[_Row]:
        """A name that a package showed from one of its own modules, and shows no more."""
        if entry.new is not None or not before.module.startswith(f"{entry.module}."):
            return
        if not self._new.resolve(entry.path).missing:
            return
        canonical = self._old.resolve(entry.path).canonical
        if canonical and self._new.resolve(canonical).found:
            yield _Row("symbol-moved", entry.path, f"is now only at {canonical}", new=canonical)

    def _compared(self, entry: ChangedEntry, before: Definition, after: Definition) -> Iterator[_Row]:
        path = entry.path
        if isinstance(before, Function) and isinstance(after, Function):
            if before.is_property != after.is_property:
                was, now = ("a property", "a method") if before.is_property else ("a method", "a property")
                yield _Row("attribute-kind-changed", path, f"was {was}, is now {now}", before, after)
            else:
                yield from self._functions(entry, before, after)
        elif isinstance(before, Class) and isinstance(after, Class):
            yield from self._class(path, before, after)
        elif isinstance(before, (Function, Class)) and isinstance(after, (Function, Class)):
            yield _Row("symbol-rebound", path, f"was {_kind(before)}, is now {_kind(after)}", before, after)

    def _functions(self, entry: ChangedEntry, before: Function, after: Function) -> Iterator[_Row]:
        in_class = "." in entry.key
        old, new = _plain(before, in_class), _plain(after, in_class)
        if old != new:
            for change in signature_changes(old, self._acceptance(entry.path, old, new, after)):
                yield _Row(change.rule, entry.path, change.detail, before, after)

    def _acceptance(self, path: str, old: Acceptance, new: Acceptance, after: Function) -> Acceptance:
        """What a call may pass now; `**` parameters are followed only where a name went missing."""
        names = [*(parameter.name for parameter in old.signature.parameters), *old.deprecated]
        if all(new.signature.get(name) is not None for name in names):
            return new
        if new.signature.var_keyword is None and not after.decorators and after.name != "__init__":
            return replace(new, kwargs="none")
        # Which keywords a constructor takes is a question about its class: fields of a dataclass, for one.
        found = self._new.resolve(path.removesuffix(".__init__"))
        accepted = self._new.accepts(found, through_instance=True) if found.found else None
        return accepted or new

    def _class(self, path: str, before: Class, after: Class) -> Iterator[_Row]:
        held = {attribute.name for attribute in after.attributes} | set(after.methods)
        for attribute in before.attributes:
            if attribute.name in held or (_private(attribute.name) and not self._everything):
                continue
            found = self._new.member(path, attribute.name)
            if not found.found:
                yield _Row("attribute-removed", f"{path}.{attribute.name}", _loss(found), attribute)
        if self._everything and before.bases != after.bases:
            yield _Row("base-removed", path, "has other bases", ", ".join(before.bases), ", ".join(after.bases))

    def _instance(self, entry: ChangedEntry, old: Entry, new: Entry) -> Iterator[_Row]:
        """Attributes that a constructor set and sets no more."""
        before, after = (decode(entry.key, each.surface, each.body) for each in (old, new))
        if not isinstance(before, Function) or not isinstance(after, Function):
            return
        owner = entry.path.rpartition(".")[0]
        kept = {name for name, _ in after.body.attributes}
        for name, value in before.body.attributes:
            if name in kept or not name.isidentifier() or (_private(name) and not self._everything):
                continue
            found = self._new.member(owner, name)
            if not found.found:
                yield _Row("attribute-removed", f"{owner}.{name}", _loss(found), value)

    # Functions with several signatures, as stubs and operators have them

    def _overloads(self, path: str) -> Iterator[_Row]:
        """A call may bind to any overload: what counts is an old one that no new one stands in for."""
        old, new = self._old.resolve(path), self._new.resolve(path)
        if not old.found or path.rpartition(".")[0] in self._lost:
            return
        if new.missing:
            if path not in self._lost:
                self._lost.add(path)
                yield _Row("symbol-removed", path, "is gone", old.definition)
            return
        after = self._new.overloads(new) if new.found else ()
        if not after:
            return
        in_class = isinstance(self._old.resolve(path.rpartition(".")[0]).definition, Class)
        for before in self._old.overloads(old):
            # Where two are as near, the one that takes as many parameters is what became of it.
            size = len(before.signature.parameters)
            others = sorted(after, key=lambda function: abs(len(function.signature.parameters) - size))
            yield from min((_overload(path, before, other, in_class) for other in others), key=len)


def _overload(path: str, before: Function, after: Function, in_class: bool) -> list[_Row]:
    changes = list(signature_changes(_plain(before, in_class), _plain(after, in_class, "none")))
    was, now = before.signature.returns, after.signature.returns
    # A schema states what comes back; what an annotation says changes without any effect.
    if path.startswith(_OPERATORS) and was != now:
        changes.append(ParameterChange("return-changed", "", f"returns {now}, was {was}"))
    return [_Row(change.rule, path, change.detail, before, after) for change in changes]


def _loss(found: Resolution) -> str:
    """What is said of a definition that is gone; a `__getattr__`, for one, may still answer to its name."""
    return "is gone" if found.missing else "is gone, unless it is set at run time"


def _is_plain(key: str) -> bool:
    """Whether it is a name of a module, not a member of a class, an overload or a fact."""
    return "." not in key and "@" not in key


def _defines(entry: Entry) -> bool:
    """Whether it is a definition; an import only shows one from elsewhere."""
    return entry.surface[2] in "fca"


def _decoded(key: str, entry: Entry) -> Definition:
    return decode(key, entry.surface)


def _overloaded(definition: Definition) -> bool:
    if isinstance(definition, Assignment):
        return definition.annotation == "OpOverloadPacket"
    return isinstance(definition, Function) and "overload" in definition.flags


def _plain(function: Function, in_class: bool, kwargs: str = "unknown") -> Acceptance:
    """What a call may pass, as far as the definition alone tells; `self` or `cls` is not counted."""
    bound = in_class and not function.is_static
    signature = function.signature.without_first() if bound else function.signature
    return Acceptance(signature, kwargs, deprecated={d.old: d for d in function.deprecations})


def _packages(module: str) -> Iterator[str]:
    """The packages around a module, outermost first."""
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts)))


def _private(path: str) -> bool:
    return _PRIVATE.search(path) is not None


def _at_or_below(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith((f"{prefix}.", f"{prefix}@"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _kind(definition: Definition) -> str:
    return "a class" if isinstance(definition, Class) else "a function"


def _shown(form: Definition | str | None) -> str:
    if isinstance(form, Function):
        return str(form.signature)
    if isinstance(form, Class):
        return f"class {form.name}"
    if isinstance(form, Assignment):
        return form.value or form.annotation or ""
    return form if isinstance(form, str) else ""


def _rule(rule: str, path: str) -> str:
    return _OPERATOR_RULES.get(rule, "op-parameter") if path.startswith(_OPERATORS) else rule


def _folded(rows: Iterable[_Row]) -> list[Change]:
    """The same change of members of the same name in many classes, as copies of model code make them: one row."""
    groups: dict[tuple[str, str, str], dict[str, _Row]] = defaultdict(dict)
    for row in rows:
        groups[_rule(row.rule, row.symbol), row.symbol.rpartition(".")[2], row.detail].setdefault(row.symbol, row)
    changes = []
    for (rule, _, detail), same in groups.items():
        first = min(same.values(), key=lambda row: (row.symbol.count("."), row.symbol))
        repeats = chain(first.repeats, sorted(symbol for symbol in same if symbol != first.symbol))
        changes.append(Change(rule, first.symbol, detail, _shown(first.old), _shown(first.new), tuple(repeats)))
    return sorted(changes, key=lambda change: (change.rule, change.symbol, change.detail))
