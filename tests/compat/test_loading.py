import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import loading
from compat._releases import UnsupportedRelease


class Model:
    """Saves as 4.x does."""

    dtype = "float32"

    def __init__(self) -> None:
        self.saved: dict[str, Any] = {}

    def save_pretrained(
        self, save_directory: str, max_shard_size: str = "5GB", safe_serialization: bool = True, **kwargs: Any
    ) -> None:
        self.saved = {"max_shard_size": max_shard_size, "safe_serialization": safe_serialization, **kwargs}


class LaterModel(Model):
    """Saves as 5.x does."""

    def save_pretrained(  # type: ignore[override]
        self, save_directory: str, max_shard_size: str = "50GB", save_original_format: bool = True, **kwargs: Any
    ) -> None:
        self.saved = {"max_shard_size": max_shard_size, "save_original_format": save_original_format, **kwargs}


class Tokenizer:
    @classmethod
    def from_pretrained(cls, *args: Any, **keywords: Any) -> Any:
        return args, keywords


def test_shards_are_as_large_on_each_release() -> None:
    for model in (Model(), LaterModel()):
        loading.save_pretrained(model, "folder", save_function=print, repo_id="us/it")
        assert model.saved["max_shard_size"] == "50GB"
        assert model.saved["repo_id"] == "us/it"
        assert "save_function" not in model.saved


def test_what_would_be_swallowed_is_refused() -> None:
    with pytest.raises(TypeError, match=r"LaterModel\.save_pretrained knows no safe_serialisation"):
        loading.save_pretrained(LaterModel(), "folder", safe_serialisation=True)
    with pytest.raises(UnsupportedRelease, match=r"safe_serialization=False needs transformers<5\.0"):
        loading.save_pretrained(LaterModel(), "folder", safe_serialization=False)
    with pytest.raises(UnsupportedRelease, match=r"save_original_format=False needs transformers>=5\.0"):
        loading.save_pretrained(Model(), "folder", save_original_format=False)
    model = Model()
    loading.save_pretrained(model, "folder", save_original_format=True, distributed_checkpoint=False)
    assert set(model.saved) == {"max_shard_size", "safe_serialization"}


def test_a_tokenizer_takes_no_dtype() -> None:
    assert loading.from_pretrained(Tokenizer, "name", 1, use_auth_token=True, resume_download=True) == (
        ("name", 1),
        {"token": True},
    )


TWICE: list[dict[str, Any]] = [
    {"torch_dtype": "float16", "dtype": "float32"},
    {"use_auth_token": "one", "token": "other"},
    {"use_flash_attention_2": True, "attn_implementation": "sdpa"},
]


@pytest.mark.parametrize("keywords", TWICE)
def test_an_argument_by_both_names_is_refused_where_they_differ(keywords: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="are one argument"):
        loading._newest_names(keywords)


def test_an_argument_by_both_names_is_taken_where_they_agree() -> None:
    both = {"torch_dtype": "float16", "dtype": "float16", "use_flash_attention_2": False}
    assert loading._newest_names(both) == {"dtype": "float16"}


KEYWORDS = {
    "torch_dtype": st.sampled_from([None, "auto", "float16"]),
    "use_auth_token": st.sampled_from([None, True, "hidden"]),
    "use_flash_attention_2": st.booleans(),
    "load_in_8bit": st.just(False),
    "resume_download": st.booleans(),
    "device_map": st.just("auto"),
}


@given(asked=st.fixed_dictionaries({}, optional=KEYWORDS))
def test_arguments_in_newest_names_stay_as_they_are(asked: dict[str, Any]) -> None:
    once = loading._newest_names(asked)
    assert loading._newest_names(once) == once
    assert not {"torch_dtype", "use_auth_token", "use_flash_attention_2", "load_in_8bit"} & once.keys()
    assert asked.get("device_map") == once.get("device_map")


RELEASES: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (loading._since_5_6, {"disable_mmap": True}, {"disable_mmap": True, "dtype": "auto"}),
    (loading._since_5_0, {"low_cpu_mem_usage": True, "dtype": "torch.bfloat16"}, {"dtype": "bfloat16"}),
    (loading._since_4_56, {"low_cpu_mem_usage": True}, {"low_cpu_mem_usage": True, "dtype": "auto"}),
    (loading._since_4_46, {"dtype": "float16", "disable_mmap": False}, {"torch_dtype": "float16"}),
    (loading._until_4_45, {"weights_only": True}, {"torch_dtype": "auto"}),
]


@pytest.mark.parametrize(("release", "asked", "expected"), RELEASES)
def test_each_release_is_told_in_its_own_names(release: Any, asked: dict[str, Any], expected: dict[str, Any]) -> None:
    assert release()(**asked) == expected


def test_what_a_release_lacks_is_refused_unless_it_is_what_it_does() -> None:
    for release in (loading._since_5_0, loading._since_4_56, loading._since_4_46, loading._until_4_45):
        with pytest.raises(UnsupportedRelease, match=r"disable_mmap=True needs transformers>=5\.6"):
            release()(disable_mmap=True)
    with pytest.raises(UnsupportedRelease, match=r"weights_only=False needs transformers>=4\.46"):
        loading._until_4_45()(weights_only=False)
    with pytest.warns(UserWarning, match="low_cpu_mem_usage=False"):
        assert loading._since_5_6()(low_cpu_mem_usage=False) == {"dtype": "auto"}


def test_checkpoints_are_trusted_only_within(monkeypatch: pytest.MonkeyPatch) -> None:
    variable = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    for before in (None, "0"):
        monkeypatch.delenv(variable, raising=False) if before is None else monkeypatch.setenv(variable, before)
        with pytest.raises(KeyError), loading.trusted_checkpoints():
            assert os.environ[variable] == "1"
            raise KeyError
        assert os.environ.get(variable) == before
