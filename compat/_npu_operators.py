"""What torch-npu's operators were called, and what their parameters were, where the meaning stayed.

The tests hold these tables to the recorded schemas (`drift history torch.ops.npu.NAME`).
"""

from __future__ import annotations

# Names of one operator, by release train: in the 2025-10 wheels, those of 2026-01 to 2026-08, those of 2026-10.
RENAMED = (
    ("npu_fused_linear_online_max_sum", "fused_linear_online_max_sum"),
    ("npu_fused_cross_entropy_loss_with_max_sum", "fused_cross_entropy_loss_with_max_sum"),
    (
        "npu_fused_linear_cross_entropy_loss_with_max_sum_backward",
        "fused_linear_cross_entropy_loss_with_max_sum_grad",
        "npu_fused_linear_cross_entropy_loss_with_max_sum_grad",
    ),
)

# Spellings of one parameter, by operator.
PARAMETERS = {
    "npu_fused_causal_conv1d": {"activation_mode": "activation"},
    "npu_mhc_post_backward": {"grad_output": "grad_y"},
    # sglang's own word for it is `num_accept_tokens`; no kernel has ever had that.
    "npu_recurrent_gated_delta_rule": {"num_accept_tokens": "num_accepted_tokens"},
    "npu_recurrent_gated_delta_rule_functional": {"num_accept_tokens": "num_accepted_tokens"},
    "recurrent_gated_delta_rule": {"num_accept_tokens": "num_accepted_tokens"},
}

# The first tensor is `self` in the operators of the first wheels (2.2.0 to 2.3.1), and in the yaml and the docs to this
# day; what is registered since calls it `input`.
EVERYWHERE = {"self": "input"}

# Parameters whose default became another one without a word, by operator: a call that leaves them out changes.
CHANGED_DEFAULTS = {
    "npu_apply_rotary_pos_emb": ("layout",),
    "npu_grouped_matmul": ("group_type",),
    "npu_grouped_matmul_swiglu_quant_v2": ("quant_dtype", "dequant_dtype"),
    "npu_moe_init_routing_v2": ("quant_mode",),
    "npu_quant_scatter": ("axis", "quant_axis"),
    "npu_quant_scatter_": ("axis", "quant_axis"),
}
