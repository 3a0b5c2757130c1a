"""`drift update`: new releases from the package index into the user's own history."""

from __future__ import annotations

from signatures.errors import DriftError
from signatures.history import History
from signatures.updating import Added, add_releases, missing_releases
from signatures.upstreams import UPSTREAMS, Upstream, upstream_named
from signatures.wheels import Index, IndexRelease

from ..output import Output


def run(output: Output, names: tuple[str, ...]) -> bool:
    """Answer the command; new releases are what it was asked for, nothing to report."""
    upstreams = [upstream_named(name) for name in names] if names else list(UPSTREAMS.values())
    rows: list[dict[str, object]] = []
    with Index() as index:
        for upstream in upstreams:
            history = History.open(upstream.name)
            releases = missing_releases(history, index, upstream)
            history.close()
            added = _add(output, index, upstream, releases)
            if output.form == "text":
                for one in added:
                    output.line(_described(upstream.name, one))
            if not added and output.form == "text":
                output.line(f"{upstream.name}: nothing newer than {history.releases[-1].version}")
            rows += (_data(upstream.name, one) for one in added)
    if output.form == "json":
        output.data({"schema": 1, "added": rows})
    return False


def _add(output: Output, index: Index, upstream: Upstream, releases: list[IndexRelease]) -> list[Added]:
    """Add one release after the other; where one cannot be read, say that those before it are kept."""
    added: list[Added] = []
    with output.progress(f"reading {upstream.name}") as progress:
        for release in releases:
            progress.step(len(added), len(releases), release.version)
            try:
                added += add_releases(index, upstream, [release])
            except DriftError as error:
                versions = ", ".join(one.info.version for one in added)
                kept = f"; added before that and kept: {versions}" if added else ""
                raise DriftError(f"{error}{kept}") from error
            for problem in added[-1].info.problems:
                output.warn(f"incomplete: {problem}")
    return added


def _described(name: str, added: Added) -> str:
    return f"{name} {added.info.version}: {added.parsed} modules read, {added.fetched / 1e6:.1f} MB fetched"


def _data(name: str, added: Added) -> dict[str, object]:
    return {
        "upstream": name,
        "version": added.info.version,
        "modules_read": added.parsed,
        "bytes_fetched": added.fetched,
        "problems": list(added.info.problems),
    }
