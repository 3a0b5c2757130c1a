"""The experts of a mixture-of-experts block: their weights, one expert at a time."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["expert_weights", "moe_block"]

_BLOCKS = ("mlp", "block_sparse_moe", "feed_forward", "moe")
# Gate, up and down by the names that one expert's module gives them: Mixtral and Phimoe the second.
_LINEAR = (("gate_proj", "up_proj", "down_proj"), ("w1", "w3", "w2"))


def moe_block(layer: Any) -> Any:
    """The mixture-of-experts block of a decoder layer; None where the layer is dense.

    Mixtral, Phimoe and MiniMax call it `block_sparse_moe` up to 4.57 and `mlp` from 5.0.0.

    Args:
        layer: A decoder layer.
    """
    for name in _BLOCKS:
        block = getattr(layer, name, None)
        if block is not None and _is_experts(block):
            return block
    return None


def expert_weights(block: Any) -> list[tuple[Any, Any, Any]]:
    """The gate, up and down weights of each expert, as `torch.nn.Linear` has them: (outputs, inputs).

    Up to 4.57 most blocks hold a `ModuleList` with a module for each expert; from 5.0.0 they hold two parameters of
    three dimensions, `gate_up_proj` and `down_proj`. Views are returned: what is written into them is in the model.

    Args:
        block: The block, or its `experts`.

    Returns:
        For each expert, in order: gate (intermediate, hidden), up (intermediate, hidden), down (hidden, intermediate).

    Raises:
        TypeError: It has no experts in a layout that is known, or they have biases, which this does not tell.
    """
    experts = getattr(block, "experts", block)
    if hasattr(experts, "gate_up_proj"):
        return _of_parameters(experts, experts.gate_up_proj, experts.down_proj)
    if hasattr(block, "input_linear"):
        return _of_parameters(block, block.input_linear.weight, block.output_linear.weight)
    if hasattr(experts, "__len__"):
        return [_of_module(expert) for expert in experts]
    raise TypeError(f"{type(block).__name__} has no experts: give a mixture-of-experts block, or its experts")


def _is_experts(block: Any) -> bool:
    return hasattr(block, "experts") or hasattr(block, "input_linear")


def _of_module(expert: Any) -> tuple[Any, Any, Any]:
    for names in _LINEAR:
        if all(hasattr(expert, name) for name in names):
            linear = [getattr(expert, name) for name in names]
            if any(getattr(part, "bias", None) is not None for part in linear):
                raise TypeError(f"{type(expert).__name__} has biases: expert_weights tells weights alone")
            gate, up, down = (part.weight for part in linear)
            return gate, up, down
    raise TypeError(f"{type(expert).__name__} has neither {' nor '.join('/'.join(names) for names in _LINEAR)}")


def _of_parameters(experts: Any, gate_up: Any, down: Any) -> list[tuple[Any, Any, Any]]:
    if hasattr(experts, "gate_up_proj_bias"):
        raise TypeError(
            f"{type(experts).__name__} has biases: expert_weights tells weights alone; "
            "read gate_up_proj, gate_up_proj_bias, down_proj and down_proj_bias themselves"
        )
    shapes = f"{type(experts).__name__} has gate and up {tuple(gate_up.shape)} and down {tuple(down.shape)}"
    if gate_up.ndim != 3 or down.ndim != 3:
        raise TypeError(f"{shapes}, not three dimensions: sharded or quantised weights are not told apart here")
    if tuple(gate_up.shape[1:]) == (down.shape[2], down.shape[1] * 2):
        # Inputs first: Llama4 on all releases, Qwen3-VL-MoE in 4.57.
        gate_up, down = gate_up.transpose(1, 2), down.transpose(1, 2)
    elif tuple(gate_up.shape[1:]) != (down.shape[2] * 2, down.shape[1]):
        raise TypeError(f"{shapes}: the first is not twice as large as the second")
    half = gate_up.shape[1] // 2
    return [(gate_up[i, :half], gate_up[i, half:], down[i]) for i in range(gate_up.shape[0])]
