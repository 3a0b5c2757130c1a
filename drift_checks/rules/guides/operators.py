"""Operators, which are called by schema."""

from __future__ import annotations

from .guide import Guide

_WHERE = (
    "A torch-npu interface follows the day it was built at and not its version number: see `drift releases torch-npu`."
)

GUIDES = {
    "op-removed": Guide(
        why="""\
No operator is registered under this name in the new release. `torch_npu.npu_…` raises `AttributeError` when it is
read, and `torch.ops.npu.npu_…` when it is called.""",
        reference=f"torch-npu of 2025-10: `npu_moe_eplb_update_expert` is gone. {_WHERE}",
        before="out = torch_npu.npu_moe_eplb_update_expert(experts, table)\n",
        after="out = torch_npu.npu_moe_update_expert(experts, table)\n",
    ),
    "op-renamed": Guide(
        why="""\
The operator is registered under another name, with the same schema. The old name raises `AttributeError`.

Call it by the name that the installed release has: `getattr(torch.ops.npu, "new", None) or torch.ops.npu.old`.""",
        reference=f"""\
torch-npu: `npu_fused_linear_online_max_sum` had no `npu_` prefix from 2026-01 until 2026-10. {_WHERE}""",
        before="out = torch_npu.npu_fused_linear_online_max_sum(x, weight, target, 0, 10)\n",
        after="out = torch_npu.fused_linear_online_max_sum(x, weight, target, 0, 10)\n",
    ),
    "op-parameter": Guide(
        why="""\
An operator takes exactly what its schema says. No schema of the new release takes these arguments, and the
dispatcher raises `RuntimeError` or `TypeError`. What Python names `self` in a listing is `input` as a keyword.""",
        reference=f"""\
torch-npu of 2026-07: `npu_fused_causal_conv1d` takes `activation` and no `activation_mode`. {_WHERE}""",
        before='out = torch_npu.npu_fused_causal_conv1d(x, weight, activation_mode="silu")\n',
        after='out = torch_npu.npu_fused_causal_conv1d(x, weight, activation="silu")\n',
    ),
    "op-default-changed": Guide(
        why="""\
The call leaves out an argument whose default is another one in the new schema. Nothing raises; the kernel computes
something else.

Pass the value that you mean: that works with both.""",
        reference=f'torch-npu of 2026-07: `npu_apply_rotary_pos_emb` has layout "BSND" and no longer "BSH". {_WHERE}',
        before="q, k = torch_npu.npu_apply_rotary_pos_emb(q, k, cos, sin)\n",
        after='q, k = torch_npu.npu_apply_rotary_pos_emb(q, k, cos, sin, layout="BSH")\n',
    ),
    "op-return-changed": Guide(
        why="""\
The schema gives another number of values. Unpacking into fixed names raises `ValueError`; an index reaches another
value.

Take what you need by index from the front, if upstream added at the end, or ask the schema how many there are.""",
        reference=f"torch-npu: `npu_mla_prolog` gives four values and `npu_mla_prolog_v2` five. {_WHERE}",
        before="a, b, c, d = torch_npu.npu_mla_prolog_v2(x)\n",
        after="a, b, c, d, *_ = torch_npu.npu_mla_prolog_v2(x)\n",
    ),
}
