"""The one exception that users see as a line of text."""

from __future__ import annotations


class DriftError(Exception):
    """Something that stops the run; the message is one line that says what to do.

    The command prints it on stderr and exits with status 2.
    """
