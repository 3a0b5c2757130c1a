"""What a shell offers where a rule or a release is to be typed."""

from __future__ import annotations

from click.shell_completion import CompletionItem

from signatures.errors import DriftError
from signatures.history import History
from signatures.upstreams import UPSTREAMS

from .rules import RULES


def rules(begun: str) -> list[CompletionItem]:
    """Names of rules; after a comma, the next one."""
    before, comma, last = begun.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{name}", help=rule.summary)
        for name, rule in sorted(RULES.items())
        if name.startswith(last)
    ]


def requirements(begun: str) -> list[CompletionItem]:
    """Names of upstreams, and behind `==` their releases, the newest first."""
    name, pinned, version = begun.partition("==")
    if not pinned:
        return [CompletionItem(f"{each}==") for each in UPSTREAMS if each.startswith(begun)]
    if name not in UPSTREAMS:
        return []
    try:
        releases = History.open(name).releases
    except (DriftError, OSError):
        # A shell has no place for a message; running the command will tell.
        return []
    return [CompletionItem(f"{name}=={r.version}") for r in reversed(releases) if r.version.startswith(version)]
