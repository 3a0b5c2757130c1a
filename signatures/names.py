"""Names of modules: what an attribute of a module is in one release."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from .external_classes import external_class
from .model import Assignment, Class, Definition, Entry, Hop, Import, Status, decode

if TYPE_CHECKING:
    from .surface import Surface

DEEPEST = 40
"""Steps after which a question is given up: only what goes in a circle takes so many."""

_OPERATORS_OF_ATB = frozenset(
    {
        "npu_fused_add_topk_div",
        "npu_mla_preprocess",
        "npu_multi_head_latent_attention",
        "npu_paged_cache_load",
        "npu_ring_mla",
        "npu_self_attention_prefix_encoder",
    }
)
_KNOWN_ROOTS = frozenset({"typing", "collections", "enum", "math"})
_MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__path__", "__doc__", "__spec__", "__dict__", "__all__", "__package__"}
)


class Modules(Protocol):
    """Where a surface reads its modules: a fresh snapshot, or one release of the history."""

    def has(self, module: str) -> bool:
        """Whether the release has such a module."""

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        """Entries by key, or None where the release has no such module."""


class Snapshot:
    """A release just read, held in memory.

    Args:
        modules: Entries of each module.
    """

    def __init__(self, modules: Mapping[str, list[Entry]]) -> None:
        self._modules = modules
        self._keyed: dict[str, Mapping[str, Entry]] = {}

    def modules(self) -> frozenset[str]:
        return frozenset(self._modules)

    def has(self, module: str) -> bool:
        return module in self._modules

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        if module not in self._modules:
            return None
        if module not in self._keyed:
            self._keyed[module] = {entry.key: entry for entry in self._modules[module]}
        return self._keyed[module]

    def texts(self, module: str) -> Mapping[str, str]:
        return {entry.key: f"{entry.surface}\t{entry.body}" for entry in self._modules.get(module, ())}


class Place(NamedTuple):
    """Where a name leads: a module (`key` is ""), or a definition in one, or a path outside of the release."""

    module: str
    key: str
    definition: Definition | None
    external: bool = False

    @property
    def path(self) -> str:
        return f"{self.module}.{self.key}" if self.key else self.module

    @property
    def is_module(self) -> bool:
        return not self.key and not self.external


Outcome: TypeAlias = "Place | Status"
"""A place, or why there is none."""

Answer: TypeAlias = "tuple[Outcome, tuple[Hop, ...]]"
"""Where a name leads, and the steps that lead there."""


class Names(ABC):
    """The names that modules have.

    Args:
        modules: Where the modules are read.
        others: Surfaces of other upstreams that this one builds on.
    """

    def __init__(self, modules: Modules, others: tuple[Surface, ...]) -> None:
        self._modules = modules
        self._others = others
        self._decoded: dict[tuple[str, str], Definition] = {}
        self._lookups: dict[tuple[str, str], Answer] = {}
        self._active: set[tuple[str, str]] = set()

    @abstractmethod
    def member_of(self, place: Place, name: str) -> Answer:
        """A member of the class at a place."""

    def module_exists(self, name: str) -> bool:
        """Whether `import name` finds a module, alias modules included."""
        return self._modules.has(name)

    def names(self, module: str) -> frozenset[str]:
        """The names that `dir(module)` is sure to show, star imports and lazy exports included."""
        entries = self._modules.entries(module)
        if entries is None:
            return frozenset()
        target = _alias_of(entries)
        if target is not None:
            return self.names(target[0])
        if "@lazy" in entries:
            return frozenset(key.removeprefix("@export:") for key in entries if key.startswith("@export:"))
        found = {key for key in entries if not key.startswith("@") and "." not in key and "@" not in key}
        for key in entries:
            if key.startswith("@star:"):
                found |= set(self._starred(key.removeprefix("@star:"), json.loads(entries[key].surface)[0] == "dir"))
        return frozenset(found)

    def step(self, place: Place, name: str) -> Answer:
        if place.external:
            return self.outside(f"{place.path}.{name}"), ()
        if place.is_module:
            return self.attribute(place.module, name)
        if isinstance(place.definition, Class):
            return self.member_of(place, name)
        return Status.UNKNOWN, ()

    def outside(self, path: str) -> Outcome:
        if external_class(path) is not None:
            return Place(path, "", None, external=True)
        for other in self._others:
            found = other.resolve(path)
            if found.found:
                return Place(found.canonical, "", None, external=True)
        return Status.UNKNOWN

    def definition(self, module: str, key: str) -> Definition | None:
        known = self._decoded.get((module, key))
        if known is None:
            entries = self._modules.entries(module)
            entry = entries.get(key) if entries is not None else None
            if entry is None:
                return None
            known = self._decoded[module, key] = decode(key, entry.surface, entry.body)
        return known

    def attribute(self, module: str, name: str) -> Answer:
        question = (module, name)
        answered = self._lookups.get(question)
        if answered is not None:
            return answered
        if question in self._active or len(self._active) > DEEPEST:
            return Status.UNKNOWN, ()
        self._active.add(question)
        try:
            answer = self._looked_up(module, name)
        finally:
            self._active.discard(question)
        if not self._active or answer[0] is not Status.UNKNOWN:
            self._lookups[question] = answer
        return answer

    def _looked_up(self, module: str, name: str) -> Answer:
        entries = self._modules.entries(module)
        if entries is None:
            return self.outside(f"{module}.{name}"), ()
        alias = _alias_of(entries)
        if alias is not None:
            return self._through_alias(module, name, *alias)
        lazy = "@lazy" in entries
        if not lazy and name in entries:
            answer = self._bound_name(module, name)
            # An import that finds nothing would end the module, but inside a `try`: then a star import's name stays.
            if answer[0] is not Status.MISSING or not _stars(entries):
                return answer
        if lazy:
            exported = self._lazily(module, name, entries)
            if exported is not None:
                return exported
        submodule = f"{module}.{name}"
        starred = [] if lazy else _stars(entries)
        unknown = "@dynamic" in entries or "@extension" in entries or "@dummy" in entries
        for source, whole in reversed(starred):
            if not self.module_exists(source):
                unknown = unknown or source.split(".")[0] not in _KNOWN_ROOTS
                continue
            if name in self._starred(source, whole):
                outcome, hops = self.attribute(source, name)
                return outcome, (Hop("star", submodule, source), *hops)
        if self.module_exists(submodule):
            return Place(submodule, "", None), (Hop("submodule", submodule, submodule),)
        placed = entries.get(f"@module:{name}")
        if placed is not None:
            target = json.loads(placed.surface)
            return Place(target, "", None), (Hop("alias-module", submodule, target),)
        if lazy:
            stripped = self._suffixed(module, name, entries)
            if stripped is not None:
                return stripped
        if "@star:torch.ops.npu" in entries and name.startswith("npu_") and name not in _OPERATORS_OF_ATB:
            # Every other `npu_*` name of torch_npu is listed, one by one, in `torch_npu/utils/custom_ops.py`; those
            # are put there by `torch_npu/op_plugin/atb/_atb_ops.py`.
            return Status.MISSING, ()
        answered = self._module_getattr(module, name, entries)
        if answered is not None:
            return answered
        if name in _MODULE_NAMES:
            return Place(module, name, Assignment(name)), ()
        return (Status.UNKNOWN if unknown else Status.MISSING), ()

    def _through_alias(self, module: str, name: str, target: str, mode: str) -> Answer:
        asked = name.removesuffix("Fast") if mode == "stub-fast" else name
        outcome, hops = self.attribute(target, asked)
        if mode == "finder" and outcome is Status.MISSING and name.endswith("ImageProcessorFast"):
            outcome, hops = self.attribute(target, name[: -len("Fast")])
        if isinstance(outcome, Place) and outcome.is_module and outcome.path.startswith(f"{target}."):
            return Status.MISSING, ()
        return outcome, (Hop("alias-module", module, target), *hops)

    def _bound_name(self, module: str, name: str) -> Answer:
        definition = self.definition(module, name)
        path = f"{module}.{name}"
        if isinstance(definition, Import):
            target = f"{definition.module}.{definition.attribute}" if definition.attribute else definition.module
            if target == path:
                # `from . import name` in a package: the submodule.
                exists = self.module_exists(target)
                return (Place(target, "", None) if exists else Status.MISSING), (Hop("submodule", path, target),)
            if not self.module_exists(definition.module):
                if self.module_exists(definition.module.split(".")[0]):
                    return Status.MISSING, (Hop("import", path, target),)
                return Place(target, "", None, external=True), (Hop("import", path, target),)
            if definition.attribute is None:
                return Place(target, "", None), (Hop("import", path, target),)
            outcome, hops = self.attribute(definition.module, definition.attribute)
            return outcome, (Hop("import", path, target), *hops)
        if isinstance(definition, Assignment) and definition.target and definition.target != name:
            outcome, hops = self.local(module, definition.target)
            if isinstance(outcome, Place) and (outcome.external or not isinstance(outcome.definition, Assignment)):
                return outcome, (Hop("assignment", path, outcome.path), *hops)
        return Place(module, name, definition), ()

    def local(self, module: str, text: str) -> Answer:
        """A dotted name as it is written inside of a module."""
        head, *rest = text.removeprefix("@").split(".")
        outcome, hops = (Place(head, "", None), ()) if text[0] == "@" else self.attribute(module, head)
        for name in rest:
            if isinstance(outcome, Status):
                break
            outcome, more = self.step(outcome, name)
            hops = (*hops, *more)
        return outcome, hops

    def _lazily(self, module: str, name: str, entries: Mapping[str, Entry]) -> Answer | None:
        """What `_LazyModule.__getattr__` finds in its import structure."""
        extra = json.loads(entries["@lazy"].surface)[1]
        if name in extra:
            return Place(module, name, Assignment(name)), ()
        export = entries.get(f"@export:{name}")
        if export is None:
            return None
        source = json.loads(export.surface)
        outcome, hops = self.attribute(source, name)
        hop = Hop("lazy", f"{module}.{name}", f"{source}.{name}")
        if outcome is Status.MISSING and name.endswith("TokenizerFast"):
            fallback, more = self.attribute(module, name[: -len("Fast")])
            if isinstance(fallback, Place):
                return fallback, (hop, Hop("fast-suffix", f"{module}.{name}", fallback.path), *more)
        return outcome, (hop, *hops)

    def _suffixed(self, module: str, name: str, entries: Mapping[str, Entry]) -> Answer | None:
        """Names that `_LazyModule.__getattr__` answers though no structure lists them (transformers 5.0.0 on)."""
        suffixes = self._lazy_suffixes(module)
        for suffix in ("TokenizerFast", "ImageProcessorFast"):
            if name.endswith(suffix) and suffix in suffixes:
                fallback = name[: -len("Fast")]
                if f"@export:{fallback}" in entries:
                    outcome, hops = self.attribute(module, fallback)
                    if isinstance(outcome, Place):
                        return outcome, (Hop("fast-suffix", f"{module}.{name}", outcome.path), *hops)
        if "@converters" in suffixes and name.endswith(("Tokenizer", "TokenizerFast")):
            return self._converted(module, name, entries)
        return None

    def _lazy_suffixes(self, module: str) -> frozenset[str]:
        entries = self._modules.entries(f"{module.split('.')[0]}.utils.import_utils")
        entry = entries.get("@suffixes") if entries else None
        return frozenset(json.loads(entry.surface)) if entry is not None else frozenset()

    def _converted(self, module: str, name: str, entries: Mapping[str, Entry]) -> Answer | None:
        """A tokenizer that is gone, answered by another one that shares its converter."""
        held = self._modules.entries(f"{module.split('.')[0]}.convert_slow_tokenizer") or {}
        entry = held.get("@keys:SLOW_TO_FAST_CONVERTERS")
        converters: dict[str, str] = json.loads(entry.surface) if entry is not None else {}
        asked = name.removesuffix("Fast") if name.endswith("TokenizerFast") else name
        converter = converters.get(asked)
        if converter is None:
            return None
        preferred = converter.replace("Converter", "") + "Tokenizer"
        others = [key for key, value in converters.items() if value == converter and key not in (asked, preferred)]
        for candidate in (preferred, *others):
            if f"@export:{candidate}" in entries:
                outcome, hops = self.attribute(module, candidate)
                if isinstance(outcome, Place):
                    return outcome, (Hop("converter", f"{module}.{name}", outcome.path), *hops)
        return None

    def _module_getattr(self, module: str, name: str, entries: Mapping[str, Entry]) -> Answer | None:
        answer = entries.get(f"@getattr:{name}")
        if answer is None:
            return (Status.UNKNOWN, ()) if "@getattr" in entries else None
        target = json.loads(answer.surface)
        source, _, attribute = target.partition(":")
        outcome, hops = self.attribute(source, attribute) if attribute else self.local(module, target)
        if outcome is Status.MISSING and not attribute:
            outcome = Place(module, name, Assignment(name))
        return outcome, (Hop("module-getattr", f"{module}.{name}", target.replace(":", ".")), *hops)

    def _starred(self, source: str, whole: bool) -> frozenset[str]:
        entries = self._modules.entries(source)
        if entries is None:
            return frozenset()
        listed = entries.get("@all")
        if listed is not None and not whole:
            names = frozenset(json.loads(listed.surface))
            return names | self._public(source) if "@all-open" in entries else names
        return self._public(source)

    def _public(self, source: str) -> frozenset[str]:
        question = (source, "*")
        if question in self._active:
            return frozenset()
        self._active.add(question)
        try:
            return frozenset(name for name in self.names(source) if not name.startswith("_"))
        finally:
            self._active.discard(question)


def _stars(entries: Mapping[str, Entry]) -> list[tuple[str, bool]]:
    """The modules that a module imports everything from, in order, and whether names of any kind are taken."""
    stars = []
    # Of a past release an entry is made when it is asked for: ask for none but these.
    for key in entries:
        if key.startswith("@star:"):
            how, position = json.loads(entries[key].surface)
            stars.append((position, key.removeprefix("@star:"), how == "dir"))
    return [(source, whole) for _, source, whole in sorted(stars)]


def _alias_of(entries: Mapping[str, Entry]) -> tuple[str, str] | None:
    entry = entries.get("@alias-of")
    if entry is None:
        return None
    target, mode = json.loads(entry.surface)
    return target, mode
