from __future__ import annotations

import ast
import textwrap

import pytest

from drift_checks.own_names import OwnNames, own_names
from drift_checks.resolution import Resolver
from drift_checks.scopes import read_scopes

PROGRAM = """
    import transformers

    class Own:
        field = 1
        def method(self):
            self.inside = 1

    def function(value, monkeypatch):
        value.outside = 1
        value.one, value.two = 1, 2
        transformers.Cache().of_upstream = 1
        setattr(value, "by_name", 1)
        monkeypatch.setattr(value, "patched", 1)
        value.only_read
"""


@pytest.fixture
def names() -> OwnNames:
    found = read_scopes(ast.parse(textwrap.dedent(PROGRAM)))
    return own_names(found, Resolver(found, ["transformers"]))


def test_what_is_set_on_objects_of_others(names: OwnNames) -> None:
    assert names.set == {"outside", "one", "two", "of_upstream", "by_name", "patched"}


def test_what_the_file_defines(names: OwnNames) -> None:
    assert names.defined - names.set == {"Own", "field", "method", "inside", "function"}
