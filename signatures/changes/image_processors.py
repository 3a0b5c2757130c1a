"""Image and video processors: `resample`, the default backend, RGBA images, sizes."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect

DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        ("transformers.image_processing_backends.TorchvisionBackend.resize",),
        releases=">=5.4",
        parameter="interpolation",
        instead="resample",
        says="BILINEAR is used",
        because="`resample` is None then, which `resize` takes for BILINEAR (transformers 5.4.0)",
        fix="resample=",
    ),
    Declaration(
        "transformers",
        Effect.SWALLOWED,
        ("transformers.image_processing_utils_fast.BaseImageProcessorFast.resize",),
        releases=">=4.49,<5.4",
        parameter="resample",
        instead="interpolation",
        says="BILINEAR is used",
        because="`interpolation` is None then, which `resize` takes for BILINEAR (transformers 4.49.0 to 5.3.0)",
        fix="interpolation=",
    ),
    Declaration(
        "transformers",
        Effect.DEFAULT,
        ("transformers.models.auto.image_processing_auto.AutoImageProcessor.from_pretrained",),
        releases=">=5",
        parameter="use_fast",
        when=(Argument("use_fast", passed=False), Argument("backend", passed=False)),
        says="the torchvision processor is the default now, and its pixel values differ slightly",
        because="without `use_fast` the class that the checkpoint names was taken, mostly the slow one, before 5.0.0; "
        "from 5.0.0 on the torchvision one is, but for a few models (`image_processing_auto.py`)",
        fix="use_fast=False",
        witness="from transformers.models.auto import image_processing_auto\n\n"
        "names = vars(image_processing_auto)\n"
        "assert not any(name.startswith('DEFAULT_TO_') or name == '_resolve_backend' for name in names)\n",
        everywhere=True,
    ),
    Declaration(
        "transformers",
        Effect.BEHAVIOUR,
        ("transformers.image_processing_backends.TorchvisionBackend.convert_to_rgb",),
        releases=">=5.21",
        says="arrays and tensors are converted too: one channel is repeated, a fourth one is blended over white",
        because="before 5.21.0 only PIL images were converted; from 5.23.0 on a float RGBA image outside of [0, 1] "
        "raises (`image_processing_backends.py`)",
        witness="import inspect\n\n"
        "from transformers.image_processing_backends import TorchvisionBackend\n\n"
        "assert 'input_data_format' not in inspect.signature(TorchvisionBackend.convert_to_rgb).parameters\n",
    ),
    *(
        Declaration(
            "transformers",
            Effect.DEFAULT,
            ("transformers.models.qwen3_vl.video_processing_qwen3_vl.smart_resize",),
            releases=">=5.15",
            parameter=parameter,
            when=(Argument(parameter, passed=False),),
            says=f"it is {now} and was {before}, so videos get another size",
            because="the defaults are those of Qwen2-VL from 5.15.0 on, when the function was moved "
            "(`video_processing_qwen3_vl.py`)",
            fix=f"{parameter}={before}",
            witness="import inspect\n\n"
            "from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize\n\n"
            f"assert inspect.signature(smart_resize).parameters[{parameter!r}].default == {before}\n",
        )
        for parameter, before, now in (
            ("factor", "32", "28"),
            ("min_pixels", "128 * 128", "112 * 112"),
            ("max_pixels", "16 * 16 * 2 * 2 * 2 * 6144", "14 * 14 * 2 * 2 * 2 * 6144"),
        )
    ),
)
