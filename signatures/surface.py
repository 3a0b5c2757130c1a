"""One release as its users meet it: what a dotted path means when it is imported, and what a call must look like."""

from __future__ import annotations

from collections import defaultdict

from .acceptance import Acceptance, Keywords
from .classes import Classes, ClassRef
from .member_names import MemberNames, WholeRelease
from .model import Assignment, Class, Function, HookCall, Hop, Parameter, Resolution, Signature, Status
from .names import Modules, Place, Snapshot

__all__ = ["Acceptance", "ClassRef", "Modules", "Snapshot", "Surface"]


class Surface(Classes):
    """One release of one upstream.

    Args:
        upstream: The distribution's name.
        version: The release.
        modules: Where its modules are read.
        others: Surfaces of other upstreams that this one builds on (torch, for transformers).

    Attributes:
        members: Which of its classes have a member of some name; None where not all of the release is at hand.
    """

    def __init__(self, upstream: str, version: str, modules: Modules, others: tuple[Surface, ...] = ()) -> None:
        super().__init__(modules, others)
        self.upstream = upstream
        self.version = version
        self._keywords = Keywords(self)
        self._overloaded: dict[str, dict[str, list[str]]] = {}
        self.members = MemberNames(modules) if isinstance(modules, WholeRelease) else None

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
        place: Place = Place(walked, "", None)
        hops: list[Hop] = []
        inside = ""
        for name in rest:
            walked = f"{walked}.{name}"
            outcome, steps = self.step(place, name)
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
        return self.order(Place(found.module, _key(found), found.definition))

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
        keys = [key, *self._further_overloads(found.module).get(key, ())]
        definitions = (self.definition(found.module, each) for each in keys)
        return tuple(d for d in definitions if isinstance(d, Function))

    def _further_overloads(self, module: str) -> dict[str, list[str]]:
        """The keys of a module's overloads, by the key of the first one of each."""
        if module not in self._overloaded:
            keys = self._overloaded[module] = defaultdict(list)
            for other in sorted(self._modules.entries(module) or ()):
                base, mark, _ = other.partition("@")
                if mark and base:
                    keys[base].append(other)
        return self._overloaded[module]

    def constructor(self, found: Resolution) -> Function | None:
        """How an instance of the class is made: `__init__`, `__new__`, or what its fields make; `self` left out."""
        if not isinstance(found.definition, Class):
            return None
        return self.construct(Place(found.module, _key(found), found.definition))

    def fields(self, found: Resolution) -> tuple[Parameter, ...]:
        """The fields of a dataclass, NamedTuple or TypedDict, bases first, as parameters of its constructor."""
        assert isinstance(found.definition, Class)
        return self.fields_of(ClassRef(found.canonical, found.module, _key(found), found.definition))

    def accepts(self, found: Resolution, *, through_instance: bool = False) -> Acceptance | None:
        """What a call may pass, `**` parameters followed to where they end.

        Args:
            found: A resolution of a function, method or class.
            through_instance: A method is called on an instance.
        """
        return self._keywords.accepts(found, through_instance=through_instance)

    def hook_calls(self, class_path: str, method: str) -> list[tuple[str, HookCall]]:
        """Calls of `self.method(…)` in the methods of a class and its bases, each with the path of its caller."""
        found: list[tuple[str, HookCall]] = []
        for ref in self.mro(class_path):
            if ref.definition is None:
                continue
            for name in ref.definition.methods:
                function = self.definition(ref.module, f"{ref.key}.{name}")
                if isinstance(function, Function):
                    found += ((f"{ref.path}.{name}", hook) for hook in function.body.hooks if hook.name == method)
        return found

    def _root(self, path: str) -> tuple[str, list[str]]:
        """The module that a path begins at: its first name, or a namespace of operators."""
        parts = path.split(".")
        namespace = ".".join(parts[:3])
        if path.startswith("torch.ops.") and self.module_exists(namespace):
            return namespace, parts[3:]
        return parts[0], parts[1:]


def _key(found: Resolution) -> str:
    return found.canonical.removeprefix(f"{found.module}.")
