"""Which adapter is for the release that is installed, and whether it fits a release that nobody has read yet."""

from __future__ import annotations

from ._releases import NEWEST_KNOWN, UnsupportedRelease, installed_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from packaging.requirements import Requirement
    from packaging.version import Version

    from ._adapters import Adapter


def chosen_adapter(name: str, adapters: Sequence[Adapter]) -> Adapter:
    """The adapter for what is installed.

    Args:
        name: The stable function, such as `masking.create_causal_mask`.
        adapters: Its adapters.

    Raises:
        UnsupportedRelease: None of them is for that release, or the upstream is not installed.
    """
    from packaging.requirements import Requirement

    upstream = Requirement(adapters[0].releases).name
    release = installed_release(upstream)
    if release is None:
        raise UnsupportedRelease(f"{name} needs {upstream}, which is not installed: install {_covered(adapters)}")
    for adapter in adapters:
        if _contains(Requirement(adapter.releases), release):
            return adapter
    raise UnsupportedRelease(
        f"{name} has no adapter for {upstream} {release}: it covers {_covered(adapters)}; "
        "install one of these, or a newer upstream-compat"
    )


def made_by(name: str, adapter: Adapter) -> Callable[..., Any]:
    """What an adapter's factory returns.

    Args:
        name: The stable function.
        adapter: Its adapter for the release that is installed.

    Raises:
        UnsupportedRelease: Upstream has nothing to adapt in that release; or the release is newer than those that
            were read, and what the adapter stands on is not there any more, or is called otherwise.
    """
    from packaging.requirements import Requirement

    upstream = Requirement(adapter.releases).name
    release = installed_release(upstream)
    if adapter.make is None:
        raise UnsupportedRelease(f"{name} is not there in {upstream} {release}: {adapter.because}")
    if release is None or not _is_newer(upstream, release):
        return adapter.make()
    from ._targets import unfit

    try:
        made = adapter.make()
        reason = unfit(name)
    except (ImportError, AttributeError, KeyError) as error:
        reason = str(error)
    if reason:
        raise UnsupportedRelease(
            f"{name} does not fit {upstream} {release}, which is newer than {NEWEST_KNOWN[upstream]}, the newest that "
            f"was read: {reason}; install an older {upstream} or a newer upstream-compat"
        )
    return made


def _contains(requirement: Requirement, release: Version) -> bool:
    # `5.4.0.dev0` has what 5.4 has, though PEP 440 sorts it before; `5.4.0+cpu` is 5.4.0.
    return requirement.specifier.contains(release.base_version, prereleases=True)


def _is_newer(upstream: str, release: Version) -> bool:
    from packaging.version import Version

    return upstream in NEWEST_KNOWN and Version(release.base_version) > Version(NEWEST_KNOWN[upstream])


def _covered(adapters: Sequence[Adapter]) -> str:
    return " or ".join(adapter.releases for adapter in adapters if adapter.make is not None)
