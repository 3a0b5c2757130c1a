"""One process that reads a release in one way, so that its time and memory can be measured from outside.

    python -m benchmarks.probes.reading parse|parse-without-collector|ours WHEEL
    python -m benchmarks.probes.reading griffe FOLDER

It prints how many modules it read, as JSON. Each way imports what it needs and nothing else, so that none pays for
another.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PACKAGE = "transformers"


def parse(wheel: Path) -> int:
    """`ast.parse` over the Python files of a wheel."""
    import ast
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        paths = [path for path in archive.namelist() if path.startswith(f"{PACKAGE}/") and path.endswith(".py")]
        for path in paths:
            ast.parse(archive.read(path))
    return len(paths)


def parse_without_collector(wheel: Path) -> int:
    """The same without the collector of cyclic garbage, as our reading does."""
    import gc

    gc.disable()
    return parse(wheel)


def ours(wheel: Path) -> int:
    """Our reading of a wheel."""
    from signatures.local_sources import open_source
    from signatures.snapshots import read_release
    from signatures.upstreams import upstream_named

    with open_source(wheel) as source:
        return len(read_release(source, upstream_named(PACKAGE)).fresh)


def griffe(folder: Path) -> int:
    """How griffe reads an unpacked wheel; it imports nothing of it."""
    from griffe import load

    load(PACKAGE, search_paths=[folder], try_relative_path=False, allow_inspection=False)
    return sum(path.suffix == ".py" for path in folder.joinpath(PACKAGE).rglob("*"))


WAYS = {"parse": parse, "parse-without-collector": parse_without_collector, "ours": ours, "griffe": griffe}

if __name__ == "__main__":
    print(json.dumps({"modules": WAYS[sys.argv[1]](Path(sys.argv[2]))}))
