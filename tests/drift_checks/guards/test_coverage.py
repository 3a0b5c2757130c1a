from __future__ import annotations

from pathlib import Path

import pytest

from drift_checks.call_sites import UnknownSite
from drift_checks.check import check
from drift_checks.extraction import FileSites, extract
from drift_checks.guards import FileGuards
from drift_checks.rules import RULES, Pair, Problem
from drift_checks.sources import SourceFile, find

from ...signatures.programs import surface
from ..programs import checked

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

PLAIN = [
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
VERSIONS = [
    "if tuple(int(x) for x in transformers.__version__.split('.')[:2]) < (2, 0):\n    f(1)",
    "if tuple(map(int, transformers.__version__.split('.')[:2])) < (2, 0):\n    f(1)",
    "if [int(x) for x in transformers.__version__.split('.')] < [2]:\n    f(1)",
    "if int(transformers.__version__.split('.')[0]) < 2:\n    f(1)",
    "if transformers.__version__.split('.')[0] == '1':\n    f(1)",
    "if transformers.__version__.startswith('1.'):\n    f(1)",
    "if transformers.__version__ == '1.0':\n    f(1)",
    "if TF.base_version == '1.0':\n    f(1)",
    "if TF.major == 1:\n    f(1)",
    "if (TF.major, TF.minor) < (2, 0):\n    f(1)",
    "from packaging.specifiers import SpecifierSet\nif TF in SpecifierSet('<2'):\n    f(1)",
    (
        "from packaging.specifiers import SpecifierSet\n"
        "if SpecifierSet('<2').contains(transformers.__version__):\n    f(1)"
    ),
    "if Version('0.5') <= TF < Version('2'):\n    f(1)",
    "if is_transformers_version('<', '2'):\n    f(1)",
    "if is_transformers_version('<', Version('2')):\n    f(1)",
    "if compare_versions('transformers', '<', '2.0'):\n    f(1)",
    "if not is_transformers_version_greater_than('1.5'):\n    f(1)",
    "if not is_transformers_greater_or_equal('2.0'):\n    f(1)",
    "if is_transformers_less_than('1.5'):\n    f(1)",
    "if not _is_package_version_at_least('transformers', '2.0'):\n    f(1)",
    "def is_new():\n    return TF >= Version('2')\nif not is_new():\n    f(1)",
    "def at_least(v):\n    return TF >= Version(v)\nif not at_least('2'):\n    f(1)",
    (
        "def at_least(v, name='transformers'):\n"
        "    return Version(importlib.metadata.version(name)) >= Version(v)\nif not at_least('2'):\n"
        "    f(1)"
    ),
    "import functools\n@functools.lru_cache\ndef is_new():\n    return TF >= Version('2')\nif not is_new():\n    f(1)",
    (
        "def is_new():\n    try:\n        import transformers\n        return TF >= Version('2')\n"
        "    except ImportError:\n        return False\nif not is_new():\n    f(1)"
    ),
    "def is_new():\n    if TF < Version('2'):\n        return False\n    return True\nif not is_new():\n    f(1)",
    "import operator\nif operator.lt(TF, Version('2')):\n    f(1)",
    (
        "class A:\n    def __init__(self):\n        self.new = TF >= Version('2')\n    def g(self):\n"
        "        if not self.new:\n            f(1)"
    ),
    "class A:\n    NEW = TF >= Version('2')\n    def g(self):\n        if not self.NEW:\n            f(1)",
    "major, minor = transformers.__version__.split('.')\nif int(major) < 2:\n    f(1)",
    "import pytest\n@pytest.mark.skipif(TF >= Version('2'), reason='')\ndef test():\n    f(1)",
    "import pytest\n@pytest.mark.skipif(IS_NEW, reason='')\nclass TestIt:\n    def test(self):\n        f(1)",
    "import unittest\n@unittest.skipUnless(TF < Version('2'), '')\ndef test():\n    f(1)",
    "import pytest\nif IS_NEW:\n    pytest.skip('', allow_module_level=True)\nf(1)",
    "class T:\n    def test(self):\n        if IS_NEW:\n            self.skipTest('')\n        f(1)",
    "import pytest\npytest.importorskip('transformers', minversion='2.0')\nf(1)",
    "require_version('transformers<2')\nf(1)",
    "import pytest\npytest.importorskip('transformers.gone')\nf(1)",
    "match TF.major:\n    case 1:\n        f(1)\n    case _:\n        f()",
    "match TF.major:\n    case 2:\n        f()\n    case _:\n        f(1)",
    "{1: lambda: f(1), 2: lambda: f()}[TF.major]()",
    "{True: lambda: f(), False: lambda: f(1)}[IS_NEW]()",
    "flag = 'new' if IS_NEW else 'old'\nif flag == 'old':\n    f(1)",
    "if IS_NEW is False:\n    f(1)",
    "if float('.'.join(transformers.__version__.split('.')[:2])) < 2:\n    f(1)",
    (
        "class A:\n    def new(self, v):\n        return TF >= Version(v)\n    def g(self):\n"
        "        if not self.new('2'):\n            f(1)"
    ),
    (
        "class A:\n    @staticmethod\n    def new(v='2'):\n        return TF >= Version(v)\n    def g(self):\n"
        "        if not A.new():\n            f(1)"
    ),
]
FLAGS = [
    "try:\n    from transformers import old\n    HAS = True\nexcept ImportError:\n    HAS = False\nif HAS:\n    f(1)",
    (
        "try:\n    from transformers import old\nexcept ImportError:\n    HAS = False\nelse:\n    HAS = True\n"
        "if HAS:\n    f(1)"
    ),
    (
        "HAS = False\ntry:\n    from transformers import old\n    HAS = True\nexcept ImportError:\n    pass\n"
        "if HAS:\n    f(1)"
    ),
    "try:\n    from transformers import old\nexcept ImportError:\n    old = None\nif old is not None:\n    f(1)",
    "try:\n    from transformers import old\nexcept ImportError:\n    old = None\nif old:\n    f(1)",
    "if IS_NEW:\n    FLAG = True\nelse:\n    FLAG = False\nif not FLAG:\n    f(1)",
    (
        "def g():\n    try:\n        from transformers import old\n    except ImportError:\n"
        "        return f()\n    return f(1)"
    ),
    "try:\n    from transformers import old\nexcept ImportError:\n    pass\nelse:\n    f(1)",
]
QUESTIONS = [
    "if 'old' in dir(transformers):\n    transformers.old()",
    "import inspect\nif 'a' in inspect.signature(f).parameters:\n    f(a=1)",
    "import inspect\nP = inspect.signature(f).parameters\nif 'a' in P:\n    f(a=1)",
    "import inspect\nif 'a' in inspect.getfullargspec(f).args:\n    f(a=1)",
    "if callable(getattr(transformers, 'old', None)):\n    transformers.old()",
    "fn = getattr(transformers, 'old', None)\nif fn is not None:\n    f(1)",
    "if 'transformers.gone' in sys.modules:\n    f(1)",
    "import importlib.util\nif importlib.util.find_spec('transformers.gone') is not None:\n    f(1)",
]
PRIVATE_FUNCTIONS = [
    "def _old():\n    f(1)\nif not IS_NEW:\n    _old()",
    (
        "class A:\n    def run(self):\n        if hasattr(transformers, 'old'):\n            self._old()\n"
        "    def _old(self):\n        f(1)"
    ),
    (
        "class A:\n    def run(self):\n        if hasattr(transformers, 'old'):\n            self._a()\n"
        "    def _a(self):\n        self._old()\n    def _old(self):\n        f(1)"
    ),
]
HANDLED = [
    (
        "try:\n    try:\n        from transformers import old\n    except AttributeError:\n        pass\n"
        "except ImportError:\n    pass"
    ),
    "import contextlib\nwith contextlib.suppress(TypeError, ValueError):\n    f(1)",
    "try:\n    f(1)\nexcept (ValueError, (TypeError)):\n    f()",
    (
        "try:\n    from transformers.new import X\nexcept ImportError:\n    try:\n"
        "        from transformers import old\n    except ImportError:\n        old = None"
    ),
    "try:\n    from transformers import new\nexcept ImportError:\n    f(1)",
]
GUARDED = [*PLAIN, *VERSIONS, *FLAGS, *QUESTIONS, *PRIVATE_FUNCTIONS, *HANDLED]
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
    "if is_transformers_version('>=', '0.5'):\n    f(1)",
    "def at_least(v):\n    return TF >= Version(v)\nif at_least('0.5'):\n    f(1)",
    "import pytest\n@pytest.mark.skipif(sys.platform == 'win32', reason='')\ndef test():\n    f(1)",
    "import pytest\n@pytest.mark.skipif(TF < Version('0.5'), reason='')\ndef test():\n    f(1)",
    "import pytest\npytest.importorskip('torch')\nf(1)",
    "require_version('transformers>=0.5')\nf(1)",
    "match x:\n    case 1:\n        f(1)",
    "{'a': lambda: f(1), 'b': lambda: f()}[x]()",
    "def _old():\n    f(1)\n_old()",
    "def _old():\n    f(1)\nif not IS_NEW:\n    _old()\nregister(_old)",
    "def old():\n    f(1)\nif not IS_NEW:\n    old()",
    "def _old():\n    f(1)",
    "class A:\n    def run(self):\n        if x:\n            self._old()\n    def _old(self):\n        f(1)",
    "try:\n    import flash_attn\n    HAS = True\nexcept ImportError:\n    HAS = False\nif HAS:\n    f(1)",
    (
        "try:\n    from transformers import f as g\n    HAS = True\nexcept ImportError:\n    HAS = False\n"
        "if HAS:\n    f(1)"
    ),
    "import inspect\nif 'a' in inspect.signature(g).parameters and x:\n    pass\nf(1)",
    "try:\n    from transformers import old\nexcept ModuleNotFoundError:\n    old = None",
    "try:\n    from transformers import old\nexcept ImportError:\n    import sys\n    sys.exit(1)",
    "try:\n    from transformers import old\nexcept ImportError:\n    from transformers.never import old",
    (
        "try:\n    from transformers import old\nexcept ImportError:\n    try:\n"
        "        from transformers.gone import x\n    except ImportError:\n"
        "        from transformers import nowhere"
    ),
    "try:\n    from transformers import nowhere\nexcept ImportError:\n    from transformers import old",
    "try:\n    cfg = load()\nexcept Exception:\n    cfg = None\nf(1)",
    "def g():\n    try:\n        cfg = transformers.f()\n    except Exception:\n        return None\n    f(1)",
    "if is_transformers_available() and x:\n    f(1)",
    "FLAG = None\nif x:\n    FLAG = 1\nif FLAG:\n    f(1)",
]


@pytest.mark.parametrize("program", GUARDED)
def test_guarded_code_is_no_finding(program: str) -> None:
    report = checked(BEFORE, AFTER, HEAD + program + "\n")
    assert not report.findings
    assert report.statistics.guarded >= 1


@pytest.mark.parametrize("program", NOT_GUARDED)
def test_code_that_runs_all_the_same_is_a_finding(program: str) -> None:
    report = checked(BEFORE, AFTER, HEAD + program + "\n")
    assert [finding.outcome.value for finding in report.findings] == ["breaks"]


def test_an_exception_handler_does_not_catch_what_is_silent() -> None:
    before, after = "def f(a, b=1, **kwargs): return a", "def f(a, c=1, **kwargs): return a"
    program = "from transformers import f\n\ntry:\n    f(1, b=2)\nexcept TypeError:\n    pass\n"
    [finding] = checked(before, after, program).findings
    assert finding.rule == "parameter-swallowed"


# Files of a package `p`; `a.py` calls what the new release refuses, behind a guard that another file defines.
ELSEWHERE = {
    "constant": {"b.py": "NEW = TF >= Version('2')", "a.py": "from .b import NEW\nif not NEW:\n    f(1)"},
    "bound": {"b.py": "BOUND = '2.0'", "a.py": "from .b import BOUND\nif TF < Version(BOUND):\n    f(1)"},
    "module": {"b.py": "NEW = TF >= Version('2')", "a.py": "from . import b\nif not b.NEW:\n    f(1)"},
    "function": {
        "b.py": "def at_least(v):\n    return TF >= Version(v)",
        "a.py": "from .b import at_least\nif not at_least('2'):\n    f(1)",
    },
    "re-export": {
        "b.py": "NEW = TF >= Version('2')",
        "c.py": "from .b import NEW",
        "a.py": "from .c import NEW\nif not NEW:\n    f(1)",
    },
    "star": {
        "b.py": "NEW = TF >= Version('2')",
        "c.py": "from .b import *",
        "a.py": "from .c import NEW\nif not NEW:\n    f(1)",
    },
    "flag": {
        "b.py": "try:\n    from transformers import old\n    HAS = True\nexcept ImportError:\n    HAS = False",
        "a.py": "from .b import HAS\nif HAS:\n    f(1)",
    },
}


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_a_guard_may_be_defined_in_another_file(name: str, tmp_path: Path) -> None:
    assert not _breaks(ELSEWHERE[name], tmp_path)


def test_a_guard_of_another_file_that_lets_the_code_run_is_none(tmp_path: Path) -> None:
    files = {"b.py": "NEW = TF >= Version('0.5')", "a.py": "from .b import NEW\nif NEW:\n    f(1)"}
    assert _breaks(files, tmp_path) == ["a.py"]


def test_constants_that_import_one_another_end(tmp_path: Path) -> None:
    files = {
        "b.py": "from .a import NEW",
        "a.py": "from .b import NEW\nif NEW:\n    f(1)",
    }
    assert _breaks(files, tmp_path) == ["a.py"]


def _breaks(files: dict[str, str], folder: Path) -> list[str]:
    """The files with findings."""
    (folder / "p").mkdir()
    (folder / "p" / "__init__.py").touch()
    for name, text in files.items():
        # A file of constants need not name the upstream.
        head = "" if text.startswith("BOUND") else HEAD
        (folder / "p" / name).write_text(f"{head}{text}\n", encoding="utf-8")
    pair = Pair(surface(BEFORE, "1.0"), surface(AFTER, "2.0"))
    return [Path(finding.path).name for finding in check(find(folder, ["transformers"]), [pair]).findings]


@pytest.mark.parametrize(
    ("guard", "covered"),
    [
        ("hasattr(cache, 'warm')", True),
        ("'warm' in dir(cache)", True),
        ("ready and getattr(cache, 'warm', None) is not None", True),
        ("not (ready and hasattr(cache, 'warm'))", False),
        ("hasattr(other, 'warm')", False),
        ("hasattr(cache, 'cold')", False),
    ],
)
def test_what_a_receiver_is_asked_for_is_there(guard: str, covered: bool) -> None:
    program = f"from transformers import Cache\n\ndef g(cache):\n    if {guard}:\n        cache.warm()\n"
    found = extract(SourceFile("program.py", program.encode()), frozenset({"transformers"}))
    assert isinstance(found, FileSites)
    [site] = [each for each in found.sites if isinstance(each.site, UnknownSite) and each.site.name == "warm"]
    problem = Problem(RULES["attribute-removed"], site.site.span, "transformers.Cache.warm", "")
    before, after = ({"transformers": surface(files, version)} for files, version in ((BEFORE, "1.0"), (AFTER, "2.0")))
    assert FileGuards(found).cover(site, problem, before, after) is covered


def test_deep_conditions_end() -> None:
    names = [f"n{i} = n{i - 1} and n{i - 1} or TF > Version('{i}')" for i in range(1, 60)]
    program = "n0 = TF > Version('0')\n" + "\n".join(names) + "\nif n59:\n    f(1)\n"
    assert [finding.rule for finding in checked(BEFORE, AFTER, HEAD + program).findings] == []
