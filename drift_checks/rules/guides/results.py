"""What calls give."""

from __future__ import annotations

from .guide import Guide

GUIDES = {
    "default-changed": Guide(
        why="""\
A parameter that the call leaves out has another default, and with it the call does something else. Nothing raises.
Only defaults of which it is known that they change the result are reported; they are declared one by one with their
reason.

Pass the value that you mean.""",
        reference='torch 2.6.0: `torch.load(weights_only=)` is True by default. transformers 5.0.0: `dtype` is "auto".',
        before='import torch\n\nstate = torch.load("checkpoint.pt")\n',
        after='import torch\n\nstate = torch.load("checkpoint.pt", weights_only=False)\n',
    ),
    "return-changed": Guide(
        why="""\
The same call gives something of another shape: an output object where a tensor was, one more value in a tuple, an
encoding where a list of token ids was. It fails later, where the value is used, or not at all.

Take what you need out of the new result. Code for both asks what it got.""",
        reference="""\
transformers 5.0.0: `get_image_features` gives an output object, whose `pooler_output` is what was returned before,
and `apply_chat_template(tokenize=True)` gives an encoding.""",
        before="features = model.get_image_features(pixel_values=pixels)\nscores = features @ weights\n",
        after="features = model.get_image_features(pixel_values=pixels).pooler_output\nscores = features @ weights\n",
    ),
    "attribute-kind-changed": Guide(
        why="""\
The attribute is still there and holds something else: an object where a dict was, a dict where a list was, a method
where a property was. Reads go on working until somebody subscripts, iterates or compares.

Read it in a way that both forms allow, or test what it is.""",
        reference="""\
transformers 5.4.0: `size` of an image processor is a `SizeDict` and no plain `dict`; 5.0.0: `rope_scaling` became
`rope_parameters`, which holds the base too.""",
        before='height = processor.size["height"]\n',
        after="height = processor.size.height\n",
    ),
}
