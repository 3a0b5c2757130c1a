from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from drift_checks.check import Report, check
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile

from ...signatures.programs import surface
from ..programs import Case, Release, check_witnesses, judged, places

WARM = "def warm(cache):\n    return cache.fill(1)\n"
HOT = WARM.replace("warm", "hot")
TOP_OLD: Release = {"transformers/__init__.py": "from .old_home import warm\n", "transformers/old_home.py": WARM}
TOP_NEW: Release = {"transformers/__init__.py": "from .new_home import warm\n", "transformers/new_home.py": WARM}
OLD: Release = {"transformers/__init__.py": "__version__ = '1.0'\n", "transformers/home.py": WARM}
NEW: dict[str, str] = {"transformers/__init__.py": "__version__ = '2.0'\n"}
METHOD = "class Cache:\n    def {}(self, a):\n        return self.fill(a, 3)\n    def fill(self, a, b): ...\n"
TRY = "try:\n    from transformers.old_home import warm\nexcept ImportError:\n    {}\n"
NEWER = (
    "import transformers\nfrom packaging.version import parse\nif parse(transformers.__version__) >= parse('1.5'):\n"
)

LOST = [
    Case("moved, and the fallback is None", TOP_OLD, TOP_NEW, TRY.format("warm = None"), [(2, "guard-dead", "silent")]),
    Case("moved, and nothing is done", TOP_OLD, TOP_NEW, TRY.format("pass"), [(2, "guard-dead", "silent")]),
    Case("moved, and the fallback imports it", TOP_OLD, TOP_NEW, TRY.format("from transformers import warm"), []),
    Case("moved, and the fallback has its own", TOP_OLD, TOP_NEW, TRY.format("from .mine import warm"), []),
    Case("moved, and the fallback defines it", TOP_OLD, TOP_NEW, TRY.format("def warm(cache): ..."), []),
    Case(
        "moved, and another line imports it",
        TOP_OLD,
        TOP_NEW,
        TRY.format("warm = None") + "if warm is None:\n    from transformers import warm\n",
        [],
    ),
    Case("gone, and the fallback is None", TOP_OLD, "", TRY.format("warm = None"), []),
    Case(
        "hasattr of a renamed name",
        WARM,
        HOT,
        "import transformers\nif hasattr(transformers, 'warm'):\n    transformers.warm(1)\n",
        [(2, "guard-dead", "silent")],
    ),
    Case(
        "getattr of a renamed name",
        WARM,
        HOT,
        "import transformers\nwarm = getattr(transformers, 'warm', None)\n",
        [(2, "guard-dead", "silent")],
    ),
    Case(
        "hasattr, and the file knows the new name",
        WARM,
        HOT,
        "import transformers\nif hasattr(transformers, 'warm'):\n    x = 1\nelse:\n    transformers.hot(1)\n",
        [],
    ),
    Case(
        "hasattr of what is gone",
        WARM,
        "",
        "import transformers\nif hasattr(transformers, 'warm'):\n    transformers.warm(1)\n",
        [],
    ),
    Case(
        "hasattr of a renamed method",
        METHOD.format("warm"),
        METHOD.format("hot"),
        "from transformers import Cache\nif hasattr(Cache, 'warm'):\n    pass\n",
        [(2, "guard-dead", "silent")],
    ),
    Case(
        "hasattr behind a test that is false",
        "__version__ = '1.0'\n" + WARM,
        "__version__ = '2.0'\n" + HOT,
        "import transformers\nif transformers.__version__ < '2.0':\n    x = hasattr(transformers, 'warm')\n",
        [],
    ),
    Case(
        "a parameter that was renamed",
        "def f(image): ...",
        "def f(images): ...",
        "import inspect\nfrom transformers import f\nif 'image' in inspect.signature(f).parameters:\n    pass\n",
        [(3, "guard-dead", "silent")],
    ),
    Case(
        "a parameter that was renamed, as the file knows",
        "def f(image): ...",
        "def f(images): ...",
        "import inspect\nfrom transformers import f\nif 'image' in inspect.signature(f).parameters:\n    pass\n"
        "else:\n    f(images=1)\n",
        [],
    ),
    Case(
        "a parameter that is gone",
        "def f(image): ...",
        "def f(): ...",
        "import inspect\nfrom transformers import f\nif 'image' in inspect.signature(f).parameters:\n    pass\n",
        [],
    ),
]

FAILING = [
    Case(
        "the fallback is gone too",
        OLD,
        NEW,
        "try:\n    from transformers.home import warm\nexcept ImportError:\n    from transformers.older import warm\n",
        [(2, "module-removed", "breaks")],
    ),
    Case(
        "only the fallback has worked, and is gone",
        OLD,
        NEW,
        "try:\n    from transformers.newest import warm\nexcept ImportError:\n    from transformers.home import warm\n",
        [(4, "module-removed", "breaks")],
    ),
    Case(
        "the last of three works",
        OLD,
        NEW,
        "try:\n    from transformers.home import warm\nexcept ImportError:\n    try:\n"
        "        from transformers.older import warm\n    except ImportError:\n        warm = None\n",
        [],
    ),
    Case(
        "a release that the guard lets through has no such module",
        OLD,
        NEW,
        f"{NEWER}    from transformers.later import x\nelse:\n    x = None\n",
        [(4, "module-removed", "breaks")],
    ),
    Case(
        "a release that the guard lets through has no such name",
        OLD,
        {**NEW, "transformers/later.py": ""},
        f"{NEWER}    from transformers.later import x\nelse:\n    x = None\n",
        [(4, "symbol-removed", "breaks")],
    ),
    Case(
        "a release that the guard lets through has it",
        OLD,
        {**NEW, "transformers/later.py": "x = 1"},
        f"{NEWER}    from transformers.later import x\nelse:\n    x = None\n",
        [],
    ),
    Case(
        "what is let through is handled",
        OLD,
        NEW,
        f"{NEWER}    try:\n        from transformers.later import x\n    except ImportError:\n        x = None\n",
        [],
    ),
    Case(
        "a module that is missing is not a name that is missing",
        {"transformers/__init__.py": WARM},
        {"transformers/__init__.py": ""},
        "try:\n    from transformers import warm\nexcept ModuleNotFoundError:\n    warm = None\n",
        [(2, "symbol-removed", "breaks")],
    ),
]


@pytest.mark.parametrize("case", [*LOST, *FAILING], ids=lambda case: case.name)
def test_what_a_wrong_guard_does(case: Case, tmp_path: Path) -> None:
    assert judged(case) == case.found
    check_witnesses(case, tmp_path)


def text_checked(old: str, new: str, program: str) -> Report:
    releases = (surface({"transformers/__init__.py": f"__version__ = '{v}'\n"}, v) for v in (old, new))
    return check([SourceFile("program.py", program.encode())], [Pair(*releases)])


@pytest.mark.parametrize(
    ("old", "new", "test", "wrong"),
    [
        ("4.9", "4.10", "transformers.__version__ >= '4.5'", True),
        ("5.3", "5.10", "'5.4' <= transformers.__version__", True),
        ("4.8", "4.9", "transformers.__version__ >= '4.5'", False),
        ("4.10", "4.11", "transformers.__version__ >= '4.5'", False),
        ("4.9", "4.10", "transformers.__version__ == '4.5'", False),
        ("4.9", "4.10", "transformers.__version__ >= limit", False),
    ],
)
def test_a_version_that_is_compared_as_text(old: str, new: str, test: str, wrong: bool) -> None:
    for program in (f"import transformers\nif {test}:\n    pass\n", f"import transformers\nNEW = not {test}\n"):
        found = text_checked(old, new, program)
        assert places(found) == ([(2, "guard-dead", "silent")] if wrong else [])


def test_the_witness_of_a_version_that_is_compared_as_text(tmp_path: Path) -> None:
    [finding] = text_checked("4.9", "4.10", "import transformers\nNEW = transformers.__version__ >= '4.5'\n").findings
    passed = {}
    for version in ("4.9", "4.10"):
        folder = tmp_path / version
        folder.mkdir()
        (folder / "transformers.py").write_text(f"__version__ = '{version}'\n", encoding="utf-8")
        program = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{finding.witness}"
        passed[version] = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode
    assert passed == {"4.9": 0, "4.10": 1}
