"""Operators that other packages register in a namespace of an upstream, as data: no release of the upstream has them.

A call of one is checked for keywords only, against every schema that its package ever registered it with: which
version of the package is installed, nobody says.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .model import Signature
from .op_schemas import parse_schema


class OtherOperators(NamedTuple):
    """The operators of one package.

    Args:
        package: Its name.
        reference: The file that registers them, and the commit up to which its whole history was read.
        schemas: Each with the commit that registered it so.
    """

    package: str
    reference: str
    schemas: tuple[tuple[str, str], ...]


class OtherOperator(NamedTuple):
    """An operator of another package.

    Args:
        package: The package.
        signatures: Every one that it was registered with.
    """

    package: str
    signatures: tuple[Signature, ...]


OTHER_OPERATORS = (
    OtherOperators(
        "sgl-kernel-npu",
        "sgl-project/sgl-kernel-npu csrc/pytorch_extensions.cpp, read up to f425bdf1",
        (
            (
                "81b139b8",
                "npu::cache_loc_update(Tensor req_indices, Tensor token_pool, Tensor start_offset, Tensor end_offset, "
                "Tensor out_cache_loc) -> Tensor",
            ),
            (
                "27308341",
                "npu::batch_matmul_transpose(Tensor tensor_a, Tensor tensor_b, Tensor(a!) tensor_c, "
                "str? format_mode=None, str? quant_mode=None) -> ()",
            ),
            (
                "3cbe6e63",
                "npu::build_tree_kernel_efficient(Tensor parent_list, Tensor selected_index, Tensor verified_seq_len, "
                "Tensor tree_mask, Tensor positions, Tensor retrive_index, Tensor retrive_next_token, "
                "Tensor retrive_next_sibling, int topk, int depth, int draft_token_num, int tree_mask_mode) -> ()",
            ),
            (
                "6fbe8d0f",
                "npu::recurrent_gated_delta_rule(Tensor mix_qkv, Tensor(a!) recurrent_state, Tensor beta, float scale, "
                "Tensor actual_seq_lengths, Tensor ssm_state_indices, int nk, int nv, "
                "Tensor(b!)? intermediate_state=None, Tensor? cache_indices=None, Tensor? num_accepted_tokens=None, "
                "Tensor? g=None, Tensor? gk=None) -> Tensor",
            ),
            (
                "4dfbd4c2",
                "npu::causal_conv1d_update(Tensor x, Tensor weight, Tensor(a!) conv_state, Tensor conv_state_indices, "
                "Tensor? bias=None, Tensor? num_accepted_tokens=None, Tensor? query_start_loc=None, "
                "bool activation_mode=False, int pad_slot_id=-1) -> Tensor",
            ),
            (
                "b07071fb",
                "npu::causal_conv1d(Tensor x, Tensor weight, Tensor conv_states, Tensor query_start_loc, "
                "Tensor cache_indices, Tensor has_initial_state, Tensor? bias=None, bool activation_mode=False, "
                "int pad_slot_id=-1) -> Tensor",
            ),
            (
                "8f13e502",
                "npu::causal_conv1d(Tensor x, Tensor weight, Tensor conv_states, Tensor? bias=None, "
                "Tensor? query_start_loc=None, Tensor? cache_indices=None, Tensor? has_initial_state=None, "
                "Tensor? num_accepted_tokens=None, int activation_mode=0, int pad_slot_id=-1, int run_mode=0) "
                "-> Tensor",
            ),
            ("1020b1d6", "npu::apply_token_bitmask(Tensor logits, Tensor bitmask, Tensor? indices=None) -> Tensor"),
        ),
    ),
)


@cache
def other_operators() -> dict[str, OtherOperator]:
    """The operators by path, such as `torch.ops.npu.recurrent_gated_delta_rule`."""
    found: dict[str, OtherOperator] = {}
    for package in OTHER_OPERATORS:
        for _, text in package.schemas:
            schema = parse_schema(text)
            assert schema.function is not None
            path = f"torch.ops.{schema.namespace}.{schema.name}"
            before = found[path].signatures if path in found else ()
            found[path] = OtherOperator(package.package, (*before, schema.function.signature))
    return found
