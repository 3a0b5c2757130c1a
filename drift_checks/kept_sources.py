"""The Python files and metadata of a distribution in memory, for processes that cannot share the opened archive."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from types import TracebackType

from signatures.sources import Source, UnreadableFile

_KEPT = (".py", ".dist-info/METADATA", "PKG-INFO")


class KeptSource:
    """What a source says, read once; it can be handed to another process, and stays when the source is closed.

    Args:
        source: An opened distribution.
    """

    def __init__(self, source: Source) -> None:
        self.label = source.label
        self.name = source.name
        self.version = source.version
        self.built: datetime.date | None = source.built
        self._listed = dict(source.files())
        paths = sorted(path for path in self._listed if path.endswith(_KEPT))
        source.prefetch(paths)
        self._contents: dict[str, bytes | str] = {path: _read(source, path) for path in paths}
        self.problems = list(source.problems)

    def files(self) -> Mapping[str, str | None]:
        """See `Source.files`."""
        return self._listed

    def read(self, path: str) -> bytes:
        """See `Source.read`; only Python files and metadata were kept."""
        content = self._contents[path]
        if isinstance(content, str):
            raise UnreadableFile(content)
        return content

    def prefetch(self, paths: Collection[str]) -> None:
        """See `Source.prefetch`; everything is here."""
        return

    def close(self) -> None:
        """See `Source.close`; nothing is open."""
        return

    def __enter__(self) -> KeptSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


def _read(source: Source, path: str) -> bytes | str:
    try:
        return source.read(path)
    except UnreadableFile as error:
        return str(error)
