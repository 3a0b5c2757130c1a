from __future__ import annotations

from pathlib import Path

import pytest

from .programs import Case, check_witnesses, checked, judged

RESIZE = "def resize(image, size, interpolation=None, antialias=True, **kwargs):\n    return image\n"
DEPRECATE = """
    import functools
    def deprecate_kwarg(old, version=None, new_name=None):
        def decorate(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                if old in kwargs:
                    kwargs[new_name] = kwargs.pop(old)
                return function(*args, **kwargs)
            return wrapper
        return decorate
"""
CONFIG = """
    from dataclasses import dataclass

    @dataclass
    class Base:
        version: str = ""

        def __init_subclass__(cls, **kwargs):
            dataclass(cls, repr=False)

    class Config(Base):
        size: int = 1
        depth: int = 2
"""
CALL = "from transformers import f\n\n"

CASES = [
    Case(
        "removed",
        "def f(a, b=1): ...",
        "def f(a): ...",
        CALL + "f(1,\n  b=2)\n",
        [(4, "parameter-removed", "breaks")],
    ),
    Case(
        "renamed in its place",
        "def f(image, size): ...",
        "def f(images, size): ...",
        CALL + "f(size=2,\n  image=1)\n",
        [(4, "parameter-renamed", "breaks")],
    ),
    Case(
        "renamed, and the old keyword is swallowed while the new one is required",
        "def f(image, size, **kwargs): return size",
        "def f(images, size, **kwargs): return size",
        CALL + "f(\n    image=1, size=2)\n",
        [(4, "parameter-renamed", "breaks")],
    ),
    Case(
        "required",
        "def f(a): ...",
        "def f(a, factor, other): ...",
        CALL + "x = (\n    f(1))\n",
        [(4, "parameter-required", "breaks")],
    ),
    Case(
        "keyword-only",
        "def f(a, b, c=None): ...",
        "def f(a, b, *, c=None): ...",
        CALL + "f(1, 2,\n  3)\n",
        [(4, "parameter-keyword-only", "breaks")],
    ),
    Case(
        "another parameter in its place is no new name for it",
        "def f(a, b): ...",
        "def f(a, c=None): ...",
        CALL + "f(1, 2)\nf(1, b=2)\n",
        [(4, "parameter-removed", "breaks")],
    ),
    Case(
        "gone by position",
        "def f(a, b): ...",
        "def f(a): ...",
        CALL + "f(1, 2)\n",
        [(3, "parameter-removed", "breaks")],
    ),
    Case(
        "swallowed",
        RESIZE,
        RESIZE.replace("interpolation", "resample"),
        "from transformers import resize\n\nresize(\n    1, size=2,\n    interpolation=3,\n)\n",
        [(5, "parameter-swallowed", "silent")],
    ),
    Case(
        "shifted",
        "def f(a, b=None, c=None): ...",
        "def f(a, new=None, b=None, c=None): ...",
        CALL + "f(1,\n  2)\nf(1, b=2)\n",
        [(4, "positional-shift", "silent")],
    ),
    Case(
        "renamed, and another thing",
        "def f(length: int): ...",
        "import torch\ndef f(positions: torch.Tensor): ...",
        CALL + "f(1)\nf(*[1])\n",
        [(3, "positional-shift", "silent")],
    ),
    Case(
        "shifted, under a shorter name",
        "def f(a, slow_part=None, part=None): ...",
        "def f(a, part=None): ...",
        CALL + "f(1, 2)\n",
        [],
    ),
    Case(
        "the file puts its own function there",
        "class C:\n    def m(self, a): ...",
        "class C:\n    def m(self): ...",
        "from transformers import C\n\nC.m = lambda self, **given: given\nC().m(a=1)\n",
        [],
    ),
    Case(
        "renamed only",
        "def f(length: int): ...",
        "def f(size: int): ...",
        CALL + "f(1)\n",
        [],
    ),
    Case(
        "shifted onto a keyword",
        "def f(a, b=None, c=None): ...",
        "def f(a, c=None, b=None): ...",
        CALL + "f(1, 2, c=3)\n",
        [(3, "positional-shift", "breaks")],
    ),
    Case(
        "deprecated",
        "def f(image): ...",
        DEPRECATE + "    @deprecate_kwarg('image', version='9', new_name='images')\n    def f(images): ...\n",
        CALL + "f(image=1)\n",
        [(3, "deprecated-parameter", "deprecated")],
    ),
    Case(
        "deprecated before and refused now",
        DEPRECATE + "    @deprecate_kwarg('image', version='9', new_name='images')\n    def f(images): ...\n",
        "def f(images): ...",
        CALL + "f(image=1)\n",
        [(3, "parameter-renamed", "breaks")],
    ),
    Case(
        "a method of an instance",
        "class C:\n    def f(self, a): ...\n",
        "class C:\n    def f(self): ...\n",
        "from transformers import C\n\nC().f(\n    1)\nC.f(C(), 1)\n",
        [(4, "parameter-removed", "breaks"), (5, "parameter-removed", "breaks")],
    ),
    Case(
        "a class method",
        "class C:\n    @classmethod\n    def make(cls, a): ...\n",
        "class C:\n    @classmethod\n    def make(cls, a, b): ...\n",
        "from transformers import C\n\nC.make(1)\n",
        [(3, "parameter-required", "breaks")],
    ),
    Case(
        "a constructor",
        "class C:\n    def __init__(self, a, b=1): ...\n",
        "class C:\n    def __init__(self, a): ...\n",
        "from transformers import C\n\nC(1, b=2)\n",
        [(3, "parameter-removed", "breaks")],
    ),
    Case(
        "the constructor of a base",
        "class C:\n    def __init__(self, a, b=1): ...\n",
        "class C:\n    def __init__(self, a): ...\n",
        "from transformers import C\n\nclass D(C):\n    def __init__(self):\n        super().__init__(1, b=2)\n",
        [(5, "parameter-removed", "breaks")],
    ),
    Case(
        "a downstream class without a constructor of its own",
        "class C:\n    def __init__(self, a, b=1): ...\n",
        "class C:\n    def __init__(self, a): ...\n",
        "from transformers import C\n\nclass D(C):\n    pass\n\nD(1, b=2)\n",
        [(6, "parameter-removed", "breaks")],
    ),
    Case(
        "a config made by keywords only",
        "class Config:\n    def __init__(self, size=1, depth=2, **kwargs): ...\n",
        CONFIG,
        "from transformers import Config\n\nConfig(\n    1)\nConfig(size=1)\n",
        [(4, "parameter-keyword-only", "breaks")],
    ),
    Case(
        "a method that a downstream class inherits",
        "class C:\n    def f(self, a): ...\n",
        "class C:\n    def f(self): ...\n",
        "import transformers as t\n\nclass D(t.C):\n    def run(self):\n        self.f(1)\n        super().f(2)\n",
        [(5, "parameter-removed", "breaks"), (6, "parameter-removed", "breaks")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds(case: Case) -> None:
    assert judged(case) == case.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_witness(case: Case, tmp_path: Path) -> None:
    check_witnesses(case, tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "call"),
    [
        ("def f(a): ...", "def f(a, b=1): ...", "f(1)"),
        ("def f(a, b): ...", "def f(a, **kwargs): return kwargs['b']", "f(1, b=2)"),
        ("def f(a): ...", "def f(x): ...", "f(1)"),
        ("def f(a): ...", "def f(a, b): ...", "f(*args)"),
        ("def f(a): ...", "def f(a, b): ...", "f(**kwargs)"),
        ("def f(a): ...", "def f(a, *, b): ...", "f(1, **kwargs)"),
        ("def f(a): ...", "def f(): ...", "f(1, 2, 3)"),
        ("def f(a): ...", "def f(): ...", "f(b=1)"),
        ("def f(a): ...", "def f(*args, **kwargs): return g(*args, **kwargs)", "f(a=1)"),
        ("def f(a, **kwargs): return a", "def f(a, **kwargs): return a", "f(1, b=2)"),
        ("def f(a, b=1): ...", "def f(a, /, b=1): ...", "f(1, b=2)"),
    ],
)
def test_finds_nothing(before: str, after: str, call: str) -> None:
    assert not checked(before, after, f"from transformers import f\n\n{call}\n").findings


def test_a_keyword_that_goes_where_nobody_can_follow_is_left_open() -> None:
    before, after = "def f(a, b=1): ...", "import other\n\ndef f(a, **kwargs): return other.g(a, **kwargs)"
    report = checked(before, after, CALL + "f(1, b=2)\n")
    assert (report.findings, report.statistics.unresolved) == ((), 1)


def test_a_decorator_that_is_not_followed_leaves_the_call_open() -> None:
    after = """
        def decorate(function):
            def wrapper(*args, **kwargs):
                return function(*args, **renamed(kwargs))
            return wrapper
        @decorate
        def f(a): ...
    """
    report = checked("def f(a, b=1): ...", after, CALL + "f(1, b=2)\n")
    assert (report.findings, report.statistics.unresolved) == ((), 1)


def test_all_missing_arguments_are_one_finding() -> None:
    [finding] = checked("def f(): ...", "def f(a, b): ...", CALL + "f()\n").findings
    assert finding.message == "`a`, `b` are now required and not passed"


def test_a_renamed_keyword_says_the_new_name() -> None:
    [finding] = checked("def f(image, b=1): ...", "def f(images, b=1): ...", CALL + "f(image=1)\n").findings
    assert finding.fix == ("upstream", "`images=`", "unsafe")
    assert (finding.column, finding.end_column) == (3, 10)


@pytest.mark.parametrize(
    ("old", "new", "is_renamed"),
    [
        ("image", "images", True),
        ("past_key_value", "past_key_values", True),
        ("interpolation: Optional[InterpolationMode] = None", "resample: Resampling | InterpolationMode = None", True),
        ("cache_position: torch.Tensor | None = None", "logits_to_keep: torch.Tensor | int = 0", False),
        ("do_pad: bool", "do_resize: bool", False),
    ],
)
def test_only_what_is_alike_is_called_renamed(old: str, new: str, is_renamed: bool) -> None:
    name = old.partition(":")[0]
    report = checked(f"def f(a, {old}): ...", f"def f(a, {new}): ...", CALL + f"f(1, {name}=2)\n")
    assert ("parameter-renamed" in {finding.rule for finding in report.findings}) is is_renamed


def test_calling_a_module_of_torch_calls_its_forward() -> None:
    before = "from torch import nn\n\nclass Layer(nn.Module):\n    def forward(self, x, past_key_value=None): ...\n"
    after = before.replace("past_key_value", "past_key_values")
    program = "from transformers import Layer\n\nlayer = Layer()\nlayer(1, past_key_value=None)\n"
    [finding] = checked(before, after, program).findings
    assert (finding.line, finding.rule) == (4, "parameter-renamed")
    assert "Layer.forward" in finding.witness


def test_calling_what_is_no_module_of_torch_does_not_call_forward() -> None:
    before, after = (f"class Layer:\n    def forward(self, {name}): ...\n" for name in "ab")
    assert not checked(before, after, "from transformers import Layer\n\nLayer()(a=1)\n").findings
