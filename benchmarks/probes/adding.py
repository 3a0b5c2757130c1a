"""One process that adds a release to the shipped history, as `drift update` does.

    python -m benchmarks.probes.adding NAME VERSION FOLDER [WHEEL]

The release is read from the wheel, or by byte ranges from the package index. It may be one that the history has: it is
compared with the release before it all the same. FOLDER gets the delta pack. It prints what it did, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from signatures.history import History
from signatures.local_sources import open_source
from signatures.sources import Source
from signatures.updating import add_release
from signatures.upstreams import Upstream, upstream_named
from signatures.wheels import Index


def opened(upstream: Upstream, version: str, wheel: str | None) -> Source:
    """The release's files: a wheel on disk, or where it lies on the index."""
    if wheel is not None:
        return open_source(wheel)
    with Index() as index:
        return index.open_release(index.release(upstream.name, version), whole=False)


def main(name: str, version: str, folder: str, *wheel: str) -> None:
    """Add one release and print what that took."""
    upstream = upstream_named(name)
    started = time.process_time()
    packs = Path(folder) / upstream.name
    history = History.open(upstream.name, overlay=False)
    with opened(upstream, version, wheel[0] if wheel else None) as source:
        added = add_release(history, source, upstream, packs)
    cpu = time.process_time() - started
    [pack] = packs.iterdir()
    told = {"modules": added.parsed, "fetched": added.fetched, "cpu": cpu, "pack": pack.stat().st_size}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
