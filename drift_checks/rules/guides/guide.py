"""What a rule's page tells beyond its one line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The mechanism behind a rule.

    A sketch is one module of an upstream, or several, each below a line `# path/in/the/package.py`. Where both sketches
    are given, or a device, a test checks that `before` is found and `after` is not.

    Args:
        why: What upstream does, what then happens at run time, and how to repair it. Markdown.
        reference: Where upstream did it: releases and names.
        before: Downstream code that meets it.
        after: The same code repaired.
        old: A sketch of the upstream that `before` uses, as it was.
        new: The same in the new release.
        device: What the code is to run on, for rules about devices.
    """

    why: str
    reference: str
    before: str
    after: str
    old: str = ""
    new: str = ""
    device: str | None = None
