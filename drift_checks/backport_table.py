"""The names of upstream that went elsewhere, by the releases that lack them: the table that `compat.backports` serves.

    python -m drift_checks.backport_table

reads the history and writes the table into `compat`. A name is in it where the history proves that what it meant is
still there: the module only stopped to hand on what another module defines; or one other module now defines the same
function, class or constant to the letter; or a class said itself that it was only an old name of its base. What a
change has altered on its way is declared below.
"""

from __future__ import annotations

import gc
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import compat
from compat._removed_names import MADE
from signatures.history import History
from signatures.model import Assignment, Class, Function, Resolution
from signatures.surface import Surface
from signatures.whole_files import replacing

from .surfaces import others

TABLE = Path(compat.__file__).parent / "_backport_table.py"
UPSTREAM = "transformers"

# Nobody imports these for use: commands, tests, conversion scripts, and what was for other frameworks.
_NOT_FOR_USE = re.compile(
    r"transformers\.(commands|cli|testing_utils|agents|tools|benchmark|onnx|sagemaker|convert_|keras|utils\.fx"
    r"|exporters|.*tf_|.*flax|.*_tf\b|generation\.continuous_batching|.*\.convert_|pipelines\.|data\.(processors|datasets)|.*\.(modular|diff)_)"
)
_MODELS = "transformers.models."
# Such as `LlamaFlashAttention2(LlamaAttention)`: since 4.48 the base does what the config asks for.
_ATTENTION = re.compile(r"(\w+)(?:FlashAttention2|SdpaAttention)")
# Such as `LLAMA_ATTENTION_CLASSES = {"eager": LlamaAttention, "flash_attention_2": LlamaFlashAttention2, …}`.
_ATTENTION_CLASSES = re.compile(r"\w+_ATTENTION_CLASSES = \{\W*eager\W+(\w+)")

# Old name: the name that stands for it, where its definition changed on the way. Each is run by the matrix tests.
DECLARED = {
    "transformers.AutoModelForVision2Seq": "transformers.AutoModelForImageTextToText",
    "transformers.models.auto.AutoModelForVision2Seq": "transformers.AutoModelForImageTextToText",
    "transformers.models.auto.modeling_auto.AutoModelForVision2Seq": "transformers.AutoModelForImageTextToText",
    "transformers.activations.PytorchGELUTanh": "transformers.activations.GELUTanh",
    "transformers.LogitsWarper": "transformers.LogitsProcessor",
    "transformers.generation.LogitsWarper": "transformers.LogitsProcessor",
    "transformers.generation.logits_process.LogitsWarper": "transformers.LogitsProcessor",
    "transformers.modeling_utils.no_init_weights": "transformers.initialization.no_init_weights",
    "transformers.image_processing_utils_fast.DefaultFastImageProcessorKwargs": (
        "transformers.processing_utils.ImagesKwargs"
    ),
    "transformers.image_processing_utils_fast.max_across_indices": "transformers.image_utils.max_across_indices",
    "transformers.image_processing_utils_fast.safe_squeeze": "transformers.image_transforms.safe_squeeze",
    "transformers.image_utils.AnnotionFormat": "transformers.image_utils.AnnotationFormat",
    "transformers.image_utils.VideoInput": "transformers.video_utils.VideoInput",
    "transformers.image_utils.VideoMetadata": "transformers.video_utils.VideoMetadata",
    "transformers.image_utils.default_sample_indices_fn": "transformers.video_utils.default_sample_indices_fn",
    "transformers.image_utils.load_video": "transformers.video_utils.load_video",
    "transformers.image_utils.make_batched_videos": "transformers.video_utils.make_batched_videos",
    "transformers.trainer_utils.EvaluationStrategy": "transformers.trainer_utils.IntervalStrategy",
    "transformers.utils.generic.OutputRecorder": "transformers.utils.output_capturing.OutputRecorder",
}
# The same, for names that many modules define alike.
DECLARED_ANYWHERE = {"KwargsForCausalLM": "transformers.utils.TransformersKwargs"}

# What stands for a name, where that is no other name: something written anew, a family's attention classes by
# implementation, or the text of a docstring, which nobody reads.
ANEW = "anew:"
ATTENTION = "attention:"
TEXT = "text:"


class Moved(NamedTuple):
    """Where a name is to be found in some releases.

    Args:
        releases: The releases, as a requirement without the distribution.
        target: The dotted name of what it means there.
    """

    releases: str
    target: str


def moved_names(history: History) -> dict[str, list[Moved]]:
    """Every name that a later release lacks though what it meant is still there, with where it is.

    Args:
        history: Of transformers.
    """
    versions = [release.version for release in history.releases]
    places = _Places(history)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    meant: dict[str, _Meaning] = {}
    current: dict[str, str] = {}
    members: set[str] = set()
    code: dict[str, set[str]] = defaultdict(set)
    for number, version in enumerate(versions):
        surface = Surface(UPSTREAM, version, history.at(version), places.others)
        meant.update((name, _NOTHING) for name in places.starting(number))
        now: dict[str, str] = {}
        for name in MADE:
            if name not in places:
                if surface.resolve(name).found:
                    members.add(name)
                elif name in members:
                    found[name][version] = ANEW
        for name in meant:
            if places.has(name, number):
                if number + 1 < len(versions) and not places.has(name, number + 1):
                    meant[name] = _meaning(surface, name)
                    if meant[name].is_code:
                        code[name.rpartition(".")[0]].add(name)
            elif (meant[name] is not _NOTHING or name in MADE) and not surface.resolve(name).found:
                target = _target(surface, name, meant[name], current.get(name), places)
                if target:
                    now[name] = target
                else:
                    # What is not proven where the name goes is not proven by what later releases happen to have.
                    meant[name] = _NOTHING
        hollow = {
            module
            for module in {name.rpartition(".")[0] for name in now}
            if not surface.module_exists(module) and 2 * len(code[module] & now.keys()) < len(code[module])
        }
        for name, target in now.items():
            # Code that tries whether a module is there would be misled by one that has next to nothing.
            if name.rpartition(".")[0] not in hollow:
                found[name][version] = target
        current = now
    return {name: _runs(targets, versions) for name, targets in found.items()}


class _Meaning(NamedTuple):
    """What a name meant in the last release that had it.

    Args:
        path: Where it was defined; "" where that is not in this upstream.
        written: What the definition says, to be compared; None for what has no proof of its own.
        successor: The class that the definition itself was only another name of; "" where there is none.
        is_code: It was a class or a function.
    """

    path: str
    written: object
    successor: str
    is_code: bool


_NOTHING = _Meaning("", None, "", False)


class _Places:
    """Which names the modules of each release have, as bit masks of releases."""

    def __init__(self, history: History) -> None:
        self.others = others(UPSTREAM)
        self._masks: dict[str, int] = {}
        self._defining: dict[str, list[str]] = defaultdict(list)
        for number, release in enumerate(history.releases):
            surface = Surface(UPSTREAM, release.version, history.at(release.version), self.others)
            for module in history.modules(release.version):
                if module.startswith("@") or _is_inside_model(module) or _NOT_FOR_USE.match(module):
                    continue
                for name in surface.names(module):
                    path = f"{module}.{name}"
                    self._masks[path] = self._masks.get(path, 0) | 1 << number
        modules = {module for release in history.releases for module in history.modules(release.version)}
        for module in sorted(modules):
            if not module.startswith("@") and not _NOT_FOR_USE.match(module):
                self._read(history, module)
        self._starting: dict[int, list[str]] = defaultdict(list)
        everywhere = 1 << len(history.releases)
        for path, mask in self._masks.items():
            first = mask & -mask
            if mask != everywhere - first:
                self._starting[first.bit_length() - 1].append(path)

    def _read(self, history: History, module: str) -> None:
        for key, masks in history.variants(module).items():
            if "." in key or key.startswith("@"):
                continue
            self._defining[key].append(f"{module}.{key}")
            if _is_inside_model(module):
                self._masks[f"{module}.{key}"] = sum(masks.values())

    def starting(self, number: int) -> list[str]:
        """The names that a release is the first to have, and that some later one lacks."""
        return [path for path in self._starting[number] if not path.rpartition(".")[2].startswith("__")]

    def __contains__(self, path: str) -> bool:
        return path in self._masks

    def has(self, path: str, number: int) -> bool:
        """Whether a release has a name, aliases that are not written down left out."""
        return bool(self._masks[path] >> number & 1)

    def defining(self, name: str, but: str) -> list[str]:
        """Other places where some release binds a name."""
        return [path for path in self._defining[name] if path != but]


def _meaning(surface: Surface, name: str) -> _Meaning:
    found = surface.resolve(name)
    if not found.found or found.external or not found.canonical.startswith(f"{UPSTREAM}."):
        return _NOTHING
    if _is_inside_model(name.rpartition(".")[0]) and found.canonical != name:
        # Model files import half of the library; nobody looks for it there.
        return _NOTHING
    is_code = isinstance(found.definition, (Class, Function))
    return _Meaning(found.canonical, _written(surface, found), _successor(surface, found), is_code)


def _written(surface: Surface, found: Resolution) -> object:
    definition = found.definition
    if isinstance(definition, Function) and definition.body.digest:
        return definition.body.digest, str(definition.signature), definition.decorators
    if isinstance(definition, Class):
        key = found.canonical.removeprefix(f"{found.module}.")
        methods = [surface.definition(found.module, f"{key}.{method}") for method in definition.methods]
        bodies = [(method.name, method.body.digest) for method in methods if isinstance(method, Function)]
        return definition.bases, definition.attributes, tuple(bodies)
    if isinstance(definition, Assignment) and definition.name.isupper():
        return definition.value
    return None


def _successor(surface: Surface, found: Resolution) -> str:
    """What the definition itself was only another name of."""
    definition = found.definition
    if isinstance(definition, Assignment):
        eager = _ATTENTION_CLASSES.match(f"{definition.name} = {definition.value}")
        return f"{found.module}.{eager[1]}" if eager else ""
    if not isinstance(definition, Class) or len(definition.bases) != 1:
        return ""
    base = surface.resolve(f"{found.module}.{definition.bases[0]}")
    attention = _ATTENTION.fullmatch(definition.name)
    if attention and base.canonical == f"{found.module}.{attention[1]}Attention":
        return base.canonical
    key = found.canonical.removeprefix(f"{found.module}.")
    maker = surface.definition(found.module, f"{key}.__init__")
    passed = ("self", "*args", "**kwargs")
    only_warns = (
        definition.methods == ("__init__",)
        and isinstance(maker, Function)
        and "deprecated" in maker.flags
        and tuple(text.partition(":")[0] for text in maker.signature.written) == passed
    )
    return base.canonical if only_warns and base.canonical.startswith(f"{UPSTREAM}.") else ""


def _target(surface: Surface, name: str, meaning: _Meaning, before: str | None, places: _Places) -> str | None:
    if name in MADE:
        return ANEW
    module, _, own = name.rpartition(".")
    declared = DECLARED.get(name) or DECLARED_ANYWHERE.get(own)
    if own.endswith(("ImageProcessorFast", "TokenizerFast")):
        # Upstream serves these names itself, but not from every module that had them.
        return f"{UPSTREAM}.{own}" if _is_inside_model(module) and surface.resolve(f"{UPSTREAM}.{own}").found else None
    for path in (declared, before, meaning.path, meaning.successor):
        if path and path != name and (path in MADE or surface.resolve(path).found):
            if path == meaning.successor and own.endswith("_ATTENTION_CLASSES"):
                return f"{ATTENTION}{path}"
            return _slow(surface, path) if name.endswith("FeatureExtractor") else path
    if own.endswith("_DOCSTRING") and isinstance(meaning.written, str) and surface.module_exists(module):
        return TEXT
    if meaning.written is None:
        return None
    paths = places.defining(meaning.path.rpartition(".")[2], name)
    resolved = {path: surface.resolve(path) for path in paths}
    same = [
        path
        for path, found in resolved.items()
        if found.found and found.canonical == path and _written(surface, found) == meaning.written
    ]
    return same[0] if len(same) == 1 else None


def _slow(surface: Surface, path: str) -> str:
    """The image processor on PIL, which had the plain name up to 5.3."""
    slow = re.sub(r"\.image_processing_(\w+)\.(\w+)$", r".image_processing_pil_\1.\2Pil", path)
    return slow if surface.resolve(slow).found else path


def _is_inside_model(module: str) -> bool:
    return module.startswith(_MODELS) and module.count(".") > 2


def _runs(targets: Mapping[str, str], versions: list[str]) -> list[Moved]:
    """The targets by unbroken runs of releases."""
    rows: list[Moved] = []
    numbered = [(targets.get(version), number) for number, version in enumerate(versions)]
    for target, run in groupby(numbered, key=lambda each: each[0]):
        numbers = [number for _, number in run]
        if target:
            end = f",<{versions[numbers[-1] + 1]}" if numbers[-1] + 1 < len(versions) else ""
            rows.append(Moved(f">={versions[numbers[0]]}{end}", target))
    return rows


def text(moved: Mapping[str, Iterable[Moved]]) -> str:
    """The table as it is shipped."""
    return "".join(f"{line}\n" for line in _lines(moved))


def _lines(moved: Mapping[str, Iterable[Moved]]) -> Iterator[str]:
    yield "# fmt: off"
    yield "# ruff: noqa: E501"
    yield '"""Made by `python -m drift_checks.backport_table`: where names went that a release of transformers lacks.'
    yield ""
    yield "By old module and name: for each set of releases that lack it, where it is there."
    yield '"""'
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "MOVED: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {"
    ordered = sorted(moved, key=lambda name: name.rpartition("."))
    for module, names in groupby(ordered, key=lambda name: name.rpartition(".")[0]):
        yield f'    "{module}": {{'
        for name in names:
            rows = "".join(f'("{row.releases}", "{row.target}"), ' for row in moved[name]).rstrip()
            yield f'        "{name.rpartition(".")[2]}": ({rows}),'
        yield "    },"
    yield "}"


def main() -> int:
    """Write the table."""
    gc.disable()
    moved = moved_names(History.open(UPSTREAM, overlay=False))
    with replacing(TABLE) as temporary:
        temporary.write_text(text(moved), encoding="utf-8")
    print(f"{len(moved)} names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
