"""The `drift` program: one command in a process of its own."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Run the command that the arguments name, and end the process."""
    status: object = 0
    try:
        from .cli import main

        main(prog_name="drift")
    except SystemExit as end:
        status = end.code
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # Not `sys.exit`: taking some hundred megabytes of syntax trees apart takes a second, and frees nothing sooner.
    os._exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    run()
