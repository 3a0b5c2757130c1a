"""What the matrix tests saw in one release, kept in a file, and compared with what they saw in the others.

python -m tests.matrix.observations FOLDER
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]


@dataclass
class Observations:
    """Results by name, how far each may differ between releases, and the stable functions that were run."""

    values: dict[str, Any] = field(default_factory=dict)
    tolerances: dict[str, float] = field(default_factory=dict)
    ran: set[str] = field(default_factory=set)

    def add(self, name: str, value: object, tolerance: float) -> None:
        """Record a result; tensors, arrays, containers of them, and what JSON can hold.

        Args:
            name: The result's name, the same in every release.
            value: The result.
            tolerance: The largest absolute difference that two releases may have; 0 is to the bit.

        Raises:
            ValueError: The name was recorded already.
        """
        for path, leaf in _leaves(name, value):
            if path in self.values:
                raise ValueError(f"{path!r} is observed twice")
            self.values[path] = leaf
            self.tolerances[path] = tolerance

    def save(self, folder: Path, release: str, stamp: str) -> None:
        """Write `RELEASE.npz` and then `RELEASE.json`, which says what it holds, into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {path: value for path, value in self.values.items() if isinstance(value, np.ndarray)}
        about = {
            "stamp": stamp,
            "ran": sorted(self.ran),
            "tolerances": self.tolerances,
            "plain": {path: value for path, value in self.values.items() if path not in arrays},
        }
        (folder / f"{release}.json").unlink(missing_ok=True)
        np.savez_compressed(folder / f"{release}.npz", **{f"={path}": array for path, array in arrays.items()})
        partial = folder / f".{release}.part"
        partial.write_text(json.dumps(about), encoding="utf-8")
        partial.replace(folder / f"{release}.json")


@dataclass(frozen=True)
class Recorded:
    """What one release's file holds."""

    values: Mapping[str, Any]
    tolerances: Mapping[str, float]
    ran: frozenset[str]


def stamp() -> str:
    """A digest of what the results depend on: files of another state are not compared."""
    digest = hashlib.sha256()
    for file in sorted([*ROOT.glob("compat/**/*.py"), *ROOT.glob("tests/matrix/*.py"), *ROOT.glob("examples/*.py")]):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def load(folder: Path) -> dict[str, Recorded]:
    """The results of today's code in a folder, by release."""
    today = stamp()
    recorded = {}
    for file in sorted(folder.glob("*.json"), key=lambda file: [int(part) for part in file.stem.split(".")]):
        about = json.loads(file.read_text(encoding="utf-8"))
        if about["stamp"] == today:
            with np.load(file.with_suffix(".npz")) as held:
                arrays = {path[1:]: held[path] for path in held.files}
            values = {**about["plain"], **arrays}
            recorded[file.stem] = Recorded(values, about["tolerances"], frozenset(about["ran"]))
    return recorded


def disagreements(recorded: Mapping[str, Recorded]) -> Iterator[str]:
    """A line for each result that two releases do not give alike."""
    names = sorted({name for held in recorded.values() for name in held.values})
    for name in names:
        having = [release for release, held in recorded.items() if name in held.values]
        first = recorded[having[0]]
        for release in having[1:]:
            difference = _difference(first.values[name], recorded[release].values[name], first.tolerances[name])
            if difference:
                yield f"{name}: {having[0]} and {release} differ: {difference}"


def _difference(one: Any, other: Any, tolerance: float) -> str:
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        alike = type(one) is type(other) and one == other
        return "" if alike else f"{one!r} and {other!r}"
    if one.shape != other.shape or one.dtype != other.dtype:
        return f"{one.dtype}{one.shape} and {other.dtype}{other.shape}"
    if np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        return ""
    largest = float(np.max(np.abs(one.astype(np.float64) - other.astype(np.float64))))
    return "" if largest <= tolerance else f"by {largest:.3g}, where {tolerance:.3g} is allowed"


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(value, "detach"):
        tensor = value.detach().cpu()
        yield name, (tensor.float() if tensor.dtype.is_floating_point and tensor.dtype.itemsize < 4 else tensor).numpy()
    elif isinstance(value, np.ndarray) or value is None or isinstance(value, (bool, int, float, str)):
        yield name, value
    elif isinstance(value, np.generic):
        yield name, np.asarray(value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(f"{name}[{key}]", part)
    elif isinstance(value, (list, tuple)):
        yield f"{name}.length", len(value)
        for index, part in enumerate(value):
            yield from _leaves(f"{name}[{index}]", part)
    else:
        raise TypeError(f"{name}: {type(value).__name__} cannot be observed; give its tensors or plain values")


def main(folder: Path) -> int:
    """Print how many releases agree on how many results; 1 where some do not.

    Args:
        folder: Where the files of the releases are.
    """
    recorded = load(folder)
    differing = list(disagreements(recorded))
    print("\n".join(differing))
    results = {name for held in recorded.values() for name in held.values}
    print(f"{len(results)} results of {len(recorded)} releases: {len(differing)} disagreements")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
