"""What upstream's own local names stand for where a function returns them; of a body only the name is recorded."""

from __future__ import annotations

import re
from typing import NamedTuple


class ReturnedName(NamedTuple):
    """A naming habit of one kind of function.

    Args:
        functions: Canonical paths.
        name: The local name that is returned.
        gives: `tuple` or `tensor`.
        because: How it is known.
    """

    functions: re.Pattern[str]
    name: str
    gives: str
    because: str


_LAYERS = re.compile(r"transformers\.models\.(\w+\.)+modeling_\w+\.\w+(Decoder|Encoder)Layer\.forward$")
_READ = "read in all modeling files of transformers 4.53.3, 4.54.0, 4.57.6 and 5.23.0: 574 and 492 layers, no exception"

RETURNED_NAMES = (
    ReturnedName(_LAYERS, "outputs", "tuple", f"`outputs = (hidden_states,)`, then `outputs += (…,)`; {_READ}"),
    ReturnedName(_LAYERS, "hidden_states", "tensor", f"what a sublayer gave, added to the residual; {_READ}"),
)


def returned_name(function: str, name: str) -> str | None:
    """What a local name stands for in a function that returns it; None where that is not known.

    Args:
        function: Its canonical path.
        name: The local name.
    """
    return next((r.gives for r in RETURNED_NAMES if r.name == name and r.functions.match(function)), None)
