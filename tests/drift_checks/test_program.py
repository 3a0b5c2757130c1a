from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from drift_checks.check import Report, check
from drift_checks.program import Program
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile, find

from ..signatures.programs import surface

BEFORE = "def f(a): ...\ndef g(a): ...\nclass C:\n    def m(self, a): ...\n    def k(self): ...\n"
AFTER = "def f(): ...\ndef g(): ...\nclass C:\n    def m(self): ...\n"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


def checked(where: Path) -> Report:
    pair = Pair(
        surface({"transformers/__init__.py": BEFORE}, "1.0"), surface({"transformers/__init__.py": AFTER}, "2.0")
    )
    return check(find(where, ["transformers"]), [pair])


def places(report: Report, folder: Path) -> list[tuple[str, int]]:
    return [(Path(found.path).relative_to(folder).as_posix(), found.line) for found in report.findings]


# Files of a package `p`, whose `a.py` calls what the new release refuses on its last line.
FOLLOWED = {
    "re-export": {"p/b.py": "from transformers import f", "p/a.py": "from p.b import f  # transformers\nf(1)"},
    "relative": {"p/b.py": "from transformers import f", "p/a.py": "from .b import f  # transformers\nf(1)"},
    "renamed": {"p/b.py": "from transformers import f as g", "p/a.py": "from .b import g as h  # transformers\nh(1)"},
    "module": {"p/b.py": "from transformers import f", "p/a.py": "from . import b  # transformers\nb.f(1)"},
    "whole path": {"p/b.py": "from transformers import f", "p/a.py": "import p.b  # transformers\np.b.f(1)"},
    "as": {"p/b.py": "from transformers import f", "p/a.py": "import p.b as c  # transformers\nc.f(1)"},
    "two hops": {
        "p/b.py": "from transformers import f",
        "p/c.py": "from .b import f",
        "p/a.py": "from .c import f  # transformers\nf(1)",
    },
    "package": {
        "p/q/__init__.py": "from .b import f",
        "p/q/b.py": "from transformers import f",
        "p/a.py": "from .q import f  # transformers\nf(1)",
    },
    "star": {"p/b.py": "from transformers import f", "p/a.py": "from .b import *  # transformers\nf(1)"},
    "star of a star": {
        "p/b.py": "from transformers import f",
        "p/c.py": "from .b import *",
        "p/a.py": "from .c import f  # transformers\nf(1)",
    },
    "base class": {
        "p/b.py": "from transformers import C\nclass D(C): ...",
        "p/a.py": "from .b import D  # transformers\nclass E(D):\n    def n(self):\n        self.m(1)",
    },
    "base class that names no upstream": {
        "p/b.py": "from transformers import C\nclass D(C): ...",
        "p/c.py": "from .b import D\nclass E(D): ...",
        "p/a.py": "from .c import E  # transformers\nE().m(1)",
    },
    "attribute of a base": {
        "p/b.py": "from transformers import C\nclass D:\n    def __init__(self):\n        self.c = C()",
        "p/a.py": "from .b import D  # transformers\nclass E(D):\n    def n(self):\n        self.c.m(1)",
    },
    "function's result": {
        "p/b.py": "from transformers import C\ndef make():\n    return C()",
        "p/a.py": "from .b import make  # transformers\nmake().m(1)",
    },
    "annotated result": {
        "p/b.py": "from transformers import C\ndef make(x) -> C:\n    return x",
        "p/a.py": "from .b import make  # transformers\nmake(1).m(1)",
    },
    "method's result": {
        "p/b.py": "from transformers import C\nclass D:\n    def make(self):\n        return C()",
        "p/a.py": "from .b import D  # transformers\nD().make().m(1)",
    },
    "property": {
        "p/b.py": "from transformers import C\nclass D:\n    @property\n    def c(self):\n        return C()",
        "p/a.py": "from .b import D  # transformers\nD().c.m(1)",
    },
    "value": {"p/b.py": "from transformers import C\nc = C()", "p/a.py": "from .b import c  # transformers\nc.m(1)"},
    "annotated with a downstream class": {
        "p/b.py": "from transformers import C\nclass D(C): ...",
        "p/a.py": "from .b import D  # transformers\ndef g(d: D):\n    d.m(1)",
    },
    "list": {"p/a.py": "from transformers import C\nfor c in [C(), C()]:\n    c.m(1)"},
    "counted list": {
        "p/a.py": "from transformers import C\ncs = [C() for _ in x]\nfor i, c in enumerate(cs):\n    c.m(1)"
    },
    "element": {"p/a.py": "from transformers import C\ncs = [C(), C()]\ncs[0].m(1)"},
    "list annotation": {"p/a.py": "from transformers import C\ndef g(cs: list[C]):\n    cs[0].m(1)"},
    "comprehension": {"p/a.py": "from transformers import C\ncs = [C()]\nx = [c.m(1) for c in cs]"},
    "dict of classes": {"p/a.py": "from transformers import C\nT = {'c': C}\nT['c']().m(1)"},
    "dict of one class": {"p/a.py": "from transformers import C\nT = {'c': C, 'd': C}\nT[kind]().m(1)"},
    "partial": {"p/a.py": "import functools\nfrom transformers import f\ng = functools.partial(f, a=1)"},
    "isinstance": {"p/a.py": "from transformers import C\ndef g(c):\n    if isinstance(c, C):\n        c.m(1)"},
    "isinstance and": {
        "p/a.py": "from transformers import C\ndef g(c):\n    if c and isinstance(c, C):\n        c.m(1)"
    },
    "dict display": {"p/a.py": "from transformers import f\nf(**{'a': 1})"},
    "dict display with another key": {"p/a.py": "from transformers import f\nf(**{'a': 1, x: 2})"},
    "either of two that changed": {
        "p/a.py": "from transformers import f, g\nh = f if x else g\nh(a=1)",
    },
    "name of a dict display": {"p/a.py": "from transformers import f\nd = {\n    'a': 1}\nf(**d)"},
    "member on the way": {"p/a.py": "from transformers import C\nC().k.z"},
    "dataclass": {
        "p/a.py": "from dataclasses import dataclass\nfrom transformers import f, C\nclass D(C): ...\nD().m(1)",
    },
}
NOT_FOLLOWED = {
    "another file of that name": {"p/b.py": "f = 1", "p/a.py": "from .b import f  # transformers\nf(1)"},
    "a name that is not there": {
        "p/b.py": "from transformers import f",
        "p/a.py": "from .b import g  # transformers\ng(1)",
    },
    "star that may hide": {
        "p/b.py": "from transformers import f",
        "p/a.py": "from .b import *  # transformers\nfrom other import *\nf(1)",
    },
    "two results": {
        "p/b.py": "from transformers import C\ndef make(x):\n    if x:\n        return x\n    return C()",
        "p/a.py": "from .b import make  # transformers\nmake(1).m(1)",
    },
    "generator": {
        "p/b.py": "from transformers import C\ndef make():\n    yield 1\n    return C()",
        "p/a.py": "from .b import make  # transformers\nmake().m(1)",
    },
    "own method in another file": {
        "p/b.py": "from transformers import C\nclass D(C):\n    def m(self, a): ...",
        "p/a.py": "from .b import D  # transformers\nclass E(D):\n    def n(self):\n        self.m(1)",
    },
    "own constructor in another file": {
        "p/b.py": "from transformers import f\nclass D(f):\n    def __init__(self, a): ...",
        "p/a.py": "from .b import D  # transformers\nclass E(D): ...\nE(1)",
    },
    "names set at run time": {
        "p/b.py": "from transformers import C\nclass D(C):\n    def s(self, k, v):\n        setattr(self, k, v)",
        "p/a.py": "from .b import D  # transformers\nD().m(1)",
    },
    "cycle": {"p/b.py": "from .a import f", "p/a.py": "from .b import f  # transformers\nf(1)"},
    "cycle of stars": {"p/b.py": "from .a import *", "p/a.py": "from .b import *  # transformers\nf(1)"},
    "dict with another class": {"p/a.py": "from transformers import C\nT = {'c': C, 'd': D}\nT[kind]().m(1)"},
    "one class of a union": {"p/a.py": "from transformers import C\ndef g(c: C | int):\n    c.m(1)"},
    "dict that is emptied": {"p/a.py": "from transformers import f\nd = {'a': 1}\nd.pop('a')\nf(**d)"},
    "either of two of which one changed": {"p/a.py": "from transformers import C, f\n(f if x else C)(a=1)"},
    "enumerated index": {"p/a.py": "from transformers import C\nfor c, i in enumerate([C()]):\n    c.m(1)"},
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_follows_names_through_the_files_of_a_project(name: str, tmp_path: Path) -> None:
    files = FOLLOWED[name]
    write(tmp_path, {"p/__init__.py": "", **files})
    # A dict is edited at its key.
    last = files["p/a.py"].count("\n") + 1 - ("name of a dict" in name)
    assert places(checked(tmp_path), tmp_path) == [("p/a.py", last)]


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_does_not_guess(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"p/__init__.py": "", **NOT_FOLLOWED[name]})
    assert places(checked(tmp_path), tmp_path) == []


@pytest.mark.parametrize("start", ["", "src", "python"])
def test_one_file_is_checked_with_the_files_it_imports(start: str, tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "",
        "p/b.py": "from transformers import f",
        "p/a.py": "from p.b import f  # transformers\nf(1)",
    }
    write(tmp_path / start, files)
    write(tmp_path, {"pyproject.toml": "", "tests/test_a.py": "from p.b import f  # transformers\nf(1)"})
    assert len(checked(tmp_path / start / "p/a.py").findings) == 1
    assert len(checked(tmp_path / "tests").findings) == 1


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    write(
        tmp_path, {"secret.py": "from transformers import f", "project/pyproject.toml": "", "project/p/__init__.py": ""}
    )
    write(tmp_path, {"project/p/a.py": "from .b import f  # transformers\nf(1)"})
    (tmp_path / "project/p/b.py").symlink_to(tmp_path / "secret.py")
    assert not checked(tmp_path / "project").findings


def test_tells_which_files_a_result_depends_on(tmp_path: Path) -> None:
    write(tmp_path, {"p/__init__.py": "", **FOLLOWED["two hops"], "p/d.py": "import transformers"})
    program = Program(tmp_path, {"transformers"})
    file = SourceFile(str(tmp_path / "p/a.py"), (tmp_path / "p/a.py").read_bytes(), tmp_path)
    from drift_checks.extraction import extract

    extract(file, frozenset({"transformers"}), program)
    consulted = program.consulted(file)
    assert [Path(path).name for path in consulted] == ["b.py", "c.py"]
    assert all(consulted.values())


def test_a_file_that_leads_nowhere_is_not_parsed(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p/__init__.py": "",
            "p/b.py": "def f(: this is no Python",
            "p/a.py": "import transformers\nfrom .b import f\nf(1)",
        },
    )
    assert not checked(tmp_path / "p/a.py").unparsed
