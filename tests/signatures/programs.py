"""Small programs as releases: read as we read upstream, and run by Python to see what really resolves."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from signatures.lazy_exports import complete
from signatures.model import Class, Entry, Function, decode
from signatures.python_source import read_module
from signatures.snapshots import module_name
from signatures.surface import Snapshot, Surface

Files = dict[str, str]

# Where an object was defined; "" for a value that does not tell.
_WHERE = """
import importlib, json, sys, types, warnings
warnings.simplefilter("ignore")

def where(found):
    found = getattr(found, "__func__", getattr(found, "fget", found))
    if isinstance(found, types.ModuleType):
        return found.__name__
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    return f"{module}.{name}" if module and name else ""

def walk(path):
    head, *rest = path.split(".")
    found, walked = importlib.import_module(head), head
    for name in rest:
        walked += "." + name
        try:
            found = getattr(found, name)
        except (AttributeError, ImportError):
            try:
                found = importlib.import_module(walked)
            except ImportError:
                return None
    return where(found)
"""


def entries(source: str, module: str = "m") -> dict[str, Entry]:
    """The entries of one module, by key."""
    return {entry.key: entry for entry in read_module(textwrap.dedent(source).encode(), module)}


def function(source: str, key: str = "f") -> Function:
    """One function of a program."""
    entry = entries(source)[key]
    found = decode(key, entry.surface, entry.body)
    assert isinstance(found, Function)
    return found


def class_(source: str, key: str = "C") -> Class:
    """One class of a program."""
    entry = entries(source)[key]
    found = decode(key, entry.surface, entry.body)
    assert isinstance(found, Class)
    return found


def modules(files: Files) -> dict[str, list[Entry]]:
    """The entries of a release made of these files, keyed by their paths."""
    found: dict[str, list[Entry]] = {}
    for path, source in files.items():
        name, is_package = module_name(path)
        is_stub = path.endswith(".pyi")
        found[name] = read_module(textwrap.dedent(source).encode(), name, is_package=is_package, is_stub=is_stub)
    complete(found)
    return found


def surface(files: Files, version: str = "1.0") -> Surface:
    """The surface of a release made of these files, keyed by their paths."""
    found = modules(files)
    return Surface(next(iter(found)).partition(".")[0], version, Snapshot(found))


def run(folder: Path, files: Files, code: str) -> Any:
    """What `answer` is after the code ran with the files importable.

    Args:
        folder: An empty folder.
        files: The release's files.
        code: Sets `answer` to something that JSON can say.
    """
    for path, source in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(source), encoding="utf-8")
    program = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{_WHERE}\n{textwrap.dedent(code)}\n"
    command = [sys.executable, "-I", "-S", "-B", "-c", program + "print(json.dumps(answer))"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def compare(folder: Path, files: Files, paths: Iterable[str]) -> None:
    """Run the release and require that each path leads where `Surface.resolve` says."""
    asked = list(paths)
    really: dict[str, str | None] = run(folder, files, f"answer = {{path: walk(path) for path in {asked!r}}}")
    release = surface(files)
    ours = {path: release.resolve(path) for path in asked}
    assert {path: found.found for path, found in ours.items()} == {path: at is not None for path, at in really.items()}
    told = {path: at for path, at in really.items() if at}
    assert {path: ours[path].canonical for path in told} == told
