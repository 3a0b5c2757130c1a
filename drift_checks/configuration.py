"""`[tool.drift]` in pyproject.toml: what the options are where the command line does not say."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from signatures.errors import DriftError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Configuration(NamedTuple):
    """What a project says.

    Args:
        file: The pyproject.toml.
        values: By the name of the option's parameter.
    """

    file: Path
    values: dict[str, Any]


def read_configuration(paths: Iterable[str]) -> Configuration | None:
    """The nearest `[tool.drift]` at or above all of the paths; None where there is none.

    Args:
        paths: As given on the command line; a requirement stands for the working directory.

    Raises:
        DriftError: The file is no TOML, or has a key or a value that no option has.
    """
    start = _common_folder(paths)
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        table = _table(file) if file.is_file() else None
        if table is not None:
            return Configuration(file, dict(_values(file, table)))
    return None


def _common_folder(paths: Iterable[str]) -> Path:
    folders = [_folder(Path(path)) for path in paths] or [Path.cwd()]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        # On different drives.
        return folders[0]


def _folder(path: Path) -> Path:
    if not path.exists():
        return Path.cwd()
    whole = path.resolve()
    return whole if whole.is_dir() else whole.parent


def _table(file: Path) -> dict[str, Any] | None:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DriftError(f"{file}: not valid TOML: {error}") from None
    tool = document.get("tool")
    if not isinstance(tool, dict) or "drift" not in tool:
        return None
    if not isinstance(tool["drift"], dict):
        raise DriftError(f"{file}: [tool.drift] is no table")
    return tool["drift"]


def _values(file: Path, table: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if key not in _KEYS:
            close = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(_KEYS)}"
            raise DriftError(f"{file}: [tool.drift] has no key {key}; {hint}")
        parameter, read = _KEYS[key]
        try:
            yield parameter, read(value, file.parent)
        except TypeError as error:
            raise DriftError(f"{file}: [tool.drift] {key}: expected {error}") from None


def _text(value: object, folder: Path) -> str:
    if not isinstance(value, str):
        raise TypeError("text in quotes")
    return value


def _texts(value: object, folder: Path) -> list[str]:
    """A list, or one text for a list of one."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise TypeError('a list of texts such as ["a", "b"]')
    return listed


def _flag(value: object, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _path(value: object, folder: Path) -> str:
    return _shown(folder / _text(value, folder))


def _patterns(value: object, folder: Path) -> list[str]:
    return [_pattern(each, folder) for each in _texts(value, folder)]


def _per_path(value: object, folder: Path) -> list[str]:
    if not isinstance(value, Mapping):
        raise TypeError('a table such as {"tests/**" = ["deprecated-symbol"]}')
    return [f"{_pattern(where, folder)}:{','.join(_texts(rules, folder))}" for where, rules in value.items()]


def _pattern(text: str, folder: Path) -> str:
    """A pattern with a `/` is written for the folder of the file, and read for the working directory."""
    if "/" not in text.rstrip("/"):
        return text
    shown = _shown(folder / text)
    return shown if "/" in shown else f"./{shown}"


def _shown(path: Path) -> str:
    """Relative to the working directory, where that says the same."""
    return Path(os.path.relpath(path)).as_posix()


_KEYS: Mapping[str, tuple[str, Callable[[object, Path], object]]] = {
    "from": ("old", _texts),
    "to": ("new", _texts),
    "exclude": ("exclude", _patterns),
    "select": ("select", _texts),
    "ignore": ("ignore", _texts),
    "per-path-ignores": ("per_path_ignores", _per_path),
    "likely": ("likely", _flag),
    "device": ("device", _text),
    "baseline": ("baseline", _path),
    "format": ("form", _text),
}
