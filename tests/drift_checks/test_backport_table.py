from collections import defaultdict
from pathlib import Path

import pytest

from compat._backport_table import MOVED
from compat._removed_names import MADE
from drift_checks.backport_table import ANEW, Moved, main, moved_names, text
from drift_checks.surfaces import others
from signatures.history import History
from signatures.surface import Surface

from ..histories import history

OLD = {
    "transformers/__init__.py": "",
    "transformers/math.py": (
        "def area(a, b):\n    return a * b\n\nclass Shape:\n    def scale(self, by):\n        return by\n"
    ),
    "transformers/models/__init__.py": "",
    "transformers/models/own/__init__.py": "",
    "transformers/models/own/modeling_own.py": (
        "from ...math import area\n"
        "class OwnAttention:\n    pass\n"
        "class OwnFlashAttention2(OwnAttention):\n    def forward(self):\n        return 1\n"
        'OWN_ATTENTION_CLASSES = {"eager": OwnAttention, "flash_attention_2": OwnFlashAttention2}\n'
        'OWN_INPUTS_DOCSTRING = r"""\n    Args: of all kinds\n"""\n'
    ),
    "transformers/models/own/feature_extraction_own.py": (
        "import warnings\n"
        "from .image_processing_own import OwnImageProcessor\n"
        "class OwnFeatureExtractor(OwnImageProcessor):\n"
        "    def __init__(self, *args, **kwargs):\n"
        '        warnings.warn("OwnFeatureExtractor is deprecated", FutureWarning)\n'
        "        super().__init__(*args, **kwargs)\n"
    ),
    "transformers/models/own/image_processing_own.py": "class OwnImageProcessor:\n    pass\n",
    "transformers/handing_on.py": "from .math import area, Shape\n",
    "transformers/changed.py": "def grown(a):\n    return a\n",
    "transformers/both.py": "def twice(a):\n    return 2 * a\n",
}
NEW = {
    "transformers/__init__.py": "",
    "transformers/geometry.py": OLD["transformers/math.py"],
    "transformers/models/__init__.py": "",
    "transformers/models/own/__init__.py": "",
    "transformers/models/own/modeling_own.py": "class OwnAttention:\n    pass\n",
    "transformers/models/own/image_processing_own.py": "class OwnImageProcessor:\n    size = 1\n",
    "transformers/models/own/image_processing_pil_own.py": "class OwnImageProcessorPil:\n    pass\n",
    "transformers/elsewhere.py": "def grown(a):\n    return a + 1\n\ndef twice(a):\n    return 2 * a\n",
    "transformers/here_too.py": "def twice(a):\n    return 2 * a\n",
}


def test_what_is_proven_to_be_elsewhere_is_in_the_table_and_nothing_else(tmp_path: Path) -> None:
    moved = moved_names(history(tmp_path, {"4.40.0": OLD, "5.4.0": NEW, "5.5.0": NEW}))
    own = "transformers.models.own."
    assert {name: rows for name, rows in moved.items() if name not in MADE} == {
        # The same to the letter, in one other module.
        "transformers.math.area": [Moved(">=5.4.0", "transformers.geometry.area")],
        "transformers.math.Shape": [Moved(">=5.4.0", "transformers.geometry.Shape")],
        "transformers.handing_on.area": [Moved(">=5.4.0", "transformers.geometry.area")],
        "transformers.handing_on.Shape": [Moved(">=5.4.0", "transformers.geometry.Shape")],
        f"{own}modeling_own.OwnFlashAttention2": [Moved(">=5.4.0", f"{own}modeling_own.OwnAttention")],
        f"{own}modeling_own.OWN_ATTENTION_CLASSES": [Moved(">=5.4.0", f"attention:{own}modeling_own.OwnAttention")],
        f"{own}modeling_own.OWN_INPUTS_DOCSTRING": [Moved(">=5.4.0", "text:")],
        f"{own}feature_extraction_own.OwnFeatureExtractor": [
            Moved(">=5.4.0", f"{own}image_processing_pil_own.OwnImageProcessorPil")
        ],
    }


def test_a_name_that_comes_back_is_not_served_where_it_is(tmp_path: Path) -> None:
    without = {**OLD, "transformers/handing_on.py": "", "transformers/changed.py": ""}
    moved = moved_names(history(tmp_path, {"4.40.0": OLD, "4.41.0": without, "4.42.0": OLD}))
    assert moved["transformers.handing_on.area"] == [Moved(">=4.41.0,<4.42.0", "transformers.math.area")]
    assert "transformers.changed.grown" not in moved


def test_the_table_is_python_that_says_the_same() -> None:
    names: dict[str, object] = {}
    exec(text({"a.b.C": [Moved(">=5", "a.c.C")], "a.b.c.d": [Moved(">=5,<6", ANEW)], "a.b.D": []}), names)
    assert names["MOVED"] == {"a.b": {"C": ((">=5", "a.c.C"),), "D": ()}, "a.b.c": {"d": ((">=5,<6", "anew:"),)}}


@pytest.mark.parametrize("version", ["4.49.0", "4.57.6", "5.4.0", ""])
def test_each_name_of_the_shipped_table_is_missing_and_what_stands_for_it_is_there(version: str) -> None:
    shipped = History.open("transformers", overlay=False)
    info = shipped.release(version) if version else shipped.releases[-1]
    surface = Surface("transformers", info.version, shipped.at(info.version), others("transformers"))
    wrong: dict[str, list[str]] = defaultdict(list)
    for module, names in MOVED.items():
        for own, rows in names.items():
            name = f"{module}.{own}"
            for releases, target in rows:
                if info not in shipped.matching(releases):
                    continue
                if surface.resolve(name).found:
                    wrong["there already"].append(name)
                path = target.rpartition(":")[2] or name
                if not (path in MADE or target == "text:" or surface.resolve(path).found):
                    wrong["leads nowhere"].append(f"{name}: {target}")
    assert wrong == {}


def test_all_that_is_written_anew_was_there_once() -> None:
    listed = {f"{module}.{own}" for module, names in MOVED.items() for own in names}
    assert sorted(MADE.keys() - listed) == []
    anew = {f"{m}.{own}" for m, names in MOVED.items() for own, rows in names.items() for _, t in rows if t == ANEW}
    assert sorted(anew - MADE.keys()) == []


def test_the_command_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_checks.backport_table.TABLE", tmp_path / "table.py")
    made = history(tmp_path, {"4.40.0": OLD, "5.4.0": NEW})
    monkeypatch.setattr("drift_checks.backport_table.History.open", lambda *_, **__: made)
    assert main() == 0
    assert '"Shape": ((">=5.4.0", "transformers.geometry.Shape"),),' in (tmp_path / "table.py").read_text()
