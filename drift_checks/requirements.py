"""Which releases of the upstreams a project says that it works with, read from its metadata; nothing is executed."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from signatures.errors import DriftError
from signatures.history import normalised
from signatures.upstreams import UPSTREAMS

if TYPE_CHECKING:
    from signatures.sources import Source

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_METADATA_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_COMMENT = re.compile(r"(^|\s)#.*")
_POETRY_RANGE = re.compile(r"([\^~]?)\s*v?(\d+(?:\.\d+)*)([\w.+-]*)")


class Declared(NamedTuple):
    """The requirements of a project on upstreams, by distribution name.

    Args:
        always: What everybody gets who installs it on this kind of machine.
        sometimes: What extras, dependency groups and lists of requirements add, where they agree.
    """

    always: dict[str, Requirement]
    sometimes: dict[str, Requirement]


class _Line(NamedTuple):
    text: str
    always: bool = True


def declared_requirements(project: Path | Source) -> Declared:
    """The requirements on upstreams in the project's own metadata.

    Args:
        project: A file or folder, or an opened distribution.

    Raises:
        DriftError: A pyproject.toml is not valid TOML.
    """
    lines = _folder_lines(project) if isinstance(project, Path) else _distribution_lines(project)
    always: dict[str, list[Requirement]] = {}
    sometimes: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = parsed(line.text)
        name = normalised(requirement.name) if requirement is not None else ""
        if requirement is None or name not in UPSTREAMS or not _applies(requirement):
            continue
        held = always if line.always and "extra" not in str(requirement.marker or "") else sometimes
        held.setdefault(name, []).append(requirement)
    return Declared(
        {name: _together(_unmarked(found)) for name, found in always.items()},
        {name: found[0] for name, found in sometimes.items() if len({str(each.specifier) for each in found}) == 1},
    )


def parsed(text: str) -> Requirement | None:
    """The requirement that a text is; None where it is none."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _applies(requirement: Requirement) -> bool:
    """Whether a marker holds here; one for an extra is left for who asks for it."""
    marker = requirement.marker
    return marker is None or "extra" in str(marker) or marker.evaluate()


def _unmarked(found: list[Requirement]) -> list[Requirement]:
    """What every machine gets, where that is said; other machines have pins of their own."""
    return [requirement for requirement in found if requirement.marker is None] or found


def _together(found: list[Requirement]) -> Requirement:
    together = Requirement(str(found[0]))
    together.marker = None
    for each in found[1:]:
        together.specifier &= each.specifier
    return together


# Folders


def _folder_lines(path: Path) -> Iterator[_Line]:
    """Of the nearest folder at or above the path that has metadata; lists of requirements lie there or below it."""
    start = path.resolve()
    for folder in (start, *start.parents):
        if folder.is_dir():
            yield from _listed_lines(folder)
        if any((folder / name).is_file() for name in _METADATA_FILES):
            yield from _pyproject_lines(folder / "pyproject.toml")
            yield from _setup_cfg_lines(folder / "setup.cfg")
            yield from _setup_py_lines(folder / "setup.py")
            return
        if (folder / ".git").exists():
            return


def _listed_lines(folder: Path) -> Iterator[_Line]:
    """`requirements*.txt`, without the options of pip in it."""
    for file in sorted(folder.glob("requirements*.txt")):
        text = re.sub(r"\\\r?\n", " ", _text(file))
        for line in text.splitlines():
            stripped = _COMMENT.sub("", line).strip()
            if stripped and not stripped.startswith("-"):
                yield _Line(stripped.partition(" --")[0], always=False)


def _pyproject_lines(file: Path) -> Iterator[_Line]:
    if not file.is_file():
        return
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DriftError(f"{file}: not valid TOML: {error}") from None
    project = _table(table, "project")
    yield from (_Line(text) for text in _texts(project.get("dependencies")))
    for group in (*_table(project, "optional-dependencies").values(), *_table(table, "dependency-groups").values()):
        yield from (_Line(text, always=False) for text in _texts(group))
    poetry = _table(_table(table, "tool"), "poetry")
    yield from _poetry_lines(_table(poetry, "dependencies"), always=True)
    for group in _table(poetry, "group").values():
        yield from _poetry_lines(_table(group, "dependencies"), always=False)


def _poetry_lines(dependencies: dict[str, Any], *, always: bool) -> Iterator[_Line]:
    for name, value in dependencies.items():
        for each in value if isinstance(value, list) else [value]:
            constraint = each.get("version") if isinstance(each, dict) else each
            if not isinstance(constraint, str):
                continue
            marker = each.get("markers") if isinstance(each, dict) else None
            specifier = _poetry_specifier(constraint)
            if specifier is not None:
                text = f"{name}{specifier}" + (f"; {marker}" if isinstance(marker, str) else "")
                yield _Line(text, always and not (isinstance(each, dict) and each.get("optional")))


def _poetry_specifier(constraint: str) -> str | None:
    """A PEP 440 specifier for what Poetry writes its own way; None for alternatives."""
    if "|" in constraint:
        return None
    parts = [part.strip() for part in constraint.split(",")]
    return ",".join(_poetry_part(part) for part in parts if part != "*")


def _poetry_part(part: str) -> str:
    match = _POETRY_RANGE.fullmatch(part)
    if match is None:
        return part
    sign, numbers, rest = match.groups()
    release = [int(number) for number in numbers.split(".")]
    if not sign:
        return f"=={numbers}{rest}"
    if sign == "~":
        place = min(1, len(release) - 1)
    else:
        place = next((place for place, number in enumerate(release) if number), len(release) - 1)
    upper = ".".join(map(str, [*release[:place], release[place] + 1]))
    return f">={numbers}{rest},<{upper}"


def _setup_cfg_lines(file: Path) -> Iterator[_Line]:
    reader = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        reader.read_string(_text(file))
    except configparser.Error:
        return
    yield from map(_Line, reader.get("options", "install_requires", fallback="").splitlines())
    if reader.has_section("options.extras_require"):
        for _, texts in reader.items("options.extras_require"):
            yield from (_Line(text, always=False) for text in texts.splitlines())


def _setup_py_lines(file: Path) -> Iterator[_Line]:
    """What is written as constants in the call of `setup`."""
    try:
        tree = ast.parse(_text(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    assigned = {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func).rpartition(".")[2] == "setup":
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            yield from map(_Line, _constants(given.get("install_requires"), assigned))
            extras = given.get("extras_require")
            extras = assigned.get(extras.id) if isinstance(extras, ast.Name) else extras
            for value in extras.values if isinstance(extras, ast.Dict) else ():
                yield from (_Line(text, always=False) for text in _constants(value, assigned))


def _constants(node: ast.expr | None, assigned: dict[str, ast.expr], depth: int = 0) -> Iterator[str]:
    if depth > 8:
        return
    if isinstance(node, ast.Name):
        yield from _constants(assigned.get(node.id), assigned, depth + 1)
    elif isinstance(node, (ast.List, ast.Tuple)):
        for item in node.elts:
            yield from _constants(item.value if isinstance(item, ast.Starred) else item, assigned, depth + 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for side in (node.left, node.right):
            yield from _constants(side, assigned, depth + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig", "replace") if file.is_file() else ""
    except OSError:
        return ""


def _table(parent: Any, name: str) -> dict[str, Any]:
    found = parent.get(name) if isinstance(parent, dict) else None
    return found if isinstance(found, dict) else {}


def _texts(value: Any) -> Iterable[str]:
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


# Distributions


def _distribution_lines(source: Source) -> Iterator[_Line]:
    for path in source.files():
        if path.count("/") <= 1 and path.endswith((".dist-info/METADATA", "PKG-INFO")):
            message = HeaderParser().parsestr(source.read(path).decode("utf-8", "replace"))
            yield from map(_Line, message.get_all("Requires-Dist", []))
            return
