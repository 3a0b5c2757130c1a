"""`drift completion`: what a shell reads to complete the command."""

from __future__ import annotations

from click.shell_completion import get_completion_class

from ..output import Output


def run(output: Output, shell: str) -> bool:
    """Answer the command."""
    from ..cli import main

    kind = get_completion_class(shell)
    assert kind is not None, "the command takes these three only"
    source = kind(main, {}, "drift", "_DRIFT_COMPLETE")
    output.text(kind.source_template % source.source_vars())
    return False
