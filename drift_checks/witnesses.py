"""Tiny programs that pass on the old release and fail, or differ, on the new one."""

from __future__ import annotations

from signatures.model import Function
from signatures.results import Shape
from signatures.surface import Surface

from .call_sites import Arguments, Symbol
from .locating import locate_called, lookup_path


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
    text, name = imported(surface, path)
    return f"{text}\nassert {name}.__name__ == {path.rpartition('.')[2]!r}\n"


def of_path(surface: Surface, path: str) -> str:
    """A dotted path can be read."""
    text, name = imported(surface, path)
    return f"{text}\n{name}\n" if "." in name else text


def of_member(surface: Surface, symbol: Symbol) -> str:
    """A class has a member; what only instances have is not asked."""
    text, name = imported(surface, lookup_path(surface, symbol))
    owner, _, member = name.rpartition(".")
    return f"{text}\nassert hasattr({owner}, {member!r})\n" if owner else text


def of_kind(surface: Surface, path: str, kind: str) -> str:
    """A dotted path gives an instance of a builtin class."""
    text, name = imported(surface, path)
    return f"{text}\nassert isinstance({name}, {kind})\n"


def of_call(surface: Surface, symbol: Symbol, arguments: Arguments, *, wrapped: bool) -> str:
    """The arguments of a call bind to what is called.

    Args:
        surface: The old release.
        symbol: What is called.
        arguments: What it is given.
        wrapped: A decorator takes some of them, so its wrapper is asked and not the function inside.
    """
    text, name = imported(surface, lookup_path(surface, symbol))
    given = ["None"] * (len(arguments.positional) + _passes_self(surface, symbol))
    given += [f"{keyword.name}=None" for keyword in arguments.keywords]
    partial = "bind_partial" if arguments.star or arguments.double_star else "bind"
    asked = f"{name}, follow_wrapped=False" if wrapped else name
    return f"import inspect\n\n{text}\ninspect.signature({asked}).{partial}({', '.join(given)})\n"


def of_parameter(surface: Surface, path: str, parameter: str) -> str:
    """A function has a parameter of that name."""
    text, name = imported(surface, path)
    return f"import inspect\n\n{text}\nassert {parameter!r} in inspect.signature({name}).parameters\n"


def of_no_required(surface: Surface, path: str, parameter: str) -> str:
    """A function requires no parameter of that name."""
    text, name = imported(surface, path)
    return f"import inspect\n\n{text}\nassert {parameter!r} not in inspect.signature({name}).parameters\n"


def of_position(surface: Surface, path: str, index: int, parameter: str) -> str:
    """A function takes a parameter at a position, `self` not counted."""
    text, name = imported(surface, path)
    return (
        f"import inspect\n\n{text}\n"
        f"names = [name for name in inspect.signature({name}).parameters if name not in ('self', 'cls')]\n"
        f"assert names[{index}] == {parameter!r}\n"
    )


def of_mention(surface: Surface, path: str, name: str) -> str:
    """The source of a function names a keyword, decorators included."""
    text, function = imported(surface, path)
    pattern = rf"\b{name}\b"
    return f"import inspect\nimport re\n\n{text}\nassert re.search({pattern!r}, inspect.getsource({function}))\n"


def of_result(surface: Surface, path: str, was: Shape | None, now: Shape) -> str:
    """The source of a function returns what it returned in the old release, not what it returns in the new one."""
    text, function = imported(surface, path)
    if now.kind == "object":
        name = now.path.rpartition(".")[2]
        return (
            f"import inspect\n\n{text}\n"
            f"assert {name!r} not in str(inspect.signature({function}).return_annotation)\n"
            f"assert 'return {name}(' not in inspect.getsource({function})\n"
        )
    if now.kind == "tensor":
        return f"import inspect\n\n{text}\nassert 'return outputs' in inspect.getsource({function})\n"
    gone = sorted(was.sizes - now.sizes) if was is not None else []
    return (
        f"import ast\nimport inspect\nimport textwrap\n\n{text}\n"
        f"tree = ast.parse(textwrap.dedent(inspect.getsource({function})))\n"
        "values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]\n"
        f"assert {{len(value.elts) for value in values if isinstance(value, ast.Tuple)}} & set({gone!r})\n"
    )


def _passes_self(surface: Surface, symbol: Symbol) -> bool:
    """Whether what is looked up on the class takes the instance as its first argument."""
    at = locate_called(surface, symbol)
    if at is None or not at.through_instance:
        return False
    function = at.found.definition
    return not (isinstance(function, Function) and (function.is_static or function.decorated_with("classmethod")))


def imported(surface: Surface, path: str) -> tuple[str, str]:
    """An import statement, and the expression that then gives the object at a path."""
    parts = path.split(".")
    size = 1
    while size < len(parts) and surface.module_exists(".".join(parts[: size + 1])):
        size += 1
    module, rest = ".".join(parts[:size]), parts[size:]
    if not rest:
        return f"import {module}\n", module
    return f"from {module} import {rest[0]}\n", ".".join(rest)


def of_attribute(surface: Surface, path: str, name: str) -> str:
    """A class has an attribute of that name."""
    text, owner = imported(surface, path)
    return f"{text}\nassert hasattr({owner}, {name!r})\n"


def of_field(surface: Surface, path: str, name: str) -> str:
    """A class has a field or an attribute of that name."""
    text, owner = imported(surface, path)
    return (
        f"{text}\n"
        f"fields = getattr({owner}, '__dataclass_fields__', {{}})\n"
        f"assert {name!r} in fields or hasattr({owner}, {name!r}) or {name!r} in {owner}.__annotations__\n"
    )


def of_assigned(surface: Surface, path: str, name: str) -> str:
    """The text of a class, or of one of its bases in the same distribution, sets an attribute on its instances."""
    text, owner = imported(surface, path)
    root = path.partition(".")[0]
    return (
        f"import ast\nimport inspect\nimport textwrap\n\n{text}\n"
        f"bases = [base for base in {owner}.__mro__ if base.__module__.partition('.')[0] == {root!r}]\n"
        "trees = [ast.parse(textwrap.dedent(inspect.getsource(base))) for base in bases]\n"
        "nodes = [node for tree in trees for node in ast.walk(tree)]\n"
        "names = [node for node in nodes if isinstance(node, ast.Attribute)]\n"
        "stored = {node.attr for node in names if isinstance(node.ctx, ast.Store)}\n"
        f"assert {name!r} in stored or hasattr({owner}, {name!r})\n"
    )
