"""A file on a server as a seekable file of which only the parts that are read are fetched."""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, NamedTuple

import requests
import urllib3

from .connections import CONNECTIONS, TIMEOUT, reason
from .errors import DriftError
from .sources import MIB

ATTEMPTS = 3

# A wheel's directory lies at its end: 1.2 MB for torch, 0.3 MB for the others, with RECORD just before it.
TAIL = 2 * MIB
# A read that nothing announced is followed by its neighbours: a zip member is read in four small steps.
READ_AHEAD = 64 * 1024
# What one more request costs in time, a connection fetches in bytes.
GAP = 128 * 1024
# A longer run is fetched by several connections.
PIECE = 4 * MIB
IN_MEMORY = 64 * MIB

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Span(NamedTuple):
    """Bytes of a file, from `start` up to but without `stop`."""

    start: int
    stop: int


class RangeFile:
    """A file on a server, fetched by byte ranges and kept in memory.

    A server that does not know ranges sends the whole file at the first request, and that is what is read then.

    Args:
        session: Makes the requests; left open.
        url: Where the file is.
        shown: How messages call it.

    Attributes:
        size: Of the whole file, in bytes.
        fetched: Bytes of content received so far.
        requests: Requests answered so far.

    Raises:
        DriftError: The server does not answer, or answers something else.
    """

    def __init__(self, session: requests.Session, url: str, shown: str) -> None:
        self.size = 0
        self.fetched = 0
        self.requests = 0
        self._session = session
        self._url = url
        self._shown = shown
        self._position = 0
        # Chunks never overlap: `_starts` is sorted and `_chunks` runs beside it.
        self._starts: list[int] = []
        self._chunks: list[bytes] = []
        self._whole: IO[bytes] | None = None
        self._fetch_tail()

    def seekable(self) -> bool:
        """Any byte can be asked for."""
        return True

    def tell(self) -> int:
        """The position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; nothing is fetched.

        Raises:
            ValueError: The position would be negative.
        """
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if position < 0:
            raise ValueError(f"position {position} is before the start of the file")
        self._position = position
        return position

    def read(self, size: int = -1, /) -> bytes:
        """Read from the position on, fetching what is not here yet.

        Args:
            size: How many bytes at most; negative for all that follow.

        Raises:
            DriftError: The server does not answer, or answers something else.
        """
        start = min(self._position, self.size)
        stop = self.size if size < 0 else min(start + size, self.size)
        if self._whole is not None:
            self._whole.seek(start)
            content = self._whole.read(stop - start)
        else:
            if missing := list(self._missing(Span(start, stop))):
                self.fetch([Span(missing[0].start, max(missing[-1].stop, missing[0].start + READ_AHEAD))])
            content = b"".join(self._pieces(Span(start, stop)))
        self._position = start + len(content)
        return content

    def fetch(self, spans: Iterable[Span]) -> None:
        """Fetch what is not here yet of these spans: neighbours by one request, several requests at a time.

        Raises:
            DriftError: The server does not answer, or answers something else.
        """
        if self._whole is not None:
            return
        missing = [gap for span in spans for gap in self._missing(Span(span.start, min(span.stop, self.size)))]
        wanted = [piece for run in coalesced(missing, GAP) for piece in _cut(run)]
        if len(wanted) < 2:
            for span in wanted:
                self._keep(span.start, self._fetch_span(span))
            return
        with ThreadPoolExecutor(min(CONNECTIONS, len(wanted))) as pool:
            for span, content in zip(wanted, pool.map(self._fetch_span, wanted), strict=True):
                self._keep(span.start, content)

    def fetch_all(self) -> str:
        """Fetch the whole file.

        Returns:
            Its sha256, in hexadecimal.

        Raises:
            DriftError: The server does not answer, or answers something else.
        """
        self.fetch([Span(0, self.size)])
        digest = hashlib.sha256()
        self.seek(0)
        while piece := self.read(PIECE):
            digest.update(piece)
        self.seek(0)
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of what was fetched."""
        self._starts, self._chunks = [], []
        if self._whole is not None:
            self._whole.close()

    def _missing(self, span: Span) -> Iterator[Span]:
        start, stop = span
        index = max(bisect_right(self._starts, start) - 1, 0)
        while start < stop and index < len(self._starts) and self._starts[index] < stop:
            begin = self._starts[index]
            if start < begin:
                yield Span(start, begin)
            start = max(start, begin + len(self._chunks[index]))
            index += 1
        if start < stop:
            yield Span(start, stop)

    def _pieces(self, span: Span) -> Iterator[bytes]:
        start, stop = span
        index = bisect_right(self._starts, start) - 1
        while start < stop:
            begin, chunk = self._starts[index], self._chunks[index]
            yield chunk[start - begin : stop - begin]
            start = begin + len(chunk)
            index += 1

    def _keep(self, start: int, content: bytes) -> None:
        for gap in list(self._missing(Span(start, start + len(content)))):
            index = bisect_right(self._starts, gap.start)
            self._starts.insert(index, gap.start)
            self._chunks.insert(index, content[gap.start - start : gap.stop - start])

    def _fetch_tail(self) -> None:
        start, content = self._retried(f"bytes=-{TAIL}", None)
        if self._whole is None:
            self.size = start + len(content)
            self._keep(start, content)

    def _fetch_span(self, span: Span) -> bytes:
        return self._retried(f"bytes={span.start}-{span.stop - 1}", span)[1]

    def _retried(self, header: str, span: Span | None) -> tuple[int, bytes]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._answer(header, span)
            except (OSError, urllib3.exceptions.HTTPError) as error:
                if attempt == ATTEMPTS or isinstance(error, requests.HTTPError):
                    raise DriftError(f"{self._shown}: {reason(error)} while fetching it: try again") from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _answer(self, header: str, span: Span | None) -> tuple[int, bytes]:
        """Where the content of one answer begins, and the content; `span` is None for the tail."""
        headers = {"Range": header, "Accept-Encoding": "identity"}
        with self._session.get(self._url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            self.requests += 1
            if span is None and response.status_code == requests.codes.ok:
                self._take_whole(response)
                return 0, b""
            response.raise_for_status()
            stated = self._stated_span(response, span)
            content = response.raw.read(stated.stop - stated.start + 1, decode_content=False)
        self.fetched += len(content)
        if len(content) != stated.stop - stated.start:
            raise requests.ConnectionError(f"{len(content)} bytes instead of {stated.stop - stated.start}")
        return stated.start, content

    def _stated_span(self, response: requests.Response, span: Span | None) -> Span:
        stated = response.headers.get("Content-Range", "")
        found = _CONTENT_RANGE.fullmatch(stated)
        if response.status_code == requests.codes.partial_content and found:
            first, last, size = map(int, found.groups())
            if span is None and (first, last) == (max(size - TAIL, 0), size - 1):
                return Span(first, size)
            if (first, last + 1, size) == (*(span or ()), self.size):
                return Span(first, last + 1)
        asked = "its end" if span is None else f"bytes {span.start}-{span.stop - 1}"
        raise DriftError(
            f"{self._shown}: asked for {asked}, the server answered with status {response.status_code} and"
            f" Content-Range {stated!r}: use another index (PIP_INDEX_URL)"
        )

    def _take_whole(self, response: requests.Response) -> None:
        whole = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with this file
        while piece := response.raw.read(MIB, decode_content=True):
            whole.write(piece)
        self.size = whole.tell()
        self.fetched += self.size
        self._whole = whole


def coalesced(spans: Iterable[Span], gap: int) -> Iterator[Span]:
    """Join spans that overlap or lie closer than `gap` bytes; sorted."""
    run: Span | None = None
    for span in sorted(spans):
        if run is not None and span.start - run.stop < gap:
            run = Span(run.start, max(run.stop, span.stop))
            continue
        if run is not None:
            yield run
        run = span
    if run is not None:
        yield run


def _cut(run: Span) -> Iterator[Span]:
    for start in range(run.start, run.stop, PIECE):
        yield Span(start, min(start + PIECE, run.stop))
