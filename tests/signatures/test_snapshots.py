from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from signatures.local_sources import open_source
from signatures.model import Entry
from signatures.names import Snapshot
from signatures.snapshots import FILES, Known, Reading, module_name, read_release
from signatures.upstreams import Upstream

from .packaged import make_wheel

DEMO = Upstream("demo", ("demo",), "1.0")
LAZY = "sys.modules[__name__] = _LazyModule(__name__, __file__, define_import_structure(__file__))\n"
ALIAS = '_create_module_alias(f"{__name__}.old", ".a")\n'
BEFORE = {
    "demo/__init__.py": f"import sys\n{LAZY}{ALIAS}",
    "demo/a.py": "__all__ = ['A']\nclass A: ...\n",
    "demo/b.py": "def f(x): return x\n",
    "demo/c.py": "y = 1\n",
}
CHANGES: dict[str, dict[str, str | None]] = {
    "nothing": {},
    "a body": {"demo/b.py": "def f(x): return x + 1\n"},
    "a signature": {"demo/b.py": "def f(x, y): return x\n"},
    "a lazy package, its exports as before": {"demo/__init__.py": f"import sys\nz = 1\n{LAZY}{ALIAS}"},
    "an export": {"demo/b.py": "__all__ = ['f']\ndef f(x): return x\n"},
    "an export of a module with an alias": {"demo/a.py": "__all__ = ['A', 'B']\nclass A: ...\nclass B: ...\n"},
    "a package that is lazy no more": {"demo/__init__.py": f"import sys\n{ALIAS}"},
    "an alias that is gone": {"demo/__init__.py": f"import sys\n{LAZY}"},
    "another alias": {"demo/__init__.py": f"import sys\n{LAZY}{ALIAS.replace('old', 'older')}"},
    "a file in the place of an alias": {"demo/old.py": "z = 1\n"},
    "a new file": {"demo/d.py": "__all__ = ['D']\nclass D: ...\n"},
    "a file that is gone": {"demo/c.py": None},
    "an exported file that is gone": {"demo/a.py": None},
    "a file that is no Python any more": {"demo/b.py": "def f(:\n"},
}


class Asked:
    """A known release that notes whose entries it is asked for."""

    def __init__(self, reading: Reading) -> None:
        self._held = Snapshot(reading.modules)
        self.modules_asked: set[str] = set()

    def modules(self) -> frozenset[str]:
        return self._held.modules()

    def entries(self, module: str) -> Mapping[str, Entry] | None:
        self.modules_asked.add(module)
        return self._held.entries(module)


def read(folder: Path, change: Mapping[str, str | None], known: Known | None = None) -> Reading:
    files = {path: text.encode() for path, text in {**BEFORE, **change}.items() if text is not None}
    with open_source(make_wheel(folder, files)) as source:
        return read_release(source, DEMO, known)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_known_makes_no_difference(tmp_path: Path, change: Mapping[str, str | None]) -> None:
    before, whole = read(tmp_path, {}), read(tmp_path, change)
    following = read(tmp_path, change, Snapshot(before.modules))
    assert dict(following.modules) == dict(whole.modules)
    assert len(following.modules) == len(whole.modules)
    assert following.problems == whole.problems
    assert following.fresh == {module_name(path)[0] for path, text in change.items() if text is not None}
    differing = {module for module, entries in whole.modules.items() if before.modules.get(module) != entries}
    assert differing <= following.changed <= whole.modules.keys()


def test_a_file_that_an_alias_hides(tmp_path: Path) -> None:
    hidden = {"demo/old.py": "__all__ = ['H']\nclass H: ...\n"}
    known = Snapshot(read(tmp_path, hidden).modules)
    for change in CHANGES.values():
        whole = read(tmp_path, {**hidden, **change})
        assert dict(read(tmp_path, {**hidden, **change}, known).modules) == dict(whole.modules)


def test_the_lazy_package_of_these_tests_is_read_as_one(tmp_path: Path) -> None:
    modules = read(tmp_path, {}).modules
    assert Entry("@export:A", '"demo.a"') in modules["demo"]
    assert [entry.key for entry in modules["demo.old"]] == ["@alias-of"]


@pytest.mark.parametrize("change", ["nothing", "a body", "a lazy package, its exports as before"])
def test_a_small_change_asks_for_no_other_module(tmp_path: Path, change: str) -> None:
    known = Asked(read(tmp_path, {}))
    following = read(tmp_path, CHANGES[change], known)
    assert known.modules_asked == {FILES, "demo.old", *following.fresh}
    assert following.changed == {FILES, *following.fresh}
    assert [entry.key for entry in following.modules["demo.c"]] == ["y"]
    with pytest.raises(KeyError):
        following.modules["demo.nowhere"]
