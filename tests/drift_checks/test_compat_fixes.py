"""Findings that `compat` is the answer to, on real releases."""

from __future__ import annotations

import textwrap

import pytest

from drift_checks.adapters import Histories
from drift_checks.check import check
from drift_checks.rules import Pair
from drift_checks.sources import SourceFile

HISTORIES = Histories()
MASK = """
    from transformers.masking_utils import create_causal_mask
    mask = create_causal_mask(config, {}=x, attention_mask=m, cache_position=p, past_key_values=None)
"""
WEIGHTS = "from transformers.modeling_utils import no_init_weights"


@pytest.mark.parametrize(
    ("program", "fixes"),
    [
        (WEIGHTS, [("compat", "compat.loading.no_init_weights")]),
        # What upstream itself has an answer to is upstream's.
        (
            MASK.format("input_embeds"),
            [("upstream", "`inputs_embeds=`"), ("compat", "compat.masking.create_causal_mask")],
        ),
        # `compat` stands for nothing of that name.
        ("from transformers.utils import is_torch_bf16_cpu_available", [None]),
    ],
)
def test_compat_is_the_fix_where_upstream_has_none(program: str, fixes: list[tuple[str, str] | None]) -> None:
    known = HISTORIES["transformers"]
    pair = Pair(known.surface("4.57.6"), known.surface("5.23.0"))
    report = check([SourceFile("program.py", textwrap.dedent(program).encode())], [pair])
    assert [finding.fix and finding.fix[:2] for finding in report.findings] == fixes
