import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compat.patching import Patch, Patches, PatchMismatch, active, addition, patch

UPSTREAM = """
import functools
LIMIT = 4
NAMES = {"linear": len}
def area(width, height=1): return width * height
async def fetch(name): return name
class Base:
    def inherited(self, x): return ("base", x)
class Shape(Base):
    def scale(self, by): return ("scale", by)
    @staticmethod
    def unit(x): return ("unit", x)
    @classmethod
    def make(cls, x): return (cls.__name__, x)
    @property
    def size(self): return 7
    @functools.cached_property
    def kept(self): return 8
"""


@pytest.fixture
def upstream() -> Iterator[ModuleType]:
    module = loaded("upstream_here", UPSTREAM)
    yield module
    for one in reversed(active()):
        one.undo()
    del sys.modules["upstream_here"]


def loaded(name: str, source: str) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = f"{name}.py"
    sys.modules[name] = module
    exec(source, vars(module))
    return module


def doubled(original: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    return (original(*args, **keywords), "again")


def test_a_function_is_replaced_and_put_back(upstream: ModuleType) -> None:
    original = upstream.area
    one = patch("upstream_here.area", lambda width, height=1: 0).apply()
    assert (upstream.area(3, 2), one.applied, active()) == (0, True, (one,))
    one.undo()
    assert (upstream.area, one.applied, active()) == (original, False, ())


def test_wrappers_lie_over_each_other_in_the_order_they_are_applied(upstream: ModuleType) -> None:
    with (
        patch("upstream_here.area", lambda original, *sides, **named: original(*sides, **named) + 1, wraps=True),
        patch("upstream_here.area", lambda original, *sides, **named: original(*sides, **named) * 10, wraps=True),
    ):
        assert upstream.area(3, 2) == 70
        assert list(inspect.signature(upstream.area).parameters) == ["width", "height"]
    assert upstream.area(3, 2) == 6


KINDS: list[tuple[str, Callable[[ModuleType], Any], Any]] = [
    ("Shape.scale", lambda m: m.Shape().scale(2), (("scale", 2), "again")),
    ("Shape.inherited", lambda m: m.Shape().inherited(2), (("base", 2), "again")),
    ("Shape.unit", lambda m: m.Shape().unit(2), (("unit", 2), "again")),
    ("Shape.make", lambda m: m.Shape.make(2), (("Shape", 2), "again")),
    ("Shape.size", lambda m: m.Shape().size, (7, "again")),
    ("Shape.kept", lambda m: m.Shape().kept, (8, "again")),
    ("fetch", lambda m: type(m.fetch("a").close()), type(None)),
]


@pytest.mark.parametrize(("name", "use", "expected"), KINDS[:6])
def test_a_method_stays_the_kind_that_it_is(
    upstream: ModuleType, name: str, use: Callable[[ModuleType], Any], expected: Any
) -> None:
    before = {owner: dict(vars(owner)) for owner in (upstream.Base, upstream.Shape)}
    with patch(f"upstream_here.{name}", doubled, wraps=True):
        assert use(upstream) == expected
        assert type(vars(upstream.Shape)[name.partition(".")[2]]) is type(
            inspect.getattr_static(upstream.Shape, name.partition(".")[2])
        )
    # An inherited method is inherited again.
    assert {owner: dict(vars(owner)) for owner in before} == before


def test_a_plain_function_stands_for_a_static_or_class_method_and_a_getter_for_a_property(upstream: ModuleType) -> None:
    with Patches(
        patch("upstream_here.Shape.unit", lambda x: x),
        patch("upstream_here.Shape.make", lambda cls, x: cls),
        patch("upstream_here.Shape.size", lambda self: 70),
    ):
        assert (upstream.Shape.unit(1), upstream.Shape.make(1), upstream.Shape().size) == (1, upstream.Shape, 70)


def test_an_async_wrapper_is_awaited(upstream: ModuleType) -> None:
    async def loud(original: Callable[..., Any], name: str) -> Any:
        return (await original(name)).upper()

    with patch("upstream_here.fetch", loud, wraps=True):
        assert asyncio.run(upstream.fetch("a")) == "A"


def test_a_constant_and_an_item_of_a_mapping_are_patched_too(upstream: ModuleType) -> None:
    with patch("upstream_here.LIMIT", 5), patch('upstream_here.NAMES["linear"]', sum, check=False):
        assert (5, {"linear": sum}) == (upstream.LIMIT, upstream.NAMES)
    assert (4, {"linear": len}) == (upstream.LIMIT, upstream.NAMES)


MISMATCHES: list[tuple[str, Any, bool, str]] = [
    ("upstream_here.gone", len, False, r"upstream_here.gone is not there: nothing is patched"),
    ("upstream_here.Gone.area", len, False, "upstream_here.Gone.area is not there: .*Gone"),
    ("nowhere_at_all.f", len, False, "nowhere_at_all.f is not there: No module named 'nowhere_at_all'"),
    ("upstream_here", len, False, "'upstream_here' is no target: give"),
    ("upstream_here.LIMIT.real", 1, False, "cannot be set: upstream_here.LIMIT is int, which holds no attributes"),
    ('upstream_here.area["x"]', 1, False, "cannot be set: upstream_here.area is no mapping, but function"),
    ("upstream_here.LIMIT", lambda: 4, False, "is a value, and would be replaced by a function"),
    ("upstream_here.Shape", lambda: 4, False, "is a class, and would be replaced by a function"),
    ("upstream_here.Shape", doubled, True, "is a class: only functions, methods and properties can be wrapped"),
    ("upstream_here.area", 4, True, "would be wrapped by 4, which is no function"),
    ("upstream_here.fetch", lambda name: name, False, "is an async function, and would be replaced by a function"),
    (
        "upstream_here.area",
        lambda width: 0,
        False,
        r"area\(width, height=1\) accepts 'height' given by position; .*width",
    ),
    ("upstream_here.area", lambda original, x: 0, True, r"accepts 'width' given by its name: that place has 'x'"),
    ("upstream_here.area", lambda *, original: 0, True, r"wrapped by .*\(\*, original\): it takes no original"),
    ("upstream_here.Shape.scale", lambda by: 0, False, "accepts 'by' given by position"),
]


@pytest.mark.parametrize(("target", "replacement", "wraps", "message"), MISMATCHES)
def test_what_does_not_fit_is_refused_and_nothing_changes(
    upstream: ModuleType, target: str, replacement: Any, wraps: bool, message: str
) -> None:
    before = dict(vars(upstream))
    one = patch(target, replacement, wraps=wraps)
    for attempt in (one.check, one.apply):
        with pytest.raises(PatchMismatch, match=message):
            attempt()
    assert (dict(vars(upstream)), one.applied, active()) == (before, False, ())


def test_a_signature_that_does_not_fit_is_taken_where_nobody_is_to_check(upstream: ModuleType) -> None:
    with patch("upstream_here.area", lambda: 0, check=False):
        assert upstream.area() == 0


def test_applying_twice_wraps_once(upstream: ModuleType) -> None:
    # https://github.com/vllm-project/vllm/issues/38804: a patch that ran again at each load wrapped its own wrapper.
    def install() -> Patch:
        def wrapper(original: Callable[..., Any], *sides: Any, **named: Any) -> Any:
            return original(*sides, **named) + 1

        return patch("upstream_here.area", wrapper, wraps=True).apply().apply()

    first, second = install(), install()
    assert upstream.area(3) == 4
    first.undo()
    assert upstream.area(3) == 4
    second.undo()
    assert upstream.area(3) == 3


def test_wrappers_that_close_over_different_values_are_two(upstream: ModuleType) -> None:
    def adding(more: int) -> Callable[..., Any]:
        return lambda original, *sides, **named: original(*sides, **named) + more

    with patch("upstream_here.area", adding(1), wraps=True), patch("upstream_here.area", adding(10), wraps=True):
        assert upstream.area(3) == 14


def test_a_with_block_keeps_what_was_in_force_before_it(upstream: ModuleType) -> None:
    one = patch("upstream_here.LIMIT", 5).apply()
    with one, one:
        pass
    assert upstream.LIMIT == 5


def test_names_that_other_modules_imported_are_told_and_changed_only_when_asked(upstream: ModuleType) -> None:
    other = loaded("downstream_here", "from upstream_here import area as surface")
    original = upstream.area
    try:
        here = patch("upstream_here.area", doubled, wraps=True)
        assert here.copies() == ["downstream_here.surface"]
        with here:
            assert (other.surface, here.copies()) == (original, ["downstream_here.surface"])
        with patch("upstream_here.area", doubled, wraps=True, everywhere=True) as all_of_them:
            assert (other.surface(3), upstream.area(3)) == ((3, "again"), (3, "again"))
            with here:
                assert other.surface(3) == (3, "again")
                assert upstream.area(3) == ((3, "again"), "again")
            assert all_of_them.applied
        assert other.surface is upstream.area is original
    finally:
        del sys.modules["downstream_here"]


def test_a_lazy_package_that_came_to_hold_the_patched_object_is_put_right(upstream: ModuleType) -> None:
    inner = loaded("upstream_here.inner", "def area(width): return width")
    original = inner.area
    upstream.inner = inner  # type: ignore[attr-defined]
    upstream.__path__ = []
    try:
        with patch("upstream_here.inner.area", doubled, wraps=True):
            upstream.kept = inner.area  # type: ignore[attr-defined]
        assert upstream.kept is inner.area is original
    finally:
        del sys.modules["upstream_here.inner"]


def test_everywhere_is_for_functions_and_classes(upstream: ModuleType) -> None:
    with pytest.raises(PatchMismatch, match=r"LIMIT is a value: everywhere=True is for functions and classes"):
        patch("upstream_here.LIMIT", 5, everywhere=True).apply()


def test_a_module_that_only_stands_in_for_another_is_not_patched(upstream: ModuleType) -> None:
    stand_in = sys.modules["upstream_here_fast"] = ModuleType("upstream_here_fast")
    vars(upstream.area)["__module__"] = upstream.area.__module__ = "upstream_here"
    stand_in.__getattr__ = lambda name: getattr(upstream, name)  # type: ignore[method-assign]
    try:
        with pytest.raises(PatchMismatch, match=r"only stands in for upstream_here.area, which would stay as it is"):
            patch("upstream_here_fast.area", lambda width, height=1: 0).apply()
    finally:
        del sys.modules["upstream_here_fast"]


def test_an_addition_never_replaces_and_leaves_nothing_behind(upstream: ModuleType) -> None:
    before = dict(vars(upstream.Shape))
    with addition("upstream_here.Shape.gone", lambda self: 1):
        assert upstream.Shape().gone() == 1
        with pytest.raises(PatchMismatch, match=r"Shape.gone is there already .*: an addition replaces nothing"):
            addition("upstream_here.Shape.gone", lambda self: 2).apply()
    with pytest.raises(PatchMismatch, match=r"Shape.inherited is there already"):
        addition("upstream_here.Shape.inherited", lambda self: 2).apply()
    assert dict(vars(upstream.Shape)) == before


def test_a_module_is_added_to_what_can_be_imported() -> None:
    with addition('sys.modules["brought_back"]', ModuleType("brought_back")):
        import brought_back  # type: ignore[import-not-found]

        assert brought_back.__name__ == "brought_back"
    with pytest.raises(ModuleNotFoundError):
        import brought_back


def test_an_addition_that_others_patched_stays_until_they_are_undone(upstream: ModuleType) -> None:
    added = addition("upstream_here.gone", lambda x: x).apply()
    over = patch("upstream_here.gone", doubled, wraps=True).apply()
    with pytest.raises(PatchMismatch, match="other patches lie on it: undo them first"):
        added.undo()
    over.undo()
    added.undo()
    assert not hasattr(upstream, "gone")


def test_what_someone_else_set_since_is_not_lost(upstream: ModuleType) -> None:
    one = patch("upstream_here.area", doubled, wraps=True).apply()
    ours, theirs = upstream.area, functools.partial(upstream.area)
    upstream.area = theirs  # type: ignore[attr-defined]
    with pytest.raises(PatchMismatch, match=r"area was set to functools.partial.* after this patch was applied"):
        one.undo()
    over = patch("upstream_here.area", lambda original, *sides, **named: "over", wraps=True).apply()
    assert (upstream.area(3), one.applied) == ("over", True)
    over.undo()
    assert upstream.area is theirs
    upstream.area = ours  # type: ignore[attr-defined]
    one.undo()
    assert upstream.area(3) == 3


def test_a_target_that_was_put_back_by_hand_is_left_alone(upstream: ModuleType) -> None:
    original = upstream.area
    one = patch("upstream_here.area", doubled, wraps=True).apply()
    upstream.area = original  # type: ignore[attr-defined]
    one.undo()
    assert (upstream.area, active()) == (original, ())


def test_a_group_is_applied_whole_or_not_at_all(upstream: ModuleType) -> None:
    before = dict(vars(upstream))
    fits, other = patch("upstream_here.LIMIT", 5), patch("upstream_here.gone", 5)
    with pytest.raises(PatchMismatch):
        Patches(fits, Patches(other)).apply()
    assert (dict(vars(upstream)), active()) == (before, ())


def test_a_group_is_undone_whole_or_not_at_all(upstream: ModuleType) -> None:
    limit = patch("upstream_here.LIMIT", 5)
    group = Patches(patch("upstream_here.area", doubled, wraps=True), limit).apply()
    ours = upstream.area
    upstream.area = len  # type: ignore[attr-defined]
    with pytest.raises(PatchMismatch):
        group.undo()
    assert (group.applied, upstream.LIMIT) == (True, 5)
    upstream.area = ours  # type: ignore[attr-defined]
    group.undo()
    assert upstream.LIMIT == 4


def test_threads_that_apply_and_undo_leave_upstream_as_it_was(upstream: ModuleType) -> None:
    before = dict(vars(upstream))

    def work(number: int) -> None:
        for _ in range(50):
            with patch(
                "upstream_here.area", lambda original, *sides, **named: original(*sides, **named) + number, wraps=True
            ):
                upstream.area(1)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(vars(upstream)) == before


class Orders(RuleBasedStateMachine):
    """Patches of one method applied and undone in any order act like the list of those in force."""

    def __init__(self) -> None:
        super().__init__()
        self.upstream = loaded("upstream_in_order", UPSTREAM)
        self.before = dict(vars(self.upstream.Shape))
        self.patches = [
            patch(f"upstream_in_order.Shape.{name}", self.change(tag, wraps), wraps=wraps)
            for tag, (name, wraps) in enumerate([("inherited", True), ("inherited", False), ("scale", True)] * 3)
        ]
        self.expected: list[int] = []

    @staticmethod
    def change(tag: int, wraps: bool) -> Callable[..., Any]:
        if wraps:
            return lambda original, self, *args, **keywords: (tag, original(self, *args, **keywords))
        return lambda self, x: tag

    @rule(number=st.integers(0, 8))
    def apply(self, number: int) -> None:
        self.patches[number].apply()
        if number not in self.expected:
            self.expected.append(number)

    @rule(number=st.integers(0, 8))
    def undo(self, number: int) -> None:
        self.patches[number].undo()
        if number in self.expected:
            self.expected.remove(number)

    @invariant()
    def what_is_called_is_what_is_in_force(self) -> None:
        inherited, scale = ("base", 1), ("scale", 1)
        for number in self.expected:
            if number % 3 == 2:
                scale = (number, scale)  # type: ignore[assignment]
            else:
                inherited = number if number % 3 == 1 else (number, inherited)  # type: ignore[assignment]
        shape = self.upstream.Shape()
        assert (shape.inherited(1), shape.scale(1)) == (inherited, scale)
        assert active() == tuple(self.patches[number] for number in self.expected)
        if not self.expected:
            assert dict(vars(self.upstream.Shape)) == self.before

    def teardown(self) -> None:
        for one in self.patches:
            one.undo()
        assert dict(vars(self.upstream.Shape)) == self.before


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
