from __future__ import annotations

import pytest

from drift_checks.extraction import FileSites, extract
from drift_checks.sources import SourceFile

from .programs import checked

BEFORE = "def f(a): ...\nclass C:\n    def m(self, a): ...\n"
AFTER = "def f(): ...\nclass C:\n    def m(self): ...\n"

# Each program calls `f(1)` or `C().m(1)` of the upstream on its last line.
FOLLOWED = [
    "import transformers\ntransformers.f(1)",
    "import transformers as t\nt.f(1)",
    "import transformers.f as g\ng(1)",
    "from transformers import f as g\ng(1)",
    "from transformers import *\nf(1)",
    "from transformers import f\ng = f\ng(1)",
    "import transformers as t\nu = t\nu.f(1)",
    "import importlib\nt = importlib.import_module('transformers')\nt.f(1)",
    "import transformers\ngetattr(transformers, 'f')(1)",
    "from transformers import C\nc = C()\nc.m(1)",
    "from transformers import C\nC().m(1)",
    "from transformers import C\nif (c := C()):\n    c.m(1)",
    "from transformers import C\nwith open('x') as x:\n    c, d = C(), x\n    c.m(1)",
    "from transformers import C\nclass D:\n def __init__(self):\n  self.c = C()\n def n(self):\n  self.c.m(1)",
    "from transformers import C\nclass D(C):\n    def n(self):\n        self.m(1)",
    "from transformers import C\nclass D(C): ...\nclass E(D):\n    def n(self):\n        self.m(1)",
    "from transformers import C\nclass D(C): ...\nD().m(1)",
    "from transformers import C\nclass D(C):\n    def m(self, a):\n        super().m(1)",
    "try:\n    from transformers import f\nexcept ImportError:\n    f = None\nif f is not None:\n    f(1)",
    "from transformers import f\ndef outer():\n    def inner():\n        return f(1)",
    "from transformers import f\ndef outer():\n    g = f\n    try: ...\n    finally: del g\n    g(1)",
    "def outer():\n    from transformers import f\n    return lambda: f(1)",
    "from transformers import f\nclass D:\n    f = 2\n    def n(self):\n        f(1)",
    "from transformers import f\n[f for f in range(3)]\nf(1)",
    "from transformers import f\nx = [f(1) for x in range(3)]",
    "def outer():\n    global f\n    from transformers import f\nf(1)",
    "from transformers import f\ndef other(f):\n    return f\nf(1)",
]
# Each has a name that is bound in a way that is not known, or to something else.
NOT_FOLLOWED = [
    "from transformers import f\nf = wrap(f)\nf(1)",
    "from transformers import f\ndef g(f):\n    f(1)",
    "from transformers import f\nfor f in fs:\n    f(1)",
    "from transformers import f\nwith x as f:\n    f(1)",
    "from transformers import f\ndel f\nf(1)",
    "from transformers import f\n[f(1) for f in range(3)]",
    "from transformers import f\ntry: ...\nexcept E as f:\n    f(1)",
    "from transformers import f\ndef g():\n    global f\n    f = 2\nf(1)",
    "from transformers import f\ndef g():\n    f = 1\n    def h():\n        nonlocal f\n        f(1)",
    "from transformers import f\nmatch x:\n    case {'a': f}:\n        f(1)",
    "from transformers import f\nf += 1\nf(1)",
    "from transformers import f\ndef f(a): ...\nf(1)",
    "from transformers import f\nclass D:\n    f = 2\n    f(1)",
    "from transformers import *\nfrom other import *\nf(1)",
    "from other import *\nf(1)",
    "from transformers import C\nclass D(C):\n    def m(self, a): ...\n    def n(self):\n        self.m(1)",
    "from transformers import C\nclass D(C):\n    def n(self):\n        self.m = 2\n        self.m(1)",
    "from transformers import C\nclass D(Mixin, C):\n    def n(self):\n        self.m(1)",
    "from transformers import C\nclass D(C):\n    @staticmethod\n    def n(self):\n        self.m(1)",
    "from transformers import C\nclass D(C):\n    def n(self):\n        self = other\n        self.m(1)",
    "from transformers import C\nclass B:\n def m(self, a): ...\nclass D(B, C):\n def n(self):\n  self.m(1)",
    "from transformers import C\nc = C() if x else other()\nc.m(1)",
    "from transformers import C\n@decorate\nclass D(C): ...\nD(1)",
    "x = x.f\nx.f(1)",
]


@pytest.mark.parametrize("program", FOLLOWED)
def test_follows(program: str) -> None:
    [finding] = checked(BEFORE, AFTER, program + "\n").findings
    assert finding.rule == "parameter-removed"


@pytest.mark.parametrize("program", NOT_FOLLOWED)
def test_does_not_guess(program: str) -> None:
    assert not checked(BEFORE, AFTER, program + "\n").findings


@pytest.mark.parametrize(
    "annotation",
    ["C", "'C'", "C | None", "'C | None'", "Optional[C]", "None | C", "'transformers.C'"],
)
def test_an_annotated_parameter_is_likely_what_it_says(annotation: str) -> None:
    head = "import transformers\nfrom typing import Optional\nfrom transformers import C\n\n"
    [finding] = checked(BEFORE, AFTER, f"{head}def g(c: {annotation}):\n    c.m(1)\n").findings
    assert not finding.decides


@pytest.mark.parametrize("annotation", ["C | D", "list[C]", "'C |'", "D", "'" + "(" * 300 + "'"])
def test_an_annotation_that_may_be_something_else_is_not_followed(annotation: str) -> None:
    program = f"from transformers import C\n\ndef g(c: {annotation}):\n    c.m(1)\n"
    assert not checked(BEFORE, AFTER, program).findings


def test_an_alias_of_a_type_may_name_itself() -> None:
    head = "from typing import List, Union\nfrom transformers import C\n\n"
    program = f"{head}Nested = Union[List['Nested'], C, int]\ndef g(c: Nested):\n    c.m(1)\n"
    report = checked(BEFORE, AFTER, program)
    assert (report.findings, report.unparsed) == ((), ())


def test_an_assignment_that_is_annotated_is_likely_what_it_says() -> None:
    [finding] = checked(BEFORE, AFTER, "from transformers import C\n\nc: C = make()\nc.m(1)\n").findings
    assert not finding.decides


def test_what_a_function_gives_is_left_open() -> None:
    report = checked(BEFORE, AFTER, "from transformers import f\n\nx = f(*y)\nx.m(1)\n")
    assert (report.findings, report.statistics.unresolved) == ((), 1)


def test_sites_are_those_of_the_upstreams_only() -> None:
    program = b"import os, other\nother.f(1)\nos.path.join('a')\nclass D(other.C): ...\n"
    found = extract(SourceFile("program.py", program), frozenset({"transformers"}))
    assert isinstance(found, FileSites)
    assert not found.sites


def test_a_deep_chain_of_names_ends() -> None:
    chain = "\n".join(f"x{number + 1} = x{number}" for number in range(500))
    assert not checked(BEFORE, AFTER, f"from transformers import f as x0\n{chain}\nx500(1)\n").findings
