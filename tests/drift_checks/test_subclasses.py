from __future__ import annotations

from pathlib import Path

import pytest

from .programs import Case, Release, check_witnesses, checked, judged

PROCESSOR = """
    class Base:
        def preprocess(self, images, *args, **kwargs):
            return self._preprocess(images, *args, **kwargs)
        def _preprocess(self, images, size, interpolation, **kwargs):
            return images
"""
TRAINER = """
    class Trainer:
        def train(self, inputs):
            self._log(inputs, 1)
        def _log(self, inputs, step): ...
"""
SAMPLER = """
    class Trainer:
        def get_loader(self):
            return self._prepare(self._get_sampler())
        def _prepare(self, sampler): ...
        def _get_sampler(self): ...
"""
SAMPLER_GIVEN_AWAY = """
    from typing import Callable, Optional

    class Trainer:
        def get_loader(self):
            return self._load("train", sampler_fn=self._get_sampler)
        def _load(self, name: str, sampler_fn: Optional[Callable[[str], object]] = None):
            return self._prepare(sampler_fn(name))
        def _prepare(self, sampler): ...
        def _get_sampler(self, name: Optional[str] = None): ...
"""
HOOK = """
    class Base:
        def run(self, x):
            return self._clean(x)
        def _clean(self, x): ...
        def public(self, x): ...
"""
HOOK_RENAMED = """
    class Base:
        def run(self, x):
            return self._normalise(x)
        def _normalise(self, x): ...
        _clean = _normalise
"""
HOOK_GONE = "class Base:\n    def run(self, x): ..."
TIED = """
    class Model:
        _tied = None
    class First(Model):
        _tied = ["head.weight"]
    class Second(Model):
        _tied = ["head.weight"]
"""
TIED_BY_NAME = TIED.replace('["head.weight"]', '{"head.weight": "embedding.weight"}')


def subclass(body: str, base: str = "Base") -> str:
    return f"import transformers\n\nclass Mine(transformers.{base}):\n{body}\n"


CASES = [
    Case(
        "a parameter that is no longer passed",
        PROCESSOR,
        PROCESSOR.replace("interpolation", "resample"),
        subclass("    def _preprocess(self, images, size,\n                    interpolation, **kwargs): ..."),
        [(5, "override-mismatch", "breaks")],
    ),
    Case(
        "a parameter with a default that is no longer passed",
        PROCESSOR.replace("interpolation", "interpolation=None").replace("size", "size=None"),
        PROCESSOR.replace("interpolation", "resample=None").replace("size", "size=None"),
        subclass("    def _preprocess(self, images, size=None, interpolation=None, **kwargs): ..."),
        [(4, "override-mismatch", "silent")],
    ),
    Case(
        "one positional argument more",
        TRAINER,
        TRAINER.replace("inputs, 1", "inputs, 1, 2").replace("step)", "step, start)"),
        subclass("    def _log(self, inputs, step): ...", "Trainer"),
        [(4, "override-mismatch", "breaks")],
    ),
    Case(
        "a keyword more",
        TRAINER,
        TRAINER.replace("inputs, 1", "inputs, 1, start=2").replace("step)", "step, start)"),
        subclass("    def _log(self, inputs, step): ...", "Trainer"),
        [(4, "override-mismatch", "breaks")],
    ),
    Case(
        "a caller that is extended",
        TRAINER,
        TRAINER.replace("inputs, 1", "inputs, 1, 2").replace("step)", "step, start)"),
        subclass(
            "    def _log(self, inputs, step): ...\n    def train(self, inputs): super().train(inputs)", "Trainer"
        ),
        [(4, "override-mismatch", "breaks")],
    ),
    Case(
        "a name that the upstream now uses for a method of its own",
        TRAINER,
        TRAINER.replace("inputs, 1)", "inputs, 1)\n            self._save(inputs)")
        + "        def _save(self, inputs): ...\n",
        subclass("    def _save(self): ...", "Trainer"),
        [(4, "override-mismatch", "breaks")],
    ),
    Case(
        "a method that is given to a parameter",
        SAMPLER,
        SAMPLER_GIVEN_AWAY,
        subclass("    def _get_sampler(self): ...", "Trainer"),
        [(4, "override-mismatch", "breaks")],
    ),
    Case(
        "a hook under another name",
        HOOK,
        HOOK_RENAMED,
        subclass("    def _clean(self, x): return super()._clean(x)"),
        [(4, "override-dead", "silent")],
    ),
    Case(
        "a hook that is gone",
        HOOK,
        HOOK_GONE,
        subclass("    def _clean(self, x): ..."),
        [(4, "override-dead", "silent")],
    ),
    Case(
        "a base that is a function now",
        "class Base: ...",
        "def Base(): ...",
        subclass("    pass"),
        [(3, "base-removed", "breaks")],
    ),
    Case(
        "a list that is a dict in all of upstream's own subclasses",
        TIED,
        TIED_BY_NAME,
        subclass('    _tied = ["head.weight"]', "Model"),
        [(4, "attribute-kind-changed", "breaks")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds(case: Case) -> None:
    assert judged(case) == case.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_witness(case: Case, tmp_path: Path) -> None:
    assert all(finding.witness for finding in checked(case.before, case.after, case.program).findings)
    check_witnesses(case, tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "program"),
    [
        (
            PROCESSOR,
            PROCESSOR.replace("interpolation", "resample"),
            subclass(
                "    def preprocess(self, images): ...\n    def _preprocess(self, images, size, interpolation): ..."
            ),
        ),
        (TRAINER, TRAINER.replace("inputs, 1", "inputs, 1, 2"), subclass("    def _log(self, *args): ...", "Trainer")),
        (SAMPLER, SAMPLER_GIVEN_AWAY, subclass("    def _get_sampler(self, name=None): ...", "Trainer")),
        (
            SAMPLER,
            SAMPLER_GIVEN_AWAY.replace("self._prepare(sampler_fn(name))", "sampler_fn(name)"),
            subclass("    def _get_sampler(self): ...", "Trainer"),
        ),
        (
            SAMPLER,
            SAMPLER_GIVEN_AWAY.replace("Optional[Callable[[str], object]]", "object"),
            subclass("    def _get_sampler(self): ...", "Trainer"),
        ),
        (HOOK, HOOK_GONE, subclass("    def _clean(self, x): ...\n    def run(self, x): return self._clean(x)")),
        (HOOK, HOOK_GONE, subclass("    def _other(self, x): ...")),
        (HOOK, HOOK_GONE.replace("Base:", "Base(dict):"), subclass("    def pop(self, x): ...")),
        (HOOK, HOOK.replace("self._clean(x)", "x"), subclass("    def _clean(self, x): ...")),
        (HOOK, HOOK_GONE, subclass("    def _clean(self, x): ...").replace("Base)", "Base, Other)")),
        (
            HOOK,
            "from elsewhere import Other\n\n" + HOOK_GONE.replace("Base:", "Base(Other):"),
            subclass("    def _clean(self, x): ..."),
        ),
        (TIED, TIED_BY_NAME, subclass("    _tied = None", "Model")),
        (
            TIED,
            TIED_BY_NAME.replace('{"head.weight": "embedding.weight"}', "[]", 1),
            subclass("    _tied = []", "Model"),
        ),
        (TIED, TIED.replace("[", "(").replace("]", ",)"), subclass("    _tied = []", "Model")),
        ("class Base: ...", "Base = make()", subclass("    pass")),
    ],
)
def test_finds_nothing(before: Release, after: Release, program: str) -> None:
    assert not checked(before, after, program).findings


def test_a_public_method_that_is_gone_may_have_other_callers() -> None:
    (finding,) = checked(HOOK, HOOK_GONE, subclass("    def public(self, x): ...")).findings
    assert (finding.rule, finding.confidence.value) == ("override-dead", "likely")


def test_a_method_that_is_given_away_by_one_that_is_overridden_too_is_likely() -> None:
    program = subclass("    def _get_sampler(self): ...\n    def get_loader(self): ...", "Trainer")
    (finding,) = checked(SAMPLER, SAMPLER_GIVEN_AWAY, program).findings
    assert (finding.rule, finding.confidence.value) == ("override-mismatch", "likely")


REBOUND_BEFORE = {
    "transformers/__init__.py": "from .base import Base\nfrom .fast import Fast\n",
    "transformers/base.py": "class Base:\n    def run(self): ...\n",
    "transformers/fast.py": "from .base import Base\nclass Fast(Base):\n    _defaults = {'size': 1}\n",
}
REBOUND_AFTER = REBOUND_BEFORE | {
    "transformers/__init__.py": "from .base import Base\nfrom .base import Base as Fast\n"
}


@pytest.mark.parametrize(
    ("program", "line"), [("from transformers import Fast\n", 1), ("import transformers\n\ntransformers.Fast\n", 3)]
)
def test_a_name_that_gives_a_base_of_what_it_gave(program: str, line: int, tmp_path: Path) -> None:
    case = Case("rebound", REBOUND_BEFORE, REBOUND_AFTER, program, [(line, "symbol-rebound", "silent")])
    assert judged(case) == case.found
    check_witnesses(case, tmp_path)
    (finding,) = checked(REBOUND_BEFORE, REBOUND_AFTER, program).findings
    assert finding.fix is not None
    assert finding.fix.text == "from transformers.fast import Fast"


def test_a_class_that_is_merged_into_its_base_is_the_same() -> None:
    before = REBOUND_BEFORE | {"transformers/fast.py": "from .base import Base\nclass Fast(Base): ...\n"}
    assert not checked(before, REBOUND_AFTER, "from transformers import Fast\n").findings
