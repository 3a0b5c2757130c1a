from __future__ import annotations

import pytest

from compat.image_processing import _bare


@pytest.mark.parametrize(
    "spelling", ["CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil", "CLIPFeatureExtractor"]
)
def test_every_spelling_of_a_family_is_one_name(spelling: str) -> None:
    assert _bare(spelling) == "CLIPImageProcessor" == _bare(_bare(spelling))


@pytest.mark.parametrize(
    "wrong", ["CLIP", "ImageProcessor", "AutoImageProcessor", "BaseImageProcessorFast", "Qwen2VLVideoProcessor"]
)
def test_what_is_no_family_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=f"'{wrong}' is no family's image processor: give a name such as"):
        _bare(wrong)
