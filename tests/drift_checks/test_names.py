from __future__ import annotations

from pathlib import Path

import pytest

from .programs import Case, check_witnesses, checked, judged

TOOLS = "def crop(image, size): ...\ndef pad(image, size=1): ...\n"
ALIAS_MODULES = """
    import sys, types
    def _create_module_alias(alias, target):
        import importlib
        class Alias(types.ModuleType):
            def __getattr__(self, name):
                return getattr(importlib.import_module(target), name)
        module = Alias(alias)
        sys.modules[alias] = module
        setattr(sys.modules[__name__], alias.rpartition(".")[2], module)
    _create_module_alias(f"{__name__}.old", ".new")
"""

CASES = [
    Case(
        "a function is gone",
        TOOLS,
        "def crop(image, size): ...",
        "from transformers import crop, pad\n",
        [(1, "symbol-removed", "breaks")],
    ),
    Case(
        "each name of a long import has its own line",
        TOOLS,
        "other = 1",
        "from transformers import (\n    crop,\n    pad as fill,\n)\n",
        [(2, "symbol-removed", "breaks"), (3, "symbol-removed", "breaks")],
    ),
    Case(
        "a function moved from a submodule to the top",
        {"transformers/__init__.py": "", "transformers/a/__init__.py": "", "transformers/a/tools.py": TOOLS},
        {"transformers/__init__.py": TOOLS, "transformers/a/__init__.py": "", "transformers/a/tools.py": ""},
        "from transformers.a.tools import pad\n",
        [(1, "symbol-moved", "breaks")],
    ),
    Case(
        "a module is gone",
        {"transformers/__init__.py": "", "transformers/tools.py": TOOLS},
        {"transformers/__init__.py": ""},
        "import transformers.tools\nfrom transformers.tools import pad\n",
        [(1, "module-removed", "breaks"), (2, "module-removed", "breaks")],
    ),
    Case(
        "a module is gone and its function is at the top",
        {"transformers/__init__.py": "", "transformers/a/__init__.py": "", "transformers/a/tools.py": TOOLS},
        {"transformers/__init__.py": TOOLS, "transformers/a/__init__.py": ""},
        "from transformers.a.tools import pad\n",
        [(1, "module-moved", "breaks")],
    ),
    Case(
        "a function is renamed in its module",
        "def is_big(x):\n    return x > 10\n",
        "def is_large(x):\n    return x > 10\n",
        "from transformers import is_big\n",
        [(1, "symbol-renamed", "breaks")],
    ),
    Case(
        "a dotted name of an imported module",
        TOOLS,
        "def crop(image, size): ...",
        "import transformers as t\n\nt.pad(1)\nt.crop(1, 2)\n",
        [(3, "symbol-removed", "breaks")],
    ),
    Case(
        "a submodule by its dotted name",
        {"transformers/__init__.py": "from . import tools", "transformers/tools.py": TOOLS},
        {"transformers/__init__.py": ""},
        "import transformers\n\ntransformers.tools.pad(1)\n",
        [(3, "symbol-removed", "breaks")],
    ),
    Case(
        "a module is gone that never had the name",
        {"transformers/__init__.py": "", "transformers/tools.py": TOOLS},
        {"transformers/__init__.py": ""},
        "from transformers.tools import never\n",
        [],
    ),
    Case(
        "importlib with a constant name",
        {"transformers/__init__.py": "", "transformers/tools.py": TOOLS},
        {"transformers/__init__.py": ""},
        "import importlib\n\ntools = importlib.import_module('transformers.tools')\ntools.pad(1)\n",
        [(3, "module-removed", "breaks")],
    ),
    Case(
        "a name that a module only imported",
        "from json import dumps\n",
        "",
        "from transformers import dumps\n",
        [(1, "symbol-removed", "breaks")],
    ),
    Case(
        "the uses of a name that is gone have to be edited too, once a line",
        TOOLS,
        "def crop(image, size): ...",
        "from transformers import pad\n\ndef f(x, by=pad):\n    return pad(x) + pad(x)\n",
        [(1, "symbol-removed", "breaks"), (3, "symbol-removed", "breaks"), (4, "symbol-removed", "breaks")],
    ),
    Case(
        "what another import gives back is edited there only",
        {"transformers/__init__.py": "", "transformers/a/__init__.py": "", "transformers/a/tools.py": TOOLS},
        {"transformers/__init__.py": TOOLS, "transformers/a/__init__.py": "", "transformers/a/tools.py": ""},
        "from transformers.a.tools import pad\n\npad(1)\n",
        [(1, "symbol-moved", "breaks")],
    ),
    Case(
        "a name that is bound twice is not followed to its uses",
        TOOLS,
        "def crop(image, size): ...",
        "from transformers import pad\n\npad = wrap(pad)\npad(1)\n",
        [(1, "symbol-removed", "breaks")],
    ),
    Case(
        "a name that a star import gave",
        TOOLS,
        "def crop(image, size): ...",
        "from transformers import *\n\npad(1)\ncrop(1, 2)\n",
        [(3, "symbol-removed", "breaks")],
    ),
    Case(
        "an alias module is deprecated and not gone",
        {"transformers/__init__.py": "", "transformers/old.py": TOOLS},
        {
            "transformers/__init__.py": ALIAS_MODULES.replace('".new"', '"transformers.new"'),
            "transformers/new.py": TOOLS,
        },
        "from transformers.old import (\n    crop,\n)\n",
        [(1, "deprecated-symbol", "deprecated")],
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
        "from transformers import crop\n",
        "from transformers import never_was\n",
        "import transformers.never_was\n",
        "from .transformers import pad\n",
        "from other import pad\n",
        "import transformers\ntransformers = make()\ntransformers.pad(1)\n",
        "def f(transformers):\n    return transformers.pad\n",
        "import transformers\ntext = 'transformers.pad'\n",
    ],
)
def test_finds_nothing(program: str) -> None:
    assert not checked(TOOLS, "def crop(image, size): ...", program).findings


def test_a_name_that_was_moved_says_where() -> None:
    case = CASES[2]
    [finding] = checked(case.before, case.after, case.program).findings
    assert finding.fix is not None
    assert finding.fix.text == "from transformers import pad"
