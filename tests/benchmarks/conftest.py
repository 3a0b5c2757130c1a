"""The benchmarks are run from the repository, never installed."""

from __future__ import annotations

import sys
from pathlib import Path

# Last: what is installed comes before the folders beside the benchmarks.
sys.path.append(str(Path(__file__).parents[2]))
