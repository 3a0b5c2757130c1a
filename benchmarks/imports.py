"""Every import from transformers in whole projects, run in a real install, against what `drift check` says of it.

    python -m benchmarks.imports [NAME==VERSION:OLD:NEW…]

An import that fails on the old release too, or for a package that the install does not have, says nothing about the
move; one that is guarded may fail.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from drift_checks.findings import Finding, Outcome
from drift_checks.sources import SourceFile, find
from drift_checks.witness_process import Answer
from drift_checks.witness_runs import Installs, run_programs
from drift_checks.witnesses import of_import
from signatures.errors import DriftError
from signatures.local_sources import open_source

from .environments import releases
from .projects import UPSTREAM, Move, findings_of, moves
from .tables import kept, show
from .wheels import WHEELS, released_wheel

WORKS, REPORTED, GUARDED, NEVER, LACKS = "works", "reported", "guarded", "fails before too", "lacks a package"
UNREPORTED, FALSE = "unreported", "works, reported"
VERDICTS = (WORKS, REPORTED, GUARDED, NEVER, LACKS, UNREPORTED, FALSE)
WRONG = (UNREPORTED, FALSE)

_FAMILIES = ("module-", "symbol-")


class Import(NamedTuple):
    """One name that a file imports.

    Args:
        path: The file.
        first: The statement's first line.
        line: The name's own line.
        module: What it is imported from.
        name: The name; "" where the module itself is imported.
        guarded: Whether it is in a branch or under a handler: then it may fail.
    """

    path: str
    first: int
    line: int
    module: str
    name: str
    guarded: bool

    @property
    def program(self) -> str:
        """The import by itself."""
        return of_import(self.module, None if self.name in ("", "*") else self.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where an import fails unreported, or works and is reported."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("moves", nargs="*", metavar="NAME==VERSION:OLD:NEW", help="instead of those of the bar")
    parser.add_argument("--wheels", type=Path, default=WHEELS, metavar="DIR", help="where wheels are kept")
    chosen = parser.parse_args(arguments)
    environments = releases()
    rows, wrong = [], 0
    try:
        for move in moves(chosen.moves):
            judged = _judged(move, chosen.wheels, environments)
            counted = Counter(came for _, came, _ in judged)
            rows.append((str(move), str(len(judged)), *(str(counted[each]) for each in VERDICTS)))
            for one, came, answer in judged:
                if came in WRONG:
                    wrong += 1
                    print(f"{came}: {move}: {one.path}:{one.line}: {one.program.strip()}: {answer.error}")
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    show(("project", "imports", *VERDICTS), rows)
    print(f"failing and unreported, or working and reported: {wrong}, wanted 0: {kept(not wrong)}")
    return int(bool(wrong))


def imports_of(files: Iterable[SourceFile], root: str) -> Iterator[Import]:
    """Every name that files import from a package, wherever the statement is.

    Args:
        files: Those of a project.
        root: The package.
    """
    for file in files:
        tree = file.parse()
        if isinstance(tree, ast.Module):
            yield from _in_block(tree, file.path, root, guarded=False)


def _in_block(node: ast.AST, path: str, root: str, *, guarded: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom) and not child.level and _is_of(child.module or "", root):
            for alias in child.names:
                yield Import(path, child.lineno, alias.lineno, child.module or "", alias.name, guarded)
        elif isinstance(child, ast.Import):
            for alias in child.names:
                if _is_of(alias.name, root):
                    yield Import(path, child.lineno, alias.lineno, alias.name, "", guarded)
        else:
            inside = guarded or isinstance(child, (ast.If, ast.Try, ast.With))
            yield from _in_block(child, path, root, guarded=inside)


def _is_of(module: str, root: str) -> bool:
    return module == root or module.startswith(f"{root}.")


def _judged(move: Move, wheels: Path, installs: Installs) -> list[tuple[Import, str, Answer]]:
    with open_source(released_wheel(move.name, move.version, wheels)) as source:
        files = [file for file in find(source, [UPSTREAM]) if isinstance(file, SourceFile)]
        imports = list(imports_of(files, UPSTREAM))
    reported = [f for f in findings_of(move, wheels) if f.outcome is Outcome.BREAKS and f.rule.startswith(_FAMILIES)]
    after = run_programs(((UPSTREAM, move.new, one.program) for one in imports), installs)
    failing = {key[2] for key, answer in after.items() if not answer.passed}
    before = run_programs(((UPSTREAM, move.old, program) for program in failing), installs)
    judged = []
    for one in imports:
        answer = after[UPSTREAM, move.new, one.program]
        earlier = before.get((UPSTREAM, move.old, one.program))
        judged.append((one, verdict(one, answer, earlier, is_reported=_is_reported(one, reported)), answer))
    return judged


def verdict(one: Import, after: Answer, before: Answer | None, *, is_reported: bool) -> str:
    """What came of an import, one of `VERDICTS`.

    Args:
        one: The import.
        after: Its run on the new release.
        before: Its run on the old one; None where the first passed.
        is_reported: Whether `drift check` says that it breaks.
    """
    if after.passed:
        return FALSE if is_reported else WORKS
    if is_reported:
        return REPORTED
    if after.hindrance or (before is not None and before.hindrance):
        return LACKS
    if before is not None and not before.passed:
        return NEVER
    return GUARDED if one.guarded else UNREPORTED


def _is_reported(one: Import, findings: Iterable[Finding]) -> bool:
    path = f"{one.module}.{one.name}" if one.name else one.module
    return any(
        finding.path == one.path and one.first <= finding.line <= one.line and _is_of(path, finding.symbol)
        for finding in findings
    )


if __name__ == "__main__":
    sys.exit(main())
