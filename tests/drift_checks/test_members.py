from __future__ import annotations

from pathlib import Path

import pytest

from .programs import Case, check_witnesses, checked, judged

OPTIONS = """
    from dataclasses import dataclass, field

    @dataclass
    class Options:
        rate: float = 0.1
        safe: bool = field(default=True)
        names: list = field(default_factory=list)
"""
FEWER_OPTIONS = """
    from dataclasses import dataclass

    @dataclass
    class Options:
        rate: float = 0.1
"""
LEGACY = "class Cache:\n    def to_legacy(self): ...\n"
NO_LEGACY = "class Cache:\n    def other(self): ...\n"

CASES = [
    Case(
        "a method, through an instance and through the class",
        LEGACY,
        NO_LEGACY,
        "from transformers import Cache\n\ncache = Cache()\ncache.to_legacy()\nCache.to_legacy(cache)\n",
        [(4, "attribute-removed", "breaks"), (5, "attribute-removed", "breaks")],
    ),
    Case(
        "fields of a dataclass",
        OPTIONS,
        FEWER_OPTIONS,
        "from transformers import Options\n\nargs = Options()\nargs.rate\nargs.safe\nargs.names\n",
        [(5, "attribute-removed", "breaks"), (6, "attribute-removed", "breaks")],
    ),
    Case(
        "an attribute of the class body",
        "class Model:\n    _splits = True\n",
        "class Model:\n    pass\n",
        "from transformers import Model\n\nModel._splits\n\nclass Mine(Model):\n    def f(self):\n"
        "        return self._splits\n",
        [(3, "attribute-removed", "breaks"), (7, "attribute-removed", "breaks")],
    ),
    Case(
        "a property",
        "class Trainer:\n    @property\n    def tokenizer(self):\n        return 1\n",
        "class Trainer:\n    pass\n",
        "from transformers import Trainer\n\nclass Mine(Trainer):\n    def f(self):\n        self.tokenizer.pad()\n",
        [(5, "attribute-removed", "breaks")],
    ),
    Case(
        "what the constructor sets",
        "class Attention:\n    def __init__(self, config):\n        self.heads, self.config = 1, config\n",
        "class Attention:\n    def __init__(self, config):\n        self.config = config\n",
        "from transformers import Attention\n\nlayer = Attention(1)\nlayer.heads\nlayer.config\n",
        [(4, "attribute-removed", "breaks")],
    ),
    Case(
        "a method whose body has another name now",
        "class Cache:\n    def shape(self):\n        return self.size + 1\n",
        "class Cache:\n    def extent(self):\n        return self.size + 1\n",
        "from transformers import Cache\n\nCache().shape()\n",
        [(3, "attribute-renamed", "breaks")],
    ),
    Case(
        "a class attribute whose value has another name now",
        "class Model:\n    _no_split_parts = ['Layer']\n",
        "class Model:\n    _no_split_modules = ['Layer']\n",
        "from transformers import Model\n\nModel._no_split_parts\n",
        [(3, "attribute-renamed", "breaks")],
    ),
    Case(
        "a member of an enumeration",
        "import enum\nclass Backend(enum.Enum):\n    RAY = 1\n    SIGOPT = 2\n",
        "import enum\nclass Backend(enum.Enum):\n    RAY = 1\n",
        "from transformers import Backend\n\nBackend.RAY\nBackend.SIGOPT\n",
        [(4, "attribute-removed", "breaks")],
    ),
    Case(
        "an annotated value, where no subclass has the member",
        LEGACY,
        NO_LEGACY + "class Static(Cache): ...\n",
        "from transformers import Cache\n\ndef f(cache: Cache | None):\n    cache.to_legacy()\n",
        [(4, "attribute-removed", "breaks")],
    ),
    Case(
        "a value that has no items any more",
        "class Cache:\n    def __getitem__(self, index): ...\n    def __setitem__(self, index, value): ...\n",
        "class Cache:\n    def __len__(self): ...\n",
        "from transformers import Cache\n\ncache = Cache()\ncache[0]\ncache[0] = 1\n",
        [(4, "access-style", "breaks"), (5, "access-style", "breaks")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds(case: Case) -> None:
    assert judged(case) == case.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_witness(case: Case, tmp_path: Path) -> None:
    check_witnesses(case, tmp_path)


NOOPS = {
    "a `__getattr__` may still answer": (
        LEGACY,
        "class Cache:\n    def __getattr__(self, name): ...\n",
        "Cache().to_legacy()",
    ),
    "any keyword may be set": (
        "class Cache:\n    def __init__(self, **kwargs):\n        self.size = 1\n",
        "class Cache:\n    def __init__(self, **kwargs):\n        self.__dict__.update(kwargs)\n",
        "Cache().size",
    ),
    "a metaclass may answer": (
        LEGACY,
        "class Meta(type): ...\nclass Cache(metaclass=Meta): ...\n",
        "Cache().to_legacy()",
    ),
    "a base is not known": (LEGACY, "import other\nclass Cache(other.Base): ...\n", "Cache().to_legacy()"),
    "the file sets it": (LEGACY, NO_LEGACY, "cache = Cache()\ncache.to_legacy = print\ncache.to_legacy()"),
    "the file sets it by name": (LEGACY, NO_LEGACY, "c = Cache()\nsetattr(c, 'to_legacy', print)\nc.to_legacy()"),
    "it is asked for first": (LEGACY, NO_LEGACY, "getattr(Cache(), 'to_legacy', None)\nhasattr(Cache(), 'to_legacy')"),
    "a subclass of the file has it": (
        LEGACY,
        NO_LEGACY,
        "class Mine(Cache):\n    to_legacy = 1\n    def f(self):\n        return self.to_legacy",
    ),
    "a method sets it": (
        "class Cache:\n    size = 1\n",
        "class Cache:\n    def __init__(self):\n        self.size = 1\n",
        "Cache().size",
    ),
    "a base class has it": (
        LEGACY,
        "class Base:\n    def to_legacy(self): ...\nclass Cache(Base): ...\n",
        "Cache().to_legacy()",
    ),
    "it was set later on": (
        "class Cache:\n    def start(self):\n        self.size = 1\n",
        "class Cache:\n    def start(self): ...\n",
        "Cache().size",
    ),
    "it never was there": (LEGACY, NO_LEGACY, "Cache().never_was"),
    "items by another way": (
        "class Cache:\n    def __getitem__(self, i): ...\n",
        "class Cache(dict): ...\n",
        "Cache()[0]",
    ),
}


@pytest.mark.parametrize(("before", "after", "use"), NOOPS.values(), ids=NOOPS)
def test_finds_nothing(before: str, after: str, use: str) -> None:
    assert not checked(before, after, f"from transformers import Cache\n\n{use}\n").findings


def test_a_member_that_a_subclass_brings_is_only_likely() -> None:
    after = NO_LEGACY + "class Old(Cache):\n    def to_legacy(self): ...\n"
    program = "from transformers import Cache\n\ndef f(cache: Cache):\n    cache.to_legacy()\n"
    [finding] = checked(LEGACY, after, program).findings
    assert (finding.line, finding.decides) == (4, False)


def test_two_new_members_with_the_same_body_are_no_rename() -> None:
    before = "class Cache:\n    def shape(self):\n        return self.size\n"
    after = "class Cache:\n" + "".join(f"    def {name}(self):\n        return self.size\n" for name in ("one", "two"))
    [finding] = checked(before, after, "from transformers import Cache\n\nCache().shape()\n").findings
    assert (finding.rule, finding.fix) == ("attribute-removed", None)


def test_a_common_value_is_no_rename() -> None:
    before, after = "class Model:\n    is_parallel = False\n", "class Model:\n    quantized = False\n"
    [finding] = checked(before, after, "from transformers import Model\n\nModel.is_parallel\n").findings
    assert finding.rule == "attribute-removed"


def test_what_is_declared_says_what_to_write() -> None:
    files = {
        "transformers/__init__.py": "",
        "transformers/trainer.py": "class Trainer:\n    @property\n    def tokenizer(self): ...\n",
    }
    after = {**files, "transformers/trainer.py": "class Trainer: ...\n"}
    program = "from transformers.trainer import Trainer\n\nTrainer(1).tokenizer\n"
    [finding] = checked(files, after, program).findings
    assert finding.rule == "attribute-renamed"
    assert finding.fix is not None and finding.fix.text == "`.processing_class`"


CONFIGS = {
    "transformers/__init__.py": "",
    "transformers/configuration_utils.py": "class PretrainedConfig:\n    def __init__(self, **kwargs):\n"
    "        self.__dict__.update(kwargs)\n",
    "transformers/llama.py": "from .configuration_utils import PretrainedConfig\nclass LlamaConfig(PretrainedConfig):\n"
    "    def __init__(self, rope_theta=1, **kwargs):\n        self.rope_theta = rope_theta\n",
}
ROPE_PARAMETERS = {
    "transformers/__init__.py": "",
    "transformers/configuration_utils.py": "class PreTrainedConfig:\n    def __init__(self, **kwargs):\n"
    "        self.__dict__.update(kwargs)\nPretrainedConfig = PreTrainedConfig\n",
    "transformers/llama.py": "from .configuration_utils import PreTrainedConfig\nclass LlamaConfig(PreTrainedConfig):\n"
    "    def __init__(self, **kwargs):\n        self.rope_parameters = {}\n",
}


@pytest.mark.parametrize(
    ("annotation", "proven"),
    [("llama.LlamaConfig", True), ("configuration_utils.PretrainedConfig", False), ("", False)],
)
def test_what_most_configs_lost_is_proven_of_one_and_likely_of_any(annotation: str, proven: bool) -> None:
    head = f"import transformers\n\ndef f(config{': transformers.' + annotation if annotation else ''}):\n"
    report = checked(CONFIGS, ROPE_PARAMETERS, f"{head}    config.rope_theta\n    config.hidden_size\n")
    [finding] = report.findings
    assert (finding.line, finding.rule, finding.decides) == (4, "attribute-removed", proven)
    assert finding.fix is not None and finding.fix.text == '`.rope_parameters["rope_theta"]`'


def test_another_receiver_is_no_config() -> None:
    assert not checked(
        CONFIGS, ROPE_PARAMETERS, "import transformers\n\ndef f(rotary):\n    rotary.rope_theta\n"
    ).findings


def test_what_was_read_with_a_default_and_kept_is_not_read_again() -> None:
    program = (
        "from transformers import Cache\n\nclass Mine:\n    def __init__(self, cache: Cache):\n"
        "        self.legacy = getattr(cache, 'to_legacy', None)\n\n    def f(self):\n        return self.legacy\n"
    )
    assert not checked(LEGACY, NO_LEGACY, program).findings
