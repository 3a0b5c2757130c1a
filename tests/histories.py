"""Small histories, written as packs, and the `drift` command run on them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from drift_checks.cli import main
from signatures.history import History
from signatures.packs import ReleaseInfo
from signatures.recording import write_base

from .signatures.programs import Files, modules

DAY = datetime.date(2026, 1, 2)


def write_history(
    folder: Path,
    upstream: str,
    releases: Mapping[str, Files],
    trains: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Path:
    """Write one base pack.

    Args:
        folder: The folder of packs for all upstreams.
        upstream: The distribution's name.
        releases: Files of each version, in release order.
        trains: The train of a version.
        problems: What could not be read of a version.

    Returns:
        The folder, as `History.open` takes it.
    """
    infos = {
        version: ReleaseInfo(
            version,
            DAY,
            (trains or {}).get(version, ""),
            (problems[version],) if problems and version in problems else (),
        )
        for version in releases
    }
    path = folder / upstream / "0000-base.pack"
    write_base(path, upstream, [(infos[version], modules(files)) for version, files in releases.items()])
    return folder


def history(folder: Path, releases: Mapping[str, Files], **options: Mapping[str, str]) -> History:
    """A history of transformers made of these releases."""
    return History.open(
        "transformers", overlay=False, folder=write_history(folder, "transformers", releases, **options)
    )


def drift(*arguments: str) -> Result:
    """Run the command as users do; what it says is in `stdout` and `stderr`."""
    return CliRunner().invoke(main, arguments, prog_name="drift")
