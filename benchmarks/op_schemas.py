"""Operator schemas of torch-npu, read from its files, against the registry of a process that imported it.

The import needs no device and no CANN: the libraries that are missing are replaced by stand-ins whose functions
return 0.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signatures.errors import DriftError
from signatures.op_schemas import NPU_LIBRARY, NPU_MODULES, Schema, file_schemas, schema_text

from .environments import DEFAULT_FOLDER, environment

PROBE = Path(__file__).parent / "probes" / "live_operators.py"
REQUIREMENTS = ("torch==2.13.0", "numpy", "pyyaml")
# Its wheel pins a torch of the CPU index by a local version that other indexes do not have.
NO_DEPENDENCIES = ("torch-npu==2.13.0",)

_UNDEFINED = re.compile(r"^undefined symbol: (\w+)", re.MULTILINE)
_ABSENT = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)
# The interpreter itself defines these.
_PYTHON = re.compile(r"_?Py")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both sides; 0 where they agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.op_schemas", description=__doc__)
    parser.add_argument("--python", type=Path, help="of an install of torch and torch-npu (default: one is made)")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the install is made and kept")
    options = parser.parse_args(arguments)
    try:
        python = options.python or environment(options.folder, REQUIREMENTS, NO_DEPENDENCIES)
        return compare(python)
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2


def compare(python: Path) -> int:
    """Print what the registry has, what is read, and where they differ.

    Args:
        python: Of an install of torch and torch-npu.

    Returns:
        0 where the registry has the same schemas as the files, else 1.

    Raises:
        DriftError: A tool is missing, or the install does not import.
    """
    site = Path(output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    version = output([python, "-c", "import importlib.metadata as m; print(m.version('torch-npu'))"]).strip()
    clock = time.process_time()
    in_library = read(site, NPU_LIBRARY)
    in_modules = [schema for path in NPU_MODULES for schema in read(site, path)]
    seconds = time.process_time() - clock
    texts = [schema_text(schema) for schema in (*in_library, *in_modules)]
    with tempfile.TemporaryDirectory() as scratch:
        live = registry(python, site, Path(scratch), texts)
    ours = {text if normal is None else normal for text, normal in zip(texts, live["normalised"], strict=True)}
    from_python = {operator(schema_text(schema)) for schema in in_modules}
    registered = set(live["registered"])
    missing = {operator(text) for text in registered} - {operator(text) for text in ours}
    extra = {operator(text) for text in ours} - {operator(text) for text in registered}
    differing = {operator(text) for text in registered - ours} - missing
    print(f"torch-npu {version}")
    print(f"registered in a process     {len(registered)} schemas of {len(live['names'])} operators")
    print(f"read from the library       {len(in_library)}")
    print(f"read from Python modules    {len(in_modules)}: {', '.join(sorted(from_python))}")
    print(f"CPU time of reading         {seconds:.2f} s")
    print(f"registered and not read     {listed(missing)}")
    print(f"read and not registered     {listed(extra)}")
    print(f"differ in text              {listed(differing)}")
    print(f"attributes of torch_npu     {len(live['exposed'])}, of them replaced: {listed(live['replaced'])}")
    return 1 if missing or extra or differing else 0


def read(site: Path, path: str) -> list[Schema]:
    """The operators that one installed file states; none where there is no such file."""
    file = site / path
    return file_schemas(path, file.read_bytes()) if file.is_file() else []


def registry(python: Path, site: Path, scratch: Path, texts: list[str]) -> dict[str, Any]:
    """The probe's answer, from a process that finds stand-ins in `scratch`."""
    make_stand_ins(site, scratch)
    found = [str(scratch), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    settings = {"LD_LIBRARY_PATH": os.pathsep.join(found), "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
    answer: dict[str, Any] = json.loads(output([python, str(PROBE)], settings, json.dumps(texts)).splitlines()[-1])
    return answer


def make_stand_ins(site: Path, folder: Path) -> None:
    """Build the libraries that torch_npu's own need and the machine does not have; each function in them returns 0.

    Args:
        site: The folder that holds `torch` and `torch_npu`.
        folder: Where the libraries are put.
    """
    for tool in ("gcc", "ldd"):
        if shutil.which(tool) is None:
            raise DriftError(f"{tool} is needed to build stand-ins for the CANN libraries: install it")
    package = site / "torch_npu"
    libraries = [str(path) for pattern in ("*.so", "lib/*.so") for path in sorted(package.glob(pattern))]
    search = os.pathsep.join([str(package / "lib"), str(site / "torch" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")])
    needed = output(["ldd", "-r", *libraries], {"LD_LIBRARY_PATH": search, "LC_ALL": "C"}, check=False)
    symbols = sorted(symbol for symbol in set(_UNDEFINED.findall(needed)) if not _PYTHON.match(symbol))
    source = folder / "stand_in.c"
    source.write_text("".join(f"long {symbol}(void) {{ return 0; }}\n" for symbol in symbols))
    stand_in = folder / "libstandin.so"
    # -w: some of the names are also built-in functions of the compiler.
    output(["gcc", "-w", "-shared", "-fPIC", "-o", stand_in, source])
    for name in set(_ABSENT.findall(needed)):
        (folder / name).symlink_to(stand_in)


def output(
    command: Sequence[str | Path], settings: dict[str, str] | None = None, given: str = "", check: bool = True
) -> str:
    """What a command prints; one line of its errors as DriftError where it fails."""
    environment = {**os.environ, **(settings or {})}
    try:
        done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    except OSError as error:
        raise DriftError(f"{command[0]} cannot be run: {error.strerror}") from None
    if check and done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise DriftError(f"{' '.join(map(str, command[:3]))} failed: {last[0]}")
    return done.stdout + ("" if check else done.stderr)


def operator(text: str) -> str:
    """The operator and overload that a schema text is of."""
    return text.partition("(")[0].removeprefix("npu::")


def listed(names: set[str] | list[str]) -> str:
    """How many names, and which."""
    return f"{len(names)}: {', '.join(sorted(names))}" if names else "0"


if __name__ == "__main__":
    raise SystemExit(main())
