"""Bytes of a Python file to its syntax tree, whatever they are."""

from __future__ import annotations

import ast
import gc
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_LINE = 1 << 20
# Smaller files cannot nest deeply enough to exhaust the stack of a main thread.
_SAFE_SIZE = sys.maxsize if sys.version_info >= (3, 11) else 1 << 17
_LARGEST, _ROOM = 1 << 22, 1 << 28


class Unreadable(Exception):
    """A file that cannot be read as Python; the message is one line."""


@contextmanager
def without_collector(*, kept: bool = False) -> Iterator[None]:
    """Parsing makes millions of objects and no cycles: the collector would only walk them again and again.

    Args:
        kept: What was made is needed until the process ends, so it is never walked.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if kept:
                gc.freeze()
            gc.enable()


def parse(source: bytes) -> tuple[ast.Module, bytes]:
    """The syntax tree, and the text in UTF-8 that its offsets count in.

    Args:
        source: The file's bytes; a PEP 263 cookie or a byte order mark is honoured.

    Raises:
        Unreadable: The text is not Python that this interpreter can parse.
    """
    with warnings.catch_warnings():
        # Upstream's own invalid escapes are not ours to report.
        warnings.simplefilter("ignore")
        text = _utf8(source)
        return _parsed(text), text


def _utf8(source: bytes) -> bytes:
    plain = source.removeprefix(b"\xef\xbb\xbf")
    declared = any(b"coding" in line and line.lstrip().startswith(b"#") for line in plain.split(b"\n", 2)[:2])
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        declared = True
    return _decoded(source) if declared else plain


def _decoded(source: bytes) -> bytes:
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        # The cookie no longer tells the truth once the text is UTF-8.
        return re.sub(r"(?m)^(\s*#.*?)coding[:=]", r"\1encoded ", source.decode(encoding), count=2).encode()
    except (SyntaxError, ValueError, LookupError) as error:
        raise Unreadable(f"not text in its declared encoding: {error}") from None


def _parsed(source: bytes) -> ast.Module:
    if b"\0" in source:
        raise Unreadable("holds NUL bytes")
    if len(source) > _LONGEST_LINE and max(map(len, source.split(b"\n"))) > _LONGEST_LINE:
        raise Unreadable(f"a line is longer than {_LONGEST_LINE} bytes")
    try:
        return syntax_tree(source)
    except SyntaxError as error:
        raise Unreadable(f"line {error.lineno}: {error.msg}") from None
    except (RecursionError, MemoryError, ValueError) as error:
        raise Unreadable(f"cannot be parsed: {type(error).__name__}") from None


def syntax_tree(source: bytes) -> ast.Module:
    """What `ast.parse` gives; nesting never ends the process, as it can up to Python 3.10."""
    return ast.parse(source) if len(source) < _SAFE_SIZE else _parsed_with_room(source)


def _parsed_with_room(source: bytes) -> ast.Module:
    """`ast.parse` on a stack that no file exhausts: up to Python 3.10 nothing else limits the parser's recursion."""
    from concurrent.futures import ThreadPoolExecutor

    if len(source) > _LARGEST:
        raise Unreadable(f"is larger than {_LARGEST} bytes; Python 3.11 or newer can read it")
    before = threading.stack_size(_ROOM)
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(ast.parse, source).result()
    finally:
        threading.stack_size(before)
