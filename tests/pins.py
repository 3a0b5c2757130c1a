"""The released wheels that tests read: what each is called on the index, and its sha256."""

from __future__ import annotations

from typing import NamedTuple


class Pin(NamedTuple):
    """A wheel on the package index.

    Args:
        filename: Its name there.
        sha256: Of the whole file, in hexadecimal.
    """

    filename: str
    sha256: str


PINS = {
    ("sglang", "0.5.11"): Pin(
        "sglang-0.5.11-cp311-cp311-manylinux_2_34_x86_64.whl",
        "fe0748beaff218d3e16c9018a5e19f018db06fc3c7ac4f90d2f93da1cf074b6f",
    ),
    ("sglang", "0.5.12"): Pin(
        "sglang-0.5.12-cp311-cp311-manylinux_2_34_x86_64.whl",
        "4ed786a38655851fd055ef57380c34d29b87753b53f63457309f51e5bf48c2e6",
    ),
    ("torch-npu", "2.12.0"): Pin(
        "torch_npu-2.12.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "22b92017af5c625caa8dcad0fad0b92517176372b28d7aa242e7ee26e9f92ab8",
    ),
    ("torch-npu", "2.13.0"): Pin(
        "torch_npu-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "0deb809cf447d3fce636ccfdc9c9f874950f1fe76f18f4aaab31e2d345f7dac0",
    ),
    ("transformers", "4.49.0"): Pin(
        "transformers-4.49.0-py3-none-any.whl",
        "6b4fded1c5fee04d384b1014495b4235a2b53c87503d7d592423c06128cbbe03",
    ),
    ("transformers", "4.57.6"): Pin(
        "transformers-4.57.6-py3-none-any.whl",
        "4c9e9de11333ddfe5114bc872c9f370509198acf0b87a832a0ab9458e2bd0550",
    ),
    ("transformers", "5.3.0"): Pin(
        "transformers-5.3.0-py3-none-any.whl",
        "50ac8c89c3c7033444fb3f9f53138096b997ebb70d4b5e50a2e810bf12d3d29a",
    ),
    ("transformers", "5.6.2"): Pin(
        "transformers-5.6.2-py3-none-any.whl",
        "f8d3a1bb96778fed9b8aabfd0dd6e19843e4b0f2bb6b59f32b8a92051b0f348f",
    ),
    ("transformers", "5.15.0"): Pin(
        "transformers-5.15.0-py3-none-any.whl",
        "d7f007736f67749ae9490c4f8cb5d30b452ae2d68c8675e50ba8d63ea7feb107",
    ),
    ("transformers", "5.23.0"): Pin(
        "transformers-5.23.0-py3-none-any.whl",
        "018e82fd07490ad5bb58414f65e31576033dc7f36bed10c574843f69b90991bf",
    ),
}
