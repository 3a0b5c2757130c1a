from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from signatures import byte_ranges
from signatures.byte_ranges import RangeFile, Span, coalesced
from signatures.errors import DriftError

from .packaged import IndexServer, serve

CONTENT = random.Random(0).randbytes(10_000)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    for name, value in {"TAIL": 100, "READ_AHEAD": 50, "GAP": 20, "PIECE": 1000}.items():
        monkeypatch.setattr(byte_ranges, name, value)
    (tmp_path / "data.bin").write_bytes(CONTENT)
    with serve(tmp_path) as running:
        yield running


def opened(server: IndexServer) -> RangeFile:
    return RangeFile(requests.Session(), f"{server.url.removesuffix('/simple')}/files/data.bin", "data.bin")


def test_only_what_is_read_is_fetched(server: IndexServer) -> None:
    file = opened(server)
    assert (file.size, file.fetched, file.requests) == (10_000, 100, 1)
    file.seek(500)
    assert file.read(10) == CONTENT[500:510]
    assert file.read(40) == CONTENT[510:550]
    assert file.tell() == 550
    file.seek(-30, io.SEEK_END)
    assert file.read() == CONTENT[-30:]
    assert file.read() == b""
    assert server.asked == ["bytes=-100", "bytes=500-549"]
    assert (file.fetched, file.requests) == (150, 2)


def test_neighbours_are_fetched_together_and_long_runs_by_several_requests(server: IndexServer) -> None:
    file = opened(server)
    file.fetch([Span(700, 710), Span(100, 110), Span(120, 130), Span(2000, 4500), Span(9890, 12_000)])
    expected = ["bytes=100-129", "bytes=700-709", "bytes=2000-2999", "bytes=3000-3999", "bytes=4000-4499"]
    assert sorted(server.asked[1:]) == sorted([*expected, "bytes=9890-9899"])
    before = file.requests
    file.fetch([Span(100, 130), Span(2000, 4500)])
    assert file.requests == before


def test_the_whole_file_and_its_hash(server: IndexServer) -> None:
    file = opened(server)
    assert file.fetch_all() == hashlib.sha256(CONTENT).hexdigest()
    assert file.read() == CONTENT
    assert file.fetched == len(CONTENT)


@pytest.mark.parametrize("in_memory", [100, 1 << 20])
def test_a_server_without_ranges_sends_the_whole_file_once(
    server: IndexServer, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(byte_ranges, "IN_MEMORY", in_memory)
    server.broken = "no ranges"
    file = opened(server)
    file.fetch([Span(0, 10), Span(5000, 5010)])
    file.seek(5000)
    assert file.read(10) == CONTENT[5000:5010]
    assert file.fetch_all() == hashlib.sha256(CONTENT).hexdigest()
    assert (len(server.asked), file.fetched) == (1, len(CONTENT))
    file.close()


@pytest.mark.parametrize(
    ("broken", "why", "requests_made"),
    [
        (
            "wrong range",
            r"asked for bytes 0-9, the server answered with status 206 and Content-Range 'bytes 1-9/10000'",
            1,
        ),
        ("no ranges", r"asked for bytes 0-9, the server answered with status 200 and Content-Range ''", 1),
        ("status 206", r"asked for bytes 0-9, the server answered with status 206 and Content-Range ''", 1),
        ("short", r"data\.bin: .* while fetching it: try again", byte_ranges.ATTEMPTS),
        ("status 404", r"data\.bin: status 404 while fetching it", 1),
        ("status 416", r"data\.bin: status 416 while fetching it", 1),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_is_one_line(
    server: IndexServer, monkeypatch: pytest.MonkeyPatch, broken: str, why: str, requests_made: int
) -> None:
    monkeypatch.setattr(byte_ranges, "READ_AHEAD", 10)
    file = opened(server)
    server.broken = broken
    with pytest.raises(DriftError, match=why):
        file.read(10)
    assert len(server.asked) == 1 + requests_made
    server.broken = ""
    assert file.read(10) == CONTENT[:10]


def test_a_wrong_tail_is_one_line(server: IndexServer) -> None:
    server.broken = "wrong range"
    with pytest.raises(DriftError, match="asked for its end, the server answered with status 206"):
        opened(server)


def test_a_file_that_changed_on_the_server_is_not_mixed(server: IndexServer, tmp_path: Path) -> None:
    file = opened(server)
    (tmp_path / "data.bin").write_bytes(CONTENT + b"more")
    with pytest.raises(DriftError, match="/10004'"):
        file.read(10)


@given(data=st.data())
def test_any_order_of_reads_gives_the_bytes_of_the_file(data: st.DataObject) -> None:
    content = CONTENT[:3000]

    class Served(RangeFile):
        """Answers from memory instead of from a server."""

        def _fetch_tail(self) -> None:
            self.size = len(content)
            self._keep(2900, content[2900:])

        def _fetch_span(self, span: Span) -> bytes:
            self.fetched += span.stop - span.start
            return content[span.start : span.stop]

    file = Served(requests.Session(), "", "")
    for start, size in data.draw(st.lists(st.tuples(st.integers(0, 3100), st.integers(0, 500)), max_size=12)):
        if data.draw(st.booleans()):
            file.fetch([Span(start, start + size)])
        file.seek(start)
        assert file.read(size) == content[start : start + size]


@pytest.mark.parametrize(
    ("spans", "runs"),
    [
        ([], []),
        ([Span(5, 9), Span(0, 3)], [Span(0, 9)]),
        ([Span(0, 3), Span(8, 9)], [Span(0, 3), Span(8, 9)]),
        ([Span(0, 30), Span(8, 9), Span(34, 35)], [Span(0, 35)]),
    ],
)
def test_spans_closer_than_the_gap_are_one_run(spans: list[Span], runs: list[Span]) -> None:
    assert list(coalesced(spans, 5)) == runs


def test_a_position_before_the_start_is_refused(server: IndexServer) -> None:
    with pytest.raises(ValueError, match="before the start"):
        opened(server).seek(-1)
