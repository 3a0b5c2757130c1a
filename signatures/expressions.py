"""Source text of expressions, in one spelling whatever the line breaks and quotes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_CONDITION_TRUE = re.compile(r"is_\w+_available$|is_torch_greater_or_equal\w*$|is_\w+_greater_or_equal\w*$")
_COMMENT = re.compile(r"(?m)#[^\n\"']*$")
_SPACE = re.compile(r"\s+")
_OPENED = re.compile(r"(?<=[(\[{]) ")
_CLOSED = re.compile(r",? (?=[)\]}])")
_LONGEST = 120

# What is assumed of the machine that upstream runs on: Linux, and the newest Python that every release runs on.
_PYTHON = (3, 11)


class SourceText:
    """The lines of one file, to cut expressions out of.

    Args:
        source: The file's bytes, UTF-8: the offsets of `ast` count UTF-8 bytes.
    """

    __slots__ = ("_lines",)

    def __init__(self, source: bytes) -> None:
        self._lines = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\f", b" ").split(b"\n")

    def raw(self, first: int, first_column: int, last: int, last_column: int) -> str:
        """The text between two positions; lines count from 1, columns are byte offsets."""
        lines = self._lines
        if first == last:
            return lines[first - 1][first_column:last_column].decode()
        middle = lines[first : last - 1]
        parts = [lines[first - 1][first_column:], *middle, lines[last - 1][:last_column]]
        return b"\n".join(parts).decode()

    def of(self, node: ast.expr) -> str:
        """One line of text for an expression; constants as `repr` writes them."""
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Constant):
            return _shortened(repr(node.value))
        first, last = node.lineno, node.end_lineno
        assert last is not None and node.end_col_offset is not None
        if first == last:
            return self._lines[first - 1][node.col_offset : node.end_col_offset].decode()
        text = _COMMENT.sub("", self.raw(first, node.col_offset, last, node.end_col_offset))
        return _CLOSED.sub("", _OPENED.sub("", _SPACE.sub(" ", text)))

    def short(self, node: ast.expr) -> str:
        """Like `of`, cut at 120 characters with its length and a checksum, so that two long texts still differ."""
        return _shortened(self.of(node))

    def squeezed(self, first: ast.stmt, last: ast.stmt) -> str:
        """The statements' text without comments and white space, for a digest."""
        assert last.end_lineno is not None and last.end_col_offset is not None
        # A decorated statement begins, for `ast`, behind its decorators.
        start = next(iter(getattr(first, "decorator_list", ())), first)
        text = self.raw(start.lineno, start.col_offset, last.end_lineno, last.end_col_offset)
        if "#" in text:
            text = _COMMENT.sub("", text)
        return "".join(text.split())


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    from zlib import crc32

    return f"{text[: _LONGEST - 20]}…{len(text)}:{crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` for a name or a chain of attributes, else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def constant_string(node: ast.expr | None) -> str | None:
    """The value of a string literal, else None; a lone surrogate in it, which UTF-8 cannot say, as `?`."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    return node.value if node.value.isascii() else node.value.encode("utf-8", "replace").decode()


def unpacked(target: ast.expr) -> Iterator[ast.expr]:
    """The single targets of an assignment's target: `a`, `b` and `c` of `a, (b, *c)`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from unpacked(element)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def truth(test: ast.expr) -> bool | None:
    """Whether a condition holds where upstream is used: every optional dependency is there, types are not checked.

    Args:
        test: The condition of an `if`.

    Returns:
        True or False where it is known, None where both branches may run.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = truth(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        values = [truth(value) for value in test.values]
        decisive = isinstance(test.op, ast.Or)
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Call):
        callee = dotted(test.func)
        return True if callee and _CONDITION_TRUE.search(callee) else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _comparison(test.left, test.ops[0], test.comparators[0])
    if dotted(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"):
        return False
    return None


def assumes_dependency(test: ast.expr) -> bool:
    """Whether a condition asks for an optional dependency, so that its other branch runs on some machines."""
    return any(
        isinstance(node, ast.Call) and _CONDITION_TRUE.search(dotted(node.func) or "") for node in ast.walk(test)
    )


def _comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool | None:
    name = dotted(left)
    if name == "sys.version_info" and isinstance(right, ast.Tuple):
        bound = tuple(part.value for part in right.elts if isinstance(part, ast.Constant))
        if len(bound) == len(right.elts) and all(isinstance(part, int) for part in bound):
            ours = (*_PYTHON, 0)[: len(bound)]
            if isinstance(operator, ast.GtE):
                return ours >= bound
            if isinstance(operator, ast.Lt):
                return ours < bound
        return None
    value = constant_string(right)
    known = {"sys.platform": "linux", "os.name": "posix", "__name__": "a module"}.get(name or "")
    if known is None or value is None:
        return None
    if isinstance(operator, ast.Eq):
        return known == value
    return known != value if isinstance(operator, ast.NotEq) else None
