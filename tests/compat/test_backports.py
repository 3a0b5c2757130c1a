import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import UnsupportedRelease, _served_names, backports
from compat._removed_behaviours import tied_to
from compat._removed_names import MADE
from compat._served_names import serve, when_loaded, withdraw


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Write the modules of a package that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(name: str, source: str) -> None:
        file = tmp_path / "served" / f"{name or '__init__'}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
        importlib.invalidate_caches()

    write("", "")
    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]
    _served_names._names.clear()
    _served_names._when_loaded.clear()
    _served_names._lookups.clear()
    assert _served_names._finder not in sys.meta_path


@pytest.mark.parametrize("loaded_before", [True, False])
def test_a_name_is_served_where_the_module_lacks_it_and_is_gone_after(
    package: Callable[[str, str], None], loaded_before: bool
) -> None:
    package("own", "KEPT = 1")
    if loaded_before:
        importlib.import_module("served.own")
    serve("served.own", "gone", lambda: "back")
    serve("served.own", "KEPT", lambda: "never")
    own: Any = importlib.import_module("served.own")
    from served.own import gone  # type: ignore[import-not-found]

    assert (gone, own.KEPT, "gone" in vars(own)) == ("back", 1, False)
    with pytest.raises(AttributeError, match=r"module 'served.own' has no attribute 'other'"):
        own.other  # noqa: B018
    assert type(own.__spec__.loader).__name__ == "SourceFileLoader"
    for name in ("gone", "KEPT"):
        withdraw("served.own", name)
    assert not hasattr(own, "gone")
    assert "__getattr__" not in vars(own)


def test_what_a_module_finds_by_itself_goes_first(package: Callable[[str, str], None]) -> None:
    package("own", "def __getattr__(name):\n    if name == 'found':\n        return 1\n    raise AttributeError(name)")
    own: Any = importlib.import_module("served.own")
    mine = vars(own)["__getattr__"]
    serve("served.own", "found", lambda: 2)
    serve("served.own", "gone", lambda: 3)
    assert (own.found, own.gone) == (1, 3)
    for name in ("found", "gone"):
        withdraw("served.own", name)
    assert vars(own)["__getattr__"] is mine


def test_a_module_that_makes_its_names_when_asked_goes_first(package: Callable[[str, str], None]) -> None:
    class Lazy(ModuleType):
        def __getattr__(self, name: str) -> str:
            if name == "found":
                return "lazily"
            raise AttributeError(name)

    own: Any = Lazy("served.own")
    sys.modules["served.own"] = own
    serve("served.own", "found", lambda: "never")
    serve("served.own", "gone", lambda: "back")
    assert (own.found, own.gone) == ("lazily", "back")
    for name in ("found", "gone"):
        withdraw("served.own", name)
    assert not hasattr(own, "gone")


def test_a_package_that_is_made_a_second_time_serves_too(package: Callable[[str, str], None]) -> None:
    # transformers.processing_utils runs the file of the package `transformers` again, and puts it in its own place.
    package("own", "import sys\nfrom types import ModuleType\nsys.modules['served'] = ModuleType('served')")
    first: Any = importlib.import_module("served")
    serve("served", "gone", lambda: "back")
    when_loaded("served.own", "", lambda: None)
    importlib.import_module("served.own")
    second: Any = sys.modules["served"]
    assert second is not first
    assert (first.gone, second.gone) == ("back", "back")
    withdraw("served", "gone")
    withdraw("served.own", "")
    assert not hasattr(first, "gone")
    assert not hasattr(second, "gone")


def test_a_module_that_is_not_there_is_stood_in_for(package: Callable[[str, str], None]) -> None:
    serve("served.vanished", "area", lambda: 6)
    serve("served.vanished.deep", "area", lambda: 7)
    from served.vanished import area  # type: ignore[import-not-found]
    from served.vanished.deep import area as deep  # type: ignore[import-not-found]

    assert (area, deep) == (6, 7)
    with pytest.raises(ImportError):
        from served.vanished import other  # noqa: F401
    withdraw("served.vanished.deep", "area")
    withdraw("served.vanished", "area")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("served.vanished")
    assert not hasattr(sys.modules["served"], "vanished")


def test_a_module_is_seen_once_it_is_loaded(package: Callable[[str, str], None]) -> None:
    package("own", "KEPT = 1")
    seen: list[int] = []
    when_loaded("served.own", "key", lambda: seen.append(importlib.import_module("served.own").KEPT))
    assert seen == []
    importlib.import_module("served.own")
    assert seen == [1]
    when_loaded("served.own", "again", lambda: seen.append(2))
    assert seen == [1, 2]
    withdraw("served.own", "key")
    withdraw("served.own", "again")


def test_without_transformers_nothing_can_be_put_back() -> None:
    for ask in (backports.available, backports.install, backports.active):
        with pytest.raises(UnsupportedRelease, match="backports needs transformers, which is not installed"):
            ask()


def test_the_names_of_a_release_are_those_that_it_lacks() -> None:
    lacking = {release: set(backports._lacking(release)) for release in ("4.49.0", "5.3.0", "5.4.0", "5.5.0")}
    name = "transformers.utils.is_flash_attn_greater_or_equal_2_10"
    assert [name in names for names in lacking.values()] == [False, False, True, False]
    assert "transformers.utils.is_torch_fx_available" in lacking["5.3.0"] - lacking["4.49.0"]


def parameter(*shape: int) -> Any:
    return SimpleNamespace(shape=shape)


def test_a_list_of_tied_weights_says_what_each_is_tied_to() -> None:
    weight, bias = parameter(9, 4), parameter(9)
    parameters = {
        "embed.weight": weight,
        "lm_head.weight": parameter(9, 4),
        "head.bias": bias,
        "head.decoder.bias": bias,
        "norm.weight": parameter(4),
    }
    model = SimpleNamespace(
        named_parameters=lambda remove_duplicate: parameters.items(),
        get_input_embeddings=lambda: SimpleNamespace(weight=weight),
    )
    patterns = ["lm_head.weight", r"decoder\.bias", "norm.weight", "no_such"]
    assert tied_to(model, patterns) == {"lm_head.weight": "embed.weight", "head.decoder.bias": "head.bias"}


@given(st.text(" .?!,'nmtsvread", max_size=30))
def test_cleaning_up_takes_away_blanks_and_nothing_else(text: str) -> None:
    clean = MADE["transformers.tokenization_utils_base.PreTrainedTokenizerBase.clean_up_tokenization"]().__func__
    assert clean(text).replace(" ", "") == text.replace(" ", "")
    assert len(clean(text)) <= len(text)


@given(st.sampled_from(["http", "https", "ftp", "", "file"]), st.text("ab/.", max_size=8))
def test_only_web_addresses_are_remote(scheme: str, rest: str) -> None:
    is_remote = MADE["transformers.utils.hub.is_remote_url"]()
    assert is_remote(f"{scheme}://x{rest}") == (scheme in ("http", "https"))
