"""A guide's example, checked like users' code: what a page shows is what the tool says."""

from __future__ import annotations

import re

from signatures.lazy_exports import complete
from signatures.python_source import read_module
from signatures.snapshots import module_name
from signatures.surface import Snapshot, Surface

from .check import check
from .findings import Finding
from .rules import Pair
from .rules.guides import Guide
from .sources import SourceFile

# One line at the head of each file of a sketch.
_FILE = re.compile(r"^# (\S+\.pyi?)\n", re.MULTILINE)


def is_checked(guide: Guide) -> bool:
    """Whether an example says enough to be checked."""
    return bool(guide.old and guide.new) or guide.device is not None


def example_findings(guide: Guide, program: str) -> tuple[Finding, ...]:
    """What is found in a program, between the two sketches of an upstream that a guide carries.

    Args:
        guide: One whose example can be checked.
        program: Downstream code, such as the guide's `before`.
    """
    old, new = guide.old or _ANY_TORCH, guide.new or _ANY_TORCH
    pair = Pair(_surface(old, "1.0"), _surface(new, "2.0"))
    return check([SourceFile("example.py", program.encode())], [pair], device=guide.device).findings


_ANY_TORCH = "# torch/__init__.py\n"
"""For rules that ask what a device can do, and not what a release has."""


def sketch_files(sketch: str) -> dict[str, str]:
    """The files of a sketch by path; a sketch without file names is the package itself."""
    head, *parts = _FILE.split(sketch)
    if not parts:
        return {"transformers/__init__.py": head}
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    root = next(iter(files)).partition("/")[0]
    return {f"{root}/__init__.py": "", **files}


def _surface(sketch: str, version: str) -> Surface:
    modules = {}
    for path, text in sketch_files(sketch).items():
        name, is_package = module_name(path)
        modules[name] = read_module(text.encode(), name, is_package=is_package, is_stub=path.endswith(".pyi"))
    complete(modules)
    root = next(iter(modules)).partition(".")[0]
    return Surface(root.replace("_", "-"), version, Snapshot(modules))
