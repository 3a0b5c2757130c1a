"""The tables of `compat`'s guide: what covers each shim that downstreams write by hand, and on which releases it holds.

    python -m drift_checks.compat_pages docs/compat [--ran .nox/matrix-results]

writes them. Which functions ran on which releases is kept in `ran.json` beside the pages; `--ran` takes it anew from
what `nox -s matrix` left.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.version import Version

import compat
from signatures.whole_files import replacing

from .adapters import Histories, Verified, verified
from .availability import specifier
from .demand import DEMAND, Shim

_MADE_BY = "Made by `python -m drift_checks.compat_pages docs/compat`."
_CHANGES = "https://github.com/huggingface/transformers/compare/v{}...v{}"
_RELEASE = "https://github.com/huggingface/transformers/releases/tag/v{}"


class Ran(NamedTuple):
    """On which releases of transformers the stable functions ran in real installs.

    Args:
        releases: Those that the matrix ran on, oldest first.
        functions: For each function, its releases among them.
    """

    releases: tuple[str, ...]
    functions: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, file: Path) -> Ran:
        """What was kept."""
        held = json.loads(file.read_text(encoding="utf-8"))
        return cls(tuple(held["releases"]), {name: frozenset(each) for name, each in held["functions"].items()})

    @classmethod
    def of_results(cls, folder: Path) -> Ran:
        """What the files of a matrix run say."""
        ran = {file.stem: json.loads(file.read_text(encoding="utf-8"))["ran"] for file in folder.glob("*.json")}
        names = sorted({name for each in ran.values() for name in each})
        return cls(
            tuple(sorted(ran, key=Version)),
            {name: frozenset(release for release, each in ran.items() if name in each) for name in names},
        )

    def text(self) -> str:
        """The file's text."""
        functions = {name: sorted(releases, key=Version) for name, releases in self.functions.items()}
        return json.dumps({"releases": self.releases, "functions": functions}, indent=1) + "\n"


def pages(found: Sequence[Verified], ran: Ran, known: Sequence[str]) -> dict[str, str]:
    """Every page by its file name.

    Args:
        found: What was verified of each stable function and name.
        ran: What ran.
        known: The known releases of transformers, oldest first.
    """
    return {"README.md": _text(_demand(ran)), "releases.md": _text(_releases(found, ran, known))}


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


# What covers each shim


def _demand(ran: Ran) -> Iterator[str]:
    yield "# `compat`: one call for every release"
    yield ""
    yield f"{_MADE_BY} The pages: {', '.join(f'[{name}]({name}.md)' for name in compat.MODULES)}."
    yield "Which adapter is for which release, and what was run: [releases.md](releases.md)."
    yield ""
    yield (
        "The shims that 44 public projects carry by hand, by how many had to change theirs since 2023-09, and what "
        f"takes their place. *Ran on*: in how many of the {len(ran.releases)} releases of the matrix "
        f"({ran.releases[0]} to {ran.releases[-1]}) all of it ran in a real install; every other release of the "
        "history is checked statically. All of it ran on a CPU with torch 2.13.0: other releases of torch are checked "
        "statically, and where hardware is missing the page of the function says what stood in for it."
    )
    yield ""
    yield "| # | what upstream changed | what to call | ran on |"
    yield "| ---: | --- | --- | --- |"
    for shim in DEMAND:
        yield f"| {shim.number} | {shim.change} | {_covered(shim)} | {_ran_on(shim, ran)} |"


def _covered(shim: Shim) -> str:
    calls = ", ".join(f"[`{name}`]({name.partition('.')[0]}.md)" for name in shim.functions)
    return "; ".join(part for part in (calls, shim.otherwise) if part)


def _ran_on(shim: Shim, ran: Ran) -> str:
    if not shim.functions:
        return ""
    on = frozenset.intersection(*(ran.functions.get(name, frozenset()) for name in shim.functions))
    if len(on) == len(ran.releases):
        return "all"
    return f"{len(on)}: " + specifier((release, release in on) for release in ran.releases) if on else "none"


# Functions by releases


def _releases(found: Sequence[Verified], ran: Ran, known: Sequence[str]) -> Iterator[str]:
    newest = {_minor(version): version for version in known}
    yield "# Stable functions by releases of transformers"
    yield ""
    yield (
        f"{_MADE_BY} ● ran in a real install of a patch of that minor · ○ checked statically: what the adapter "
        "imports is there and its calls bind, in every patch · ✗ upstream has nothing to stand for. A mark leads to "
        "the release whose change made the adapter's set begin; where it leads nowhere, nothing had changed before."
    )
    cuts: set[str] = set()
    for module in compat.MODULES:
        functions = [each for each in found if each.name.startswith(f"{module}.") and each.adapters]
        plain = sorted(n for n in ran.functions if n.startswith(f"{module}.") and n not in {f.name for f in functions})
        yield from ("", f"## [{module}]({module}.md)", "")
        yield "| | " + " | ".join(newest) + " |"
        yield "| --- |" + " --- |" * len(newest)
        for each in functions:
            yield _row(each.name, _cells(each, ran, newest, known, cuts))
        for name in plain:
            marks = {_minor(release) for release in ran.functions[name]}
            yield _row(name, ["●" if minor in marks else "○" for minor in newest])
    yield ""
    yield from (_link(cut, known) for cut in sorted(cuts, key=Version))


def _row(name: str, cells: Iterable[str]) -> str:
    return f"| `{name.partition('.')[2]}` | " + " | ".join(cells) + " |"


def _cells(each: Verified, ran: Ran, newest: Mapping[str, str], known: Sequence[str], cuts: set[str]) -> Iterator[str]:
    marks = {_minor(release) for release in ran.functions.get(each.name, ())}
    for minor, version in newest.items():
        if each.upstream != "transformers":
            yield "●" if minor in marks else "○"
            continue
        [(releases, absent)] = [(r, absent) for r, _, absent in each.adapters if _holds(r, version)]
        cut = next(known_version for known_version in known if _holds(releases, known_version))
        mark = "✗" if absent else "●" if minor in marks else "○"
        if cut != known[0]:
            cuts.add(cut)
        yield f"[{mark}][{cut}]" if cut != known[0] else mark


def _holds(releases: str, version: str) -> bool:
    return Requirement(releases).specifier.contains(version, prereleases=True)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _link(cut: str, known: Sequence[str]) -> str:
    before = known[list(known).index(cut) - 1]
    return f"[{cut}]: {_CHANGES.format(before, cut)}"


def main() -> int:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the guide is")
    parser.add_argument("--ran", type=Path, metavar="FOLDER", help="what a matrix run left")
    chosen = parser.parse_args()
    histories = Histories()
    kept = chosen.folder / "ran.json"
    ran = Ran.of_results(chosen.ran) if chosen.ran else Ran.read(kept)
    texts = {"ran.json": ran.text(), **pages(list(verified(histories)), ran, histories["transformers"].versions)}
    for name, text in texts.items():
        with replacing(chosen.folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
