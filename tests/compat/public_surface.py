"""The public surface of `compat` as text, a line a name, read from its source as every upstream's is.

    python -m tests.compat.public_surface

writes `public_surface.txt` anew. A stable function never changes its shape: a line of that file may be added, and none
may change or go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import compat
from signatures.model import Class, Definition, Function, decode
from signatures.python_source import read_module

PACKAGE = Path(compat.__file__).parent
FROZEN = Path(__file__).with_suffix(".txt")


def lines() -> Iterator[str]:
    """Each public name of each module, with its signature where it is a function's."""
    for module in ("__init__", *compat.MODULES):
        prefix = "" if module == "__init__" else f"{module}."
        entries = {e.key: e for e in read_module((PACKAGE / f"{module}.py").read_bytes(), f"compat.{module}")}
        definitions = {key: decode(key, e.surface, e.body) for key, e in entries.items() if not key.startswith("@")}
        for name in sorted(json.loads(entries["@all"].surface)):
            yield from _shown(prefix, name, definitions)


def _shown(prefix: str, name: str, definitions: dict[str, Definition]) -> Iterator[str]:
    definition = definitions.get(name)
    yield f"{prefix}{name}{definition.signature if isinstance(definition, Function) else ''}"
    if isinstance(definition, Class):
        for method in definition.methods:
            if not method.startswith("_") or method == "__init__":
                yield from _shown(prefix, f"{name}.{method}", definitions)


if __name__ == "__main__":
    FROZEN.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")
