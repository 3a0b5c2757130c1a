"""Making the shipped history, or adding new releases to it: `python -m signatures.rebuild [--add] NAME`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import DriftError
from .history import SHIPPED, History
from .local_sources import open_source
from .model import Entry
from .packs import SUFFIX, ReleaseInfo
from .recording import write_base
from .snapshots import read_release
from .sources import Source
from .surface import Snapshot
from .updating import add_releases, followed_releases, missing_releases, release_info
from .upstreams import UPSTREAMS, Upstream, upstream_named
from .wheels import Index, IndexRelease, best_wheel


def read_all(
    index: Index, upstream: Upstream, wheels: Path | None
) -> Iterator[tuple[ReleaseInfo, Mapping[str, list[Entry]]]]:
    """Every release in turn; a file that is the same as in the release before is not read again.

    Args:
        index: Where the releases are.
        upstream: Which distribution.
        wheels: A folder of wheels that need not be fetched.
    """
    known: Snapshot | None = None
    for release in followed_releases(index, upstream):
        with _opened(index, release, wheels) as source:
            reading = read_release(source, upstream, known)
            info = release_info(source, upstream, reading.problems)
        print(f"{upstream.name} {info.version} {info.train} {len(reading.modules)} modules, {len(reading.fresh)} read")
        for problem in reading.problems:
            print(f"  {problem}", file=sys.stderr)
        modules = dict(reading.modules)
        known = Snapshot(modules)
        yield info, modules


def _opened(index: Index, release: IndexRelease, wheels: Path | None) -> Source:
    file = best_wheel(release)
    local = wheels / file.filename if wheels is not None and file is not None else None
    return open_source(local) if local is not None and local.is_file() else index.open_release(release)


def _add(index: Index, upstream: Upstream, folder: Path) -> None:
    history = History.open(upstream.name, overlay=False, folder=folder)
    releases = missing_releases(history, index, upstream)
    history.close()
    for added in add_releases(index, upstream, releases, folder):
        print(f"{upstream.name} {added.info.version} {added.info.train} {added.parsed} modules read")


def main(arguments: list[str] | None = None) -> int:
    """Write the base pack of each named upstream, or with `--add` a delta pack for each release that is new."""
    parser = argparse.ArgumentParser(prog="python -m signatures.rebuild", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"any of {', '.join(UPSTREAMS)}")
    parser.add_argument("--add", action="store_true", help="only add the releases that the shipped history lacks")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels that need not be fetched")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="the folder of packs (the shipped one)")
    chosen = parser.parse_args(arguments)
    try:
        with Index() as index:
            for name in chosen.names:
                upstream = upstream_named(name)
                if chosen.add:
                    _add(index, upstream, chosen.into)
                    continue
                folder = chosen.into / upstream.name
                folder.mkdir(parents=True, exist_ok=True)
                write_base(folder / f"0000-base{SUFFIX}", upstream.name, read_all(index, upstream, chosen.wheels))
    except DriftError as error:
        print(f"signatures.rebuild: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
