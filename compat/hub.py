"""The hub and its cache: what `transformers.utils` had of them, by stable names."""

from __future__ import annotations

from ._adapters import adapts, stable
from ._names import UpstreamName, upstream_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [  # noqa: F822
    "HUGGINGFACE_CO_RESOLVE_ENDPOINT",
    "TRANSFORMERS_CACHE",
    "cached_file",
    "cached_files",
    "extract_commit_hash",
    "get_full_repo_name",
    "is_offline_mode",
    "is_remote_url",
]

__getattr__, __dir__ = upstream_names(
    __name__,
    UpstreamName(
        "HUGGINGFACE_CO_RESOLVE_ENDPOINT",
        {
            "transformers>=5.0": "._hub_constants.ENDPOINT",
            "transformers<5.0": "transformers.utils.hub.HUGGINGFACE_CO_RESOLVE_ENDPOINT",
        },
        because="5.0.0 drops it for the constant of huggingface_hub, which HF_ENDPOINT sets, too",
    ),
    UpstreamName(
        "TRANSFORMERS_CACHE",
        {
            "transformers>=5.0": "._hub_constants.HF_HUB_CACHE",
            "transformers<5.0": "transformers.utils.hub.TRANSFORMERS_CACHE",
        },
        because="5.0.0 drops it, and the environment variable: the folder is HF_HUB_CACHE, below HF_HOME",
    ),
    UpstreamName(
        "extract_commit_hash",
        {"transformers": "transformers.utils.hub.extract_commit_hash"},
        because="5.18.0 stops to re-export it from `configuration_utils` and `tokenization_utils_base`",
    ),
    UpstreamName(
        "is_offline_mode",
        {"transformers": "transformers.utils.hub.is_offline_mode"},
        because="5.0.0 takes it from huggingface_hub and stops to re-export it from `utils`",
    ),
)


# All that `cached_file` takes by keyword: handing each on by its name would cost more than the check.
_KEYWORDS = {
    "_raise_exceptions_for_connection_errors",
    "_raise_exceptions_for_gated_repo",
    "_raise_exceptions_for_missing_entries",
    "cache_dir",
    "force_download",
    "local_files_only",
    "proxies",
    "repo_type",
    "revision",
    "subfolder",
    "token",
    "user_agent",
}


@stable
def cached_file(
    path_or_repo_id: Any,
    filename: str,
    *,
    cache_dir: Any = None,
    force_download: bool = False,
    proxies: dict[str, str] | None = None,
    token: bool | str | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
    subfolder: str = "",
    repo_type: str | None = None,
    user_agent: str | dict[str, str] | None = None,
    _raise_exceptions_for_gated_repo: bool = True,
    _raise_exceptions_for_missing_entries: bool = True,
    _raise_exceptions_for_connection_errors: bool = True,
) -> str | None:
    """The path of a repository's file here, downloaded where it has to be.

    `resume_download` and `_commit_hash`, which upstream swallows since 5.0 and 5.18, are refused.

    Args:
        path_or_repo_id: A folder, or a repository's name.
        filename: The file's name in it.
        cache_dir: Where downloads are kept; None: `TRANSFORMERS_CACHE`.
        force_download: Whether to download what is there already.
        proxies: By protocol.
        token: The hub's token; True: the one that is saved here.
        revision: A branch, tag or commit.
        local_files_only: Whether to download nothing.
        subfolder: The folder within the repository.
        repo_type: "model", "dataset" or "space".
        user_agent: Told to the hub.
        _raise_exceptions_for_gated_repo: Otherwise None, where access is refused.
        _raise_exceptions_for_missing_entries: Otherwise None, where there is no such file.
        _raise_exceptions_for_connection_errors: Otherwise None, where the hub cannot be reached.

    Raises:
        OSError: There is no such file.
    """
    return None


@adapts(
    cached_file,
    "transformers",
    because="4.50.0 takes `**kwargs`; 5.0.0 and 5.18.0 swallow `resume_download` and `_commit_hash`",
)
def _cached_file() -> Any:
    from transformers.utils.hub import cached_file as upstream

    def cached_file(path_or_repo_id: Any, filename: str, **keywords: Any) -> Any:
        if not _KEYWORDS.issuperset(keywords):
            raise TypeError(f"cached_file takes no {', '.join(sorted(keywords.keys() - _KEYWORDS))}")
        return upstream(path_or_repo_id, filename, **keywords)

    return cached_file


def cached_files(path_or_repo_id: Any, filenames: list[str], **keywords: Any) -> list[str | None]:
    """The paths of several files of a repository here, in their order, downloaded where they have to be.

    4.50.0 brings a function of this name, which returns None for no file at all, and leaves out what is missing.

    Args:
        path_or_repo_id: A folder, or a repository's name.
        filenames: The files' names in it.
        keywords: See `cached_file`.

    Raises:
        OSError: There is no such file, and no keyword asks for None instead.
    """
    return [cached_file(path_or_repo_id, filename, **keywords) for filename in filenames]


def get_full_repo_name(model_id: str, *, organization: str | None = None, token: bool | str | None = None) -> str:
    """A repository's name with its namespace; `transformers.utils` stops to re-export it in 5.0.0.

    Args:
        model_id: The name without a namespace.
        organization: The namespace; None: the user's, whom the hub is asked for.
        token: The hub's token; True: the one that is saved here.
    """
    from huggingface_hub import get_full_repo_name as full_name

    named: str = full_name(model_id, organization=organization, token=token)
    return named


def is_remote_url(url_or_filename: str) -> bool:
    """Whether it is an address of the web, and not a path here; 5.0.0 drops upstream's.

    Args:
        url_or_filename: A path or an address.
    """
    from urllib.parse import urlsplit

    return urlsplit(str(url_or_filename)).scheme in ("http", "https")
