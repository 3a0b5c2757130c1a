"""What adapters stand on, checked live where the installed release is newer than those that were read.

`TARGETS` is made by `python -m drift_checks.adapters`; the tests hold it to the adapters.
"""

from __future__ import annotations

from ._recorded_targets import TARGETS


def unfit(name: str) -> str:
    """Why a stable function's newest adapter does not fit what is installed; "" where it does.

    Args:
        name: The stable function, such as `masking.create_causal_mask`.
    """
    for path, positional, keywords in TARGETS.get(name, ()):
        reason = _unfit_target(path, positional, keywords)
        if reason:
            return reason
    return ""


def _unfit_target(path: str, positional: int, keywords: tuple[str, ...]) -> str:
    import inspect

    from ._names import imported

    try:
        target = imported(path)
    except (ImportError, AttributeError):
        return f"{path} is not there"
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind_partial(*[None] * positional, **dict.fromkeys(keywords))
    except TypeError as error:
        return f"{path}{signature}: {error}"
    swallowed = set(keywords).difference(signature.parameters)
    return f"{path}{signature} no longer names {', '.join(sorted(swallowed))}" if swallowed else ""
