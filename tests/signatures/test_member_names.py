from __future__ import annotations

from signatures.member_names import MemberNames, Owner
from signatures.surface import Snapshot

from .programs import surface

FILES = {
    "pkg/__init__.py": "",
    "pkg/a.py": """
        def size(size): ...
        class Box:
            label: str
            kinds = ["size"]
            def __init__(self, size):
                self.size = size
                self.open(size=1)
            def area(self): ...
            class Lid:
                def shut(self): ...
    """,
    "pkg/b.py": "class Bag:\n    size = 1\n",
}


def names() -> MemberNames:
    members = surface(FILES).members
    assert members is not None
    return members


def test_owners_have_it_as_a_method_in_their_body_or_on_self() -> None:
    members = names()
    box = Owner("pkg.a", "Box")
    assert members.owners("size") == (box, Owner("pkg.b", "Bag"))
    assert members.owners("label") == members.owners("kinds") == members.owners("area") == (box,)
    assert members.owners("shut") == (Owner("pkg.a", "Box.Lid"),)
    assert [owner.path for owner in members.owners("shut")] == ["pkg.a.Box.Lid"]


def test_what_is_only_passed_or_called_belongs_to_nobody() -> None:
    assert names().owners("open") == names().owners("never") == names().owners("Box") == ()


def test_every_member_of_a_module_is_mentioned_in_it() -> None:
    members = names()
    assert {"label", "kinds", "size", "area", "shut", "__init__"} <= members.mentioned_in(["pkg.a"])
    assert "area" not in members.mentioned_in(["pkg.b"])
    assert members.mentioned_in([]) == frozenset()


def test_the_first_and_the_last_line_are_found() -> None:
    only = surface({"pkg/__init__.py": "class A:\n    def first(self): ...\n"}).members
    assert only is not None
    assert only.owners("first") == (Owner("pkg", "A"),)


def test_a_release_without_modules_has_no_members() -> None:
    assert MemberNames(Snapshot({})).owners("size") == ()
