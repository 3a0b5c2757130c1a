"""What we read from a release against what a real install of it answers: signatures, names, method resolution orders.

    python -m benchmarks.live_signatures [--python ENV/bin/python]… [--examples 3] [--classes 12]

Every module of the install that imports is asked, by the install's own interpreter (`probes/live_surface.py`); we read
the same files without importing them, and know torch from the history. Each difference falls into a class with a name,
a count and examples. The answers of an install are kept in `--cache`, so a second run asks nothing but what is new.
Installs are made and kept where none is named.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from signatures.history import History
from signatures.local_sources import open_source
from signatures.model import Assignment, Import, Resolution, Signature
from signatures.snapshots import read_release
from signatures.surface import Snapshot, Surface
from signatures.upstreams import upstream_named

from .environments import DEFAULT_FOLDER, environment
from .probes.live_surface import default_text
from .probes.running import live_resolution, live_surface
from .tables import show

PACKAGE = "transformers"
RELEASES = ("4.49.0", "4.57.6", "5.3.0", "5.8.1", "5.23.0")
# Stand-ins for classes whose backend is not installed; the history leaves them out on purpose.
PLACEHOLDERS = f"{PACKAGE}.utils.dummy_"
ABSENT = re.compile(rf"No module named '(?!{PACKAGE})")
BARS = {"signatures": 99.5, "names that resolve": 99.5, "names that do not": 0.5}


class Differences:
    """Differences by class: how many, and the first few."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.examples: dict[str, list[str]] = {}

    def add(self, kind: str, example: str) -> None:
        """Count one difference of a class."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.examples.setdefault(kind, []).append(example)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def lines(self, classes: int, examples: int) -> Iterator[str]:
        """The largest classes, each with examples spread over all that it holds.

        Args:
            classes: How many classes to show at most.
            examples: How many examples of each.
        """
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        for kind, count in ordered[:classes]:
            yield f"      {count:6d}  {kind}"
            held = self.examples[kind]
            for index in range(min(examples, len(held))):
                yield f"              {held[index * len(held) // min(examples, len(held))]}"
        if len(ordered) > classes:
            rest = ordered[classes:]
            yield f"      {sum(count for _, count in rest):6d}  in {len(rest)} smaller classes"


class Install(NamedTuple):
    """One real install: its interpreter, what it answers, and what we read from its files."""

    python: Path
    version: str
    live: Mapping[str, Any]
    surface: Surface


class Signatures(NamedTuple):
    """How the signatures compare.

    Args:
        left_out: Callables of placeholder modules, which are not compared.
        compared: The others that `inspect.signature` answers for.
        equal: Names, kinds and presence of defaults are equal.
        unseen: Differences in which `inspect.signature` shows less than a call must pass; see `_unseen`.
        untold: Callables that `inspect.signature` raises for, by reason.
        differences: The others.
        defaults: Defaults compared in equal signatures.
        defaults_equal: Of those, equal as text or by the constant that they name.
        default_differences: The others, and those that text does not decide.
    """

    left_out: int
    compared: int
    equal: int
    unseen: int
    untold: Differences
    differences: Differences
    defaults: int
    defaults_equal: int
    default_differences: Differences

    @property
    def strict(self) -> float:
        """Equal ones in percent."""
        return 100 * self.equal / self.compared

    @property
    def judged(self) -> float:
        """The same without the unseen ones."""
        return 100 * self.equal / (self.compared - self.unseen)


class Names(NamedTuple):
    """How the names compare.

    Args:
        left_out: Names of placeholder modules, which are not compared.
        live: The other public names of modules that import, and that resolve at run time.
        found: Of those, found by us.
        lost: The others.
        ours: Public names that we say resolve, in modules that import.
        absent: Of those, names that need a package which the install has not, and so do not resolve there.
        wrong: The others that do not resolve.
    """

    left_out: int
    live: int
    found: int
    lost: Differences
    ours: int
    absent: Differences
    wrong: Differences

    @property
    def resolved(self) -> float:
        """Those found by us, in percent of those that resolve."""
        return 100 * self.found / self.live

    @property
    def strict(self) -> float:
        """Those of ours that do not resolve in this install, in percent."""
        return 100 * (self.wrong.total + self.absent.total) / self.ours

    @property
    def judged(self) -> float:
        """The same without those that need a package which the install has not."""
        return 100 * self.wrong.total / self.ours


def compare_signatures(install: Install) -> Signatures:
    """Compare every callable that the install answered for."""
    untold, differences, default_differences = Differences(), Differences(), Differences()
    left_out = compared = equal = unseen = defaults = defaults_equal = 0
    for path, told in install.live["callables"].items():
        if path.startswith(PLACEHOLDERS):
            left_out += 1
            continue
        if isinstance(told["is"], str):
            untold.add(told["is"].partition(":")[0] + _trait(told), f"{path}: {told['is']}")
            continue
        compared += 1
        found = install.surface.resolve(path)
        ours = install.surface.signature(found) if found.found else None
        live = [tuple(parameter[:3]) for parameter in told["is"]]
        if ours is None:
            why = "not known what it is" if not found.found else f"no signature for a {_definition_word(found)}"
            differences.add(f"{told['kind']}{_trait(told)}: {why}", f"{path} live {_shown(told['is'])}")
            continue
        written = [(p.name, int(p.kind), p.default is not None) for p in ours.parameters]
        if written != live:
            constructor = install.live["callables"].get(f"{path}.__init__", {"traits": []})
            less = _unseen(written, live, [*told["traits"], *constructor["traits"]])
            unseen += less != ""
            kind = f"{told['kind']}{_trait(told)}: {less or _difference(written, live)}"
            differences.add(kind, f"{path} live {_shown(told['is'])} ours {ours}")
            continue
        equal += 1
        for name, verdict in _default_verdicts(install.surface, found, ours, told["is"]):
            defaults += 1
            defaults_equal += verdict == ""
            if verdict:
                default_differences.add(verdict.partition(":")[0], f"{path} {name} {verdict}")
    return Signatures(
        left_out, compared, equal, unseen, untold, differences, defaults, defaults_equal, default_differences
    )


def _unseen(written: list[tuple[str, int, bool]], live: list[tuple[Any, ...]], traits: list[str]) -> str:
    """What `inspect.signature` sees instead of what a call must pass; "" where the difference is another one.

    transformers copies class methods from bound ones (`copy_func`), so the first parameter is dropped a second time;
    and a closure that takes anything, made without `functools.wraps`, hides what it calls.
    """
    if "copied from a bound method" in traits and written[1:] == live:
        return "inspect sees only a copy of a bound method"
    taken = [kind for name, kind, _ in live if name != "self"]
    if "closure" in traits and "wraps" not in traits and taken == [2, 4]:
        return "inspect sees only an unwrapped closure"
    return ""


def _trait(told: Mapping[str, Any]) -> str:
    """The trait that decides how a callable is made, as ` (trait)`."""
    made_by = {"wraps", "generated", "closure", "bound", "copied from a bound method"}
    words = [t for t in told["traits"] if t in made_by or told["kind"] == "class"]
    owners = [w for w in words if w.startswith(("__init__ of", "__new__ of"))]
    words = [w for w in words if w not in owners and not w.startswith("metaclass")]
    if owners and not words:
        name, _, owner = owners[0].partition(" of ")
        words = [f"{name} of {'transformers' if owner.startswith(PACKAGE) else owner}"]
    return f" ({', '.join(words)})" if words else ""


def _definition_word(found: Resolution) -> str:
    if found.external:
        return "definition of another package"
    return type(found.definition).__name__ if found.definition is not None else "module"


def _difference(ours: list[tuple[str, int, bool]], live: list[tuple[Any, ...]]) -> str:
    our_names, live_names = [p[0] for p in ours], [p[0] for p in live]
    if set(our_names) != set(live_names):
        more, fewer = set(our_names) - set(live_names), set(live_names) - set(our_names)
        return " and ".join(
            text for text, holds in (("parameters too many", more), ("parameters missing", fewer)) if holds
        )
    if our_names != live_names:
        return "another order"
    return "another kind" if [p[1] for p in ours] != [p[1] for p in live] else "a default that is there or not"


def _shown(live: list[tuple[str, int, bool, str]]) -> str:
    stars = {2: "*", 4: "**"}
    return "(" + ", ".join(f"{stars.get(k, '')}{n}{'=' + d if has else ''}" for n, k, has, d in live) + ")"


def _default_verdicts(
    surface: Surface, found: Resolution, ours: Signature, live: list[tuple[str, int, bool, str]]
) -> Iterator[tuple[str, str]]:
    """For each parameter with a default its name, and "" or how our text of it differs from the live value."""
    for parameter, (name, _, has_default, value) in zip(ours.parameters, live, strict=True):
        if has_default and parameter.default is not None:
            yield name, _default_verdict(surface, found.module, parameter.default, value)


def _default_verdict(surface: Surface, module: str, text: str, live: str) -> str:
    literal = _literal(text)
    if literal is not None:
        return "" if literal == live else f"another value: live {live} ours {text}"
    if "…" in text or len(live) >= 200:
        return "shortened: cannot be compared"
    if "default_factory" in text:
        return "" if live == "<factory>" else f"another value: live {live} ours {text}"
    if text.replace(".", "").replace("_", "").isalnum():
        if live.rpartition(".")[2] == text.rpartition(".")[2]:
            return ""
        named = surface.resolve(f"{module}.{text}")
        if isinstance(named.definition, Assignment) and named.definition.value:
            value = _literal(named.definition.value)
            if value is not None:
                return "" if value == live else f"another value: live {live} ours {text}"
        return f"a name whose value text does not tell: live {live} ours {text}"
    return f"an expression: live {live} ours {text}"


def _literal(text: str) -> str | None:
    try:
        return default_text(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return None


def compare_names(install: Install, cache: Path) -> Names:
    """Compare the public names of every module that imports, both ways."""
    surface, live = install.surface, install.live
    lost, absent, wrong = Differences(), Differences(), Differences()
    left_out = total = found_names = 0
    for module, names in live["names"].items():
        if module.startswith(PLACEHOLDERS):
            left_out += len(names)
            continue
        for name, (kind, where) in names.items():
            total += 1
            found = surface.resolve(f"{module}.{name}")
            found_names += found.found
            if not found.found:
                lost.add(f"{found.status.value}, live a {kind} ({_module_kind(live, module)})", f"{found.path} {where}")
    claimed = {found.path: found for found in _claimed(install)}
    confirmed = {f"{module}.{name}" for module, names in live["names"].items() for name in names}
    doubtful = claimed.keys() - confirmed
    others = {claimed[path].canonical for path in doubtful if claimed[path].external}
    answers = live_resolution(install.python, PACKAGE, doubtful | others, cache)
    for path in sorted(doubtful):
        if answers[path]:
            found = claimed[path]
            needs = (answers[path], live["modules"].get(found.module, ""), answers.get(found.canonical, ""))
            kind = f"{_how(found)}: {answers[path].partition(':')[0]}"
            (absent if any(map(ABSENT.search, needs)) else wrong).add(kind, f"{path}: {answers[path]}")
    return Names(left_out, total, found_names, lost, len(claimed), absent, wrong)


def _claimed(install: Install) -> Iterator[Resolution]:
    """Every public name that we say resolves, in modules that import; and every name that failed live, if we say so."""
    surface, live = install.surface, install.live
    for module, state in live["modules"].items():
        if state in ("file", "made"):
            names = {name for name in surface.names(module) if not name.startswith("_")}
            for name in names | live["unresolved"].get(module, {}).keys():
                found = surface.resolve(f"{module}.{name}")
                is_submodule = found.definition is None and found.canonical == found.path
                if found.found and not is_submodule:
                    yield found


def _module_kind(live: Mapping[str, Any], module: str) -> str:
    return "alias module" if live["modules"][module] == "made" else "module of a file"


def _how(found: Resolution) -> str:
    steps = [hop.kind for hop in found.hops if not found.path.startswith(f"{hop.path}.")]
    if isinstance(found.definition, Import) or (steps == ["import"] and found.external):
        return "imported from another package"
    return " then ".join(dict.fromkeys(steps)) or "defined there"


def compare_modules(install: Install) -> Differences:
    """Modules that import and that we do not know; a module that fails to import proves nothing."""
    unknown = Differences()
    for module, state in install.live["modules"].items():
        if state in ("file", "made") and not install.surface.module_exists(module):
            unknown.add(f"{_module_kind(install.live, module)} that we do not know", module)
    return unknown


def compare_orders(install: Install) -> tuple[int, Differences]:
    """Method resolution orders, of the package's own classes in them: how many are equal, and the others."""
    equal, differences = 0, Differences()
    for path, order in install.live["mro"].items():
        live = [name for name in order if name.startswith(f"{PACKAGE}.")]
        ours = [ref.path for ref in install.surface.mro(path) if ref.path.startswith(f"{PACKAGE}.")]
        if ours == live:
            equal += 1
        else:
            kind = "another order" if set(ours) == set(live) else "other classes"
            if "typed-dict" in install.live["callables"].get(path, {}).get("traits", ()):
                kind = "a TypedDict, whose bases are gone at run time"
            differences.add(kind, f"{path} live {live[1:]} ours {ours[1:]}")
    return equal, differences


def installed(release: str) -> Path:
    """The interpreter of an install of that release, made if there is none.

    Args:
        release: Of the package.
    """
    # torchvision's own torch requirement would replace the pinned one; see `admit_torchvision` for how it is imported.
    return environment(
        DEFAULT_FOLDER, [f"{PACKAGE}=={release}", "torch==2.13.0", "pillow"], no_deps=["torchvision==0.28.0"]
    )


def read_install(python: Path, cache: Path, built_on: dict[str, Surface]) -> Install:
    """Ask one install, and read its files.

    Args:
        python: Its interpreter.
        cache: Where the answers of installs are kept.
        built_on: Surfaces of the torch releases met so far, by version; added to.
    """
    environment = python.parent.parent
    with open_source(environment, name="torch") as source:
        # What follows the plus sign is how it was built.
        version = source.version.partition("+")[0]
    if version not in built_on:
        built_on[version] = Surface("torch", version, History.open("torch", overlay=False).at(version))
    torch = built_on[version]
    with open_source(environment, name=PACKAGE) as source:
        reading = read_release(source, upstream_named(PACKAGE))
        surface = Surface(PACKAGE, source.version, Snapshot(reading.modules), (torch,))
    return Install(python, source.version, live_surface(python, PACKAGE, source.version, cache), surface)


def report(
    install: Install, calls: Signatures, names: Names, classes: int, examples: int
) -> Iterator[tuple[str, bool]]:
    """The lines of one release, each with whether it keeps its bar."""
    live = install.live
    imported = sum(state in ("file", "made") for state in live["modules"].values())
    yield f"\n{PACKAGE} {install.version} (Python {live['python']})", True
    yield f"  modules: {imported} of {len(live['modules'])} import; without a match of ours:", True
    yield from _plain(compare_modules(install).lines(classes, examples))

    yield f"  placeholders left out: {calls.left_out} callables, {names.left_out} names", True
    yield (
        f"  signatures: {calls.equal} of {calls.compared} equal, {calls.strict:.2f} % (bar {BARS['signatures']} %)",
        calls.strict >= BARS["signatures"],
    )
    yield f"    without the {calls.unseen} of which inspect sees less than a call must pass: {calls.judged:.2f} %", True
    yield from _plain(calls.differences.lines(classes, examples))
    yield f"    `inspect.signature` raises for {calls.untold.total} more:", True
    yield from _plain(calls.untold.lines(classes, 1))
    yield f"    default values: {calls.defaults_equal} of {calls.defaults} equal as text or by the constant named", True
    yield from _plain(calls.default_differences.lines(classes, examples))

    yield (
        f"  names that resolve: {names.found} of {names.live} in our surface, {names.resolved:.2f} %"
        f" (bar {BARS['names that resolve']} %)",
        names.resolved >= BARS["names that resolve"],
    )
    yield from _plain(names.lost.lines(classes, examples))
    yield (
        f"  names of our surface: {names.wrong.total} of {names.ours} do not resolve, {names.judged:.2f} %"
        f" (bar {BARS['names that do not']} %)",
        names.judged <= BARS["names that do not"],
    )
    yield from _plain(names.wrong.lines(classes, examples))
    yield (
        f"    and {names.absent.total} need a package that this install has not; with them {names.strict:.2f} %:",
        True,
    )
    yield from _plain(names.absent.lines(classes, 1))

    equal, orders = compare_orders(install)
    yield f"  method resolution orders: {equal} of {len(live['mro'])} equal", True
    yield from _plain(orders.lines(classes, examples))


def summary(rows: Iterable[tuple[str, Signatures, Names]]) -> None:
    """Print the figures of all releases, strict and judged side by side."""
    print("\nequal without unseen: without those of which inspect sees less than a call must pass")
    print("ours but not live, judged: without those that need a package which the install has not")
    show(
        (
            PACKAGE,
            "signatures",
            "equal",
            "without unseen",
            "live names",
            "in ours",
            "our names",
            "not live, strict",
            "judged",
        ),
        (
            (
                release,
                str(calls.compared),
                f"{calls.strict:.2f} %",
                f"{calls.judged:.2f} %",
                str(names.live),
                f"{names.resolved:.2f} %",
                str(names.ours),
                f"{names.wrong.total + names.absent.total} = {names.strict:.2f} %",
                f"{names.wrong.total} = {names.judged:.2f} %",
            )
            for release, calls, names in rows
        ),
    )


def _plain(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    return ((line, True) for line in lines)


def main() -> int:
    """Compare each install and print the table; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", type=Path, action="append", default=[], help="interpreter of an install")
    parser.add_argument("--cache", type=Path, default=DEFAULT_FOLDER / "live", help="where answers are kept")
    parser.add_argument("--classes", type=int, default=12, help="classes of differences to show of each kind")
    parser.add_argument("--examples", type=int, default=3, help="examples to show of each class")
    chosen = parser.parse_args()
    built_on: dict[str, Surface] = {}
    kept = True
    rows = []
    for python in chosen.python or map(installed, RELEASES):
        install = read_install(python, chosen.cache, built_on)
        calls, names = compare_signatures(install), compare_names(install, chosen.cache)
        rows.append((install.version, calls, names))
        for line, keeps in report(install, calls, names, chosen.classes, chosen.examples):
            print(line if keeps else f"{line}  <- missed", flush=True)
            kept = kept and keeps
    summary(rows)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
