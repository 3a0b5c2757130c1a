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
from signatures.updating import Added, add_release, add_releases
from signatures.upstreams import Upstream, upstream_named
from signatures.wheels import Index


def from_wheel(upstream: Upstream, folder: Path, wheel: Path) -> Added:
    """Add what a wheel holds."""
    history = History.open(upstream.name, overlay=False)
    with open_source(wheel) as source:
        return add_release(history, source, upstream, folder / upstream.name)


def from_index(upstream: Upstream, folder: Path, version: str) -> Added:
    """Add a release where it lies on the index."""
    with Index() as index:
        [added] = add_releases(index, upstream, [index.release(upstream.name, version)], folder)
    return added


def main(name: str, version: str, folder: str, *wheel: str) -> None:
    """Add one release and print what that took."""
    upstream = upstream_named(name)
    started = time.process_time()
    into = Path(folder)
    added = from_wheel(upstream, into, Path(wheel[0])) if wheel else from_index(upstream, into, version)
    cpu = time.process_time() - started
    [pack] = into.joinpath(upstream.name).iterdir()
    told = {"modules": added.parsed, "fetched": added.fetched, "cpu": cpu, "pack": pack.stat().st_size}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
