"""One Python file as entries of the history: what its import binds, defines and exports."""

from __future__ import annotations

import ast
import json
import re
import sys

from .expressions import SourceText, assumes_dependency, constant_string, dotted, truth, unpacked
from .function_bodies import BodyReader
from .model import Assignment, Class, Entry, Function, Import, Kind, Parameter, Signature, decode, encode
from .parsing import Unreadable, parse
from .source_patterns import (
    answering_module,
    deprecate_kwarg,
    frozen,
    globbed,
    items,
    membership,
    mirrored_module,
    named_tuple,
    string_items,
    strings,
    undocumented,
    without_last,
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# `except*` is of Python 3.11.
_TRIES = (ast.Try, *((ast.TryStar,) if sys.version_info >= (3, 11) else ()))
_ALIAS_MAKER = re.compile(r"_create_\w*alias$")


def read_module(source: bytes, module: str, *, is_package: bool = False, is_stub: bool = False) -> list[Entry]:
    """The entries of one file.

    Args:
        source: The file's bytes; a PEP 263 cookie or a byte order mark is honoured.
        module: The dotted name that the file is imported by.
        is_package: The file is an `__init__`.
        is_stub: The file is a `.pyi`.

    Returns:
        Entries sorted by key; see `Reader` for the keys that begin with `@`.

    Raises:
        Unreadable: The text is not Python that this interpreter can parse.
    """
    tree, text = parse(source)
    reader = Reader(SourceText(text), module, is_package, is_stub)
    try:
        reader.module(tree)
    except RecursionError:
        raise Unreadable("expressions are nested too deeply") from None
    return reader.entries()


class Reader:
    """Reads one module's statements in the order they run.

    Beside definitions and imports under their own names, entries hold:
    `@star:MODULE` a star import; `@all` the literal `__all__`; `@lazy` a `_LazyModule` takes the module's place
    (`["structure"]` or `["files"]`, the latter for `define_import_structure`); `@lazy:SUBMODULE` names of a literal
    `_import_structure`; `@alias:NAME` a module made under another name; `@fast-modules` the alias modules made for
    `image_processing_*`; `@suffixes` what a lazy module's `__getattr__` strips; `@keys:NAME` the text values of a dict
    literal; `@getattr` and `@getattr:NAME` what a module's `__getattr__` answers; `@dynamic` names made by running.

    Args:
        text: The file's source text.
        module: Its dotted name.
        is_package: Whether it is an `__init__`.
        is_stub: Whether it is a `.pyi`.
    """

    def __init__(self, text: SourceText, module: str, is_package: bool, is_stub: bool) -> None:
        self._text = text
        self._module = module
        self._package = module if is_package else module.rpartition(".")[0]
        self._stub = is_stub
        self._bodies = BodyReader(text)
        self._entries: dict[str, tuple[str, str]] = {}
        self._all: list[str] | None = None
        self._dicts: dict[str, ast.Dict] = {}
        self._lists: dict[str, list[str]] = {}
        self._structure: dict[str, dict[str, None]] | None = None
        self._module_getattr: ast.FunctionDef | None = None

    def entries(self) -> list[Entry]:
        return [Entry(key, surface, body) for key, (surface, body) in sorted(self._entries.items())]

    def module(self, tree: ast.Module) -> None:
        self._statements(tree.body)
        if self._all is not None:
            self._fact("@all", sorted(set(self._all)))
        for submodule, names in (self._structure or {}).items():
            self._fact(f"@lazy:{submodule}", sorted(names))
        self._registries()
        if self._module_getattr is not None:
            self._answers(self._module_getattr)

    def _fact(self, key: str, value: object) -> None:
        # A text in the source may be no name at all; the history keeps a key as one line.
        if key.isprintable():
            self._entries[key] = (json.dumps(value, ensure_ascii=False, separators=(",", ":")), "")

    def _bind(self, key: str, definition: Function | Class | Assignment | Import) -> None:
        self._entries[key] = encode(definition)

    # Statements

    def _statements(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                self._function(node, "")
            elif isinstance(node, ast.ClassDef):
                self._class(node, "")
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                self._assign(node)
            elif isinstance(node, ast.If):
                self._if(node)
            elif isinstance(node, _TRIES):
                self._try(node)
            elif isinstance(node, (ast.With, ast.For, ast.While)):
                self._block(node)
            elif isinstance(node, ast.Match):
                for case in node.cases:
                    self._statements(case.body)
            elif isinstance(node, ast.Delete):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._entries.pop(target.id, None)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._call(node.value)

    def _if(self, node: ast.If) -> None:
        known = truth(node.test)
        if known is not None and assumes_dependency(node.test):
            # The other branch's names are there where the dependency is not.
            self._placeholders(node.orelse if known else node.body)
        if known is not True:
            self._statements(node.orelse)
        if known is not False:
            # Where both may run, the first branch's binding is the one kept.
            self._statements(node.body)

    def _placeholders(self, body: list[ast.stmt]) -> None:
        """Statements whose names count only where nothing else binds them, and whose exports are placeholders."""
        structure, self._structure = self._structure, None
        self._statements(body)
        self._structure = structure

    def _try(self, node: ast.Try) -> None:
        """Handlers first: their names count only where the `try` binds none, and what they export are placeholders."""
        before = dict(self._entries)
        for handler in node.handlers:
            self._placeholders(handler.body)
        self._statements([*node.body, *node.orelse, *node.finalbody])
        for key, texts in before.items():
            if node.handlers and self._is_substitute(self._entries.get(key, texts), texts):
                self._entries[key] = texts

    def _is_substitute(self, later: tuple[str, str], earlier: tuple[str, str]) -> bool:
        """Whether a `try` binds anew what is bound already, from a place that is seldom there."""
        if later == earlier:
            return False
        # `try: T5LayerNorm = apex…` after `class T5LayerNorm`; `try: from .other import f` after `def f`.
        if earlier[0].startswith('["c"'):
            return True
        root = self._module.partition(".")[0]
        return later[0].startswith('["i",') and json.loads(later[0])[1].partition(".")[0] == root

    def _block(self, node: ast.With | ast.For | ast.While) -> None:
        if isinstance(node, ast.For):
            starred = mirrored_module(node)
            if starred is not None:
                self._star(self._known_module(starred), "dir")
                return
            pattern = globbed(node)
            if pattern is not None:
                self._fact("@fast-modules", ["stub", pattern])
                return
            if isinstance(node.target, ast.Name) and self._fills_structure(node):
                return
            self._targets(node.target)
        elif isinstance(node, ast.With):
            for item in node.items:
                if item.optional_vars is not None:
                    self._targets(item.optional_vars)
        self._statements(node.body)

    def _targets(self, target: ast.expr) -> None:
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                self._bind(part.id, Assignment(part.id, "…"))

    def _known_module(self, name: str) -> str:
        """The absolute module that a dotted local name stands for."""
        head, _, rest = name.partition(".")
        text = self._entries.get(head)
        if text is not None:
            tag, *fields = json.loads(text[0])
            if tag == "i":
                base = fields[0] if len(fields) < 2 or not fields[1] else f"{fields[0]}.{fields[1]}"
                return f"{base}.{rest}" if rest else base
        return name

    # Imports

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname:
                self._bind(alias.asname, Import(alias.asname, alias.name))
            else:
                head = alias.name.partition(".")[0]
                self._bind(head, Import(head, head))

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = self._absolute(node)
        for alias in node.names:
            if alias.name == "*":
                self._star(module, "import")
            else:
                self._bind(alias.asname or alias.name, Import(alias.asname or alias.name, module, alias.name))

    def _star(self, module: str, how: str) -> None:
        # Where two bring the same name, the later one wins.
        position = sum(key.startswith("@star:") for key in self._entries)
        self._fact(f"@star:{module}", [how, position])

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self._package.split(".") if self._package else []
        base = ".".join(parts[: len(parts) - node.level + 1])
        return f"{base}.{node.module}" if node.module else base

    # Assignments

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                self._name(target.id, node)
            elif isinstance(target, (ast.Tuple, ast.List)):
                for part in unpacked(target):
                    if isinstance(part, ast.Name):
                        self._bind(part.id, Assignment(part.id, "…"))
            elif isinstance(target, ast.Subscript):
                self._subscript(target, node.value, added=isinstance(node, ast.AugAssign))

    def _name(self, name: str, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        value = node.value
        if name == "__all__":
            self._exported(value, added=isinstance(node, ast.AugAssign))
        elif name in ("_import_structure", "import_structure") and isinstance(value, ast.Dict):
            self._structure = {}
            for key, names in zip(value.keys, value.values, strict=True):
                if (submodule := constant_string(key)) is not None:
                    self._structure[submodule] = dict.fromkeys(strings(names))
        elif name == "_import_structure" and isinstance(value, ast.DictComp):
            return
        elif name == "import_structure" and isinstance(value, ast.Call):
            if (dotted(value.func) or "").endswith("define_import_structure"):
                self._fact("@lazy:", self._prefix(value))
        elif name == "__getattr__" and isinstance(value, ast.Call):
            self._deprecated_attributes(value)
        else:
            if isinstance(value, ast.Dict):
                self._dicts[name] = value
            elif value is not None and (listed := strings(frozen(value))):
                self._lists[name] = listed
            if name == "_LEGACY_MODULE_ALIASES" and isinstance(value, ast.Dict):
                for alias, target in string_items(value):
                    self._fact(f"@alias:{self._package}.{alias}", [f"{self._package}.{target}", "finder"])
            if isinstance(value, ast.Call) and "image_processing_(?!pil_)" in self._text.of(value):
                self._fact("@fast-modules", ["finder", "image_processing_(?!pil_)*.py"])
            if (fields := named_tuple(value)) is not None:
                self._bind(name, Class(name, ("typing.NamedTuple",), attributes=fields))
            elif not self._wraps_itself(name, value):
                self._bind(name, self._assignment(name, node))

    def _wraps_itself(self, name: str, value: ast.expr | None) -> bool:
        """`AutoModel = auto_class_update(AutoModel)`: a decorator written as a call, so the definition stays."""
        if not isinstance(value, ast.Call) or name not in self._entries:
            return False
        return any(dotted(argument) == name for argument in value.args) and self._entries[name][0][2] in "cf"

    def _prefix(self, call: ast.Call) -> list[str]:
        prefix = next((constant_string(k.value) for k in call.keywords if k.arg == "prefix"), None)
        return [prefix or ""]

    def _assignment(self, name: str, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Assignment:
        annotation = self._text.short(node.annotation) if isinstance(node, ast.AnnAssign) else None
        if node.value is None:
            return Assignment(name, None, annotation)
        return Assignment(name, self._text.short(node.value), annotation, dotted(undocumented(node.value)))

    def _exported(self, value: ast.expr | None, *, added: bool) -> None:
        names = strings(value) if value is not None else []
        self._all = [*(self._all or []), *names] if added else names
        if value is not None and not isinstance(value, (ast.List, ast.Tuple)):
            # `__all__ = a.__all__ + […]`: only the literal part is known.
            self._fact("@all-open", 1)

    def _subscript(self, target: ast.Subscript, value: ast.expr | None, *, added: bool) -> None:
        owner = dotted(target.value)
        key = constant_string(target.slice)
        if owner == "_import_structure" and self._structure is not None and key is not None and value is not None:
            names = dict.fromkeys(strings(value))
            self._structure[key] = {**self._structure.get(key, {}), **names} if added else names
        elif (
            owner == "sys.modules" and isinstance(value, ast.Call) and (dotted(value.func) or "").endswith("LazyModule")
        ):
            self._lazy(value)
        elif owner == "sys.modules" and dotted(target.slice) == "__name__" and isinstance(value, ast.Call):
            self._stands_in(dotted(value.func) or "")
        elif isinstance(target.value, ast.Call) and dotted(target.value.func) == "globals":
            self._fact("@dynamic", 1)

    def _lazy(self, call: ast.Call) -> None:
        structure = call.args[2] if len(call.args) > 2 else None
        how = "structure"
        if isinstance(structure, ast.Call):
            how = "files"
        extra = next((k.value for k in call.keywords if k.arg == "extra_objects"), None)
        names = [key for key, _ in items(extra)] if isinstance(extra, ast.Dict) else []
        self._fact("@lazy", [how, names])

    def _stands_in(self, name: str) -> None:
        """An instance takes the module's place, as in `torch.backends.cudnn`: its class's members are the module's."""
        surface, _ = self._entries.get(name, ("", ""))
        if surface.startswith('["c"'):
            standing = decode(name, surface)
            assert isinstance(standing, Class)
            for member in (*(attribute.name for attribute in standing.attributes), *standing.methods):
                if member not in self._entries and not member.startswith("__"):
                    self._bind(member, Assignment(member, "…"))

    # Calls at module level

    def _call(self, call: ast.Call) -> None:
        callee = dotted(call.func) or ""
        if callee.startswith("_import_structure") or (
            isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Subscript)
        ):
            self._extend_structure(call)
        elif callee.startswith("__all__.") and call.args:
            self._all = [*(self._all or []), *strings(call.args[0])]
        elif _ALIAS_MAKER.search(callee) and len(call.args) == 2:
            alias, target = (self._own_name(argument) for argument in call.args)
            if alias and target:
                absolute = f"{self._package}{target}" if target.startswith(".") else target
                self._fact(f"@alias:{alias}", [absolute, "stub"])
        elif (
            callee in ("globals.update", "vars.update")
            or (
                isinstance(call.func, ast.Attribute)
                and isinstance(call.func.value, ast.Call)
                and dotted(call.func.value.func) in ("globals", "vars", "locals")
            )
            or (callee == "setattr" and call.args and "sys.modules" in self._text.of(call.args[0]))
        ):
            self._fact("@dynamic", 1)

    def _own_name(self, node: ast.expr) -> str | None:
        """A literal, or an f-string in which only `__name__` is put in."""
        if isinstance(node, ast.JoinedStr):
            parts = []
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    if dotted(part.value) != "__name__":
                        return None
                    parts.append(self._module)
                else:
                    parts.append(constant_string(part) or "")
            return "".join(parts)
        return constant_string(node)

    def _extend_structure(self, call: ast.Call) -> None:
        if self._structure is None or not isinstance(call.func, ast.Attribute) or not call.args:
            return
        owner = call.func.value
        if isinstance(owner, ast.Subscript) and dotted(owner.value) == "_import_structure":
            key = constant_string(owner.slice)
            names = strings(call.args[0]) if call.func.attr == "extend" else [constant_string(call.args[0]) or ""]
            if key is not None:
                self._structure.setdefault(key, {}).update(dict.fromkeys(n for n in names if n))
        elif call.func.attr == "setdefault" and (key := constant_string(call.args[0])) is not None:
            self._structure.setdefault(key, {})

    def _fills_structure(self, node: ast.For) -> bool:
        """The loop that adds alias names as empty keys of the structure (transformers 5.21.0 on)."""
        return "_import_structure.setdefault" in "".join(
            self._text.of(s.value) for s in node.body if isinstance(s, ast.Expr)
        )

    # Functions and classes

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> None:
        key = f"{owner}.{node.name}" if owner else node.name
        decorators = tuple(self._text.short(d) for d in node.decorator_list)
        if key == "__getattr__" and isinstance(node, ast.FunctionDef):
            self._module_getattr = node
        overload = any(d.rsplit(".", 1)[-1] == "overload" for d in decorators)
        if overload and not self._stub:
            return
        if overload and key in self._entries:
            count = 1
            while f"{key}@{count}" in self._entries:
                count += 1
            key = f"{key}@{count}"
        if any(d.endswith((".setter", ".deleter")) for d in decorators):
            return
        body, flags, warned = self._bodies.read(node)
        deprecations = [d for decorator in node.decorator_list if (d := deprecate_kwarg(decorator))]
        if isinstance(node, ast.AsyncFunctionDef):
            flags |= {"async"}
        if overload:
            flags |= {"overload"}
        signature = Signature(self._parameters(node.args), self._text.short(node.returns) if node.returns else None)
        self._bind(key, Function(node.name, signature, decorators, (*deprecations, *warned), body, flags))

    def _parameters(self, arguments: ast.arguments) -> tuple[Parameter, ...]:
        short = self._text.short
        positional = [*arguments.posonlyargs, *arguments.args]
        first_default = len(positional) - len(arguments.defaults)
        found = []
        for index, argument in enumerate(positional):
            kind = Kind.POSITIONAL_ONLY if index < len(arguments.posonlyargs) else Kind.POSITIONAL_OR_KEYWORD
            default = short(arguments.defaults[index - first_default]) if index >= first_default else None
            found.append(
                Parameter(argument.arg, kind, default, short(argument.annotation) if argument.annotation else None)
            )
        for star, kind in ((arguments.vararg, Kind.VAR_POSITIONAL), (arguments.kwarg, Kind.VAR_KEYWORD)):
            if kind is Kind.VAR_KEYWORD:
                for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
                    annotation = short(argument.annotation) if argument.annotation else None
                    default = short(value) if value is not None else None
                    found.append(Parameter(argument.arg, Kind.KEYWORD_ONLY, default, annotation))
            if star is not None:
                found.append(Parameter(star.arg, kind, None, short(star.annotation) if star.annotation else None))
        return tuple(found)

    def _class(self, node: ast.ClassDef, owner: str) -> None:
        key = f"{owner}.{node.name}" if owner else node.name
        attributes: dict[str, Assignment] = {}
        methods: dict[str, None] = {}
        self._class_body(node.body, key, attributes, methods)
        self._bind(
            key,
            Class(
                node.name,
                tuple(self._text.short(b) for b in node.bases),
                tuple((k.arg or "**", self._text.short(k.value)) for k in node.keywords),
                tuple(self._text.short(d) for d in node.decorator_list),
                tuple(attributes.values()),
                tuple(methods),
            ),
        )
        if node.name == "_LazyModule":
            self._suffixes(node)

    def _class_body(
        self, body: list[ast.stmt], owner: str, attributes: dict[str, Assignment], methods: dict[str, None]
    ) -> None:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                self._function(node, owner)
                if f"{owner}.{node.name}" in self._entries:
                    methods[node.name] = None
                    attributes.pop(node.name, None)
            elif isinstance(node, ast.ClassDef):
                self._class(node, owner)
                methods[node.name] = None
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    for part in unpacked(target):
                        if isinstance(part, ast.Name):
                            whole = part is target
                            attributes[part.id] = self._assignment(part.id, node) if whole else Assignment(part.id, "…")
                            if methods.pop(part.id, 0) is None:
                                self._entries.pop(f"{owner}.{part.id}", None)
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                for alias in node.names:
                    bound = alias.asname or alias.name
                    # `@` marks a path from the root: it is not looked up in this module.
                    attributes[bound] = Assignment(bound, None, None, f"@{module}.{alias.name}")
            elif isinstance(node, ast.If):
                known = truth(node.test)
                if known is not True:
                    self._class_body(node.orelse, owner, attributes, methods)
                if known is not False:
                    self._class_body(node.body, owner, attributes, methods)
            elif isinstance(node, ast.Try):
                self._class_body([*node.body, *node.orelse], owner, attributes, methods)
            elif isinstance(node, ast.With):
                self._class_body(node.body, owner, attributes, methods)

    # Mechanisms that make names

    def _suffixes(self, node: ast.ClassDef) -> None:
        """The endings that `_LazyModule.__getattr__` tests, and whether it asks the slow-to-fast converters."""
        found: set[str] = set()
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "endswith":
                found.update(c for argument in inner.args if (c := constant_string(argument)) is not None)
            elif isinstance(inner, ast.Name) and inner.id == "SLOW_TO_FAST_CONVERTERS":
                found.add("@converters")
        if found:
            self._fact("@suffixes", sorted(found))

    def _registries(self) -> None:
        """Dict literals that name objects: what a `__getattr__` or a factory looks up at run time."""
        for name, node in self._dicts.items():
            if name not in self._entries or not node.keys:
                continue
            named = [(key, target) for key, value in items(node) if (target := dotted(value)) is not None]
            if len(named) == len(node.keys) and len(named) > 1 and name.isupper():
                self._fact(f"@keys:{name}", dict(named))
            elif self._module_getattr is not None:
                self._fact(f"@keys:{name}", dict(string_items(node)))

    def _deprecated_attributes(self, call: ast.Call) -> None:
        """`__getattr__ = deprecate_attr(__name__, remove={…}, rename={…})`, transformers 5.23.0."""
        if not (dotted(call.func) or "").endswith("deprecate_attr"):
            self._fact("@getattr", "?")
            return
        for keyword in call.keywords:
            if isinstance(keyword.value, ast.Dict):
                for name, value in items(keyword.value):
                    first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
                    self._fact(f"@getattr:{name}", dotted(first) or "?")
            else:
                self._fact("@getattr", "?")

    def _answers(self, node: ast.FunctionDef) -> None:
        """A module `__getattr__` that looks names up in a literal and takes them from a module, else raises."""
        parameter = node.args.args[0].arg if node.args.args else ""
        known = bool(node.body) and isinstance(node.body[-1], ast.Raise)
        for statement in without_last(node.body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            table = membership(statement, parameter)
            names = self._table(table) if table else None
            if names is None or not isinstance(statement, ast.If):
                known = False
                continue
            source = answering_module(statement.body)
            for name, value in names.items():
                target = self._absolute(source) if source is not None else value
                if source is not None and not source.module:
                    target = f"{target}.{source.names[0].name}"
                self._fact(f"@getattr:{name}", f"{target}:{name}" if target else "?")
        if not known:
            self._fact("@getattr", "?")

    def _table(self, name: str) -> dict[str, str] | None:
        node = self._dicts.get(name)
        if node is not None:
            return dict(string_items(node))
        return dict.fromkeys(self._lists[name], "") if name in self._lists else None
