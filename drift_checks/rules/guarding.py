"""Guards that are wrong on the new release: they ask for a name that has moved, or let code run that cannot work."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from packaging.version import Version

from signatures.renames import renamed
from signatures.surface import Surface

from .. import witnesses
from ..call_sites import ImportSite, Span, Symbol, root
from ..extraction import FileSites, GuardedSite
from ..findings import Fix, Outcome
from ..guard_syntax import Caught, Fallback
from ..guards import FileGuards, Truth, asked_function, compared, is_version_text, version_of
from ..locating import acceptance, locate
from ..resolution import Resolver
from ..scopes import Place, Scope
from ..values import BUILTIN, Text
from ..vanished import declared_successor, gone, renamed_member
from .declarations import Judge, Pair, Problem, Rule
from .names import MODULE_REMOVED, SYMBOL_REMOVED, moved_to, renamed_to

GUARD_DEAD = Rule(
    "guard-dead",
    Outcome.SILENT,
    "The guard lost its meaning: what it asks for is there under another name, and the fallback runs.",
)

RULES: tuple[Rule, ...] = (GUARD_DEAD,)

JUDGES: dict[type, Judge] = {}


def wrong_guards(
    found: FileSites, old: Mapping[str, Surface], new: Mapping[str, Surface]
) -> Iterator[tuple[str, Problem]]:
    """Guards of a file that do not do what they were written for on the new releases.

    Args:
        found: The file.
        old: The release that the code works with, by import name of the upstream.
        new: The release that it is moved to.

    Yields:
        The import name of the upstream, and the problem.
    """
    file = _File(found, FileGuards(found), old, new)
    for guarded in found.sites:
        if isinstance(guarded.site, ImportSite) and guarded.guards:
            yield from _lost_import(guarded, guarded.site, file)
            yield from _let_through(guarded, guarded.site, file)
    for place in found.scopes.calls:
        yield from _lost_question(place, file)
    for place in found.scopes.tests:
        for node in _comparisons(place.node):
            yield from _lost_parameter(node, place, file)
            yield from _compared_as_text(node, place.scope, file)
    for statement in found.scopes.module.node.body if isinstance(found.scopes.module.node, ast.Module) else ():
        for node in _comparisons(statement.value) if isinstance(statement, ast.Assign) else ():
            yield from _compared_as_text(node, found.scopes.module, file)


class _File(NamedTuple):
    """One file on a pair of releases of each upstream."""

    found: FileSites
    guards: FileGuards
    old: Mapping[str, Surface]
    new: Mapping[str, Surface]

    @property
    def resolver(self) -> Resolver:
        return self.found.resolver

    def pair(self, name: str) -> Pair | None:
        return Pair(self.old[name], self.new[name]) if name in self.old and name in self.new else None

    def runs(self, guarded: GuardedSite | Place, line: int) -> bool:
        """Whether code runs on both releases."""
        return all(self.guards.on(surfaces).runs(guarded.guards, line) for surfaces in (self.old, self.new))

    def knows(self, path: str) -> bool:
        """Whether the file takes what is at a path in the new release, so that it is ready for it."""
        module, _, name = path.rpartition(".")
        if self.guards.mentions(path) or (self.guards.mentions(module) and self.guards.mentions(name)):
            return True
        sites = (guarded.site for guarded in self.found.sites)
        return any(isinstance(s, ImportSite) and f"{s.module}.{s.name}" == path for s in sites)


# `try: from old import name`, `except ImportError: name = None`


def _lost_import(guarded: GuardedSite, site: ImportSite, file: _File) -> Iterator[tuple[str, Problem]]:
    pair = file.pair(root(site.module))
    attempts = [guard.attempt for guard in guarded.guards if isinstance(guard, Caught) and guard.attempt is not None]
    if pair is None or not attempts or site.name in (None, "*"):
        return
    path = f"{site.module}.{site.name}"
    if not pair.old.resolve(path).found or not pair.new.resolve(path).missing:
        return
    elsewhere = _elsewhere(path, pair)
    if elsewhere is None or file.knows(elsewhere) or not file.guards.handles(guarded, file.new):
        return
    if any(_replaces(handler.body) for attempt in attempts for handler in attempt.node.handlers):
        return
    if file.runs(guarded, site.span.line):
        message = f"this import fails from now on and the fallback runs; `{path}` is now `{elsewhere}`"
        module, _, name = elsewhere.rpartition(".")
        fix = Fix("upstream", f"from {module} import {name}", "unsafe")
        yield (
            root(site.module),
            Problem(GUARD_DEAD, site.span, path, message, fix, witnesses.of_import(site.module, site.name)),
        )


def _elsewhere(path: str, pair: Pair) -> str | None:
    """Where the new release has what the old one has at a path."""
    moved = moved_to(path, pair)
    if moved is not None:
        return moved
    old = pair.old.resolve(path)
    name = renamed_to(old, pair)
    return f"{old.module}.{name}" if name is not None else None


def _replaces(handler: list[ast.stmt]) -> bool:
    """Whether a fallback brings a replacement with it: an import, or a definition, or a value made for it."""
    for statement in handler:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Raise)):
                return True
            if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant):
                return True
    return False


# `hasattr(module, "name")`, `getattr(module, "name", None)`


def _lost_question(place: Place, file: _File) -> Iterator[tuple[str, Problem]]:
    node = place.node
    assert isinstance(node, ast.Call)
    if not isinstance(node.func, ast.Name) or node.func.id not in ("hasattr", "getattr"):
        return
    if len(node.args) != (2 if node.func.id == "hasattr" else 3):
        return
    if file.resolver.value(node.func, place.scope) is not BUILTIN:
        return
    owner, name = (file.resolver.value(argument, place.scope) for argument in node.args[:2])
    if not isinstance(owner, Symbol) or not isinstance(name, Text):
        return
    pair = file.pair(owner.upstream)
    now = _now(owner.member(name.value), pair) if pair is not None else None
    if pair is None or now is None or file.guards.mentions(now.rpartition(".")[2]) or file.knows(now):
        return
    symbol = owner.member(name.value)
    if file.runs(place, node.lineno):
        message = f"`{symbol}` is not found any more, so the fallback runs; it is now `{now}`"
        fix = Fix("upstream", f"ask for `{now}` too", "manual")
        witness = witnesses.of_member(pair.old, symbol)
        yield owner.upstream, Problem(GUARD_DEAD, Span.of(node.args[1]), str(symbol), message, fix, witness)


def _now(symbol: Symbol, pair: Pair) -> str | None:
    """The path of what a symbol was called, where the new release does not have it under its old name."""
    before, after = locate(pair.old, symbol), locate(pair.new, symbol)
    if before is None or after is None or not before.found.found or not after.found.missing:
        return None
    if not before.is_member:
        return _elsewhere(symbol.path, pair) if not symbol.steps else None
    missing = gone(symbol, before, pair.old, pair.new)
    if missing is None:
        return None
    declared = declared_successor(pair.new, missing)
    other = renamed_member(missing, pair.old, pair.new)
    name = declared.name if declared is not None else other.name if other is not None else ""
    return f"{missing.owner}.{name}" if name else None


# `"name" in inspect.signature(function).parameters`


def _lost_parameter(node: ast.Compare, place: Place, file: _File) -> Iterator[tuple[str, Problem]]:
    name = file.resolver.value(node.left, place.scope)
    if not isinstance(node.ops[0], (ast.In, ast.NotIn)) or not isinstance(name, Text):
        return
    function = asked_function(node.comparators[0], place.scope, file.resolver)
    symbol = file.resolver.value(*function) if function is not None else None
    pair = file.pair(symbol.upstream) if isinstance(symbol, Symbol) else None
    if pair is None or not isinstance(symbol, Symbol):
        return
    located = [locate(surface, symbol) for surface in pair]
    old, new = (
        acceptance(surface, at) if at is not None and at.found.found else None
        for surface, at in zip(pair, located, strict=True)
    )
    if old is None or new is None or old.signature.get(name.value) is None or located[0] is None:
        return
    now = renamed(old, new, name.value)
    if now is None or new.signature.get(name.value) is not None or file.guards.mentions(now):
        return
    if file.runs(place, node.lineno):
        path = located[0].found.canonical
        message = f"`{path.rpartition('.')[2]}` has no `{name.value}` any more, so it is not passed; it is now `{now}`"
        fix = Fix("upstream", f"ask for `{now}` too", "manual")
        witness = witnesses.of_parameter(pair.old, path, name.value)
        yield symbol.upstream, Problem(GUARD_DEAD, Span.of(node.left), path, message, fix, witness)


# `transformers.__version__ >= "4.9"`


def _comparisons(node: ast.AST) -> Iterator[ast.Compare]:
    """The comparisons that a condition is made of."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield node
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _comparisons(value)
    elif isinstance(node, ast.UnaryOp):
        yield from _comparisons(node.operand)
    elif isinstance(node, ast.IfExp):
        yield from _comparisons(node.test)


def _compared_as_text(node: ast.Compare, scope: Scope, file: _File) -> Iterator[tuple[str, Problem]]:
    """A version that is compared as text, rightly in the old release and wrongly in the new one."""
    if not isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
        return
    values = [file.resolver.value(side, scope) for side in (node.left, node.comparators[0])]
    release = next((value for value in values if isinstance(value, Symbol) and value.path == _version_of(value)), None)
    bound = next((value.value for value in values if isinstance(value, Text)), "")
    pair = file.pair(release.upstream) if release is not None else None
    # `torch.__version__` is compared as a version, though it is a text (`torch/torch_version.py`).
    if release is None or pair is None or release.upstream == "torch" or not is_version_text(bound):
        return
    sides = [[bound if isinstance(value, Text) else surface.version for value in values] for surface in pair]
    before, after = ((compared(node.ops[0], *texts), _as_versions(node.ops[0], texts)) for texts in sides)
    if before[0] is before[1] and after[0] is not after[1]:
        yield release.upstream, _text_problem(node, release.upstream, bound, pair.new)


def _version_of(symbol: Symbol) -> str:
    return f"{symbol.upstream}.__version__"


def _as_versions(sign: ast.cmpop, texts: list[str]) -> bool | None:
    versions = [version_of(text) for text in texts]
    return None if None in versions else compared(sign, *versions)


def _text_problem(node: ast.Compare, name: str, bound: str, surface: Surface) -> Problem:
    first, last = sorted((surface.version, bound))
    message = f"versions are compared as text, and as text `{first}` comes before `{last}`"
    witness = (
        f"import {name}\nfrom packaging.version import Version\n\n"
        f"before = {name}.__version__ < {bound!r}\n"
        f"assert before == (Version({name}.__version__) < Version({bound!r}))\n"
    )
    fix = Fix("upstream", f"Version({name}.__version__)", "unsafe")
    return Problem(GUARD_DEAD, Span.of(node), f"{name}.__version__", message, fix, witness)


# `if version >= "5.0": from transformers import what_5_0_had`


def _let_through(guarded: GuardedSite, site: ImportSite, file: _File) -> Iterator[tuple[str, Problem]]:
    """An import that only newer releases than the old one reach, and that fails in the new one."""
    pair = file.pair(root(site.module))
    if pair is None or any(isinstance(guard, Fallback) for guard in guarded.guards):
        return
    line = site.span.line
    if file.guards.on(file.old).certain(guarded.guards, line) is not Truth.FALSE:
        return
    name = site.name if site.name not in (None, "*") else None
    path = f"{site.module}.{name}" if name is not None else site.module
    if pair.old.resolve(path).found or not pair.new.resolve(path).missing or pair.new.version == pair.old.version:
        return
    newer = Version(pair.new.version) > Version(pair.old.version)
    if not newer or not file.guards.on(file.new).runs(guarded.guards, line) or file.guards.handles(guarded, file.new):
        return
    gone_module = not pair.new.module_exists(site.module)
    rule, span = (MODULE_REMOVED, site.module_span) if gone_module else (SYMBOL_REMOVED, site.span)
    message = f"the guard lets this run in {pair.new.version}, which has no `{site.module if gone_module else path}`"
    package = root(site.module)
    wanted = witnesses.of_import(site.module, name)
    witness = f"import {package}\n\nif {package}.__version__ != {pair.old.version!r}:\n    {wanted}"
    yield package, Problem(rule, span, path, message, witness=witness)
