"""One release as its users meet it: what a dotted path means when it is imported, and what a call must look like."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from .expressions import dotted
from .external_classes import external_class
from .model import (
    Assignment,
    Class,
    Definition,
    Deprecation,
    Entry,
    Function,
    HookCall,
    Hop,
    Import,
    Kind,
    Parameter,
    Resolution,
    Signature,
    Status,
    decode,
)

_DEEPEST = 40


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

    def has(self, module: str) -> bool:
        return module in self._modules

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        if module not in self._modules:
            return None
        if module not in self._keyed:
            self._keyed[module] = {entry.key: entry for entry in self._modules[module]}
        return self._keyed[module]


class ClassRef(NamedTuple):
    """A class in a method resolution order.

    Args:
        path: Its canonical dotted path.
        module: The module that defines it.
        key: Its qualified name in that module.
        definition: Its definition; None for a class of another distribution.
    """

    path: str
    module: str
    key: str
    definition: Class | None

    @property
    def known(self) -> bool:
        return self.definition is not None or external_class(self.path) is not None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a call may pass.

    Args:
        signature: Parameters, the bound first one left out.
        kwargs: `none`: there is no `**`; `taken`: everything that the `**` parameter can take is in `taken`, any
            other keyword is swallowed without effect; `unknown`: it goes where it cannot be followed.
        taken: Keywords that the `**` parameter takes.
        deprecated: Old names that are still taken, with what replaces them.
        through: The functions that the `**` parameter was followed through.
    """

    signature: Signature
    kwargs: str = "none"
    taken: frozenset[str] = frozenset()
    deprecated: Mapping[str, Deprecation] = field(default_factory=dict)
    through: tuple[str, ...] = ()


class _Place(NamedTuple):
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


_Outcome = _Place | Status


class _Home(NamedTuple):
    """Where a function is defined, and on which class it is called.

    Args:
        module: The module of its definition.
        receiver: The class that it is called on, or "".
        definer: The class that defines it, or "".
    """

    module: str
    receiver: str
    definer: str


class Surface:
    """One release of one upstream.

    Args:
        upstream: The distribution's name.
        version: The release.
        modules: Where its modules are read.
        others: Surfaces of other upstreams that this one builds on (torch, for transformers).
    """

    def __init__(self, upstream: str, version: str, modules: Modules, others: tuple[Surface, ...] = ()) -> None:
        self.upstream = upstream
        self.version = version
        self._modules = modules
        self._others = others
        self._decoded: dict[tuple[str, str], Definition] = {}
        self._lookups: dict[tuple[str, str], tuple[_Outcome, tuple[Hop, ...]]] = {}
        self._mros: dict[tuple[str, str], tuple[ClassRef, ...]] = {}
        self._active: set[tuple[str, str]] = set()

    # Questions

    def module_exists(self, name: str) -> bool:
        """Whether `import name` finds a module, alias modules included."""
        return self._modules.has(name)

    def resolve(self, path: str) -> Resolution:
        """What a dotted path means.

        Args:
            path: Such as `transformers.models.llama.LlamaConfig.from_dict`; it begins with a top-level module.
        """
        walked, rest = self._root(path)
        if not self.module_exists(walked):
            return Resolution(path, Status.MISSING, stopped_at=walked)
        while len(rest) > 1 and self.module_exists(f"{walked}.{rest[0]}"):
            # As `import a.b.c` does: `transformers.convert_slow_tokenizer` is a function too, but not on the way on.
            walked = f"{walked}.{rest.pop(0)}"
        place: _Place = _Place(walked, "", None)
        hops: list[Hop] = []
        inside = ""
        for name in rest:
            walked = f"{walked}.{name}"
            outcome, steps = self._step(place, name)
            hops += steps
            if isinstance(outcome, Status):
                return Resolution(path, outcome, hops=tuple(hops), stopped_at=walked)
            inside = outcome.path.rpartition(".")[0] if isinstance(place.definition, Class) else ""
            place = outcome
        return Resolution(
            path,
            Status.FOUND,
            place.path,
            place.module,
            place.definition,
            tuple(hops),
            inside=inside,
            external=place.external,
        )

    def member(self, path: str, name: str) -> Resolution:
        """A member of the class at a canonical path, looked up through its bases."""
        return self.resolve(f"{path}.{name}")

    def mro(self, path: str) -> tuple[ClassRef, ...]:
        """The method resolution order of the class at a path, itself first; empty where it is no class."""
        found = self.resolve(path)
        if not isinstance(found.definition, Class):
            return ()
        return self._mro(_Place(found.module, _key(found), found.definition))

    def signature(self, found: Resolution, *, through_instance: bool = False) -> Signature | None:
        """What a call of it must bind to.

        Args:
            found: A resolution of a function, method or class.
            through_instance: A method is called on an instance, so `self` is given.

        Returns:
            None where it cannot be told: no signature in the source, or it is not known what is called.
        """
        definition = found.definition
        if isinstance(definition, Class):
            maker = self.constructor(found)
            return maker.signature if maker is not None else None
        if not isinstance(definition, Function) or definition.is_property:
            return None
        if not found.inside or definition.is_static:
            return definition.signature
        bound = through_instance or definition.decorated_with("classmethod") or definition.name == "__new__"
        return definition.signature.without_first() if bound else definition.signature

    def overloads(self, found: Resolution) -> tuple[Function, ...]:
        """Every signature that is stated for a function or operator; a call may bind to any of them.

        Args:
            found: A resolution of a function, method or operator.
        """
        if not isinstance(found.definition, (Function, Assignment)) or not found.canonical:
            return ()
        key = _key(found)
        entries = self._modules.entries(found.module) or {}
        keys = [key, *sorted(other for other in entries if other.startswith(f"{key}@"))]
        definitions = (self._definition(found.module, each) for each in keys)
        return tuple(d for d in definitions if isinstance(d, Function))

    def constructor(self, found: Resolution) -> Function | None:
        """How an instance of the class is made: `__init__`, `__new__`, or what its fields make; `self` left out."""
        if not isinstance(found.definition, Class):
            return None
        place = _Place(found.module, _key(found), found.definition)
        order = self._mro(place)
        if any(ref.path == "enum.Enum" for ref in order):
            # `EnumType.__call__` comes before any constructor: it looks a value up.
            order = tuple(ref for ref in order if ref.path == "enum.Enum")
        for ref in order:
            if ref.definition is None:
                made = external_class(ref.path)
                if made is None:
                    return self._outside_constructor(ref.path)
                if made.constructor is not None:
                    return Function("__init__", made.constructor)
                continue
            if "__init__" in ref.definition.methods:
                return _bound(self._definition(ref.module, f"{ref.key}.__init__"))
            without_init = any("dataclass(" in d and "init=False" in d for d in ref.definition.decorators)
            if self._made_by_fields(ref, order) and not without_init:
                return Function("__init__", Signature(self._fields(ref)))
            if "__new__" in ref.definition.methods:
                return _bound(self._definition(ref.module, f"{ref.key}.__new__"))
        return Function("__init__", Signature(()))

    def _outside_constructor(self, path: str) -> Function | None:
        for other in self._others:
            found = other.resolve(path)
            if found.found:
                return other.constructor(found)
        return None

    def fields(self, found: Resolution) -> tuple[Parameter, ...]:
        """The fields of a dataclass, NamedTuple or TypedDict, bases first, as parameters of its constructor."""
        assert isinstance(found.definition, Class)
        return self._fields(ClassRef(found.canonical, found.module, _key(found), found.definition))

    def accepts(self, found: Resolution, *, through_instance: bool = False) -> Acceptance | None:
        """What a call may pass, `**` parameters followed to where they end.

        Args:
            found: A resolution of a function, method or class.
            through_instance: A method is called on an instance.
        """
        if isinstance(found.definition, Class):
            function = self.constructor(found)
            signature = function.signature if function is not None else None
        else:
            function = found.definition if isinstance(found.definition, Function) else None
            signature = self.signature(found, through_instance=through_instance)
        if function is None or signature is None:
            return None
        home = self._home(found, function)
        deprecated = {d.old: d for d in function.deprecations}
        followed, taken = self._decorated(home.module, function)
        if isinstance(found.definition, Class) and any(self._configures(ref) for ref in self.mro(found.canonical)):
            # `wrap_init_to_accept_kwargs` hands other keywords to `__post_init__` (transformers 5.4.0 on).
            return Acceptance(signature, "unknown", frozenset(taken), deprecated)
        if signature.var_keyword is None:
            return Acceptance(signature, "none" if followed else "unknown", frozenset(taken), deprecated)
        known, more, through = self._keywords(home, function, 0)
        kwargs = "taken" if known and followed else "unknown"
        return Acceptance(signature, kwargs, frozenset(taken | more), deprecated, tuple(through))

    def hook_calls(self, class_path: str, method: str) -> list[tuple[str, HookCall]]:
        """Calls of `self.method(…)` in the methods of a class and its bases, each with the path of its caller."""
        found: list[tuple[str, HookCall]] = []
        for ref in self.mro(class_path):
            if ref.definition is None:
                continue
            for name in ref.definition.methods:
                function = self._definition(ref.module, f"{ref.key}.{name}")
                if isinstance(function, Function):
                    found += ((f"{ref.path}.{name}", hook) for hook in function.body.hooks if hook.name == method)
        return found

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
                found |= set(self._starred(key.removeprefix("@star:"), json.loads(entries[key].surface) == "dir"))
        return frozenset(found)

    # Steps

    def _root(self, path: str) -> tuple[str, list[str]]:
        """The module that a path begins at: its first name, or a namespace of operators."""
        parts = path.split(".")
        namespace = ".".join(parts[:3])
        if path.startswith("torch.ops.") and self.module_exists(namespace):
            return namespace, parts[3:]
        return parts[0], parts[1:]

    def _step(self, place: _Place, name: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        if place.external:
            return self._outside(f"{place.path}.{name}"), ()
        if place.is_module:
            return self._attribute(place.module, name)
        if isinstance(place.definition, Class):
            return self._member(place, name)
        return Status.UNKNOWN, ()

    def _outside(self, path: str) -> _Outcome:
        if external_class(path) is not None:
            return _Place(path, "", None, external=True)
        for other in self._others:
            found = other.resolve(path)
            if found.found:
                return _Place(found.canonical, "", None, external=True)
        return Status.UNKNOWN

    def _definition(self, module: str, key: str) -> Definition | None:
        known = self._decoded.get((module, key))
        if known is None:
            entries = self._modules.entries(module)
            entry = entries.get(key) if entries is not None else None
            if entry is None:
                return None
            known = self._decoded[module, key] = decode(key, entry.surface, entry.body)
        return known

    def _attribute(self, module: str, name: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        question = (module, name)
        answered = self._lookups.get(question)
        if answered is not None:
            return answered
        if question in self._active or len(self._active) > _DEEPEST:
            return Status.UNKNOWN, ()
        self._active.add(question)
        try:
            answer = self._looked_up(module, name)
        finally:
            self._active.discard(question)
        if not self._active or answer[0] is not Status.UNKNOWN:
            self._lookups[question] = answer
        return answer

    def _looked_up(self, module: str, name: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        entries = self._modules.entries(module)
        if entries is None:
            return self._outside(f"{module}.{name}"), ()
        alias = _alias_of(entries)
        if alias is not None:
            return self._through_alias(module, name, *alias)
        lazy = "@lazy" in entries
        if not lazy and name in entries:
            return self._bound_name(module, name)
        if lazy:
            exported = self._lazily(module, name, entries)
            if exported is not None:
                return exported
        submodule = f"{module}.{name}"
        starred = [] if lazy else [key for key in entries if key.startswith("@star:")]
        unknown = "@dynamic" in entries or "@extension" in entries or "@dummy" in entries
        for key in reversed(starred):
            source = key.removeprefix("@star:")
            whole = json.loads(entries[key].surface) == "dir"
            if not self.module_exists(source):
                unknown = unknown or source.split(".")[0] not in _KNOWN_ROOTS
                continue
            if name in self._starred(source, whole):
                outcome, hops = self._attribute(source, name)
                return outcome, (Hop("star", submodule, source), *hops)
        if self.module_exists(submodule):
            return _Place(submodule, "", None), (Hop("submodule", submodule, submodule),)
        placed = entries.get(f"@module:{name}")
        if placed is not None:
            target = json.loads(placed.surface)
            return _Place(target, "", None), (Hop("alias-module", submodule, target),)
        if lazy:
            stripped = self._suffixed(module, name, entries)
            if stripped is not None:
                return stripped
        if "@star:torch.ops.npu" in entries and name.startswith("npu_"):
            # Every `npu_*` name of torch_npu is an operator: `torch_npu/utils/custom_ops.py` lists them one by one.
            return Status.MISSING, ()
        answered = self._module_getattr(module, name, entries)
        if answered is not None:
            return answered
        if name in _MODULE_NAMES:
            return _Place(module, name, Assignment(name)), ()
        return (Status.UNKNOWN if unknown else Status.MISSING), ()

    def _through_alias(self, module: str, name: str, target: str, mode: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        asked = name.removesuffix("Fast") if mode == "stub-fast" else name
        outcome, hops = self._attribute(target, asked)
        if mode == "finder" and outcome is Status.MISSING and name.endswith("ImageProcessorFast"):
            outcome, hops = self._attribute(target, name[: -len("Fast")])
        if isinstance(outcome, _Place) and outcome.is_module and outcome.path.startswith(f"{target}."):
            return Status.MISSING, ()
        return outcome, (Hop("alias-module", module, target), *hops)

    def _bound_name(self, module: str, name: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        definition = self._definition(module, name)
        path = f"{module}.{name}"
        if isinstance(definition, Import):
            target = f"{definition.module}.{definition.attribute}" if definition.attribute else definition.module
            if target == path:
                # `from . import name` in a package: the submodule.
                exists = self.module_exists(target)
                return (_Place(target, "", None) if exists else Status.MISSING), (Hop("submodule", path, target),)
            if not self.module_exists(definition.module):
                if self.module_exists(definition.module.split(".")[0]):
                    return Status.MISSING, (Hop("import", path, target),)
                return _Place(target, "", None, external=True), (Hop("import", path, target),)
            if definition.attribute is None:
                return _Place(target, "", None), (Hop("import", path, target),)
            outcome, hops = self._attribute(definition.module, definition.attribute)
            return outcome, (Hop("import", path, target), *hops)
        if isinstance(definition, Assignment) and definition.target and definition.target != name:
            outcome, hops = self._local(module, definition.target)
            if isinstance(outcome, _Place) and (outcome.external or not isinstance(outcome.definition, Assignment)):
                return outcome, (Hop("assignment", path, outcome.path), *hops)
        return _Place(module, name, definition), ()

    def _local(self, module: str, text: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        """A dotted name as it is written inside of a module."""
        head, *rest = text.removeprefix("@").split(".")
        outcome, hops = (_Place(head, "", None), ()) if text[0] == "@" else self._attribute(module, head)
        for name in rest:
            if isinstance(outcome, Status):
                break
            outcome, more = self._step(outcome, name)
            hops = (*hops, *more)
        return outcome, hops

    def _lazily(self, module: str, name: str, entries: Mapping[str, Entry]) -> tuple[_Outcome, tuple[Hop, ...]] | None:
        """What `_LazyModule.__getattr__` finds in its import structure."""
        extra = json.loads(entries["@lazy"].surface)[1]
        if name in extra:
            return _Place(module, name, Assignment(name)), ()
        export = entries.get(f"@export:{name}")
        if export is None:
            return None
        source = json.loads(export.surface)
        outcome, hops = self._attribute(source, name)
        hop = Hop("lazy", f"{module}.{name}", f"{source}.{name}")
        if outcome is Status.MISSING and name.endswith("TokenizerFast"):
            fallback, more = self._attribute(module, name[: -len("Fast")])
            if isinstance(fallback, _Place):
                return fallback, (hop, Hop("fast-suffix", f"{module}.{name}", fallback.path), *more)
        return outcome, (hop, *hops)

    def _suffixed(
        self, module: str, name: str, entries: Mapping[str, Entry]
    ) -> tuple[_Outcome, tuple[Hop, ...]] | None:
        """Names that `_LazyModule.__getattr__` answers though no structure lists them (transformers 5.0.0 on)."""
        suffixes = self._lazy_suffixes(module)
        for suffix in ("TokenizerFast", "ImageProcessorFast"):
            if name.endswith(suffix) and suffix in suffixes:
                fallback = name[: -len("Fast")]
                if f"@export:{fallback}" in entries:
                    outcome, hops = self._attribute(module, fallback)
                    if isinstance(outcome, _Place):
                        return outcome, (Hop("fast-suffix", f"{module}.{name}", outcome.path), *hops)
        if "@converters" in suffixes and name.endswith(("Tokenizer", "TokenizerFast")):
            return self._converted(module, name, entries)
        return None

    def _lazy_suffixes(self, module: str) -> frozenset[str]:
        entries = self._modules.entries(f"{module.split('.')[0]}.utils.import_utils")
        entry = entries.get("@suffixes") if entries else None
        return frozenset(json.loads(entry.surface)) if entry is not None else frozenset()

    def _converted(
        self, module: str, name: str, entries: Mapping[str, Entry]
    ) -> tuple[_Outcome, tuple[Hop, ...]] | None:
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
                outcome, hops = self._attribute(module, candidate)
                if isinstance(outcome, _Place):
                    return outcome, (Hop("converter", f"{module}.{name}", outcome.path), *hops)
        return None

    def _module_getattr(
        self, module: str, name: str, entries: Mapping[str, Entry]
    ) -> tuple[_Outcome, tuple[Hop, ...]] | None:
        answer = entries.get(f"@getattr:{name}")
        if answer is None:
            return (Status.UNKNOWN, ()) if "@getattr" in entries else None
        target = json.loads(answer.surface)
        source, _, attribute = target.partition(":")
        outcome, hops = self._attribute(source, attribute) if attribute else self._local(module, target)
        if outcome is Status.MISSING and not attribute:
            outcome = _Place(module, name, Assignment(name))
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

    # Classes

    def _member(self, place: _Place, name: str) -> tuple[_Outcome, tuple[Hop, ...]]:
        unknown = False
        order = self._mro(place)
        for ref in order:
            if ref.definition is None:
                external = external_class(ref.path)
                if external is None:
                    outside = self._outside(f"{ref.path}.{name}")
                    if isinstance(outside, _Place):
                        return outside, (Hop("inherited", f"{place.path}.{name}", outside.path),)
                    unknown = True
                elif name in external.members:
                    return _Place(f"{ref.path}.{name}", "", None, external=True), ()
                continue
            found = self._own_member(ref, name, order)
            if found is not None:
                hops = () if ref.path == place.path else (Hop("inherited", f"{place.path}.{name}", found.path),)
                return found, hops
            unknown = unknown or "__getattr__" in ref.definition.methods or bool(ref.definition.keywords)
        for ref in order:
            if ref.definition is not None and self._sets(ref, name) is not None:
                value = self._sets(ref, name)
                return _Place(ref.module, f"{ref.key}.{name}", Assignment(name, value or None, target=value)), ()
        return (Status.UNKNOWN if unknown else Status.MISSING), ()

    def _own_member(self, ref: ClassRef, name: str, order: tuple[ClassRef, ...]) -> _Place | None:
        assert ref.definition is not None
        key = f"{ref.key}.{name}"
        if name in ref.definition.methods:
            return _Place(ref.module, key, self._definition(ref.module, key))
        if name == "__init__" and self._made_by_fields(ref, order):
            receiver = Parameter("self", Kind.POSITIONAL_OR_KEYWORD)
            return _Place(ref.module, key, Function("__init__", Signature((receiver, *self._fields(ref)))))
        attribute = ref.definition.attribute(name)
        if attribute is None:
            return None
        if attribute.target and attribute.target != name:
            # `_further_process_kwargs = _standardize_kwargs`: another name for a member, or for a function.
            same = self._own_member(ref, attribute.target, order) if "." not in attribute.target else None
            if same is None:
                outcome, _ = self._local(ref.module, attribute.target)
                same = outcome if isinstance(outcome, _Place) else None
            if same is not None and isinstance(same.definition, (Function, Class)):
                return same
        return _Place(ref.module, key, attribute)

    def _sets(self, ref: ClassRef, name: str) -> str | None:
        assert ref.definition is not None
        for method in ref.definition.methods:
            function = self._definition(ref.module, f"{ref.key}.{method}")
            if isinstance(function, Function):
                for attribute, value in function.body.attributes:
                    if attribute == name:
                        return value
        return None

    def _mro(self, place: _Place) -> tuple[ClassRef, ...]:
        assert isinstance(place.definition, Class)
        question = (place.module, place.key)
        known = self._mros.get(question)
        if known is None:
            self._mros[question] = (ClassRef(place.path, *question, place.definition),)
            known = self._mros[question] = self._linearized(place)
        return known

    def _linearized(self, place: _Place) -> tuple[ClassRef, ...]:
        assert isinstance(place.definition, Class)
        own = ClassRef(place.path, place.module, place.key, place.definition)
        bases = [self._base(place, text) for text in place.definition.bases]
        orders = [
            list(self._mro(_Place(b.module, b.key, b.definition))) if b.definition is not None else [b] for b in bases
        ]
        return (own, *_merged([*orders, bases]))

    def _base(self, place: _Place, text: str) -> ClassRef:
        name = text.partition("[")[0].partition("(")[0]
        outcome: _Outcome = Status.UNKNOWN
        if name.replace(".", "").replace("_", "").isalnum():
            outcome, _ = self._local(place.module, name)
            if outcome is Status.MISSING and "." in place.key:
                outcome, _ = self._step(_Place(place.module, *self._outer(place)), name)
        if isinstance(outcome, _Place) and isinstance(outcome.definition, Class):
            return ClassRef(outcome.path, outcome.module, outcome.key, outcome.definition)
        if isinstance(outcome, _Place) and outcome.external:
            return ClassRef(outcome.path, "", "", None)
        return ClassRef(name if outcome is Status.MISSING else f"?{text}", "", "", None)

    def _outer(self, place: _Place) -> tuple[str, Definition | None]:
        key = place.key.rpartition(".")[0]
        return key, self._definition(place.module, key)

    def _fields(self, ref: ClassRef) -> tuple[Parameter, ...]:
        assert ref.definition is not None
        merged: dict[str, Parameter] = {}
        order = self._mro(_Place(ref.module, ref.key, ref.definition))
        for index in reversed(range(len(order))):
            definition = order[index].definition
            if definition is None or not self._made_by_fields(order[index], order):
                continue
            keyword_only = any(self._configures(base) for base in order[index + 1 :])
            keyword_only = keyword_only or any("kw_only=True" in text for text in definition.decorators)
            kind = Kind.KEYWORD_ONLY if keyword_only else Kind.POSITIONAL_OR_KEYWORD
            for attribute in definition.attributes:
                if attribute.annotation is None or "ClassVar" in attribute.annotation:
                    continue
                if "init=False" in (attribute.value or ""):
                    merged.pop(attribute.name, None)
                elif "KW_ONLY" in attribute.annotation and attribute.name == "_":
                    kind = Kind.KEYWORD_ONLY
                else:
                    default = _field_default(attribute)
                    own = Kind.KEYWORD_ONLY if "kw_only=True" in (attribute.value or "") else kind
                    merged[attribute.name] = Parameter(attribute.name, own, default, attribute.annotation)
        return tuple(sorted(merged.values(), key=lambda parameter: parameter.kind))

    def _made_by_fields(self, ref: ClassRef, order: tuple[ClassRef, ...]) -> bool:
        assert ref.definition is not None
        if any(d.partition("(")[0].rsplit(".", 1)[-1] == "dataclass" for d in ref.definition.decorators):
            return True
        if any(r.path in _FIELD_MAKERS for r in order):
            return True
        return any(self._configures(base) for base in order[order.index(ref) + 1 :])

    def _configures(self, ref: ClassRef) -> bool:
        """Whether subclasses are made dataclasses by `__init_subclass__`, as configs are from transformers 5.4.0 on."""
        if ref.definition is None or "__init_subclass__" not in ref.definition.methods:
            return False
        function = self._definition(ref.module, f"{ref.key}.__init_subclass__")
        return isinstance(function, Function) and "makes-dataclass" in function.flags

    # Keywords

    def _home(self, found: Resolution, function: Function) -> _Home:
        if not isinstance(found.definition, Class):
            receiver = self.resolve(found.path.rpartition(".")[0]).canonical if found.inside else ""
            return _Home(found.module, receiver, found.inside)
        for ref in self.mro(found.canonical):
            if ref.definition is not None and function.name in ref.definition.methods:
                return _Home(ref.module, found.canonical, ref.path)
        return _Home(found.module, found.canonical, "")

    def _keywords(self, home: _Home, function: Function, depth: int) -> tuple[bool, set[str], list[str]]:
        """Whether all that the `**` parameter takes is known, what it takes, and what it passes through."""
        variable = function.signature.var_keyword
        if variable is None:
            return True, set(), []
        typed = self._typed_keywords(home.module, variable)
        taken = set(function.body.taken) | (typed or set())
        through: list[str] = []
        known = typed is not None and not function.body.escapes and depth < _DEEPEST // 4
        if function.body.raises is not None:
            known = False
        for callee in function.body.forwarded if known else ():
            target = self._callee(home, function, callee)
            if target is None:
                known = False
                continue
            through.append(target[0].canonical)
            accepted = self._accepted(*target, depth + 1)
            if accepted is None:
                known = False
                continue
            inner_known, more, further = accepted
            known = known and inner_known
            taken |= more
            through += further
        return known, taken, through

    def _accepted(self, target: Resolution, receiver: str, depth: int) -> tuple[bool, set[str], list[str]] | None:
        function = self.constructor(target) if isinstance(target.definition, Class) else target.definition
        signature = self.signature(target, through_instance=True)
        if not isinstance(function, Function) or signature is None:
            return None
        home = self._home(target, function)
        home = home._replace(receiver=receiver or home.receiver)
        known, taken, through = self._keywords(home, function, depth)
        followed, more = self._decorated(home.module, function)
        names = {p.name for p in signature.parameters if p.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)}
        return known and followed, taken | more | names | {d.old for d in function.deprecations}, through

    def _callee(self, home: _Home, function: Function, text: str) -> tuple[Resolution, str] | None:
        """What a callee written in a body means: `self.x`, `super().x`, a module-level name; and its receiver."""
        head, _, name = text.partition(".")
        receiver = ""
        if head in ("self", "cls") and name and home.receiver:
            receiver = home.receiver
            found = self.resolve(f"{receiver}.{name}")
        elif head == "super()" and home.receiver:
            receiver = home.receiver
            order = self.mro(receiver)
            above = next((i + 1 for i, ref in enumerate(order) if ref.path == home.definer), len(order))
            bases = [ref for ref in order[above:] if ref.definition is None or name in ref.definition.methods]
            if not bases or bases[0].definition is None:
                return None
            found = self.resolve(f"{bases[0].path}.{name}")
        else:
            parsed = dotted(ast.parse(text, mode="eval").body) if text.isascii() and "…" not in text else None
            if parsed is None or function.signature.get(head) is not None:
                return None
            outcome, _ = self._local(home.module, parsed)
            if not isinstance(outcome, _Place) or outcome.external:
                return None
            found = self.resolve(outcome.path)
        return (found, receiver) if found.found and not found.external else None

    def _typed_keywords(self, module: str, variable: Parameter) -> set[str] | None:
        """The fields of `Unpack[SomeTypedDict]`; None where that names something that is not known."""
        annotation = variable.annotation or ""
        if "Unpack[" not in annotation:
            return set()
        name = annotation.partition("Unpack[")[2].rstrip("]\"' ").lstrip("\"'")
        outcome, _ = self._local(module, name)
        if not isinstance(outcome, _Place) or not isinstance(outcome.definition, Class):
            return None
        order = self._mro(outcome)
        if not all(ref.known or ref.path in _FIELD_MAKERS for ref in order):
            return None
        fields = (a for ref in order if ref.definition is not None for a in ref.definition.attributes)
        return {field.name for field in fields if field.annotation is not None}

    def _decorated(self, module: str, function: Function) -> tuple[bool, set[str]]:
        """What decorators' wrappers do to the keywords before the function sees them.

        Returns:
            Whether all of it is known (`accepts_precomputed_kwargs` renames what it is given), and the keywords that
            are taken out (`can_return_tuple`: `return_dict`).
        """
        known = True
        found: set[str] = set()
        for text in function.decorators:
            name = text.partition("(")[0]
            # What `deprecate_kwarg` takes is in the function's deprecations.
            if not name.replace(".", "").replace("_", "").isalnum() or name.endswith("deprecate_kwarg"):
                continue
            outcome, _ = self._local(module, name)
            if isinstance(outcome, _Place) and isinstance(outcome.definition, Function):
                known = known and not outcome.definition.body.escapes
                found.update(outcome.definition.body.taken)
        return known, found


_FIELD_MAKERS = frozenset({"typing.NamedTuple", "typing.TypedDict", "typing_extensions.TypedDict"})
_KNOWN_ROOTS = frozenset({"typing", "collections", "enum", "math"})
_MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__path__", "__doc__", "__spec__", "__dict__", "__all__", "__package__"}
)


def _alias_of(entries: Mapping[str, Entry]) -> tuple[str, str] | None:
    entry = entries.get("@alias-of")
    if entry is None:
        return None
    target, mode = json.loads(entry.surface)
    return target, mode


def _key(found: Resolution) -> str:
    return found.canonical.removeprefix(f"{found.module}.")


def _bound(definition: Definition | None) -> Function | None:
    if not isinstance(definition, Function):
        return None
    return Function(
        definition.name,
        definition.signature.without_first(),
        definition.decorators,
        definition.deprecations,
        definition.body,
        definition.flags,
    )


def _field_default(attribute: Assignment) -> str | None:
    value = attribute.value
    if value is None or not value.startswith(("field(", "dataclasses.field(")):
        return value
    return value if "default" in value else None


def _merged(orders: list[list[ClassRef]]) -> Iterator[ClassRef]:
    """The C3 merge; where the orders contradict each other, what is left in depth-first order."""
    pending = [list(order) for order in orders if order]
    while pending:
        tails = {ref.path for order in pending for ref in order[1:]}
        head = next((order[0] for order in pending if order[0].path not in tails), pending[0][0])
        yield head
        pending = [rest for order in pending if (rest := [ref for ref in order if ref.path != head.path])]
