from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from signatures.errors import DriftError
from signatures.whole_files import replacing


def write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o600)
    write(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "a.txt", tmp_path / "link"
    path.write_text("old")
    link.symlink_to(path)
    write(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write, args=(pipe, "new"))
    writer.start()
    assert pipe.read_text() == "new"
    writer.join()
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_device_stays_a_device() -> None:
    with pytest.raises(DriftError, match="No space left"):
        write(Path("/dev/full"), "new")
    assert Path("/dev/full").is_char_device()


def test_only_old_temporaries_of_the_same_file_are_removed(tmp_path: Path) -> None:
    kept = [tmp_path / ".notes.tmp", tmp_path / ".b.txt.x.tmp", tmp_path / ".a.txt.new.tmp"]
    stale = tmp_path / ".a.txt.x.tmp"
    for path in (*kept, stale):
        path.write_text("")
    for path in (kept[0], kept[1], stale):
        os.utime(path, (0, time.time() - 48 * 3600))
    write(tmp_path / "a.txt", "new")
    assert not stale.exists()
    assert all(path.exists() for path in kept)
