"""What a process that imported torch_npu has registered: its operator schemas, and what torch_npu exposes of them.

Run by the interpreter of the install, on a machine with CANN or with stand-ins for its libraries:

    python live_operators.py < schema-texts.json

It reads a list of schema texts and writes one JSON object: `registered`, the schemas of namespace `npu`, and `names`,
the operators that they belong to; `normalised`, for each text that it was given, how torch's own parser writes it
(null: it is not a schema); `exposed`, the operators that are attributes of `torch_npu`; `replaced`, those of them that
are not the packet of `torch.ops.npu`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any


def normalised(torch: Any, text: str) -> str | None:
    """How torch's parser writes a schema, or None where it refuses it."""
    try:
        return str(torch._C.parse_schema(text))
    except RuntimeError:
        return None


def main() -> None:
    """Write the answer to stdout."""
    texts = json.load(sys.stdin)
    torch = importlib.import_module("torch")
    torch_npu = importlib.import_module("torch_npu")
    registered = [schema for schema in torch._C._jit_get_all_schemas() if schema.name.startswith("npu::")]
    names = sorted({schema.name.removeprefix("npu::") for schema in registered})
    exposed = [name for name in names if hasattr(torch_npu, name)]
    answer = {
        "registered": [normalised(torch, str(schema)) for schema in registered],
        "normalised": [normalised(torch, text) for text in texts],
        "exposed": exposed,
        "replaced": [name for name in exposed if getattr(torch_npu, name) is not getattr(torch.ops.npu, name)],
        "names": names,
    }
    print(json.dumps(answer), flush=True)
    # The exit handlers of torch_npu wait for a device.
    os._exit(0)


if __name__ == "__main__":
    main()
