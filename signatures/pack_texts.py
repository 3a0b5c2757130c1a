"""The texts in a pack: a module's definitions over many releases, or what one release changes in them.

One line keeps one definition: its key, a tab, its surface, a tab, its body. A module's *state* is its content at one
or more releases; states are numbered from 0 in the order they appear, and `0=0,12=1,40=,41=0` says: state 0 from the
release with ordinal 0 on, state 1 from 12 on, absent at 40, state 0 again from 41 on.

A module's text in a base pack is a list of groups with a record separator between them. A group is the set of states
that it holds in, as a hexadecimal bit mask, then its lines in key order: whoever compares two states skips all that
they share. The greatest mask comes first, so whoever asks for a late state reads only the beginning.

A delta pack's text is a list of modules with a record separator between them. A module is a list of edits in key order:

    +KEY TAB DEFINITION                     a new one
    ~KEY TAB HEAD TAB TAIL TAB MIDDLE       a changed one, of which that many first and last characters are as before
    -KEY                                    one that is gone
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from .errors import DriftError
from .model import Entry
from .packs import Chunk, decoded, encoded

# One byte that JSON never has in it: splitting at two takes ten times as long.
_BETWEEN = "\x1e"

# In characters. A release that changes copies of the same code everywhere is small only as one chunk: transformers
# 5.4.0 is 266 kB in one, 371 kB in twelve. Expanding 3 MB takes 20 ms.
_DELTA_CHUNK = 1 << 22
_SHALLOW = 2


def definitions(module: str, entries: Iterable[Entry]) -> dict[str, str]:
    """Each entry's definition by key, surface and body in one text.

    Raises:
        DriftError: A key is there twice, or a tab or a line break in an entry would be read back as something else.
    """
    found: dict[str, str] = {}
    for key, surface, body in entries:
        line = f"{key}\t{surface}\t{body}"
        if not key or key in found or line.count("\t") != 2 or "\n" in line or _BETWEEN in line:
            raise DriftError(
                f"the history cannot keep {key!r} of {module!r}: "
                "the name is there twice or empty, or it has a tab or a line break in it"
            )
        found[key] = line[len(key) + 1 :]
    return found


def entry(key: str, definition: str) -> Entry:
    """The entry that `definitions` made a text of."""
    surface, _, body = definition.partition("\t")
    return Entry(key, surface, body)


def state_at(states: str, ordinal: int) -> int | None:
    """The number of a module's state at a release; None where the module is absent."""
    starts, numbers = _parsed(states)
    index = bisect.bisect_right(starts, ordinal)
    return numbers[index - 1] if index else None


class GrowingModule:
    """A module while release after release is added to it."""

    def __init__(self) -> None:
        self._masks: dict[str, int] = {}
        self._numbers: dict[bytes, int] = {}
        self._states: list[tuple[int, int | None]] = []
        self._last = -1

    def add(self, ordinal: int, found: Mapping[str, str]) -> None:
        """Add the module's definitions at a release; ordinals must rise, left-out ones are those it is absent at."""
        # Only writing needs it, and loading OpenSSL costs every reader.
        import hashlib

        lines = [f"{key}\t{found[key]}" for key in sorted(found)]
        identity = hashlib.blake2b(encoded("\n".join(lines)), digest_size=16).digest()
        state = self._numbers.get(identity)
        if state is None:
            state = self._numbers[identity] = len(self._numbers)
            for line in lines:
                self._masks[line] = self._masks.get(line, 0) | 1 << state
        if self._last != ordinal - 1:
            self._states.append((self._last + 1, None))
        if not self._states or self._states[-1][1] != state:
            self._states.append((ordinal, state))
        self._last = ordinal

    def chunk(self, name: str, releases: int) -> Chunk:
        """The module as a base pack of that many releases keeps it."""
        states = self._states + ([(self._last + 1, None)] if self._last < releases - 1 else [])
        written = ",".join(f"{start}={'' if state is None else state}" for start, state in states)
        held: dict[int, list[str]] = {}
        for line in sorted(self._masks):
            held.setdefault(self._masks[line], []).append(line)
        text = _BETWEEN.join("\n".join((f"{mask:x}", *held[mask])) for mask in sorted(held, reverse=True))
        return Chunk(((name, written),), text)


class BaseText:
    """A module's text in a base pack, read no further than the states that are asked for.

    Args:
        pieces: The text's bytes from its beginning.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._partial: bytes | None = b""
        # Groups stay bytes until they are needed: in a comparison most are not.
        self._groups: list[tuple[int, bytes | Mapping[str, str]]] = []

    def definitions(self, state: int) -> dict[str, str]:
        """The definitions of one state."""
        self._read_to(state)
        return self._where(lambda mask: bool(mask >> state & 1))

    def differing(self, old: int, new: int) -> tuple[dict[str, str], dict[str, str]]:
        """The definitions of one state that the other does not have or has otherwise, both ways."""
        self._read_to(min(old, new))
        return (
            self._where(lambda mask: bool(mask >> old & 1 and not mask >> new & 1)),
            self._where(lambda mask: bool(mask >> new & 1 and not mask >> old & 1)),
        )

    def groups(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Every set of states as a bit mask, with the definitions that hold in just these."""
        self._read_to(0)
        for mask, lines in self._groups:
            yield mask, _lines(lines) if isinstance(lines, bytes) else lines

    def _read_to(self, state: int) -> None:
        """Read until only groups can follow that hold in no such state and no later one."""
        while self._partial is not None and (not self._groups or self._groups[-1][0] >> state):
            piece = next(self._pieces, None)
            *whole, partial = (self._partial + (piece or b"")).split(_BETWEEN.encode())
            if piece is None and partial:
                whole.append(partial)
            self._partial = None if piece is None else partial
            for group in whole:
                mask, _, lines = group.partition(b"\n")
                self._groups.append((int(mask, 16), lines))

    def _where(self, wanted: Callable[[int], bool]) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, (mask, lines) in enumerate(self._groups):
            if wanted(mask):
                if isinstance(lines, bytes):
                    lines = _lines(lines)
                    self._groups[number] = (mask, lines)
                found.update(lines)
        return found


def _lines(group: bytes) -> dict[str, str]:
    return dict([line.split("\t", 1) for line in decoded(group).split("\n")])


def edits(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What turns a module's old definitions into its new ones."""
    found = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            found.append(f"-{key}")
        elif key not in old:
            found.append(f"+{key}\t{new[key]}")
        elif old[key] != new[key]:
            found.append(_changed(key, old[key], new[key]))
    return found


def edited(old: Mapping[str, str], lines: str) -> dict[str, str]:
    """The new definitions that `edits` compared with the old ones."""
    found = dict(old)
    for line in lines.split("\n") if lines else ():
        kind, (key, _, rest) = line[0], line[1:].partition("\t")
        if kind == "-":
            del found[key]
        elif kind == "+":
            found[key] = rest
        else:
            head, tail, middle = rest.split("\t", 2)
            before = found[key]
            found[key] = before[: int(head)] + middle + before[len(before) - int(tail) :]
    return found


def delta_chunks(changes: Mapping[str, Sequence[str]]) -> Iterator[Chunk]:
    """The chunks of a delta pack.

    Args:
        changes: The edits of each changed module.
    """
    # Modules of one kind (`modeling_*`, `configuration_*`) change alike, so they are compressed side by side.
    ordered = sorted(changes, key=lambda name: (_is_deep(name), name.rpartition(".")[2], name))
    for _, group in groupby(ordered, key=_is_deep):
        names: list[str] = []
        texts: list[str] = []
        for name in group:
            names.append(name)
            texts.append("\n".join(changes[name]))
            if sum(map(len, texts)) > _DELTA_CHUNK:
                yield _chunk(names, texts)
                names, texts = [], []
        if names:
            yield _chunk(names, texts)


def delta_edits(data: bytes) -> list[str]:
    """The edits of each module in one chunk of a delta pack, for `edited`."""
    return decoded(data).split(_BETWEEN)


def _chunk(names: list[str], texts: list[str]) -> Chunk:
    return Chunk(tuple((name, "") for name in names), _BETWEEN.join(texts))


def _is_deep(module: str) -> bool:
    """Most questions are about the few modules near the root: they are not to wait for the many below."""
    return module.count(".") > _SHALLOW


@lru_cache(1 << 13)
def _parsed(states: str) -> tuple[list[int], list[int | None]]:
    changes = [change.split("=") for change in states.split(",")]
    return [int(start) for start, _ in changes], [int(state) if state else None for _, state in changes]


def _changed(key: str, old: str, new: str) -> str:
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return f"~{key}\t{head}\t{tail}\t{new[head : len(new) - tail]}"


def _shared(old: str, new: str) -> int:
    """How many first characters are the same."""
    shortest = min(len(old), len(new))
    return next((index for index in range(shortest) if old[index] != new[index]), shortest)
