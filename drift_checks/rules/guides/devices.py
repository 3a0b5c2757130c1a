"""Code for one kind of device that is to run on another."""

from __future__ import annotations

from .guide import Guide

GUIDES = {
    "cuda-only-call": Guide(
        why="""\
The call is of `torch.cuda` or names the device `"cuda"`, no test of the device is around it, and the code is to run
on another one. It raises where no CUDA is there. Reported with `--device` only.

Ask torch for the device of the run, or call `torch.npu` behind a test.""",
        reference="`torch.accelerator` (torch 2.6.0) names the device of the run; torch-npu registers itself there.",
        before="import torch\n\ntorch.cuda.synchronize()\n",
        after="import torch\n\ntorch.accelerator.synchronize()\n",
        device="npu",
    ),
    "autocast-dtype": Guide(
        why="""\
The device has no autocast in this type. torch warns once, turns autocast off, and the block runs in the type of its
inputs: no error, other speed and other numbers. Reported with `--device` only.

Name a type that the device has, or turn autocast off yourself.""",
        reference="torch takes float16 and bfloat16 for autocast on most devices; float32 is refused with a warning.",
        before='import torch\n\nwith torch.autocast("npu", dtype=torch.float32):\n    pass\n',
        after='import torch\n\nwith torch.autocast("npu", dtype=torch.bfloat16):\n    pass\n',
        device="npu",
    ),
    "attention-backend-import": Guide(
        why="""\
The package is built for CUDA, is imported at the head of the module, and nothing is there to fall back on: on
another device it is not installed, or fails as it loads, and everything that imports this module fails. Reported
with `--device` only.

Import it inside `try`, or where the backend is chosen.""",
        reference="flash-attn and xformers publish CUDA and ROCm builds only.",
        before="from flash_attn import flash_attn_func\nimport torch\n",
        after="""\
import torch

try:
    from flash_attn import flash_attn_func
except ImportError:
    flash_attn_func = None
""",
        device="npu",
    ),
}
