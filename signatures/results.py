"""What a value is: of what class a call's result, a property or an attribute is, as far as the source tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from .changes.factories import promised_class, promised_result
from .changes.returned_names import returned_name
from .expressions import dotted
from .model import Assignment, Class, Function, Parameter, Resolution
from .names import DEEPEST, Place

if TYPE_CHECKING:
    from .surface import Surface

# Decorators after which a call still gives what the function itself returns.
_TRANSPARENT = re.compile(
    r"(classmethod|staticmethod|property|cached_property|classproperty|wraps|override|cache|lru_cache"
    r"|auto_docstring|replace_return_docstrings|replace_list_option_in_docstrings|add_\w*docstrings?\w*"
    r"|deprecate_kwarg|restore_default_(torch_)?dtype|no_grad|inference_mode)$"
)
# The result object, or a tuple where the call or the config asks for one (`return_dict=False`).
_TUPLE_ON_REQUEST = re.compile(r"(can_return_tuple|capture_outputs|check_model_inputs|merge_with_config_defaults)$")
_MAKERS = re.compile(
    r"(from_pretrained|_?from_config|from_dict|from_json_file|from_args_and_dict|from_text_vision_configs)$"
)
_SELF = frozenset({"Self", "typing.Self", "typing_extensions.Self"})
_CALL = re.compile(r"([A-Za-z_][\w.]*)\(.*\)$", re.DOTALL)


class Instance(NamedTuple):
    """A value of a class of the release.

    Args:
        path: The canonical path of the class.
        exact: The value is of this class; otherwise it may be of a subclass.
        assumed: It is what a method sets an attribute to first; another branch of it may set something else.
    """

    path: str
    exact: bool = True
    assumed: bool = False


class Shape(NamedTuple):
    """Of what kind a call's result is.

    Args:
        kind: `tuple`, `tensor` or `object`, an output object of which `path` is the class.
        sizes: Of a tuple, the sizes that it can have; empty where they are not known.
        path: Of an output object.
    """

    kind: str
    sizes: frozenset[int] = frozenset()
    path: str = ""


class _At(NamedTuple):
    """A function, and the class that it is looked up on."""

    function: Function
    module: str
    definer: str
    receiver: Instance | None


class Results:
    """The values of one release.

    Args:
        surface: The release.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._known: dict[tuple[str, Instance | None], Instance | None] = {}

    def given(self, found: Resolution, receiver: Instance | None) -> Instance | None:
        """What a call gives; None where what is written does not tell.

        Args:
            found: A resolution of a class, function or method.
            receiver: What a method is called on, or the class whose method is called.
        """
        return self._given(found, receiver, 0)

    def annotated(self, path: str) -> Instance:
        """A value that is annotated with a class: of a factory, which has no instances, what it gives.

        Args:
            path: The canonical path of the class.
        """
        return Instance(promised_class(self._surface, path) or path, exact=False)

    def held(self, found: Resolution, receiver: Instance | None) -> Instance | None:
        """What a property, an attribute or a module's variable holds; None where what is written does not tell.

        Args:
            found: Its resolution.
            receiver: The instance or class whose member it is.
        """
        return self._held(found, receiver, 0)

    def shape(self, found: Resolution, receiver: Instance | None) -> Shape | None:
        """Of what kind the result of a call is, when it asks for no tuple; None where it cannot be told.

        Args:
            found: A resolution of a function or method.
            receiver: As for `given`.
        """
        function = found.definition
        if not isinstance(function, Function) or found.external or function.flags & {"async", "generator", "overload"}:
            return None
        names = _decorator_names(function)
        if not all(_TRANSPARENT.match(name) or _TUPLE_ON_REQUEST.match(name) for name in names):
            return None
        instance = self._given(found, receiver, 0)
        if instance is not None:
            return Shape("object", path=instance.path) if self._is_output(instance.path) else None
        annotated = self._output_or_tuple(function, found.module)
        if annotated is not None:
            return Shape("object", path=annotated)
        kinds = {_kind_of_word(word, found.canonical) for word in function.body.returns}
        if kinds == {"tuple"}:
            sizes = {word.partition(":")[2] for word in function.body.returns if word.startswith("tuple:")}
            known = all(word.startswith("tuple:") for word in function.body.returns) and "*" not in sizes
            return Shape("tuple", frozenset(map(int, sizes)) if known else frozenset())
        return Shape("tensor") if kinds == {"tensor"} else None

    def _output_or_tuple(self, function: Function, module: str) -> str | None:
        """The class `X` of `-> tuple | X`: what a call gives that does not ask for a tuple."""
        parts = list(_alternatives(function.signature.returns))
        classes = [part for part in parts if part.partition("[")[0].lower() != "tuple"]
        if len(parts) != 2 or len(classes) != 1:
            return None
        named = self._declared(classes[0], module, None)
        return named.path if named is not None and self._is_output(named.path) else None

    def _is_output(self, path: str) -> bool:
        return any(ref.path.endswith(".ModelOutput") for ref in self._surface.mro(path))

    def _given(self, found: Resolution, receiver: Instance | None, depth: int) -> Instance | None:
        if found.external or depth > DEEPEST // 4:
            return None
        if isinstance(found.definition, Class):
            return Instance(found.canonical)
        if not isinstance(found.definition, Function) or found.definition.is_property:
            return None
        promised = promised_result(self._surface, found, receiver.path if receiver is not None else "")
        if promised is not None:
            return Instance(promised, exact=False)
        if "overload" in found.definition.flags:
            return self._of_every_overload(found, receiver)
        return self._returned(_At(found.definition, found.module, found.inside, receiver), depth)

    def _of_every_overload(self, found: Resolution, receiver: Instance | None) -> Instance | None:
        """What each of several stated signatures is annotated to give."""
        stated = self._surface.overloads(found)
        given = {self._declared(f.signature.returns, found.module, receiver, _first(f)) for f in stated}
        return given.pop() if len(given) == 1 else None

    def _held(self, found: Resolution, receiver: Instance | None, depth: int) -> Instance | None:
        definition = found.definition
        if found.external or depth > DEEPEST // 4:
            return None
        if isinstance(definition, Function) and definition.is_property:
            return self._returned(_At(definition, found.module, found.inside, receiver), depth)
        if not isinstance(definition, Assignment):
            return None
        owner = found.canonical.rpartition(".")[0]
        if owner == found.module:
            made = self._constructed(definition.value, found.module, depth)
            return made or self._declared(definition.annotation, found.module, None)
        if receiver is None:
            return None
        return self._attribute(definition, found.module, owner, receiver, depth)

    def _attribute(
        self, definition: Assignment, module: str, owner: str, receiver: Instance, depth: int
    ) -> Instance | None:
        if definition.name == "config":
            own = self._config_class(receiver)
            if own is not None:
                return own
        declared = self._declared(definition.annotation, module, receiver)
        if declared is not None:
            return declared._replace(exact=False)
        values = set(self._values_set(owner, definition.name)) - {"None"}
        if len(values) != 1:
            return None
        value = values.pop()
        made = self._constructed(value, module, depth)
        if made is not None:
            return made._replace(exact=False, assumed=True)
        annotated = set(self._parameters_named(owner, definition.name, value))
        return self._declared(annotated.pop(), module, receiver) if len(annotated) == 1 else None

    def _config_class(self, receiver: Instance) -> Instance | None:
        """`config_class` of a model: `from_pretrained` and `AutoModel` make its `config` with it."""
        for ref in self._surface.mro(receiver.path):
            attribute = ref.definition.attribute("config_class") if ref.definition is not None else None
            if attribute is not None and attribute.target:
                outcome, _ = self._surface.local(ref.module, attribute.target)
                return Instance(outcome.path, exact=False) if _is_class(outcome) else None
        return None

    def _values_set(self, owner: str, name: str) -> Iterator[str]:
        for method in self._methods(owner):
            yield from (value for attribute, value in method.body.attributes if attribute == name)

    def _parameters_named(self, owner: str, attribute: str, name: str) -> Iterator[str | None]:
        """Annotations of the parameter that the methods which set an attribute from it have."""
        for method in self._methods(owner):
            if (attribute, name) in method.body.attributes:
                parameter = method.signature.get(name)
                yield parameter.annotation if parameter is not None else None

    def _methods(self, owner: str) -> Iterator[Function]:
        found = self._surface.resolve(owner)
        if isinstance(found.definition, Class):
            key = found.canonical.removeprefix(f"{found.module}.")
            for name in found.definition.methods:
                method = self._surface.definition(found.module, f"{key}.{name}")
                if isinstance(method, Function):
                    yield method

    def _constructed(self, value: str | None, module: str, depth: int) -> Instance | None:
        """The class of `Callee(…)`, as the source writes it; of other values nothing is known."""
        match = _CALL.match(value or "")
        if match is None or "…" in match[0] or match[1].startswith(("self.", "cls.")):
            return None
        try:
            parsed = ast.parse(match[0], mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        callee = dotted(parsed.func) if isinstance(parsed, ast.Call) else None
        if callee is None:
            return None
        outcome, _ = self._surface.local(module, callee)
        if _is_class(outcome):
            return Instance(outcome.path)
        if not isinstance(outcome, Place) or not isinstance(outcome.definition, Function) or outcome.external:
            return None
        owner, _ = self._surface.local(module, callee.rpartition(".")[0]) if "." in callee else (None, ())
        maker = self._surface.resolve(f"{owner.path}.{callee.rpartition('.')[2]}" if _is_class(owner) else outcome.path)
        return self._given(maker, Instance(owner.path) if _is_class(owner) else None, depth + 1)

    def _returned(self, at: _At, depth: int) -> Instance | None:
        key = (f"{at.module}:{at.definer}:{at.function.name}", at.receiver)
        if key not in self._known:
            # What gives what itself gives is not known.
            self._known[key] = None
            self._known[key] = self._read(at, depth)
        return self._known[key]

    def _read(self, at: _At, depth: int) -> Instance | None:
        function = at.function
        if function.flags & {"async", "generator", "overload"} or function.body.raises is not None:
            return None
        names = _decorator_names(function)
        if not all(_TRANSPARENT.match(name) or _TUPLE_ON_REQUEST.match(name) for name in names):
            return None
        by_body = self._of_body(at, depth)
        if by_body is not None:
            tuples = any(_TUPLE_ON_REQUEST.match(name) for name in names)
            return by_body._replace(exact=by_body.exact and not tuples)
        if at.receiver is not None and self._makes_own(at):
            return at.receiver
        return self._declared(function.signature.returns, at.module, at.receiver, _first(function))

    def _makes_own(self, at: _At) -> bool:
        """`from_pretrained` of a class gives an instance of it, whatever local name it is returned by."""
        if not at.function.decorated_with("classmethod") or not _MAKERS.match(at.function.name):
            return False
        return all(
            word.startswith(("name:", "call:cls", "tuple:")) or word == "None" for word in at.function.body.returns
        )

    def _of_body(self, at: _At, depth: int) -> Instance | None:
        words = set(at.function.body.returns) - {"None"}
        values = {self._of_word(word, at, depth) for word in words}
        return values.pop() if len(values) == 1 else None

    def _of_word(self, word: str, at: _At, depth: int) -> Instance | None:
        if word == "self":
            return at.receiver
        kind, _, text = word.partition(":")
        if kind != "call":
            return None
        if text in ("cls", "self.__class__"):
            return at.receiver
        head, _, rest = text.partition(".")
        if head in ("self", "cls"):
            return self._of_own(rest, at, depth) if at.receiver is not None else None
        if at.function.signature.get(head) is not None:
            return None
        outcome, _ = self._surface.local(at.module, text)
        if not isinstance(outcome, Place) or outcome.external:
            return None
        found = self._surface.resolve(outcome.path)
        receiver = Instance(outcome.path.rpartition(".")[0]) if "." in text else None
        return self._given(found, receiver, depth + 1)

    def _of_own(self, steps: str, at: _At, depth: int) -> Instance | None:
        """What `self.a.b(…)` gives."""
        receiver = at.receiver
        *held, called = steps.split(".")
        for name in held:
            if receiver is None:
                return None
            receiver = self._held(self._surface.member(receiver.path, name), receiver, depth + 1)
        if receiver is None:
            return None
        return self._given(self._surface.member(receiver.path, called), receiver, depth + 1)

    def _declared(
        self, annotation: str | None, module: str, receiver: Instance | None, first: Parameter | None = None
    ) -> Instance | None:
        """A value that is annotated with one class, None beside it left out."""
        parts = [part for part in _alternatives(annotation) if part != "None"]
        if len(parts) != 1:
            return None
        text = parts[0]
        if text in _SELF or (receiver is not None and first is not None and _of_first(text, first)):
            return receiver
        if not text.replace(".", "").replace("_", "").isalnum():
            return None
        outcome, _ = self._surface.local(module, text)
        return self.annotated(outcome.path) if _is_class(outcome) else None


def _decorator_names(function: Function) -> list[str]:
    return [text.partition("(")[0].rpartition(".")[2] for text in function.decorators]


def _kind_of_word(word: str, function: str) -> str | None:
    """The kind of what one `return` gives; see `Body.returns`."""
    kind, _, text = word.partition(":")
    if kind == "tuple":
        return "tuple"
    return returned_name(function, text) if kind == "name" else None


def _alternatives(annotation: str | None) -> Iterator[str]:
    """The parts of `A | B`, `Union[A, B]` and `Optional[A]`, quotes left out; nothing where it cannot be read."""
    if annotation is None or "…" in annotation:
        return
    try:
        parsed = ast.parse(annotation, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _parts(parsed)


def _parts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _alternatives(node.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, ast.Subscript) and (dotted(node.value) or "").rpartition(".")[2] in ("Union", "Optional"):
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            yield from _parts(part)
    else:
        yield ast.unparse(node)


def _first(function: Function) -> Parameter | None:
    return next(iter(function.signature.parameters), None)


def _of_first(variable: str, first: Parameter) -> bool:
    """Whether a type variable is that of `cls: type[T]` or `self: T`."""
    return first.annotation is not None and re.search(rf"\b{re.escape(variable)}\b", first.annotation) is not None


def _is_class(outcome: object) -> TypeGuard[Place]:
    return isinstance(outcome, Place) and not outcome.external and isinstance(outcome.definition, Class)
