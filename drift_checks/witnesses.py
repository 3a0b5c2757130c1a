"""Tiny programs that pass on the old release and fail, or differ, on the new one."""

from __future__ import annotations

from signatures.surface import Surface

from .call_sites import CALLED, DECLARED, Arguments, Symbol


def of_import(module: str, name: str | None) -> str:
    """The import itself."""
    return f"import {module}\n" if name is None else f"from {module} import {name}\n"


def of_module_file(module: str) -> str:
    """A module has a file of its own; one that only stands for another has none."""
    return (
        "import importlib.util\n\n"
        f"spec = importlib.util.find_spec({module!r})\n"
        "assert spec is not None and spec.origin is not None\n"
    )


def of_own_name(surface: Surface, path: str) -> str:
    """A name gives the object that is called so."""
    text, name = _imported(surface, path)
    return f"{text}\nassert {name}.__name__ == {path.rpartition('.')[2]!r}\n"


def of_path(surface: Surface, path: str) -> str:
    """A dotted path can be read."""
    text, name = _imported(surface, path)
    return f"{text}\n{name}\n" if "." in name else text


def of_member(surface: Surface, symbol: Symbol) -> str:
    """A class has a member; what only instances have is not asked."""
    text, name = _imported(surface, class_member_path(symbol))
    owner, _, member = name.rpartition(".")
    return f"{text}\nassert hasattr({owner}, {member!r})\n" if owner else text


def of_call(surface: Surface, symbol: Symbol, arguments: Arguments, *, wrapped: bool) -> str:
    """The arguments of a call bind to what is called.

    Args:
        surface: The old release.
        symbol: What is called.
        arguments: What it is given.
        wrapped: A decorator takes some of them, so its wrapper is asked and not the function inside.
    """
    text, name = _imported(surface, class_member_path(symbol))
    through_instance = any(step not in (CALLED, DECLARED) for step in symbol.steps)
    given = ["None"] * (len(arguments.positional) + through_instance)
    given += [f"{keyword.name}=None" for keyword in arguments.keywords]
    partial = "bind_partial" if arguments.star or arguments.double_star else "bind"
    asked = f"{name}, follow_wrapped=False" if wrapped else name
    return f"import inspect\n\n{text}\ninspect.signature({asked}).{partial}({', '.join(given)})\n"


def of_parameter(surface: Surface, path: str, parameter: str) -> str:
    """A function has a parameter of that name."""
    text, name = _imported(surface, path)
    return f"import inspect\n\n{text}\nassert {parameter!r} in inspect.signature({name}).parameters\n"


def of_no_required(surface: Surface, path: str, parameter: str) -> str:
    """A function requires no parameter of that name."""
    text, name = _imported(surface, path)
    return f"import inspect\n\n{text}\nassert {parameter!r} not in inspect.signature({name}).parameters\n"


def of_position(surface: Surface, path: str, index: int, parameter: str) -> str:
    """A function takes a parameter at a position, `self` not counted."""
    text, name = _imported(surface, path)
    return (
        f"import inspect\n\n{text}\n"
        f"names = [name for name in inspect.signature({name}).parameters if name not in ('self', 'cls')]\n"
        f"assert names[{index}] == {parameter!r}\n"
    )


def class_member_path(symbol: Symbol) -> str:
    """The dotted path of a symbol, with members of instances looked up on the class."""
    return ".".join((symbol.path, *(step for step in symbol.steps if step not in (CALLED, DECLARED))))


def _imported(surface: Surface, path: str) -> tuple[str, str]:
    """An import statement, and the expression that then gives the object at a path."""
    parts = path.split(".")
    size = 1
    while size < len(parts) and surface.module_exists(".".join(parts[: size + 1])):
        size += 1
    module, rest = ".".join(parts[:size]), parts[size:]
    if not rest:
        return f"import {module}\n", module
    return f"from {module} import {rest[0]}\n", ".".join(rest)
