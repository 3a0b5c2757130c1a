"""Tokenizers: what chat templates give, which backend is taken, and tokens for the hub."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect

_BASE = "transformers.tokenization_utils_base.PreTrainedTokenizerBase"

DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.DEFAULT,
        (
            f"{_BASE}.apply_chat_template",
            "transformers.tokenization_mistral_common.MistralCommonBackend.apply_chat_template",
            "transformers.tokenization_mistral_common.MistralCommonTokenizer.apply_chat_template",
        ),
        releases=">=5",
        parameter="return_dict",
        when=(Argument("return_dict", passed=False), Argument("tokenize", values=("True",))),
        says="it is True now, so a BatchEncoding comes back and not the token ids",
        because="tokenizers' `apply_chat_template(return_dict=False)` became `return_dict=True` in 5.0.0; "
        "`ProcessorMixin.apply_chat_template` kept False",
        fix="return_dict=False",
        witness="import inspect\n\n"
        "from transformers import PreTrainedTokenizerBase\n\n"
        "parameters = inspect.signature(PreTrainedTokenizerBase.apply_chat_template).parameters\n"
        "assert parameters['return_dict'].default is False\n",
        everywhere=True,
        handled=frozenset({"input_ids", "isinstance"}),
        receivers=frozenset({"tokenizer", "_tokenizer", "tok", "hf_tokenizer"}),
    ),
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        ("transformers.models.auto.tokenization_auto.AutoTokenizer.from_pretrained",),
        releases=">=5",
        parameter="use_fast",
        when=(Argument("use_fast", passed=True, values=("False",)),),
        says="the `tokenizers` backend is used",
        because='5.0.0 pops it and looks no further (`_ = kwargs.pop("use_fast", None)` in `tokenization_auto.py`)',
        witness="import inspect\n\n"
        "from transformers import AutoTokenizer\n\n"
        "assert 'tokenizer_class_fast' in inspect.getsource(AutoTokenizer.from_pretrained)\n",
        everywhere=True,
    ),
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        (
            f"{_BASE}.from_pretrained",
            "transformers.models.auto.tokenization_auto.AutoTokenizer.from_pretrained",
            "transformers.processing_utils.ProcessorMixin.from_pretrained",
            "transformers.models.auto.processing_auto.AutoProcessor.from_pretrained",
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
