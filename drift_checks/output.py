"""Where a command's answer goes: data to stdout or a file, everything else to stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import click

from signatures.whole_files import replacing

# Work shorter than this shows no progress.
_PATIENCE_SECONDS = 1.0


class Output:
    """The answer of one command; a file appears whole or not at all.

    Args:
        form: The format's name.
        file: Write there instead of stdout.
        quiet: No progress and no summary.
        no_color: Plain text on a terminal too.
    """

    def __init__(self, form: str, file: Path | None, *, quiet: bool = False, no_color: bool = False) -> None:
        self.form = form
        self.quiet = quiet
        self._file = file
        self._text = io.StringIO()
        terminal = file is None and sys.stdout.isatty()
        self.color = terminal and not no_color and not os.environ.get("NO_COLOR")

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            return
        text = self._text.getvalue()
        if self._file is None:
            _write(sys.stdout, text)
            return
        with replacing(self._file) as temporary:
            temporary.write_text(text, encoding="utf-8")

    @property
    def width(self) -> int:
        """Columns to write in."""
        import shutil

        return shutil.get_terminal_size((120, 24)).columns if self.color else 120

    def line(self, text: str = "") -> None:
        """One line of the answer."""
        self._text.write(text + "\n")

    def text(self, text: str) -> None:
        """The whole answer, written elsewhere."""
        self._text.write(text if not text or text.endswith("\n") else text + "\n")

    def data(self, value: Any) -> None:
        """The whole answer as JSON."""
        self.line(json.dumps(value, indent=2, ensure_ascii=False))

    def styled(self, text: str, **style: Any) -> str:
        """Text as `click.style` colours it, where colours are wanted."""
        return click.style(text, **style) if self.color else text

    def note(self, text: str) -> None:
        """A line for the person who runs it: not part of the answer."""
        if not self.quiet:
            click.echo(text, err=True)

    def warn(self, text: str) -> None:
        """A line that is shown even when quiet: something was left out of the answer."""
        click.echo(f"drift: {text}", err=True)

    @contextmanager
    def progress(self, what: str) -> Iterator[Progress]:
        """A progress bar on a terminal, for work longer than a second."""
        shown = Progress(what, active=not self.quiet and sys.stderr.isatty())
        try:
            yield shown
        finally:
            shown.close()


class Progress:
    """A bar that appears when the work has taken a second.

    Args:
        what: What is done, in two or three words.
        active: Whether to show anything at all.
    """

    def __init__(self, what: str, *, active: bool) -> None:
        import time

        self._what = what
        self._active = active
        self._clock = time.monotonic
        self._started = self._clock()
        self._bar: Any = None
        self._task: Any = None

    def step(self, done: int, total: int | None, detail: str = "") -> None:
        """Say how far the work is."""
        if not self._active or (self._bar is None and self._clock() - self._started < _PATIENCE_SECONDS):
            return
        if self._bar is None:
            self._bar, self._task = self._open()
        self._bar.update(self._task, completed=done, total=total, description=f"{self._what} {detail}".rstrip())

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _open(self) -> tuple[Any, Any]:
        from rich.console import Console
        from rich.progress import Progress as Bar

        bar = Bar(console=Console(stderr=True), transient=True)
        bar.start()
        return bar, bar.add_task(self._what, total=None)


def _write(stream: IO[str], text: str) -> None:
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            # A stream that cannot say it in its own encoding (`PYTHONIOENCODING=ascii`) gets UTF-8, as files do.
            sys.stdout.buffer.write(text.encode())
        stream.flush()
    except BrokenPipeError:
        # `drift … | head`: the reader has seen enough. Python would complain when it flushes again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table in Markdown, line by line."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
