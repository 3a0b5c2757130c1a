"""What an installed package answers at run time: its names, its signatures and its method resolution orders.

Run by the interpreter of the install, one process a release, because a process holds one release of a package:

    python live_surface.py surface PACKAGE OUTPUT.json.gz
    python live_surface.py resolve PACKAGE OUTPUT.json.gz < dotted-names.json

It uses the standard library and the package only, so that it runs in any environment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import gzip
import importlib
import importlib.metadata
import inspect
import json
import os
import platform
import re
import sys
import types
import typing
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SPECIAL_METHODS = ("__init__", "__call__", "_preprocess")
SUFFIXED = ("Tokenizer", "ImageProcessor")
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def admit_torchvision() -> None:
    """Let a torchvision without its compiled operators be imported; one that works is left alone.

    Its CPU-only install registers fakes for two operators that only the compiled library defines.
    """
    try:
        importlib.import_module("torchvision")
    except ImportError:
        return
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = importlib.import_module("torch").library
        for name in ("nms", "qnms"):
            library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        importlib.import_module("torchvision")


def module_names(package: types.ModuleType) -> Iterator[str]:
    """The dotted names of a package's source files, but for tests and files that are sources of generated ones."""
    [root] = package.__path__
    for path in sorted(Path(root).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if parts and (parts[-1].startswith("modular_") or parts[-1] == "__main__" or "tests" in parts):
            continue
        yield ".".join((package.__name__, *parts))


def imported(name: str) -> types.ModuleType | str:
    """The module of that name, or one line that says why it does not import."""
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        return failure(error)


def failure(error: BaseException) -> str:
    """One line that says what went wrong, and what that came from."""
    origin = error
    while (before := origin.__cause__ or origin.__context__) is not None:
        origin = before
    lines = dict.fromkeys(f"{type(e).__name__}: {e}".split("\n", 1)[0][:200] for e in (error, origin))
    return " from ".join(lines)


def is_dummy(value: object) -> bool:
    """Whether this stands in for something whose backend is not installed; asking it for attributes may raise."""
    return type(value).__name__ in ("DummyObject", "_DummyObject")


def is_definition(value: object) -> bool:
    """Whether this is a class or a function, however it is wrapped, and not an object that can be called."""
    return isinstance(value, type) or inspect.isroutine(value) or (callable(value) and "__wrapped__" in dir(value))


def canonical(value: object) -> str:
    """Where a module, class or function says that it is defined; "" for anything else."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    if is_definition(value):
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        return f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else ""
    return ""


def kind(value: object) -> str:
    """What sort of thing a name is bound to, in one word."""
    if is_dummy(value):
        return "dummy"
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    return "callable" if callable(value) else "value"


def default_text(value: object) -> str:
    """A default as text that does not change from run to run and can be compared with source text."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, type) or inspect.isroutine(value):
        return str(getattr(value, "__qualname__", repr(value)))
    return ADDRESS.sub("", repr(value))[:200]


Signature = list[tuple[str, int, bool, str]]


def signature(value: Callable[..., Any]) -> Signature | str:
    """The parameters as (name, kind, has a default, default), or why there are none."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (ValueError, TypeError) as error:
        return failure(error)
    empty = inspect.Parameter.empty
    return [
        (p.name, int(p.kind), p.default is not empty, "" if p.default is empty else default_text(p.default))
        for p in parameters
    ]


def class_traits(cls: type) -> list[str]:
    """What decides how a class is called: words that name a class of differences."""
    made = [
        word
        for word, holds in (
            ("enum", isinstance(cls, enum.EnumMeta)),
            ("typed-dict", typing.is_typeddict(cls)),
            ("named-tuple", issubclass(cls, tuple) and hasattr(cls, "_fields")),
            ("protocol", bool(getattr(cls, "_is_protocol", False))),
            ("dataclass", dataclasses.is_dataclass(cls)),
            ("own __signature__", "__signature__" in vars(cls)),
        )
        if holds
    ]
    for owner in cls.__mro__:
        if found := next((name for name in ("__new__", "__init__") if name in vars(owner)), None):
            made.append(f"{found} of {owner.__module__}.{owner.__qualname__}")
            break
    if type(cls) is not type:
        made.append(f"metaclass {type(cls).__module__}.{type(cls).__qualname__}")
    return made


def function_traits(value: object) -> list[str]:
    """What is unlike a plain `def`: words that name a class of differences."""
    code = getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None)
    return [
        word
        for word, holds in (
            ("wraps", hasattr(value, "__wrapped__")),
            ("bound", inspect.ismethod(value)),
            ("copied from a bound method", inspect.ismethod(getattr(value, "__wrapped__", None))),
            ("closure", "<locals>" in getattr(value, "__qualname__", "")),
            (f"a {type(value).__name__}", not inspect.isroutine(value)),
            ("generated", code is not None and code.co_filename.startswith("<")),
        )
        if holds
    ]


class Probe:
    """Everything that one installed package answers."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.modules: dict[str, str] = {}
        self.names: dict[str, dict[str, list[str]]] = {}
        self.unresolved: dict[str, dict[str, str]] = {}
        self.callables: dict[str, dict[str, Any]] = {}
        self.mro: dict[str, list[str]] = {}
        self._seen: set[int] = set()

    def run(self) -> dict[str, Any]:
        """Import every module, then ask every name of each one.

        All are imported first: what a module answers may change when its submodules are imported.
        """
        top = importlib.import_module(self.package)
        names = list(module_names(top))
        found = {name: imported(name) for name in names}
        # Modules without a file, made by the package itself; they are never scanned, only asked for what they list.
        made = sorted(n for n in list(sys.modules) if n.startswith(f"{self.package}.") and n not in found)
        found |= {name: imported(name) for name in made}
        for name, module in found.items():
            self.modules[name] = module if isinstance(module, str) else ("file" if name in names else "made")
            if isinstance(module, types.ModuleType):
                self._read(name, module)
        return {
            "package": self.package,
            "version": importlib.metadata.version(self.package),
            "python": platform.python_version(),
            "modules": self.modules,
            "names": self.names,
            "unresolved": self.unresolved,
            "callables": self.callables,
            "mro": self.mro,
        }

    def _read(self, name: str, module: types.ModuleType) -> None:
        try:
            listed = {n for n in dir(module) if not n.startswith("_")}
        except Exception as error:
            self.unresolved[name] = {"*": failure(error)}
            return
        listed |= {f"{n}Fast" for n in listed if n.endswith(SUFFIXED)}
        for attribute in sorted(listed):
            self._read_name(name, module, attribute)

    def _read_name(self, name: str, module: types.ModuleType, attribute: str) -> None:
        try:
            value = getattr(module, attribute)
        except (Exception, SystemExit) as error:
            self.unresolved.setdefault(name, {})[attribute] = failure(error)
            return
        if isinstance(value, types.ModuleType) and value.__name__ == f"{name}.{attribute}":
            return
        self.names.setdefault(name, {})[attribute] = [kind(value), canonical(value)]
        if is_dummy(value) or id(value) in self._seen or not is_definition(value):
            return
        if getattr(value, "__module__", None) == name:
            self._seen.add(id(value))
            self._read_callable(f"{name}.{attribute}", value)

    def _read_callable(self, path: str, value: Any) -> None:
        if not isinstance(value, type):
            self.callables[path] = {"kind": "function", "is": signature(value), "traits": function_traits(value)}
            return
        self.callables[path] = {"kind": "class", "is": signature(value), "traits": class_traits(value)}
        self.mro[path] = [f"{c.__module__}.{c.__qualname__}" for c in value.__mro__]
        own = [n for n in vars(value) if not n.startswith("_")]
        for name in (*own, *SPECIAL_METHODS):
            try:
                method: Any = getattr(value, name, None)
            except Exception as error:
                self.unresolved.setdefault(path, {})[name] = failure(error)
                continue
            if isinstance(method, type) or not is_definition(method):
                continue
            if f"{getattr(method, '__module__', None)}.".split(".", 1)[0] != self.package:
                continue
            self.callables[f"{path}.{name}"] = {
                "kind": "method",
                "is": signature(method),
                "traits": function_traits(method),
                "of": canonical(method),
            }


def resolve(dotted: str) -> str:
    """What importing and asking for a dotted name answers: "" where it is there, else one line that says why not."""
    parts = dotted.split(".")
    value: object = imported(parts[0])
    if isinstance(value, str):
        return value
    for index, part in enumerate(parts[1:], start=2):
        try:
            value = getattr(value, part)
        except (Exception, SystemExit) as error:
            # A dotted name may go through a submodule that nobody has imported yet.
            prefix = ".".join(parts[:index])
            loaded = imported(prefix) if isinstance(value, types.ModuleType) else failure(error)
            if isinstance(loaded, str):
                return failure(error) if f"No module named '{prefix}'" in loaded else loaded
            value = loaded
    return ""


def main(arguments: list[str]) -> None:
    """Run one of the two probes; what imported modules print goes to stderr."""
    action, package, output = arguments
    warnings.simplefilter("ignore")
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "critical", "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
    with contextlib.redirect_stdout(sys.stderr):
        admit_torchvision()
        result = Probe(package).run() if action == "surface" else {name: resolve(name) for name in json.load(sys.stdin)}
    with gzip.open(output, "wt", encoding="utf-8", compresslevel=6) as file:
        json.dump(result, file, separators=(",", ":"))


if __name__ == "__main__":
    main(sys.argv[1:])
