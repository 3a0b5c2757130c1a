"""Models: caches passed to layers, and what loading and saving take."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect

_LAYERS = tuple(
    f"transformers.models.*.modeling_*.*{kind}.forward"
    for kind in ("Attention", "Attention2", "DecoderLayer", "SdpaAttention", "FlashAttention2")
)
_LOADERS = (
    "transformers.modeling_utils.PreTrainedModel.from_pretrained",
    "transformers.models.auto.auto_factory._BaseAutoModelClass.from_pretrained",
    "transformers.models.auto.modeling_auto.*.from_pretrained",
)

_MODELS = frozenset({"model", "base_model", "unwrapped_model"})


def _refused(parameter: str, because: str, fix: str, instead: str = "") -> Declaration:
    return Declaration(
        "transformers",
        Effect.REFUSED,
        _LOADERS,
        releases=">=5",
        parameter=parameter,
        instead=instead,
        when=(Argument(parameter, passed=True),),
        says="it goes on to the model's constructor, which raises",
        because=because,
        fix=fix,
        everywhere=True,
    )


DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        _LAYERS,
        releases=">=5",
        parameter="past_key_value",
        instead="past_key_values",
        when=(Argument("past_key_value", passed=True, unless=("None",)),),
        says="no cache is used",
        because="it was renamed in 4.56.0, translated by `deprecate_kwarg` until 4.57, and goes to `**kwargs`, which "
        "attention functions ignore, from 5.0.0 on",
        fix="past_key_values=",
        everywhere=True,
    ),
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        ("transformers.modeling_utils.PreTrainedModel.save_pretrained",),
        releases=">=5",
        parameter="safe_serialization",
        when=(Argument("safe_serialization", passed=True, unless=("True",)),),
        says="safetensors files are written",
        because="5.0.0 writes safetensors only; `save_pretrained` hands other keywords to `push_to_hub` alone",
        everywhere=True,
        receivers=_MODELS,
    ),
    Declaration(
        "transformers",
        Effect.REFUSED,
        ("transformers.utils.hub.PushToHubMixin.push_to_hub",),
        releases=">=5",
        parameter="safe_serialization",
        when=(Argument("safe_serialization", passed=True),),
        says="safetensors files are written",
        because="5.0.0 writes safetensors only, and `push_to_hub` takes no other keywords",
        witness="import inspect\n\nfrom transformers.utils.hub import PushToHubMixin\n\n"
        "assert 'safe_serialization' in inspect.signature(PushToHubMixin.push_to_hub).parameters\n",
        receivers=_MODELS,
    ),
    _refused("use_auth_token", "5.0.0 removed it; `token` has been there since 4.32", "token=", "token"),
    _refused("resume_download", "5.0.0 no longer takes it out of the keywords; downloads always resume", ""),
    *(
        _refused(parameter, "5.0.0 takes a quantization config only", f"BitsAndBytesConfig({parameter}=…)")
        for parameter in ("load_in_4bit", "load_in_8bit")
    ),
)
