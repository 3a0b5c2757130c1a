"""Configs: rope parameters, and tokens for the hub."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect

DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.VALUE,
        ("transformers.configuration_utils.PreTrainedConfig.rope_scaling",),
        releases=">=5",
        says="it is never None for a model with rotary embeddings: it is `rope_parameters`, whose `rope_type` is "
        '"default" where nothing is scaled',
        because="5.0.0 made `rope_scaling` a property that gives `rope_parameters` (`configuration_utils.py`)",
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
