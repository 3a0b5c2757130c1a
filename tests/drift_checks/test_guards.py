from __future__ import annotations

import pytest

from .programs import checked

# Releases are 1.0 and 2.0; `f` loses its parameter, `old` and the module `gone` go away, `new` is added.
BEFORE = {
    "transformers/__init__.py": "__version__ = '1.0'\ndef f(a): ...\ndef old(): ...\n",
    "transformers/gone.py": "",
}
AFTER = {"transformers/__init__.py": "__version__ = '2.0'\ndef f(): ...\ndef new(): ...\n"}
HEAD = """\
import importlib.metadata
import sys
import transformers
from packaging import version
from packaging.version import Version
from transformers import f
from typing import TYPE_CHECKING
TF = version.parse(transformers.__version__)
IS_NEW = TF >= version.parse("1.5")
"""

GUARDED = [
    "if version.parse(transformers.__version__) < version.parse('2.0'):\n    f(1)",
    "if version.parse(importlib.metadata.version('transformers')) < Version('2.0'):\n    f(1)",
    "if Version('2') > Version(transformers.__version__):\n    f(1)",
    "if TF.release < (2, 0):\n    f(1)",
    "if TF.release[:1] < (2,):\n    f(1)",
    "if TF.major < 2:\n    f(1)",
    "if transformers.__version__ < '2.0':\n    f(1)",
    "if not IS_NEW:\n    f(1)",
    "if IS_NEW:\n    pass\nelse:\n    f(1)",
    "if IS_NEW:\n    pass\nelif x:\n    f(1)",
    "f(1) if not IS_NEW else f()",
    "IS_NEW or f(1)",
    "not IS_NEW and f(1)",
    "def g():\n    if IS_NEW:\n        return f()\n    return f(1)",
    "def g():\n    assert not IS_NEW\n    f(1)",
    "while not IS_NEW:\n    f(1)",
    "if not hasattr(transformers, 'new'):\n    f(1)",
    "if hasattr(transformers, 'old') and x:\n    transformers.old()",
    "if getattr(transformers, 'old', None) is not None:\n    transformers.old()",
    "if importlib.util.find_spec('transformers.gone'):\n    import transformers.gone",
    "if is_transformers_version('<', '2.0'):\n    f(1)",
    "if TRANSFORMERS_GE_2:\n    f(1)",
    "if 'a' in inspect.signature(f).parameters:\n    f(1)",
    "try:\n    from transformers import old\nexcept ImportError:\n    old = None",
    "try:\n    from transformers import new\nexcept ImportError:\n    from transformers import old",
    "try:\n    import transformers.gone\nexcept Exception:\n    pass",
    "try:\n    f(1)\nexcept (ValueError, TypeError):\n    f()",
    "try:\n    transformers.old()\nexcept AttributeError as error:\n    print(error)",
    "try:\n    transformers.old()\nexcept:\n    pass",
    "import contextlib\nwith contextlib.suppress(ImportError):\n    from transformers import old",
    "if TYPE_CHECKING:\n    from transformers import old",
    "if not hasattr(transformers, 'old'):\n    transformers.old = lambda: None",
]
NOT_GUARDED = [
    "if version.parse(transformers.__version__) > version.parse('0.5'):\n    f(1)",
    "if x:\n    f(1)",
    "import other\nif Version(other.__version__) > x:\n    f(1)",
    "if sys.version_info >= (3, 10):\n    f(1)",
    "if is_torch_available():\n    f(1)",
    "if hasattr(x, 'old'):\n    f(1)",
    "if x and TF > Version('0.1'):\n    f(1)",
    "if self.version == 2:\n    f(1)",
    "try:\n    f(1)\nexcept ValueError:\n    pass",
    "try:\n    f(1)\nexcept TypeError:\n    raise RuntimeError('no')",
    "try:\n    from transformers import old\nexcept ImportError as e:\n    print(1)\n    raise RuntimeError from e",
    "try:\n    from transformers import old\nfinally:\n    pass",
    "try:\n    def g():\n        f(1)\nexcept TypeError:\n    pass",
    "try:\n    pass\nexcept KeyError:\n    f(1)",
    "try:\n    pass\nexcept TypeError:\n    pass\nelse:\n    f(1)",
    "def g():\n    if x:\n        return\n    f(1)",
    "if hasattr(transformers, 'old'):\n    pass\ntransformers.old()",
]


@pytest.mark.parametrize("program", GUARDED)
def test_guarded_code_is_no_finding(program: str) -> None:
    report = checked(BEFORE, AFTER, HEAD + program + "\n")
    assert not report.findings
    assert report.statistics.guarded == 1


@pytest.mark.parametrize("program", NOT_GUARDED)
def test_code_that_runs_all_the_same_is_a_finding(program: str) -> None:
    report = checked(BEFORE, AFTER, HEAD + program + "\n")
    assert [finding.outcome.value for finding in report.findings] == ["breaks"]
    assert report.statistics.guarded == 0


def test_an_exception_handler_does_not_catch_what_is_silent() -> None:
    before, after = "def f(a, b=1, **kwargs): return a", "def f(a, c=1, **kwargs): return a"
    program = "from transformers import f\n\ntry:\n    f(1, b=2)\nexcept TypeError:\n    pass\n"
    [finding] = checked(before, after, program).findings
    assert finding.rule == "parameter-swallowed"
