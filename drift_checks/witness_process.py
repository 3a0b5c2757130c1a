"""Runs witnesses inside an environment that has an upstream release, and nothing of this package.

A script, given to that environment's Python: it reads a request as JSON from standard input, and writes one JSON line
for each program to the file that the request names. What the programs print is thrown away.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import re
import select
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

DIED = "ends its process"

_OPTIONAL = "requires the"
_FORBIDDEN = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"})
_TEXT = 1000
# `cannot import name … (/where/it/is/installed.py)`: what failed is the same wherever that is.
_INSTALLED_AT = re.compile(r" \((?:/|[A-Z]:\\)[^()]*\)$")


class Answer(NamedTuple):
    """What came of a program.

    Args:
        passed: It ran to its end.
        error: What it raised.
        hindrance: Why that says nothing about the release; "" where it does.
    """

    passed: bool
    error: str = ""
    hindrance: str = ""


def main() -> None:
    """Answer the request: each program by itself where processes can fork, else after one another."""
    request = json.loads(sys.stdin.buffer.read())
    roots, seconds = frozenset(request["roots"]), request["seconds"]
    with Path(request["answers"]).open("w", encoding="utf-8") as answers:
        sys.addaudithook(_refuse_network)
        for name in request["imports"]:
            _preload(name)
        for program in request["programs"]:
            if request["fork"]:
                _import_ahead(program)
            run = _forked if request["fork"] else _watched
            _write(answers, run(program, roots, seconds, answers))


def _write(answers: TextIO, answer: Answer) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in _FORBIDDEN:
        raise OSError("a witness uses no network")


def _preload(name: str) -> None:
    """Import what most programs need, once for all of them; what fails here fails there too."""
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module(name)
        except RuntimeError as error:
            if "torchvision::nms" not in str(error):
                raise
            _admit_torchvision()


def _import_ahead(program: str) -> None:
    """Import what a program does here, so that programs after it need not load the same modules again."""
    with contextlib.suppress(Exception, SystemExit), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = ast.parse(program).body
        imports: list[ast.stmt] = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
        exec(compile(ast.Module(imports, []), "<imports>", "exec"), {})


def _admit_torchvision() -> None:
    """Import a torchvision whose compiled part is for another build of torch: here its Python part is enough."""
    torch = importlib.import_module("torch")
    for operator in ("nms", "qnms"):
        schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        torch.library.define(f"torchvision::{operator}", schema)
    importlib.import_module("torchvision")


def _run(program: str, roots: frozenset[str]) -> Answer:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(program, "<witness>", "exec"), {"__name__": "__main__"})
    except BaseException as error:
        text = "".join(traceback.format_exception_only(type(error), error))
        said = _INSTALLED_AT.sub("", " ".join(text.split()))
        return Answer(False, said[:_TEXT], _hindrance(error, roots))
    return Answer(True)


def _hindrance(error: BaseException, roots: frozenset[str]) -> str:
    """The package, none of the upstream's own modules, whose absence an error comes from."""
    for each in _chain(error):
        if isinstance(each, ModuleNotFoundError) and each.name:
            top = each.name.partition(".")[0]
            if top not in roots and top not in sys.stdlib_module_names:
                return f"needs {top}, which is not installed there"
        if isinstance(each, ImportError) and _OPTIONAL in str(each):
            return f"needs what is not installed there: {' '.join(str(each).split())[:100]}"
    return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _watched(program: str, roots: frozenset[str], seconds: float, answers: TextIO) -> Answer:
    """Run a program here; where it does not end, the whole process does."""

    def give_up() -> None:
        _write(answers, _unended(seconds))
        os._exit(0)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        return _run(program, roots)
    finally:
        timer.cancel()


def _unended(seconds: float) -> Answer:
    return Answer(False, hindrance=f"has no end after {seconds:g} s")


def _forked(program: str, roots: frozenset[str], seconds: float, answers: TextIO) -> Answer:
    """Run a program in a copy of this process, so that nothing that it imports or sets reaches the next one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, json.dumps(_run(program, roots)).encode())
        # No clean-up: threads and handlers of the parent are not the child's.
        os._exit(0)
    os.close(writing)
    try:
        ended = bool(select.select([reading], [], [], seconds)[0])
        if not ended:
            os.kill(child, signal.SIGKILL)
            return _unended(seconds)
        data = os.read(reading, 1 << 16)
    finally:
        os.close(reading)
        os.waitpid(child, 0)
    return Answer(*json.loads(data)) if data else Answer(False, hindrance=DIED)


if __name__ == "__main__":
    main()
