from __future__ import annotations

import pytest

from signatures.hidden_members import Held, held, may_have

from .programs import surface

KINDS = """
    class Thing:
        value = 1
        field: int = 1
        constant: "ClassVar[int]" = 1
        def __init__(self):
            self.own = 1
        def method(self): ...
        @property
        def prop(self): ...
        class Nested: ...
"""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("value", Held.VALUE),
        ("field", Held.FIELD),
        ("constant", Held.VALUE),
        ("own", Held.INSTANCE),
        ("method", Held.METHOD),
        ("prop", Held.PROPERTY),
        ("Nested", Held.METHOD),
    ],
)
def test_how_a_class_has_a_member(name: str, kind: Held) -> None:
    found = surface({"pkg/__init__.py": KINDS})
    assert held(found, found.resolve(f"pkg.Thing.{name}")) is kind


ANYTHING = frozenset(Held)
NOTHING: frozenset[Held] = frozenset()
DATA = frozenset({Held.VALUE, Held.FIELD, Held.INSTANCE})
ON_INSTANCES = frozenset({Held.FIELD, Held.INSTANCE})
SETS_ANY = "for k, v in kwargs.items():\n            setattr(self, k, v)\n"


@pytest.mark.parametrize(
    ("path", "text", "kinds"),
    [
        ("transformers/a.py", "class C: ...\n", NOTHING),
        ("transformers/a.py", "class C:\n    def __getattr__(self, name): ...\n", ANYTHING),
        ("transformers/a.py", "import abc\nclass C(metaclass=abc.ABCMeta): ...\n", NOTHING),
        ("transformers/a.py", "class C(metaclass=Other): ...\n", ANYTHING),
        ("transformers/a.py", "import other\nclass C(other.Base): ...\n", ANYTHING),
        ("transformers/a.py", "import torch.nn as nn\nclass C(nn.Module): ...\n", NOTHING),
        (
            "transformers/a.py",
            "import torch.nn as nn\nclass C(nn.Module):\n    def f(self, n):\n        self.register_buffer(n, 1)\n",
            ON_INSTANCES,
        ),
        ("transformers/a.py", f"class C:\n    def f(self, **kwargs):\n        {SETS_ANY}", ANYTHING),
        (
            "transformers/configuration_utils.py",
            f"class PretrainedConfig:\n    def __init__(self, **kwargs):\n        {SETS_ANY}\n"
            "class C(PretrainedConfig): ...\n",
            DATA,
        ),
        (
            "transformers/configuration_utils.py",
            f"class PretrainedConfig:\n    def __init__(self, **kwargs):\n        {SETS_ANY}\n"
            "class C(PretrainedConfig):\n    attribute_map = {'gone': 'other'}\n",
            ANYTHING,
        ),
        (
            "transformers/training_args.py",
            f"class TrainingArguments:\n    def __post_init__(self):\n        {SETS_ANY}\n"
            "class C(TrainingArguments): ...\n",
            NOTHING,
        ),
    ],
)
def test_what_an_instance_may_have(path: str, text: str, kinds: frozenset[Held]) -> None:
    found = surface({"transformers/__init__.py": "", path: text})
    owner = f"{path.removesuffix('.py').replace('/', '.')}.C"
    assert {kind for kind in Held if may_have(found, owner, "gone", kind)} == kinds


def test_a_tokenizer_answers_names_of_tokens_only() -> None:
    text = "class SpecialTokensMixin:\n    def __init__(self, **kwargs):\n        " + SETS_ANY
    found = surface({"transformers/__init__.py": "", "transformers/tokenization_utils_base.py": text})
    path = "transformers.tokenization_utils_base.SpecialTokensMixin"
    assert may_have(found, path, "image_token_id", Held.INSTANCE)
    assert not may_have(found, path, "encode_plus", Held.METHOD)


def test_a_config_with_rope_parameters_keeps_no_theta() -> None:
    text = f"""
class PreTrainedConfig:
    def __init__(self, **kwargs):
        {SETS_ANY}
class Rotary(PreTrainedConfig):
    rope_parameters: dict = None
class Plain(PreTrainedConfig): ...
"""
    found = surface({"transformers/__init__.py": "", "transformers/configuration_utils.py": text})
    path = "transformers.configuration_utils"
    assert not may_have(found, f"{path}.Rotary", "rope_theta", Held.INSTANCE)
    assert may_have(found, f"{path}.Rotary", "hidden_size", Held.INSTANCE)
    assert may_have(found, f"{path}.Plain", "rope_theta", Held.INSTANCE)


def test_what_is_no_class_may_have_anything() -> None:
    assert may_have(surface({"pkg/__init__.py": "x = 1\n"}), "pkg.x", "gone", Held.METHOD)
