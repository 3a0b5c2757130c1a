from __future__ import annotations

from pathlib import Path

import pytest

from .programs import Case, check_witnesses, checked, judged

BEFORE = """
    class Base:
        def preprocess(self, images, *args, **kwargs):
            return self._preprocess(images, *args, **kwargs)
        def _preprocess(self, images, size, interpolation, **kwargs):
            return images
        def resize(self, image, size, interpolation=None, **kwargs):
            return image
    class Processor(Base):
        pass
    def load(path, mode=None): ...
"""
AFTER = BEFORE.replace("interpolation", "resample")
OPTIONAL_BEFORE = BEFORE.replace("size, interpolation, **", "size=None, interpolation=None, **")
OPTIONAL_AFTER = OPTIONAL_BEFORE.replace("interpolation", "resample")

WRAPPER = """\
from helpers import apply_patch

def wrap(func):
    def inner(
        self,
        images,
        size,
        interpolation,
        **kwargs,
    ):
        return self.resize(
            images,
            size,
            interpolation=interpolation,
        )

    return inner

apply_patch(
    "transformers.Processor",
    "_preprocess",
    [wrap],
)
"""
IN_WRAPPER = [(8, "patch-signature", "breaks"), (14, "parameter-swallowed", "silent")]


def direct(how: str, parameters: str = "self, images, size, interpolation, **kwargs") -> str:
    return f"import transformers\nfrom unittest import mock\n\ndef mine(\n    {parameters}\n): ...\n\n{how}\n"


CASES = [
    Case("a wrapper in a list, given to a helper", BEFORE, AFTER, WRAPPER, IN_WRAPPER),
    Case("a wrapper alone", BEFORE, AFTER, WRAPPER.replace("[wrap]", "wrap"), IN_WRAPPER),
    Case(
        "one dotted string",
        BEFORE,
        AFTER,
        WRAPPER.replace('"transformers.Processor",\n    "_preprocess"', '"transformers.Processor._preprocess"'),
        IN_WRAPPER,
    ),
    Case(
        "setattr",
        BEFORE,
        AFTER,
        direct('setattr(transformers.Processor, "_preprocess", mine)'),
        [(5, "patch-signature", "breaks")],
    ),
    Case(
        "assignment",
        BEFORE,
        AFTER,
        direct("transformers.Processor._preprocess = mine"),
        [(5, "patch-signature", "breaks")],
    ),
    Case(
        "monkeypatch",
        BEFORE,
        AFTER,
        direct('def test(monkeypatch):\n    monkeypatch.setattr("transformers.Processor._preprocess", mine)'),
        [(5, "patch-signature", "breaks")],
    ),
    Case(
        "mock",
        BEFORE,
        AFTER,
        direct('mock.patch.object(transformers.Processor, "_preprocess", mine)'),
        [(5, "patch-signature", "breaks")],
    ),
    Case(
        "a parameter with a default is never passed any more",
        OPTIONAL_BEFORE,
        OPTIONAL_AFTER,
        direct("transformers.Processor._preprocess = mine", "self, images, size=None, interpolation=3, **kwargs"),
        [(5, "patch-signature", "silent")],
    ),
    Case(
        "a keyword that the replacement does not take",
        BEFORE,
        BEFORE.replace("interpolation, **", "interpolation, device, **"),
        direct("transformers.Processor._preprocess = mine", "self, images, size, interpolation"),
        [(4, "patch-signature", "breaks")],
    ),
    Case(
        "a method that is gone",
        BEFORE,
        "class Processor: ...",
        "from unittest.mock import patch\n\n@patch(\n    'transformers.Processor.resize'\n)\ndef test(resize): ...\n",
        [(4, "patch-target-missing", "breaks")],
    ),
    Case(
        "an assignment to a name that is gone replaces nothing",
        BEFORE,
        "class Processor: ...",
        direct("transformers.load = mine"),
        [(8, "patch-target-missing", "silent")],
    ),
    Case(
        "a function that now requires what the replacement does not take",
        "def rotate(query, key): ...",
        "def rotate(query, key, angle): ...",
        direct("transformers.rotate = mine", "query, key"),
        [(4, "patch-signature", "breaks")],
    ),
    Case(
        "a function that lost what it required, as the replacement does",
        "def rotate(query, key, angle): ...",
        "def rotate(query, key): ...",
        direct("transformers.rotate = mine", "query, key, angle"),
        [(5, "patch-signature", "breaks")],
    ),
    Case(
        "a method that nobody is known to call",
        "class Layer:\n    def forward(self, states): ...",
        "class Layer:\n    def forward(self, states, positions): ...",
        direct("transformers.Layer.forward = mine", "self, states"),
        [(4, "patch-signature", "breaks")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds(case: Case) -> None:
    assert judged(case) == case.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_witness(case: Case, tmp_path: Path) -> None:
    check_witnesses(case, tmp_path)


@pytest.mark.parametrize(
    "program",
    [
        direct("transformers.Processor._preprocess = mine", "self, *args, **kwargs"),
        direct("transformers.Processor._preprocess = mine", "self, images, size, **kwargs"),
        direct("transformers.Processor.never_was = mine"),
        direct("call('transformers.Processor._preprocess')"),
        direct("register('a.b', mine)"),
        direct("transformers.Processor._preprocess = other", "self, images, size, interpolation"),
    ],
)
def test_finds_nothing(program: str) -> None:
    assert not checked(BEFORE, AFTER, program).findings


def test_a_default_that_the_caller_may_still_pass_on_is_no_finding() -> None:
    after = OPTIONAL_AFTER.replace(
        "preprocess(self, images, *args", "preprocess(self, images, *args, interpolation=None"
    )
    program = direct("transformers.Processor._preprocess = mine", "self, images, size=None, interpolation=3, **kwargs")
    assert not checked(OPTIONAL_BEFORE, after, program).findings


def test_the_self_of_a_function_that_replaces_methods_of_two_classes_is_not_known() -> None:
    program = WRAPPER + 'apply_patch("transformers.Base", "_preprocess", [wrap])\n'
    found = {(finding.line, finding.rule) for finding in checked(BEFORE, AFTER, program).findings}
    assert found == {(8, "patch-signature")}


@pytest.mark.parametrize(
    "parameters", ["query, key, *more", "query, key, **more", "query, key, angle=None", "query, key, other=None"]
)
def test_a_replacement_that_may_take_a_new_required_parameter_is_no_finding(parameters: str) -> None:
    program = direct("transformers.rotate = mine", parameters)
    before, after = "def rotate(query, key): ...", "def rotate(query, key, angle): ..."
    assert not checked(before, after, program).findings


def test_an_optional_parameter_that_a_replacement_does_not_take_is_likely_to_be_passed() -> None:
    program = direct("transformers.rotate = mine", "query, key")
    (finding,) = checked("def rotate(query, key): ...", "def rotate(query, key, angle=None): ...", program).findings
    assert (finding.rule, finding.confidence.value) == ("patch-signature", "likely")
