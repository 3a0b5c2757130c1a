"""torch: what may be in a file that is loaded."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect

DECLARATIONS = (
    Declaration(
        "torch",
        Effect.DEFAULT,
        ("torch.serialization.load",),
        releases=">=2.6",
        parameter="weights_only",
        when=(Argument("weights_only", passed=False), Argument("pickle_module", passed=False)),
        says="it is True now, so a file that holds more than tensors and plain containers raises",
        because="`weights_only=None` meant False up to 2.5 and means True from 2.6.0 on, where no `pickle_module` is "
        "passed (`torch/serialization.py`)",
        fix="weights_only=False",
        witness="import io\nimport pathlib\n\nimport torch\n\n"
        "file = io.BytesIO()\ntorch.save(pathlib.PurePosixPath('a'), file)\nfile.seek(0)\ntorch.load(file)\n",
    ),
)
