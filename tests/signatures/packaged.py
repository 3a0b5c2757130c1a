"""Small wheels and source distributions, whole or damaged on purpose, and a package index on this machine."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import stat
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WHEEL = "demo-1.0-py3-none-any.whl"
METADATA = "demo-1.0.dist-info/METADATA"
RECORD = "demo-1.0.dist-info/RECORD"
FILES = {"demo/__init__.py": b"x = 1\n", "demo/deep/module.py": b"def f(): ...\n" * 50}


def record(files: Mapping[str, bytes], itself: str = RECORD) -> bytes:
    """A RECORD that is true for these files."""
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join([*rows, f"{itself},,\n"]).encode()


def make_wheel(
    folder: Path, files: Mapping[str, bytes] = FILES, stated: bytes | None = None, version: str = "1.0"
) -> Path:
    """Write a wheel.

    Args:
        folder: Where to.
        files: Its members, RECORD excepted.
        stated: Its RECORD; by default a true one.
        version: Of `demo`.
    """
    filename, metadata, listed = (name.replace("1.0", version) for name in (WHEEL, METADATA, RECORD))
    path = folder / filename
    members = {**files, metadata: f"Metadata-Version: 2.1\nName: demo\nVersion: {version}\n".encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(member(name), content)
        archive.writestr(member(listed), record(members, listed) if stated is None else stated)
    return path


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """A member's header with a fixed date."""
    info = zipfile.ZipInfo(name, (2026, 4, 29, 1, 2, 4))
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def make_sdist(folder: Path, members: Mapping[str, bytes | tarfile.TarInfo]) -> Path:
    """Write demo-1.0.tar.gz with these members; a TarInfo is written as it is, without content."""
    path = folder / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.name = name
            data = b"" if isinstance(content, tarfile.TarInfo) else content
            info.size, info.mtime = len(data), 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
    return path


class IndexServer:
    """A package index on this machine.

    Args:
        url: Of its simple API.
        folder: Whose files it serves.

    Attributes:
        asked: The Range header of each request for a file, "" where there was none.
        broken: How it answers requests for files: "" as it should, "no ranges", "wrong range", "short",
            "short from the second" or "status N", which has no Content-Range.
        page: The project page's body, where it is not made from the folder.
        page_type: Its content type.
        authorized: The Authorization header of each request, "" where there was none.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.asked: list[str] = []
        self.authorized: list[str] = []
        self.broken = ""
        self.page: str | None = None
        self.page_type = "text/html"

    def project_page(self) -> str:
        """The links to all files in the folder."""
        return "".join(
            f'<a href="/files/{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">{path.name}</a>\n'
            for path in sorted(self.folder.iterdir())
        )


@contextmanager
def serve(folder: Path) -> Iterator[IndexServer]:
    """Serve the files of a folder as the project `demo` of a package index."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.authorized.append(self.headers.get("Authorization", ""))
            if self.path == "/simple/demo/":
                self.answer(200, (server.project_page() if server.page is None else server.page).encode())
            elif self.path.startswith("/files/"):
                self.file((folder / self.path.removeprefix("/files/")).read_bytes())
            else:
                self.answer(404, b"")

        def file(self, content: bytes) -> None:
            asked = self.headers.get("Range", "")
            server.asked.append(asked)
            if server.broken.startswith("status"):
                return self.answer(int(server.broken.split()[1]), content)
            wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
            if wanted is None or server.broken == "no ranges":
                return self.answer(200, content)
            first = int(wanted[1]) if wanted[1] else max(len(content) - int(wanted[2]), 0)
            last = int(wanted[2]) if wanted[1] else len(content) - 1
            stated = first + 1 if server.broken == "wrong range" else first
            return self.answer(206, content[first : last + 1], f"bytes {stated}-{last}/{len(content)}")

        def answer(self, status: int, body: bytes, content_range: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", server.page_type)
            if content_range:
                self.send_header("Content-Range", content_range)
            self.end_headers()
            short = server.broken == "short" or (server.broken == "short from the second" and len(server.asked) > 1)
            self.wfile.write(body[:-1] if short and content_range else body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = IndexServer(f"http://127.0.0.1:{http.server_port}/simple", folder)
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
