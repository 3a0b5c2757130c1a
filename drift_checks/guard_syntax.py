"""What guards look like in the text: conditions, `try` statements, decorators, and statements that leave a block."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .scopes import FunctionNode, Scope


class Test(NamedTuple):
    """Code that runs only where an expression is true, or only where it is false."""

    expression: ast.expr
    scope: Scope
    holds: bool


class Attempt(NamedTuple):
    """A `try` statement, and the scope that it stands in."""

    node: ast.Try
    scope: Scope


class Caught(NamedTuple):
    """Code whose exceptions of these types are caught; None stands for any.

    Args:
        types: Last names of the types.
        attempt: What catches them; None for a context manager.
    """

    types: tuple[str, ...] | None
    attempt: Attempt | None = None


class Fallback(NamedTuple):
    """Code that runs only after an exception of one of these types; None stands for any."""

    types: tuple[str, ...] | None
    attempt: Attempt


class Completed(NamedTuple):
    """Code that runs only after the body of a `try` did not raise."""

    attempt: Attempt


class Inside(NamedTuple):
    """Code of a private function, and the scope that the function is defined in."""

    function: FunctionNode
    scope: Scope


Guard: TypeAlias = Test | Caught | Fallback | Completed | Inside

_LEAVING_CALLS = frozenset({"skip", "skipTest", "exit", "_exit", "abort", "fail"})
_LEAVING_OWNERS = frozenset({"pytest", "self", "sys", "os", "unittest"})
_DEMANDS = frozenset({"importorskip", "require_version", "require_version_core", "check_min_version"})


def leaves(body: list[ast.stmt]) -> bool:
    """Whether nothing that follows a block runs after it."""
    return bool(body) and (isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)) or _stops(body[-1]))


def _gives_up(handler: ast.ExceptHandler) -> bool:
    return leaves(handler.body) and not only_raises(handler.body)


def only_raises(body: list[ast.stmt]) -> bool:
    """Whether an exception handler ends in another error, or in the end of the process, so that it handles nothing."""
    return isinstance(body[-1], ast.Raise) or (_stops(body[-1]) and "skip" not in ast.unparse(body[-1]))


def _stops(statement: ast.stmt) -> bool:
    """`pytest.skip(…)`, `self.skipTest(…)`, `sys.exit(…)`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value
    return call.func.attr in _LEAVING_CALLS and isinstance(owner, ast.Name) and owner.id in _LEAVING_OWNERS


def after(statement: ast.stmt, scope: Scope) -> Iterator[Guard]:
    """What holds for the code that follows a statement in its block."""
    if isinstance(statement, ast.If):
        if leaves(statement.body):
            yield Test(statement.test, scope, False)
        elif leaves(statement.orelse):
            yield Test(statement.test, scope, True)
    elif isinstance(statement, ast.Assert):
        yield Test(statement.test, scope, True)
    elif isinstance(statement, (ast.Expr, ast.Assign)) and isinstance(statement.value, ast.Call):
        if last_name(statement.value.func) in _DEMANDS:
            yield Test(statement.value, scope, True)
    elif isinstance(statement, ast.Try) and statement.handlers and all(map(_gives_up, statement.handlers)):
        yield Completed(Attempt(statement, scope))


def decorator_guards(decorators: Iterable[ast.expr], scope: Scope) -> Iterator[Guard]:
    """What the decorators of a test demand: `skipif(…)`, `skipIf(…)`, `skipUnless(…)`, `require_…(…)`."""
    for decorator in decorators:
        if not isinstance(decorator, ast.Call):
            continue
        name = last_name(decorator.func).lower()
        if name in ("skipif", "skipunless") and decorator.args:
            yield Test(decorator.args[0], scope, name == "skipunless")
        elif name.startswith("require"):
            yield Test(decorator, scope, True)


def case_tests(node: ast.Match) -> Iterator[list[tuple[ast.expr, bool]]]:
    """For each case of a `match`, the conditions that its values and its `if` stand for, and whether they hold."""
    passed: list[tuple[ast.expr, bool]] = []
    for case in node.cases:
        values = _case_values(case.pattern)
        tests = list(passed)
        if values:
            test = _is_one_of(node.subject, values)
            tests.append((test, True))
            if case.guard is None:
                passed.append((test, False))
        if case.guard is not None:
            tests.append((case.guard, True))
        yield tests


def _case_values(pattern: ast.pattern) -> list[ast.expr]:
    if isinstance(pattern, ast.MatchValue):
        return [pattern.value]
    if isinstance(pattern, ast.MatchSingleton):
        return [ast.copy_location(ast.Constant(pattern.value), pattern)]
    if isinstance(pattern, ast.MatchOr):
        parts = [_case_values(part) for part in pattern.patterns]
        return [value for part in parts for value in part] if all(parts) else []
    return []


def _is_one_of(subject: ast.expr, values: list[ast.expr]) -> ast.expr:
    tests: list[ast.expr] = [equals(subject, value) for value in values]
    return tests[0] if len(tests) == 1 else ast.copy_location(ast.BoolOp(ast.Or(), tests), subject)


def equals(left: ast.expr, right: ast.expr) -> ast.expr:
    """The expression `left == right`."""
    return ast.copy_location(ast.Compare(left, [ast.Eq()], [right]), left)


def handled(handlers: Iterable[ast.ExceptHandler]) -> tuple[str, ...] | None:
    """Last names of the exception types that clauses catch; None for any."""
    clauses = list(handlers)
    if any(handler.type is None for handler in clauses):
        return None
    return tuple(name for handler in clauses if handler.type is not None for name in _type_names(handler.type))


def suppressed(node: ast.expr) -> list[str] | None:
    """The exception types of `contextlib.suppress(…)` and `pytest.raises(…)`."""
    if isinstance(node, ast.Call) and last_name(node.func) in ("suppress", "raises"):
        return [name for argument in node.args for name in _type_names(argument)]
    return None


def _type_names(node: ast.expr) -> Iterator[str]:
    for item in node.elts if isinstance(node, ast.Tuple) else [node]:
        yield last_name(item)


def last_name(node: ast.expr) -> str:
    """The last name of a dotted expression, of what is called for a call; "" for anything else."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
