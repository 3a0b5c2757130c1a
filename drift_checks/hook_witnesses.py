"""Witnesses that bind what the installed upstream passes to a function like the one put in its place."""

from __future__ import annotations

from collections.abc import Iterable

from signatures.model import Function, Kind, Parameter, Signature
from signatures.surface import Surface

from .call_sites import LocalParameter, Replacement
from .witnesses import imported

_CALLS = '''\
import ast
import inspect

{import_line}

def replacement{signature}: ...


def calls(caller, callee):
    """The calls of `callee` in a method of the class, and in what it reaches through `super()`."""
    for owner in {name}.__mro__:
        if caller in vars(owner):
            source = inspect.getsource(getattr(owner, caller))
            for node in ast.walk(ast.parse("if True:\\n" + source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == callee:
                    yield node
            if "super()" not in source:
                return


def bound(call):
    """The replacement's arguments in such a call; `**kwargs` passes what the replaced method takes."""
    positional = [None for value in call.args if not isinstance(value, ast.Starred)]
    names = {{keyword.arg for keyword in call.keywords}}
    if None in names:
        own = list(inspect.signature({name}.{method}).parameters.values())[{skipped} + len(positional) :]
        own = [each for each in own if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
        names |= {{each.name for each in own if each.default is each.empty or each.name in taken.parameters}}
    return taken.bind({receiver}*positional, **dict.fromkeys(names - {{None}})).arguments


taken = inspect.signature(replacement)
found = [*{calls}]
'''

_BINDS = "for call in found:\n    bound(call)\n"
_GIVES = "assert any({parameter!r} in bound(call) for call in found)\n"

_REFERENCE = """\
import ast
import inspect

{import_line}

def replacement{signature}: ...


def calls(caller, callee):
    source = inspect.getsource(getattr({name}, caller))
    tree = ast.parse("if True:\\n" + source)
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == callee]


found = calls({caller!r}, "self.{method}")
if "{parameter}=self.{method}" in inspect.getsource({name}.{caller}):
    found += calls({helper!r}, {parameter!r})
assert found
for call in found:
    inspect.signature(replacement).bind({receiver}*call.args)
"""

_OWN = '''\
import inspect

{import_line}

def replacement{signature}: ...


def taken(names):
    """Whether these arguments are taken, as many as it needs by position and the others by name."""
    for count in range(len(names) + 1):
        try:
            inspect.signature(replacement).bind(*names[:count], **dict.fromkeys(names[count:]))
        except TypeError:
            continue
        return True
    return False


own = inspect.signature({name}).parameters.values()
own = [each for each in own if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
assert taken([each.name for each in own]) or taken([each.name for each in own if each.default is each.empty])
'''


def of_calls(
    surface: Surface, path: str, given: Replacement, callers: Iterable[tuple[str, str]], parameter: str = ""
) -> str:
    """What an upstream's methods pass is taken by a function that replaces one of them.

    Args:
        surface: The old release.
        path: The method that is replaced.
        given: The function.
        callers: Name of each method that calls, and the expression that it calls.
        parameter: Ask whether this one is given a value, instead of whether the calls bind.
    """
    values = _values(surface, path, given)
    calls = ", *".join(f"calls({caller!r}, {callee!r})" for caller, callee in dict.fromkeys(callers))
    return _CALLS.format_map({**values, "calls": calls}) + (_GIVES.format(parameter=parameter) if parameter else _BINDS)


def of_reference(surface: Surface, path: str, given: Replacement, caller: str, helper: str, parameter: str) -> str:
    """A method that is called by name, or is given to a parameter of another one, takes what it is called with.

    Args:
        surface: The old release.
        path: The method that is replaced.
        given: The function that replaces it.
        caller: Name of the method that calls it, or gives it away.
        helper: Name of the method that it is given to.
        parameter: The parameter that it is given in.
    """
    values = {**_values(surface, path, given), "caller": caller, "helper": helper, "parameter": parameter}
    return _REFERENCE.format_map(values)


def of_own_signature(surface: Surface, path: str, given: Replacement) -> str:
    """What an upstream function requires, or all that it has, is taken by the function that replaces it.

    Args:
        surface: The old release.
        path: The upstream function.
        given: The function that replaces it.
    """
    import_line, name = imported(surface, path)
    signature = Signature(tuple(map(_with_default, given.parameters)))
    return _OWN.format(import_line=import_line, name=name, signature=signature)


def of_use(surface: Surface, path: str) -> str:
    """A class, or one of its upstream's bases, uses one of its methods.

    Args:
        surface: The old release.
        path: The method.
    """
    import_line, name = imported(surface, path)
    owner, _, method = name.rpartition(".")
    return (
        f"import inspect\n\n{import_line}\n"
        f"root = {owner}.__module__.partition('.')[0]\n"
        f"owners = [each for each in {owner}.__mro__ if each.__module__.partition('.')[0] == root]\n"
        f"assert any('self.{method}' in inspect.getsource(each) for each in owners)\n"
    )


def _values(surface: Surface, path: str, given: Replacement) -> dict[str, object]:
    import_line, name = imported(surface, path)
    owner, _, method = name.rpartition(".")
    replaced = surface.resolve(path).definition
    through_class = isinstance(replaced, Function) and replaced.decorated_with("classmethod")
    return {
        "import_line": import_line,
        "name": owner,
        "method": method,
        "signature": Signature(tuple(map(_with_default, given.parameters))),
        "receiver": "None, " if given.bound else "",
        "skipped": 0 if through_class else 1,
    }


def _with_default(parameter: LocalParameter) -> Parameter:
    """A parameter of the downstream, None in the place of any default."""
    kind = Kind(parameter.kind)
    optional = not parameter.required and kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)
    return Parameter(parameter.name, kind, "None" if optional else None)
