"""Operator schemas: the texts that operators are registered with, read without loading what registers them.

An operator of `torch.ops.NAMESPACE` is a packet of overloads. In the entries of that module its default overload has
the key `name`, any other one `name@overload` (`add@Tensor` is `torch.ops.aten.add.Tensor`). A packet without a default
overload has the key `name` all the same: an assignment without a value, annotated `OpOverloadPacket`. An overload whose
schema is not stated is an assignment annotated `OpOverload`. The signatures of a packet that has another overload than
the default one carry the flag `overload`: a call runs the first overload that its arguments bind to.

Annotations and returns are schema types (`Tensor(a!)`, `int[]?`). Defaults are Python expressions of the value that
`torch._C.parse_schema` gives them: `float eps=1e-5` and `float eps=0.00001` are one default, and so are
`int[2] stride=1` and `int[2] stride=[1, 1]`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from .errors import DriftError
from .expressions import constant_string, dotted
from .model import Assignment, Body, Entry, Function, Kind, Parameter, Resolution, Signature, encode

ATEN_YAML = "torchgen/packaged/ATen/native/native_functions.yaml"
NPU_LIBRARY = "torch_npu/lib/libtorch_npu.so"
# The modules that register operators from Python when torch_npu is imported. Others (`_inductor`, `torchair`) do so
# when a compiler backend is used.
NPU_MODULES = ("torch_npu/npu/graphs.py", "torch_npu/npu/utils.py")

_HEAD = re.compile(r"\s*(?:(\w+)::)?([A-Za-z_]\w*)(?:\.(\w+))?(?=\()", re.ASCII)
_ARROW = re.compile(r"\s*->\s*")
_TOKEN = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|["'(),\[\]]""")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TYPE = r"(?:[A-Za-z_][\w.]*|\([^()]*\))(?:\([^()]*\)|\[\d*\]|\?)*"
_DECLARED = re.compile(rf"({_TYPE})\s+([A-Za-z_]\w*)", re.ASCII)
_RETURNED = re.compile(rf"({_TYPE})(?:\s+[A-Za-z_]\w*)?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ALIASING = re.compile(r"\([^()]*\)")
_SIZED = re.compile(r"\[(\d)\]$", re.ASCII)
_LONGEST = 1 << 14
_YAML_SCHEMA = re.compile(r"^- func: (.+?)\s*$", re.MULTILINE)
_YAML_GENERATED = re.compile(r"^  autogen: (.+?)\s*$", re.MULTILINE)


class InvalidSchema(DriftError):
    """A text that is not an operator schema, or a file in which none is found."""


class Schema(NamedTuple):
    """One overload of an operator.

    Args:
        namespace: The part before `::`.
        name: The operator's name.
        overload: The overload's name; "" for the default one.
        function: Parameters, returns and what comes back; None where the schema is not stated.
    """

    namespace: str
    name: str
    overload: str
    function: Function | None


def parse_schema(text: str, namespace: str = "") -> Schema:
    """Read one schema.

    Args:
        text: Such as `npu::swiglu(Tensor input, *, int dim=-1) -> Tensor`.
        namespace: For a text that names none.

    Raises:
        InvalidSchema: It is not a schema.
    """
    head = _HEAD.match(text)
    if head is None:
        raise _invalid(text, "it does not begin with `name(`")
    pieces, end = _bracketed(text, head.end())
    arrow = _ARROW.match(text, end)
    if arrow is None:
        raise _invalid(text, "`->` does not follow the parameters")
    returns = text[arrow.end() :].strip()
    name = head[2]
    function = Function(name, Signature(tuple(_parameters(pieces, text)), returns), body=_body(returns, text))
    return Schema(head[1] or namespace, name, head[3] or "", function)


def is_operator(found: Resolution) -> bool:
    """Whether a name leads to an operator, under whatever path: `torch_npu.npu_swiglu` is one."""
    return found.found and found.module.startswith("torch.ops.") and found.definition is not None


def schema_text(schema: Schema) -> str:
    """The text that `parse_schema` reads as this schema; the operator's name alone where its schema is not stated."""
    namespace = f"{schema.namespace}::" if schema.namespace else ""
    overload = f".{schema.overload}" if schema.overload else ""
    name = f"{namespace}{schema.name}{overload}"
    if schema.function is None:
        return name
    written = []
    for parameter in schema.function.signature.parameters:
        if parameter.kind is Kind.KEYWORD_ONLY and "*" not in written:
            written.append("*")
        default = "" if parameter.default is None else f"={parameter.default.removeprefix('torch.')}"
        written.append(f"{parameter.annotation} {parameter.name}{default}")
    return f"{name}({', '.join(written)}) -> {schema.function.signature.returns}"


def library_schemas(library: bytes, namespace: str) -> list[Schema]:
    """The schemas that a compiled library registers, read from its string constants.

    A schema with a script class (`__torch__.torch.classes.…`) is left out: torch-npu registers operators on its process
    group in the namespace of that class, `npu_custom_dist`, beside those of `npu`.

    Args:
        library: The bytes of an ELF shared library.
        namespace: What its operators are registered in; constants that name another one are left out.

    Raises:
        InvalidSchema: There is none in it.
    """
    found: dict[str, Schema] = {}
    for arrow in re.finditer(rb"\) -> ", library):
        # A string constant lies between two NULs: the end of the one before it, and its own.
        start = library.rfind(b"\0", max(0, arrow.start() - _LONGEST), arrow.start())
        end = library.find(b"\0", arrow.end(), arrow.end() + _LONGEST)
        text = library[start + 1 : end].decode("ascii", "replace")
        if start < 0 or end < 0 or "__torch__." in text:
            continue
        try:
            schema = parse_schema(text, namespace)
        except InvalidSchema:
            # A library holds other texts with an arrow: messages, and signatures of C++ functions.
            continue
        if schema.namespace == namespace:
            found[text] = schema
    if not found:
        raise InvalidSchema("no operator schema is found among the library's string constants")
    return list(found.values())


def module_schemas(source: bytes, namespace: str) -> list[Schema]:
    """The schemas that a Python module registers: `Library(namespace, …)` bound to a name, and `define` called on it.

    Args:
        source: The module's bytes.
        namespace: Of the libraries that count.

    Raises:
        InvalidSchema: It is not Python, or what it registers is not a schema.
    """
    try:
        with warnings.catch_warnings():
            # Upstream's own invalid escapes are not ours to report.
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidSchema(f"cannot be parsed: {type(error).__name__}") from None
    libraries = {name for node in nodes if isinstance(node, ast.Assign) for name in _library_names(node, namespace)}
    found = []
    for node in nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        library, _, method = (dotted(node.func) or "").rpartition(".")
        text = constant_string(node.args[0])
        if method == "define" and library in libraries and text is not None:
            found.append(parse_schema(text, namespace))
    return found


def _library_names(node: ast.Assign, namespace: str) -> Iterator[str]:
    call = node.value
    if not isinstance(call, ast.Call) or not (dotted(call.func) or "").endswith("Library") or not call.args:
        return
    if constant_string(call.args[0]) == namespace:
        yield from (name for target in node.targets if (name := dotted(target)) is not None)


def yaml_schemas(text: str, namespace: str) -> list[Schema]:
    """The schemas of a `native_functions.yaml`.

    Lines are scanned: a YAML parser takes seconds for what is a list of one-line values. `autogen` names overloads that
    torchgen derives from an entry; their schemas are stated nowhere.

    Raises:
        InvalidSchema: A `func:` line is not a schema, or there is none.
    """
    found = [parse_schema(line[1], namespace) for line in _YAML_SCHEMA.finditer(text)]
    if not found:
        raise InvalidSchema("no `func:` line is found")
    for line in _YAML_GENERATED.finditer(text):
        for generated in line[1].split(","):
            name, _, overload = generated.strip().partition(".")
            found.append(Schema(namespace, name, overload, None))
    return found


def operator_files(paths: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Which files of a release state the operators of which module.

    torch-npu's YAML files are not among them: they say `self` where, from the builds of October 2024 on, `input` is
    registered, and differ in some `out` overloads. The library is what registers.

    Args:
        paths: The files of the release.

    Returns:
        Module, such as `torch.ops.aten`, to the files to be read for it.
    """
    stated = {"torch.ops.aten": (ATEN_YAML,), "torch.ops.npu": (NPU_LIBRARY, *NPU_MODULES)}
    return {
        module: tuple(path for path in files if path in paths) for module, files in stated.items() if files[0] in paths
    }


def file_schemas(path: str, content: bytes) -> list[Schema]:
    """The operators that one of the files of `operator_files` states.

    Args:
        path: Its path in the release.
        content: Its bytes.

    Raises:
        InvalidSchema: It states none where it should, or what it states is not a schema.
    """
    try:
        if path in NPU_MODULES:
            return module_schemas(content, "npu")
        if path == NPU_LIBRARY:
            return library_schemas(content, "npu")
        return yaml_schemas(content.decode("utf-8", "replace"), "aten")
    except InvalidSchema as error:
        raise InvalidSchema(f"{path}: {error}") from None


def op_entries(schemas: Iterable[Schema]) -> dict[str, list[Entry]]:
    """Entries of `torch.ops` modules.

    Args:
        schemas: Of any namespaces, in any order; one that is stated again is ignored.

    Returns:
        Module, such as `torch.ops.npu`, to its entries, sorted by key as this module's docstring describes them.
    """
    packets: dict[tuple[str, str], dict[str, Function | None]] = defaultdict(dict)
    for schema in schemas:
        overloads = packets[schema.namespace, schema.name]
        overloads[schema.overload] = overloads.get(schema.overload) or schema.function
    modules: dict[str, list[Entry]] = defaultdict(list)
    for (namespace, name), overloads in packets.items():
        modules[f"torch.ops.{namespace}"] += _packet_entries(name, overloads)
    return {module: sorted(entries) for module, entries in modules.items()}


def _packet_entries(name: str, overloads: dict[str, Function | None]) -> Iterator[Entry]:
    flags = frozenset({"overload"}) if any(overloads) else frozenset()
    for overload, function in {"": None, **overloads}.items():
        key = f"{name}@{overload}" if overload else name
        if function is None:
            yield Entry(key, *encode(Assignment(key, annotation="OpOverload" if overload else "OpOverloadPacket")))
        else:
            yield Entry(key, *encode(Function(name, function.signature, body=function.body, flags=flags)))


def _parameters(pieces: list[str], text: str) -> Iterator[Parameter]:
    kind = Kind.POSITIONAL_OR_KEYWORD
    for piece in pieces:
        if piece == "*" and kind is not Kind.KEYWORD_ONLY:
            kind = Kind.KEYWORD_ONLY
            continue
        left, equals, default = piece.partition("=")
        declared = _DECLARED.fullmatch(left.rstrip())
        if declared is None:
            raise _invalid(text, f"`{_short(piece)}` is not `type name`")
        annotation, name = declared.groups()
        yield Parameter(name, kind, _default(default.strip(), annotation, text) if equals else None, annotation)


def _default(written: str, annotation: str, text: str) -> str:
    if written.startswith("["):
        items, end = _bracketed(written, 0)
        if end == len(written):
            return f"[{', '.join(_constant(item, annotation, text) for item in items)}]"
    value = _constant(written, annotation, text)
    size = _SIZED.search(annotation)
    if size is None:
        return value
    return f"[{', '.join([value] * int(size[1]))}]"


def _constant(written: str, annotation: str, text: str) -> str:
    if written in ("None", "True", "False"):
        return written
    if _INTEGER.fullmatch(written):
        return repr(float(written)) if annotation.startswith("float") else str(int(written))
    if _NUMBER.fullmatch(written):
        return repr(float(written))
    if written[:1] in ("'", '"') and _TOKEN.fullmatch(written) and len(written) > 1:
        return written if "\\" in written else repr(written[1:-1])
    if written == "Mean":
        # at::Reduction::Mean, the one name that the parser takes for an `int`.
        return "1"
    if _NAME.fullmatch(written):
        # A dtype, layout or memory format: `long`, `strided`, `contiguous_format`.
        return f"torch.{written}"
    raise _invalid(text, f"`{_short(written)}` is not a default")


def _body(returns: str, text: str) -> Body:
    pieces, end = _bracketed(returns, 0) if returns.startswith("(") else ([returns], len(returns))
    types = [found[1] for piece in pieces if (found := _RETURNED.fullmatch(piece)) is not None]
    if end != len(returns) or len(types) != len(pieces):
        raise _invalid(text, "what follows `->` is not a type")
    if len(types) == 1:
        # A single value comes back as it is, also where it is written in parentheses.
        return Body(returns=(_ALIASING.sub("", types[0]),))
    return Body(returns=(f"tuple:{len(types)}" if types else "None",))


def _bracketed(text: str, start: int) -> tuple[list[str], int]:
    """The comma-separated pieces inside the bracket that opens at `start`, and where the text goes on behind it."""
    pieces: list[str] = []
    open_brackets: list[str] = []
    begin = start + 1
    for found in _TOKEN.finditer(text, start):
        token = found[0]
        if token in ("(", "["):
            open_brackets.append(")" if token == "(" else "]")
        elif token in (")", "]"):
            if open_brackets.pop() != token:
                break
            if not open_brackets:
                last = text[begin : found.start()].strip()
                if last or pieces:
                    pieces.append(last)
                return pieces, found.end()
        elif token == "," and len(open_brackets) == 1:
            pieces.append(text[begin : found.start()].strip())
            begin = found.end()
        elif token in ('"', "'"):
            break
    raise _invalid(text, "its brackets or quotes do not match")


def _invalid(text: str, why: str) -> InvalidSchema:
    return InvalidSchema(f"not an operator schema: {_short(text)!r}: {why}")


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"
