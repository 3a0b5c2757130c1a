"""A small upstream that is really installed, in a folder of its own, and a module with stable functions over it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

ADAPTED = '''
from compat._adapters import absent, adapts, stable
from compat._names import UpstreamName, upstream_names

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName("Moved", {"plainly>=2": "plainly.inner.Moved", "plainly<2": "plainly.Moved"}, because="moved in 2.0"),
    UpstreamName("Gone", {"plainly<2": "plainly.Gone", "plainly>=2": None}, because="2.0 drops it"),
    UpstreamName("Broken", {"plainly": "plainly.broken.Broken"}, because="its module does not import"),
)

@stable
def scale(value: int, *, factor: int = 2) -> int:
    """Scale a value."""

absent(scale, "plainly<1", because="1.0 brings it")

@adapts(scale, "plainly>=1,<2", because="2.0 renames `by` to `factor`")
def _until_2():
    from plainly import scale as upstream

    def scale(value, *, factor=2):
        return upstream(value, by=factor)

    return scale

@adapts(scale, "plainly>=2,<3", because="2.0 renames `by` to `factor`")
def _since_2():
    from plainly import scale

    return scale
'''
RELEASES = {
    "1.5": {
        "__init__.py": """
            def scale(value, by): return value * by
            class Moved: ...
            class Gone: ...
        """,
        "broken.py": "import no_such_dependency\n",
    },
    "2.1": {
        "__init__.py": "def scale(value, *, factor=2): return value * factor\n",
        "inner.py": "class Moved: ...\n",
        "broken.py": "import no_such_dependency\n",
    },
}


class Installed:
    """The upstream in one release, and the module that adapts it.

    Args:
        site: Where it is installed.
        patch: Undoes what is changed for a test.
    """

    def __init__(self, site: Path, patch: pytest.MonkeyPatch) -> None:
        self._site = site
        self._patch = patch

    def module(self, version: str | None, like: str = "") -> ModuleType:
        """The adapting module, imported anew, with this release installed.

        Args:
            version: The release; None where none is installed.
            like: The release whose code it has; without, its own.
        """
        if version is not None:
            folder = self._site / f"plainly-{version}.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plainly\nVersion: {version}\n")
            (self._site / "plainly").mkdir()
            for name, text in RELEASES[like or version].items():
                (self._site / "plainly" / name).write_text("\n".join(line.strip() for line in text.splitlines()))
        (self._site / "adapted.py").write_text(ADAPTED)
        self._patch.syspath_prepend(self._site)
        for name in [name for name in sys.modules if name.split(".")[0] in ("plainly", "adapted")]:
            self._patch.delitem(sys.modules, name)
        importlib.invalidate_caches()
        return importlib.import_module("adapted")
