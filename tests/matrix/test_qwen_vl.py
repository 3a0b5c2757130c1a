"""Qwen-VL's processors, patched for an NPU: their results to the bit, in at most eight dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from compat import installed_release, qwen_vl
from compat.patching import active

IMAGE_BOUNDS = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 40}
VIDEO_BOUNDS = {"shortest_edge": 32 * 32, "longest_edge": 64 * 64 * 40}
# The processor's options, then the sizes of the images of one batch.
IMAGES: dict[str, tuple[dict[str, Any], list[tuple[int, int]]]] = {
    "one": ({}, [(123, 201)]),
    "a batch of three sizes": ({}, [(56, 84), (123, 201), (56, 84), (300, 40)]),
    "two of a size": ({}, [(84, 56), (84, 56)]),
    "small bounds": ({"size": {"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 4}}, [(300, 200), (90, 200)]),
    "as they are": ({"do_resize": False}, [(56, 84), (112, 28)]),
    "plain values": ({"do_rescale": False, "do_normalize": False}, [(56, 84)]),
    "one frame a patch": ({"temporal_patch_size": 1}, [(84, 56), (56, 84)]),
    "three frames, blocks of one": ({"temporal_patch_size": 3, "merge_size": 1}, [(84, 56)]),
    "small patches, blocks of three": ({"patch_size": 4, "merge_size": 3}, [(61, 75)]),
}
# The processor's options, then frames, height and width of the videos of one batch.
VIDEOS: dict[str, tuple[dict[str, Any], list[tuple[int, int, int]]]] = {
    "an odd number of frames": ({}, [(5, 70, 100)]),
    "different lengths and sizes": ({}, [(4, 70, 100), (7, 64, 64), (4, 70, 100)]),
    "as they are": ({"do_resize": False, "patch_size": 14}, [(4, 56, 84)]),
    "one frame a patch": ({"temporal_patch_size": 1}, [(3, 64, 96)]),
    "four frames a patch": ({"temporal_patch_size": 4}, [(5, 64, 96), (8, 64, 96)]),
    "three frames, blocks of one": ({"temporal_patch_size": 3, "merge_size": 1}, [(7, 64, 64)]),
}


def example() -> Any:
    """The module `examples/qwen_vl_npu.py`, which no package holds."""
    file = Path(__file__).parents[2] / "examples" / "qwen_vl_npu.py"
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _noise(shape: tuple[int, ...]) -> Any:
    import numpy as np

    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def _has(least: str) -> bool:
    from packaging.version import Version

    release = installed_release("transformers")
    return release is not None and release >= Version(least)


def image_processor(**options: Any) -> Any:
    if _has("5.4"):
        from transformers import Qwen2VLImageProcessor as image_class
    else:
        from transformers import Qwen2VLImageProcessorFast as image_class
    return image_class(**_bounded(options, IMAGE_BOUNDS))


def qwen2_video_processor(**options: Any) -> Any:
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    return Qwen2VLVideoProcessor(**_bounded(options, VIDEO_BOUNDS))


def qwen3_video_processor(**options: Any) -> Any:
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    return Qwen3VLVideoProcessor(**{"size": dict(VIDEO_BOUNDS), **options})


def _bounded(options: dict[str, Any], bounds: dict[str, int]) -> dict[str, Any]:
    """Both ways to say the bounds: which of them counts depends on the release."""
    size = dict(options.get("size", bounds))
    return {**options, "size": size, "min_pixels": size["shortest_edge"], "max_pixels": size["longest_edge"]}


def _image_runs() -> Iterator[tuple[str, Callable[[], Any]]]:
    for name, (options, sizes) in IMAGES.items():
        images = [_noise((*size, 3)) for size in sizes]
        processor = image_processor(**options)
        yield f"images, {name}", partial(processor, images, return_tensors="pt")


def _video_runs() -> Iterator[tuple[str, Callable[[], Any]]]:
    import torch

    makers = {"4.52": ("Qwen2-VL", qwen2_video_processor), "4.57": ("Qwen3-VL", qwen3_video_processor)}
    for least, (family, make) in makers.items():
        for name, (options, sizes) in VIDEOS.items() if _has(least) else ():
            if len({frames for frames, _, _ in sizes}) > 1 and not _has("4.52.4"):
                # Upstream cannot stack them.
                continue
            videos = [torch.from_numpy(_noise((frames, 3, high, wide))) for frames, high, wide in sizes]
            processor = make(**options)
            # The option came with 4.53, and Qwen3-VL samples without it.
            asked = {"do_sample_frames": False} if _has("4.53") else {}
            yield f"{family} videos, {name}", partial(processor, videos, return_tensors="pt", **asked)
    if not _has("5.0"):
        # Until then the image processor takes videos too.
        videos = [list(_noise((5, 84, 56, 3)))]
        processor = image_processor()
        call = partial(processor, images=None, videos=videos, return_tensors="pt")
        yield "videos given to the image processor", call


def _most_dimensions(run: Callable[[], Any]) -> tuple[Any, int]:
    """The result, and the most dimensions that any tensor on the way to it has."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Dimensions(TorchDispatchMode):  # type: ignore[misc]
        most = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            for leaf in tree_leaves((args, kwargs, result)):
                if isinstance(leaf, Tensor):
                    self.most = max(self.most, leaf.dim())
            return result

    with Dimensions() as dimensions:
        result = run()
    return dict(result), dimensions.most


@pytest.mark.parametrize("runs", [_image_runs, _video_runs])
@pytest.mark.covers("qwen_vl.npu_patches", "qwen_vl.at_most_eight_dimensions")
def test_patched_processors_give_upstreams_own_result_to_the_bit_in_eight_dimensions(
    runs: Callable[[], Iterator[tuple[str, Callable[[], Any]]]], observe: Callable[..., None]
) -> None:
    import torch

    for name, run in runs():
        expected, before = _most_dimensions(run)
        assert before > 8, f"{name}: there is nothing to patch"
        with qwen_vl.npu_patches():
            patched, most = _most_dimensions(run)
        assert most <= 8, f"{name}: {most} dimensions"
        assert patched.keys() == expected.keys()
        for key, value in expected.items():
            assert torch.equal(patched[key], value), f"{name}: {key}"
            assert patched[key].dtype == value.dtype
        observe(name, patched)


@pytest.mark.covers("qwen_vl.npu_patches")
def test_one_call_applies_reports_and_undoes_what_the_release_has() -> None:
    patches = qwen_vl.npu_patches()
    originals = {one.target: _held(one.target) for one in patches.patches}
    assert len(originals) == 3 if _has("4.57") else 2 if _has("4.52") else 1
    assert {target.rpartition(".")[2] for target in originals} == {"patchify" if _has("5.15") else "_preprocess"}
    patches.apply()
    try:
        assert {one.target for one in active()} == set(originals)
        assert all(_held(target) is not original for target, original in originals.items())
    finally:
        patches.undo()
    assert {target: _held(target) for target in originals} == originals
    assert not active()


def _held(target: str) -> Any:
    from importlib import import_module

    module, owner, name = target.rsplit(".", 2)
    return vars(getattr(import_module(module), owner))[name]


@pytest.mark.covers("qwen_vl.flatten_patches")
@pytest.mark.parametrize("shape", [(2, 3, 24, 36), (2, 5, 3, 24, 36)], ids=["images", "videos"])
def test_tensors_and_arrays_are_flattened_alike(shape: tuple[int, ...], observe: Callable[..., None]) -> None:
    import torch

    array = _noise(shape)
    for frames in (1, 2, 3):
        (rows, grid), most = _flattened(torch.from_numpy(array), frames)
        assert most <= 8
        from_array, grid_of_array = qwen_vl.flatten_patches(array, 4, 3, frames)
        assert torch.equal(rows, torch.from_numpy(from_array))
        assert grid == grid_of_array
        assert rows.shape == (2, grid[0] * grid[1] * grid[2], 3 * frames * 16)
        observe(f"{len(shape)} dimensions, {frames} frames a patch", rows)


def _flattened(pixels: Any, frames: int) -> tuple[Any, int]:
    flattened, most = _most_dimensions(lambda: {"": qwen_vl.flatten_patches(pixels, 4, 3, frames)})
    return flattened[""], most


@pytest.mark.covers("qwen_vl.at_most_eight_dimensions")
def test_what_no_release_does_is_refused_and_small_views_stay() -> None:
    import torch

    pixels = torch.arange(2**9)
    expected = pixels.view(2, 4, 64).permute(2, 0, 1).reshape(64, 8)
    with qwen_vl.at_most_eight_dimensions():
        assert torch.equal(pixels.view(2, 4, 64).permute(2, 0, 1).reshape(64, 8), expected)
        with pytest.raises(NotImplementedError, match=r"is permuted by \(8, .*4\.49\.0 to 5\.23\.0"):
            pixels.view(*[2] * 9).permute(*reversed(range(9)))
        with pytest.raises(NotImplementedError, match="asked for `sum`"):
            pixels.view(*[2] * 9).sum()
        with pytest.raises(NotImplementedError, match="asked for `squeeze`"):
            pixels.view(*[2] * 7, 4).unsqueeze(1).squeeze(1)
    assert pixels.view(*[2] * 9).dim() == 9


@pytest.mark.parametrize("runs", [_image_runs, _video_runs])
@pytest.mark.covers("preprocessing.preprocess_patch", "preprocessing.rescale_and_normalize")
def test_the_example_that_is_written_once_gives_upstreams_own_result_to_the_bit(
    runs: Callable[[], Iterator[tuple[str, Callable[[], Any]]]],
) -> None:
    import torch

    npu_processors = example().npu_processors

    for name, run in runs():
        expected = dict(run())
        with npu_processors() as patches:
            assert {one.target for one in active()} == {one.target for one in patches.patches}
            result, most = _most_dimensions(run)
        assert most <= 8, f"{name}: {most} dimensions"
        assert result.keys() == expected.keys()
        for key, value in expected.items():
            assert torch.equal(result[key], value), f"{name}: {key}"
            assert result[key].dtype == value.dtype
    assert not active()
