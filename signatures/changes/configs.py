"""Configs: rope parameters, and tokens for the hub."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect
from .members import members_below

DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.VALUE,
        ("transformers.configuration_utils.PreTrainedConfig.rope_scaling",),
        releases=">=5",
        says="it is never None for a model with rotary embeddings: it is `rope_parameters`, whose `rope_type` is "
        '"default" where nothing is scaled',
        because="5.0.0 made `rope_scaling` a property that gives `rope_parameters` (`configuration_utils.py`)",
        instead="rope_parameters",
        fix='config.rope_parameters["rope_type"]',
        witness="from transformers import LlamaConfig\n\nassert LlamaConfig().rope_scaling is None\n",
        everywhere=True,
    ),
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        (
            "transformers.configuration_utils.PreTrainedConfig.from_pretrained",
            "transformers.models.auto.configuration_auto.AutoConfig.from_pretrained",
        ),
        releases=">=5",
        parameter="use_auth_token",
        instead="token",
        when=(Argument("use_auth_token", passed=True, unless=("None", "False")),),
        says="the hub is asked without a token",
        because="5.0.0 removed it everywhere; `token` has been there since 4.32",
        fix="token=",
        everywhere=True,
    ),
)


def config_members() -> dict[str, str]:
    """Members that are gone from most configs or hold something else, with what took the place of each.

    Nothing but configs of transformers has members of these names.
    """
    values = [each for each in DECLARATIONS if each.effect is Effect.VALUE]
    return members_below() | {each.symbols[0].rpartition(".")[2]: each.instead for each in values}
