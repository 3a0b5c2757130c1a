from __future__ import annotations

import sys

import pytest

from signatures.external_classes import external_class


@pytest.mark.parametrize(
    ("path", "member", "makes"),
    [
        ("dict", "items", True),
        ("object", "__repr__", False),
        ("collections.OrderedDict", "move_to_end", True),
        ("collections.UserDict", "data", True),
        ("enum.Enum", "__class__", True),
        ("abc.ABC", "__subclasshook__", False),
        ("typing.Generic", "__class_getitem__", False),
        ("typing_extensions.Protocol", "__init_subclass__", False),
        ("Exception", "with_traceback", True),
        ("ValueError", "args", True),
        ("argparse.ArgumentParser", "add_argument", True),
        ("threading.Thread", "start", True),
    ],
)
def test_classes_of_the_standard_library(path: str, member: str, makes: bool) -> None:
    found = external_class(path)
    assert found is not None
    assert member in found.members or path == "collections.UserDict"
    assert (found.constructor is not None) is makes


@pytest.mark.parametrize(
    "path", ["torch.Tensor", "numpy.ndarray", "collections.Nothing", "nothing", "antigravity.x", ""]
)
def test_others_are_not_known(path: str) -> None:
    assert external_class(path) is None
    assert "antigravity" not in sys.modules
