"""Small releases that register operators, and a `torch` that knows their schemas and nothing else."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from drift_checks.check import Report, check
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile
from signatures.model import Entry, Kind
from signatures.op_schemas import op_entries, parse_schema
from signatures.surface import Snapshot, Surface

Schemas = Sequence[str] | str

_TORCH = """
import types

class Argument:
    def __init__(self, name, kwarg_only, has_default, default):
        self.name, self.kwarg_only, self.default_value = name, kwarg_only, default
        self.has_default_value = lambda: has_default

class Packet:
    def overloads(self):
        return list(vars(self))

ops = types.SimpleNamespace(npu=types.SimpleNamespace())
for name, overload, arguments, returns in SCHEMAS:
    packet = vars(ops.npu).setdefault(name, Packet())
    schema = types.SimpleNamespace(arguments=[Argument(*each) for each in arguments], returns=[None] * returns)
    setattr(packet, overload, types.SimpleNamespace(_schema=schema))
"""


def release(schemas: Schemas, version: str) -> Surface:
    """A release of torch-npu with these operators."""
    parsed = [parse_schema(text, "npu") for text in _listed(schemas)]
    modules = {**op_entries(parsed), "torch_npu": [Entry("@dynamic", "1"), Entry("@star:torch.ops.npu", '["dir",0]')]}
    return Surface("torch-npu", version, Snapshot(modules))


def checked(before: Schemas, after: Schemas, program: str) -> Report:
    """The report on one downstream file."""
    text = f"import torch\nimport torch_npu\n\n{textwrap.dedent(program)}\n"
    return check([SourceFile("program.py", text.encode())], [Pair(release(before, "1.0"), release(after, "2.0"))])


def passes(witness: str, schemas: Schemas, folder: Path) -> bool:
    """Whether a witness passes where these operators are registered."""
    rows = []
    for text in _listed(schemas):
        schema = parse_schema(text, "npu")
        assert schema.function is not None
        arguments = [
            (p.name, p.kind is Kind.KEYWORD_ONLY, p.default is not None, p.default and _value(p.default))
            for p in schema.function.signature.parameters
        ]
        kind, _, size = schema.function.body.returns[0].partition(":")
        rows.append((schema.name, schema.overload or "default", arguments, int(size or kind != "None")))
    folder.mkdir(exist_ok=True)
    (folder / "torch.py").write_text(f"SCHEMAS = {rows!r}\n{_TORCH}", encoding="utf-8")
    (folder / "torch_npu.py").touch()
    program = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{witness}"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, timeout=60, check=False
    )
    return run.returncode == 0


def _listed(schemas: Schemas) -> Sequence[str]:
    return [schemas] if isinstance(schemas, str) else schemas


def _value(default: str) -> object:
    import ast

    return ast.literal_eval(default)
