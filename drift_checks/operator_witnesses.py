"""Witnesses that ask the registered schemas of an operator: no device is needed, and no argument."""

from __future__ import annotations

from .call_sites import Arguments, root


def of_operator(path: str) -> str:
    """An operator, or an overload of it, is registered."""
    return f"{_imports(path)}\n{path}\n"


def of_call(path: str, overload: str | None, arguments: Arguments) -> str:
    """The arguments of a call bind to one of an operator's schemas, by names and counts.

    Args:
        path: Of the packet, such as `torch.ops.npu.npu_swiglu`.
        overload: The overload that is called; None for the packet.
        arguments: What it is given.
    """
    return (
        f"{_imports(path)}\n\n"
        "def binds(schema):\n"
        f"    given, keywords = {len(arguments.positional)}, {[keyword.name for keyword in arguments.keywords]!r}\n"
        "    positional = [argument.name for argument in schema.arguments if not argument.kwarg_only]\n"
        "    free = {argument.name for argument in schema.arguments} - set(positional[:given])\n"
        "    required = {argument.name for argument in schema.arguments if not argument.has_default_value()}\n"
        f"    complete = {arguments.star or arguments.double_star} or not (required & free) - set(keywords)\n"
        "    return given <= len(positional) and free.issuperset(keywords) and complete\n\n\n"
        f"assert any(binds(schema) for schema in {_schemas(path, overload)})\n"
    )


def of_default(path: str, overload: str, parameter: str, default: str) -> str:
    """A parameter of an overload has a default."""
    return (
        f"{_imports(path)}\n"
        f"arguments = {_overload(path, overload)}._schema.arguments\n"
        f"assert [a.default_value for a in arguments if a.name == {parameter!r}] == [{default}]\n"
    )


def of_position(path: str, overload: str, index: int, parameter: str) -> str:
    """An overload takes a parameter at a position."""
    return (
        f"{_imports(path)}\n"
        f"arguments = {_overload(path, overload)}._schema.arguments\n"
        f"assert [a.name for a in arguments if not a.kwarg_only][{index}] == {parameter!r}\n"
    )


def of_returns(path: str, overload: str, count: int) -> str:
    """An overload gives so many values."""
    return f"{_imports(path)}\nassert len({_overload(path, overload)}._schema.returns) == {count}\n"


def of_schema_keyword(name: str, keyword: str) -> str:
    """An overload of a function that is written in C++ takes a keyword; such functions have no other signature."""
    return (
        "import torch\n\n"
        f"schemas = torch._C._jit_get_schemas_for_operator({f'aten::{name}'!r})\n"
        f"assert any(argument.name == {keyword!r} for schema in schemas for argument in schema.arguments)\n"
    )


def _imports(path: str) -> str:
    other = root(path)
    return "import torch\n" if other == "torch" else f"import torch\nimport {other}\n"


def _overload(path: str, overload: str) -> str:
    return f"{path}.{overload or 'default'}"


def _schemas(path: str, overload: str | None) -> str:
    if overload is not None:
        return f"[{path}.{overload}._schema]"
    return f"[getattr({path}, name)._schema for name in {path}.overloads()]"
