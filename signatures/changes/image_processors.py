"""Image and video processors: `interpolation` became `resample` in transformers 5.4.0."""

from __future__ import annotations

from .declaration import Consequence

DECLARATIONS = (
    Consequence(
        "transformers",
        ("transformers.image_processing_backends.TorchvisionBackend.resize",),
        parameter="interpolation",
        instead="resample",
        releases=">=5.4",
        says="BILINEAR is used",
        because="`resample` is None then, which `resize` takes for BILINEAR (transformers 5.4.0)",
    ),
    Consequence(
        "transformers",
        ("transformers.image_processing_utils_fast.BaseImageProcessorFast.resize",),
        parameter="resample",
        instead="interpolation",
        releases=">=4.49,<5.4",
        says="BILINEAR is used",
        because="`interpolation` is None then, which `resize` takes for BILINEAR (transformers 4.49.0 to 5.3.0)",
    ),
)
