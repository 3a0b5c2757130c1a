"""The ways in which upstream's files hide what resolves: each in a small program and in a released wheel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from signatures.model import Deprecation, Function, Kind, Status
from signatures.surface import Surface

from .programs import Files, compare, function, run, surface

Releases = Callable[[str], Surface]

# A lazy module that makes the promises of upstream's: exports by structure, files read for `__all__`, endings stripped.
IMPORT_UTILS = """
    import importlib, os, re, types


    class _LazyModule(types.ModuleType):
        def __init__(self, name, file, structure, module_spec=None, extra_objects=None):
            super().__init__(name)
            self.__file__ = file
            self.__spec__ = module_spec
            self.__path__ = [os.path.dirname(file)]
            self._objects = extra_objects or {}
            self._homes = {symbol: home for home, symbols in structure.items() for symbol in symbols}
            self._submodules = set(structure)

        def __getattr__(self, name):
            if name in self._objects:
                return self._objects[name]
            if name in self._homes:
                return getattr(self._load(self._homes[name]), name)
            if name in self._submodules:
                return self._load(name)
            if name.endswith("ImageProcessorFast") and name[:-4] in self._homes:
                return getattr(self, name[:-4])
            if name.endswith("TokenizerFast"):
                if name[:-4] in self._homes:
                    return getattr(self, name[:-4])
                found = self._shared(name[:-4])
                if found is not None:
                    return getattr(self, found)
            raise AttributeError(name)

        def _load(self, name):
            return importlib.import_module("." + name, self.__name__)

        def _shared(self, asked):
            from ..convert_slow_tokenizer import SLOW_TO_FAST_CONVERTERS

            converter = SLOW_TO_FAST_CONVERTERS.get(asked)
            same = [name for name, held in SLOW_TO_FAST_CONVERTERS.items() if held is converter and name in self._homes]
            return same[0] if same else None


    def define_import_structure(file, prefix=""):
        root = file if os.path.isdir(file) else os.path.dirname(file)
        structure = {}
        for folder, _, files in os.walk(root):
            for name in files:
                if name.endswith(".py") and name != "__init__.py" and not name.startswith(("convert_", "modular_")):
                    text = open(os.path.join(folder, name)).read()
                    listed = re.search(r"(?ms)^__all__ = \\[(.*?)\\]", text)
                    module = os.path.relpath(os.path.join(folder, name[:-3]), root).replace(os.sep, ".")
                    structure[prefix + "." + module if prefix else module] = (
                        re.findall(r"['\\"](\\w+)['\\"]", listed[1]) if listed else []
                    )
        return structure
"""

TOKENIZERS = """
    class WordConverter: ...
    class PieceConverter: ...
    class OddConverter: ...

    SLOW_TO_FAST_CONVERTERS = {
        "WordTokenizer": WordConverter,
        "OldWordTokenizer": WordConverter,
        "PieceTokenizer": PieceConverter,
        "OddTokenizer": OddConverter,
    }
"""

LAZY: Files = {
    "tiny/__init__.py": """
        import sys
        from typing import TYPE_CHECKING
        from .utils.import_utils import _LazyModule, define_import_structure
        from .utils import is_torch_available, Missing

        _import_structure = {
            "base": ["BaseImageProcessor", "Config"],
            "models": [],
            "nowhere": ["Ghost"],
        }
        try:
            if not is_torch_available():
                raise Missing()
        except Missing:
            _import_structure["dummies"] = ["Cache", "Stand"]
        else:
            _import_structure["caches"] = ["Cache"]
            _import_structure["caches"] += ["StaticCache"]
            _import_structure["caches"].append("DynamicCache")
            _import_structure["caches"].extend(["HybridCache", "Forgotten"])

        if TYPE_CHECKING:
            from .base import OnlyForTypes
        else:
            import_structure = define_import_structure(__file__.replace("__init__.py", "models"), prefix="models")
            import_structure.update(_import_structure)
            sys.modules[__name__] = _LazyModule(
                __name__, __file__, import_structure, module_spec=__spec__, extra_objects={"__version__": "1.0"}
            )
    """,
    "tiny/base.py": "class BaseImageProcessor: ...\nclass Config:\n    def save(self): ...\nclass Private: ...\n",
    "tiny/caches.py": "class Cache: ...\nclass StaticCache(Cache): ...\nclass DynamicCache(Cache): ...\n"
    "HybridCache = StaticCache\n",
    "tiny/dummies.py": "class Cache: ...\nclass Stand: ...\n",
    "tiny/convert_slow_tokenizer.py": TOKENIZERS,
    "tiny/utils/__init__.py": "class Missing(Exception): ...\ndef is_torch_available(): return True\n",
    "tiny/utils/import_utils.py": IMPORT_UTILS,
    "tiny/models/__init__.py": "",
    "tiny/models/word/__init__.py": """
        import sys
        from ...utils.import_utils import _LazyModule, define_import_structure

        _file = globals()["__file__"]
        sys.modules[__name__] = _LazyModule(__name__, _file, define_import_structure(_file), module_spec=__spec__)
    """,
    "tiny/models/word/tokenization_word.py": """
        class WordTokenizer: ...
        class Helper: ...
        __all__ = ["WordTokenizer"]
    """,
    "tiny/models/word/image_processing_word.py": """
        class WordImageProcessor: ...
        class WordImages: ...
        __all__ = [
            "WordImageProcessor",
            "WordImages",
        ]
    """,
    "tiny/models/word/modular_word.py": "class Draft: ...\n__all__ = ['Draft']\n",
    "tiny/models/word/convert_word.py": "class Script: ...\n__all__ = ['Script']\n",
}


class TestDeprecatedKeyword:
    """1: `deprecate_kwarg` takes an old name that no signature shows."""

    PROGRAM: ClassVar[Files] = {
        "tiny.py": """
            import functools

            def deprecate_kwarg(old_name, version, new_name=None, **options):
                def wrapper(func):
                    @functools.wraps(func)
                    def wrapped(*args, **kwargs):
                        if old_name in kwargs:
                            kwargs[new_name] = kwargs.pop(old_name)
                        return func(*args, **kwargs)
                    return wrapped
                return wrapper

            class Processor:
                @deprecate_kwarg("interpolation", version="9.0.0", new_name="resample")
                @deprecate_kwarg(old_name="reduce", new_name="do_reduce", version="8.1")
                def resize(self, image, resample=1, do_reduce=False):
                    return resample

            @deprecate_kwarg("gone", "8.2", raise_if_greater_or_equal_version=True)
            def load(path): ...

            @deprecate_kwarg(NAME, "8.2") if 0 else (lambda func: func)
            def dynamic(path): ...
        """
    }

    def test_program(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        accepted = release.accepts(release.resolve("tiny.Processor.resize"), through_instance=True)
        assert accepted is not None
        assert accepted.signature.get("interpolation") is None
        assert accepted.deprecated == {
            "interpolation": Deprecation("interpolation", "resample", "9.0.0"),
            "reduce": Deprecation("reduce", "do_reduce", "8.1"),
        }
        assert accepted.kwargs == "none"
        loaded = release.accepts(release.resolve("tiny.load"))
        assert loaded is not None and loaded.deprecated == {"gone": Deprecation("gone", None, "8.2")}
        dynamic = release.accepts(release.resolve("tiny.dynamic"))
        assert dynamic is not None and not dynamic.deprecated
        really = run(tmp_path, self.PROGRAM, "import tiny\nanswer = tiny.Processor().resize('i', interpolation=7)")
        assert really == 7

    def test_release(self, surface_of: Releases) -> None:
        attention = "transformers.models.llama.modeling_llama.LlamaAttention.forward"
        old, new = surface_of("4.57.6"), surface_of("5.3.0")
        before = old.accepts(old.resolve(attention), through_instance=True)
        after = new.accepts(new.resolve(attention), through_instance=True)
        assert before is not None and after is not None
        assert before.deprecated["past_key_value"].new == "past_key_values"
        assert "past_key_value" not in after.deprecated
        assert after.signature.get("past_key_value") is None


class TestUnpackedTypedDict:
    """2: `**kwargs: Unpack[SomeTypedDict]` names what it takes; what nobody takes is swallowed."""

    PROGRAM: ClassVar[Files] = {
        "tiny/__init__.py": "",
        "tiny/words.py": """
            from typing import TypedDict

            class BaseKwargs(TypedDict, total=False):
                use_cache: bool

            class MoreKwargs(BaseKwargs, total=False):
                output_attentions: bool
        """,
        "tiny/model.py": """
            from __future__ import annotations
            from typing import TYPE_CHECKING
            from .words import MoreKwargs
            Unpack = dict

            def outer(x, **kwargs: Unpack[MoreKwargs]):
                return inner(x, **kwargs)

            def inner(x, scale=1, **kwargs):
                return x, kwargs.pop("padding", None), kwargs.get("mask"), kwargs["must"] if "must" in kwargs else 0

            def alone(x, **kwargs): return x

            def onward(x, **kwargs): return x.call(**kwargs)

            def bare(x, **kwargs): return x(kwargs)

            def looped(x, **kwargs):
                for key in kwargs: setattr(x, key, kwargs[key])
        """,
    }

    def test_program(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        told = {}
        for name in ("outer", "inner", "alone", "onward", "bare", "looped"):
            accepted = release.accepts(release.resolve(f"tiny.model.{name}"))
            assert accepted is not None
            told[name] = (accepted.kwargs, set(accepted.taken))
        read = {"padding", "mask", "must"}
        assert told["inner"] == ("taken", read)
        assert told["outer"] == ("taken", {"use_cache", "output_attentions", "x", "scale"} | read)
        assert told["alone"] == ("taken", set())
        assert [told[name][0] for name in ("onward", "bare", "looped")] == ["unknown"] * 3
        assert run(tmp_path, self.PROGRAM, "from tiny.model import outer\nanswer = outer(1, swallowed=2)")[0] == 1

    def test_release(self, surface_of: Releases) -> None:
        release = surface_of("5.6.2")
        resized = release.resolve("transformers.image_processing_backends.TorchvisionBackend.resize")
        accepted = release.accepts(resized, through_instance=True)
        assert accepted is not None
        assert accepted.signature.get("resample") is not None
        assert (accepted.kwargs, "interpolation" in accepted.taken) == ("taken", False)
        call = release.accepts(release.resolve("transformers.models.qwen2_vl.Qwen2VLProcessor.__call__"))
        assert call is not None and {"text_kwargs", "images_kwargs"} <= call.taken


class TestAutoDocstring:
    """3: `@auto_docstring` edits the docstring only."""

    PROGRAM: ClassVar[Files] = {
        "tiny.py": """
            def auto_docstring(obj=None, *, intro=None):
                def decorate(found):
                    found.__doc__ = "made"
                    return found
                return decorate if obj is None else decorate(obj)

            @auto_docstring
            def bare(x, y=1): return x

            @auto_docstring(intro="more")
            class Model:
                @auto_docstring
                def forward(self, x): return x
        """
    }

    def test_program(self, tmp_path: Path) -> None:
        compare(tmp_path, self.PROGRAM, ["tiny.bare", "tiny.Model", "tiny.Model.forward", "tiny.Model.backward"])
        release = surface(self.PROGRAM)
        really = run(tmp_path, self.PROGRAM, "import tiny, inspect\nanswer = str(inspect.signature(tiny.bare))")
        assert str(release.signature(release.resolve("tiny.bare"))) == really

    def test_a_docstring_is_no_part_of_the_body(self) -> None:
        one = function('def f(x):\n    """One."""\n    return x  # why\n')
        two = function('def f(x):\n    """Another\n    text."""\n    return (x)\n'.replace("(x)\n", "x\n"))
        assert one.body.digest == two.body.digest != function("def f(x): return -x").body.digest

    def test_release(self, surface_of: Releases) -> None:
        release = surface_of("5.23.0")
        forward = release.resolve("transformers.models.llama.modeling_llama.LlamaModel.forward")
        assert forward.found and "auto_docstring" in getattr(forward.definition, "decorators", ())
        signature = release.signature(forward, through_instance=True)
        assert signature is not None and signature.parameters[0].name == "input_ids"


class TestReturnDict:
    """4: `@can_return_tuple` takes `return_dict` out of the keywords before the function sees them."""

    PROGRAM: ClassVar[Files] = {
        "tiny/__init__.py": "",
        "tiny/generic.py": """
            from functools import wraps

            def can_return_tuple(func):
                @wraps(func)
                def wrapper(self, *args, **kwargs):
                    return_dict = kwargs.pop("return_dict", True)
                    output = func(self, *args, **kwargs)
                    return output if return_dict else tuple(output)
                return wrapper
        """,
        "tiny/model.py": """
            from .generic import can_return_tuple

            class Model:
                @can_return_tuple
                def forward(self, x): return [x]

                @can_return_tuple
                def loose(self, x, **kwargs): return [x]
        """,
    }

    def test_program(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        strict = release.accepts(release.resolve("tiny.model.Model.forward"), through_instance=True)
        loose = release.accepts(release.resolve("tiny.model.Model.loose"), through_instance=True)
        assert strict is not None and loose is not None
        assert (strict.kwargs, set(strict.taken)) == ("none", {"return_dict"})
        assert (loose.kwargs, set(loose.taken)) == ("taken", {"return_dict"})
        code = "from tiny.model import Model\nanswer = Model().forward(1, return_dict=False)"
        assert run(tmp_path, self.PROGRAM, code) == [1]

    def test_release(self, surface_of: Releases) -> None:
        release = surface_of("4.57.6")
        forward = release.resolve("transformers.models.llama.modeling_llama.LlamaForCausalLM.forward")
        accepted = release.accepts(forward, through_instance=True)
        assert accepted is not None and accepted.signature.get("return_dict") is None
        assert "return_dict" in accepted.taken


class TestConfigDefaults:
    """5: `@check_model_inputs` and its successors; how the decorator itself is called changed within a patch series."""

    FORMS: ClassVar[Files] = {
        "bare": "def check_model_inputs(func): return func",
        "called": "def check_model_inputs(tie=True): return lambda func: func",
        "both": """
            def check_model_inputs(func=None, *, tie=True):
                return func if func is not None else (lambda found: found)
        """,
    }

    @pytest.mark.parametrize(("form", "bare", "called"), [("bare", 1, 0), ("called", 0, 1), ("both", 1, 1)])
    def test_program(self, tmp_path: Path, form: str, bare: int, called: int) -> None:
        files = {"tiny.py": self.FORMS[form]}
        release = surface(files)
        signature = release.signature(release.resolve("tiny.check_model_inputs"))
        assert signature is not None
        first = signature.positional[0]
        assert (first.name == "func", not first.required) == (bool(bare), bool(called))
        code = """
            from tiny import check_model_inputs
            def works(decorate):
                try:
                    return decorate(lambda: 5)() == 5
                except TypeError:
                    return False
            answer = [works(check_model_inputs), works(lambda func: check_model_inputs()(func))]
        """
        assert run(tmp_path, files, code) == [bool(bare), bool(called)]

    def test_a_wrapper_that_reads_computed_keys_makes_the_keywords_unknown(self) -> None:
        release = surface(
            {
                "tiny.py": """
                    def merge(func):
                        def wrapper(self, *args, **kwargs):
                            for name in ("use_cache", "layer"):
                                if kwargs.get(name) is None:
                                    kwargs[name] = getattr(self.config, name)
                            return func(self, *args, **kwargs)
                        return wrapper

                    class Model:
                        @merge
                        def forward(self, x, use_cache=None, **kwargs): return x
                """
            }
        )
        accepted = release.accepts(release.resolve("tiny.Model.forward"), through_instance=True)
        assert accepted is not None and accepted.kwargs == "unknown"

    def test_release(self, surface_of: Releases) -> None:
        path = "transformers.utils.generic.check_model_inputs"
        old, without, new = (surface_of(version) for version in ("4.57.6", "5.3.0", "5.6.2"))
        assert without.resolve(path).missing
        told = [str(release.signature(release.resolve(path))) for release in (old, new)]
        assert told == ["(func=None, *, tie_last_hidden_states=True)", "(func)"]
        assert without.resolve("transformers.utils.generic.merge_with_config_defaults").found
        assert without.resolve("transformers.utils.output_capturing.capture_outputs").found


class TestPrefixedKeywords:
    """6: a decorator that renames keywords on their way: what the function takes cannot be told from its signature."""

    PROGRAM: ClassVar[Files] = {
        "tiny.py": """
            from functools import wraps

            def accepts_precomputed_kwargs(modality):
                def decorator(func):
                    @wraps(func)
                    def wrapper(*args, **kwargs):
                        translated = {}
                        for key, value in kwargs.items():
                            if not key.startswith("video_"):
                                translated[key.removeprefix(modality + "_")] = value
                        return func(*args, **translated)
                    return wrapper
                return decorator

            class Model:
                @accepts_precomputed_kwargs(modality="image")
                def get_image_features(self, pixels, **kwargs):
                    return kwargs.get("cu_seqlens")

                @accepts_precomputed_kwargs(modality="image")
                def strict(self, pixels, sizes=None):
                    return sizes
        """
    }

    def test_program(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        for name in ("get_image_features", "strict"):
            accepted = release.accepts(release.resolve(f"tiny.Model.{name}"), through_instance=True)
            assert accepted is not None and accepted.kwargs == "unknown", name
        code = """
            from tiny import Model
            answer = [Model().get_image_features(1, image_cu_seqlens=2), Model().strict(1, image_sizes=3, video_x=4)]
        """
        assert run(tmp_path, self.PROGRAM, code) == [2, 3]

    def test_release(self, surface_of: Releases) -> None:
        path = "transformers.models.qwen2_vl.modeling_qwen2_vl.Qwen2VLModel.get_image_features"
        decorated = surface_of("5.23.0")
        found = decorated.resolve(path)
        assert any(
            text.startswith("accepts_precomputed_kwargs(") for text in getattr(found.definition, "decorators", ())
        )
        accepted = decorated.accepts(found, through_instance=True)
        assert accepted is not None and accepted.kwargs == "unknown"


class TestAnnotationsLie:
    """7: what comes back is in the body; the annotation may say otherwise."""

    PROGRAM = """
        class Output: ...
        class Wrong: ...
        def f(x, flag) -> Wrong:
            if flag:
                return x, flag
            return Output(x)
    """

    def test_program(self) -> None:
        found = function(self.PROGRAM)
        assert found.signature.returns == "Wrong"
        assert set(found.body.returns) == {"tuple:2", "call:Output"}

    def test_release(self, surface_of: Releases) -> None:
        path = "transformers.models.qwen2_vl.modeling_qwen2_vl.Qwen2VisionTransformerPretrainedModel.forward"
        found = surface_of("5.3.0").resolve(path).definition
        assert isinstance(found, Function)
        assert found.body.returns == ("call:BaseModelOutputWithPooling",)
        before = surface_of("4.57.6").resolve(path).definition
        assert isinstance(before, Function)
        assert "call:BaseModelOutputWithPooling" not in before.body.returns
        assert found.signature.returns != "BaseModelOutputWithPooling"


class TestLazyNames:
    """8: a lazy module's names come from `_import_structure` and from each file's `__all__`."""

    NAMES = (
        "BaseImageProcessor",
        "Cache",
        "Config.save",
        "DynamicCache",
        "Draft",
        "Forgotten",
        "Ghost",
        "Helper",
        "HybridCache",
        "OnlyForTypes",
        "Private",
        "Script",
        "Stand",
        "StaticCache",
        "WordImageProcessor",
        "WordImages",
        "WordTokenizer",
        "__version__",
        "base",
        "base.Private",
        "caches.HybridCache",
        "models",
        "models.word",
        "models.word.WordTokenizer",
        "models.word.Helper",
        "models.word.tokenization_word.Helper",
        "models.word.modular_word.Draft",
        "utils.is_torch_available",
        "_import_structure",
    )

    def test_program(self, tmp_path: Path) -> None:
        compare(tmp_path, LAZY, [f"tiny.{name}" for name in self.NAMES])

    def test_hops_name_the_way(self) -> None:
        found = surface(LAZY).resolve("tiny.WordTokenizer")
        assert [hop.kind for hop in found.hops] == ["lazy"]
        assert not found.through_alias

    def test_required_backends_export_a_class(self, tmp_path: Path) -> None:
        text = """
            from ..backends import requires

            @requires(backends=("torch",))
            class Decorated: ...

            class Plain: ...
        """
        release = surface(
            LAZY | {"tiny/backends.py": "def requires(backends): return lambda c: c", "tiny/models/w.py": text}
        )
        assert release.resolve("tiny.Decorated").found
        assert release.resolve("tiny.Plain").missing

    def test_release(self, surface_of: Releases) -> None:
        for version in ("4.57.6", "5.23.0"):
            release = surface_of(version)
            found = release.resolve("transformers.LlamaForCausalLM")
            assert found.canonical == "transformers.models.llama.modeling_llama.LlamaForCausalLM"
            assert release.resolve("transformers.models.llama.LlamaConfig").found
            assert release.resolve("transformers.Trainer").canonical == "transformers.trainer.Trainer"
            assert release.resolve("transformers.LlamaMLP").missing
            assert release.resolve("transformers.SlidingWindowCache").missing is (version == "5.23.0")


class TestStrippedEndings:
    """9: `_LazyModule.__getattr__` answers `XTokenizerFast` and `XImageProcessorFast` though nothing lists them."""

    def test_program(self, tmp_path: Path) -> None:
        names = (
            "WordTokenizerFast",
            "OldWordTokenizerFast",
            "PieceTokenizerFast",
            "OddTokenizerFast",
            "UnknownTokenizerFast",
        )
        more = (
            "WordImageProcessorFast",
            "BaseImageProcessorFast",
            "OtherImageProcessorFast",
            "WordImagesFast",
            "CacheFast",
        )
        compare(tmp_path, LAZY, [f"tiny.{name}" for name in (*names, *more)])

    def test_they_are_told_as_aliases(self) -> None:
        release = surface(LAZY)
        for name, kind in (("WordTokenizerFast", "fast-suffix"), ("OldWordTokenizerFast", "converter")):
            found = release.resolve(f"tiny.{name}")
            assert found.hops[0].kind == kind
            assert found.through_alias

    def test_a_lazy_module_that_strips_nothing(self) -> None:
        plain = "class _LazyModule:\n    def __getattr__(self, name): ...\n"
        release = surface(LAZY | {"tiny/utils/import_utils.py": plain})
        assert release.resolve("tiny.WordTokenizer").found
        assert release.resolve("tiny.WordTokenizerFast").missing

    def test_release(self, surface_of: Releases) -> None:
        old, new = surface_of("5.3.0"), surface_of("5.6.2")
        assert old.resolve("transformers.BaseImageProcessorFast").canonical.endswith(".BaseImageProcessorFast")
        found = new.resolve("transformers.BaseImageProcessorFast")
        assert found.canonical == "transformers.image_processing_utils.BaseImageProcessor"
        assert new.resolve("transformers.AlbertTokenizerFast").canonical.endswith("tokenization_albert.AlbertTokenizer")
        assert (
            surface_of("4.57.6").resolve("transformers.AlbertTokenizerFast").canonical.endswith(".AlbertTokenizerFast")
        )


STUBS: Files = {
    "tiny/__init__.py": """
        import importlib, sys, types
        from pathlib import Path

        def _create_module_alias(alias, target):
            module = types.ModuleType(alias)
            module.__getattr__ = lambda name: getattr(importlib.import_module(target, __name__), name)
            sys.modules[alias] = module
            setattr(sys.modules[__name__], alias.rsplit(".", 1)[-1], module)

        _create_module_alias(f"{__name__}.image_processing_utils_fast", ".image_processing_backends")

        for _file in sorted((Path(__file__).parent / "models").rglob("image_processing_*.py")):
            _target = f".models.{_file.parent.name}.{_file.stem}"
            _alias = f"{__name__}.models.{_file.parent.name}.{_file.stem}_fast"
            _create_module_alias(_alias, _target)

            def _stripping(target):
                return lambda name: getattr(importlib.import_module(target, __name__), name.removesuffix("Fast"))

            sys.modules[_alias].__getattr__ = _stripping(_target)
    """,
    "tiny/image_processing_backends.py": "import os\nclass TorchvisionBackend: ...\ndef group_images_by_shape(): ...\n",
    "tiny/models/__init__.py": "",
    "tiny/models/word/__init__.py": "",
    "tiny/models/word/image_processing_word.py": "class WordImageProcessor: ...\nclass Steadfast: ...\n",
    "tiny/models/old/__init__.py": "",
    "tiny/models/old/image_processing_old.py": "class OldImageProcessor: ...\n",
    # There before the stub is made, but never reached: the stub stands in `sys.modules`.
    "tiny/models/old/image_processing_old_fast.py": "class OldImageProcessorFast: ...\nclass OnlyHere: ...\n",
}

FINDER: Files = STUBS | {
    "tiny/utils/__init__.py": "",
    "tiny/utils/import_utils.py": IMPORT_UTILS
    + """

    import importlib.abc, importlib.machinery, importlib.util


    class _AliasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def __init__(self, resolve):
            self.resolve = resolve

        def find_spec(self, fullname, path=None, target=None):
            replacement = self.resolve(fullname)
            if replacement is None or importlib.util.find_spec(replacement) is None:
                return None
            return importlib.machinery.ModuleSpec(fullname, self, loader_state=replacement)

        def exec_module(self, module):
            held = importlib.import_module(module.__spec__.loader_state)
            vars(module).update({k: v for k, v in vars(held).items() if not k.startswith("__")})

            def __getattr__(name):
                if name.endswith("ImageProcessorFast") and hasattr(held, name[:-4]):
                    return getattr(held, name[:-4])
                raise AttributeError(name)

            module.__getattr__ = __getattr__
    """,
    "tiny/__init__.py": """
        import re, sys
        from .utils.import_utils import _AliasFinder, _LazyModule

        _import_structure = {"image_processing_backends": ["TorchvisionBackend"], "models": []}
        _LEGACY_MODULE_ALIASES = {"image_processing_utils_fast": "image_processing_backends"}
        for _alias in _LEGACY_MODULE_ALIASES:
            _import_structure.setdefault(_alias, set())
        sys.modules[__name__] = _LazyModule(__name__, __file__, _import_structure, module_spec=__spec__)

        _FAST = re.compile(rf"{re.escape(__name__)}\\.models\\.(\\w+)\\.image_processing_(?!pil_)(\\w+)_fast")

        def _resolve(fullname):
            if (match := _FAST.fullmatch(fullname)) is not None:
                return f"{__name__}.models.{match[1]}.image_processing_{match[2]}"
            package, _, name = fullname.rpartition(".")
            if package == __name__ and name in _LEGACY_MODULE_ALIASES:
                return f"{__name__}.{_LEGACY_MODULE_ALIASES[name]}"
            return None

        sys.meta_path.append(_AliasFinder(_resolve))
    """,
    "tiny/models/word/image_processing_pil_word.py": "class WordImageProcessorPil: ...\n",
}


class TestAliasModules:
    """10: modules under names that have no file: stubs in `sys.modules`, later copies made by a meta-path finder."""

    ASKED = (
        "image_processing_utils_fast",
        "image_processing_utils_fast.group_images_by_shape",
        "image_processing_utils_fast.TorchvisionBackend",
        "image_processing_utils_fast.BaseImageProcessorFast",
        "image_processing_utils_fast.os",
        "image_processing_utils_slow",
        "models.word.image_processing_word_fast",
        "models.word.image_processing_word_fast.WordImageProcessor",
        "models.word.image_processing_word_fast.WordImageProcessorFast",
        "models.word.image_processing_word_fast.SteadfastFast",
        "models.word.image_processing_word_fast.Nothing",
        "models.word.image_processing_pil_word_fast",
        "models.word.image_processing_other_fast",
        "models.old.image_processing_old_fast.OldImageProcessorFast",
        "models.old.image_processing_old_fast.OldImageProcessor",
        "models.old.image_processing_old_fast.OnlyHere",
    )

    @pytest.mark.parametrize("program", [STUBS, FINDER], ids=["stubs", "finder"])
    def test_program(self, tmp_path: Path, program: Files) -> None:
        compare(tmp_path, program, [f"tiny.{name}" for name in self.ASKED])

    @pytest.mark.parametrize("program", [STUBS, FINDER], ids=["stubs", "finder"])
    def test_they_are_told_as_aliases(self, program: Files) -> None:
        found = surface(program).resolve("tiny.image_processing_utils_fast.group_images_by_shape")
        assert found.canonical == "tiny.image_processing_backends.group_images_by_shape"
        assert found.through_alias

    @pytest.mark.parametrize("version", ["5.6.2", "5.15.0", "5.23.0"])
    def test_release(self, surface_of: Releases, version: str) -> None:
        release = surface_of(version)
        moved = release.resolve("transformers.image_processing_utils_fast.group_images_by_shape")
        assert moved.found and moved.through_alias
        assert release.module_exists("transformers.tokenization_utils_fast")
        fast = "transformers.models.qwen2_vl.image_processing_qwen2_vl_fast.Qwen2VLImageProcessorFast"
        found = release.resolve(fast)
        assert found.canonical == "transformers.models.qwen2_vl.image_processing_qwen2_vl.Qwen2VLImageProcessor"
        assert found.through_alias

    def test_release_before_them(self, surface_of: Releases) -> None:
        release = surface_of("4.57.6")
        assert not release.resolve("transformers.image_processing_utils_fast.BaseImageProcessorFast").through_alias
        assert release.resolve("transformers.tokenization_utils_tokenizers").missing


class TestModuleGetattr:
    """11: a module's own `__getattr__` answers names that it does not bind."""

    PROGRAM: ClassVar[Files] = {
        "tiny/__init__.py": "",
        "tiny/deprecation.py": """
            def deprecate_attr(module_name, remove=None, rename=None):
                held = {**(remove or {}), **(rename or {})}
                def __getattr__(name):
                    if name in held:
                        return held[name][0]
                    raise AttributeError(name)
                return __getattr__
        """,
        "tiny/pipelines.py": """
            import importlib
            _CLASS_TO_MODULE = {"TextPipeline": "tiny.text", "ImagePipeline": "tiny.image", "GonePipeline": "tiny.text"}

            def __getattr__(name):
                if name in _CLASS_TO_MODULE:
                    module = importlib.import_module(_CLASS_TO_MODULE[name])
                    return getattr(module, name)
                raise AttributeError(name)
        """,
        "tiny/text.py": "class TextPipeline: ...\n",
        "tiny/image.py": "class ImagePipeline: ...\n",
        "tiny/parallel.py": """
            _MOVED = (
                "Shard",
                "gather",
            )

            def __getattr__(name: str):
                '''Kept for a while.'''
                if name in _MOVED:
                    from . import expert
                    return getattr(expert, name)
                raise AttributeError(name)
        """,
        "tiny/expert.py": "class Shard: ...\ndef gather(x): ...\nclass Unmoved: ...\n",
        "tiny/processing.py": """
            from .deprecation import deprecate_attr
            class Kwargs: ...
            class Held: ...
            __getattr__ = deprecate_attr(
                __name__, remove={"OldHeld": (Held, "9.0")}, rename={"WordKwargs": (Kwargs, "9.1")}
            )
        """,
    }

    def test_program(self, tmp_path: Path) -> None:
        names = ("pipelines.TextPipeline", "pipelines.ImagePipeline", "pipelines.GonePipeline", "pipelines.Other")
        moved = ("parallel.Shard", "parallel.gather", "parallel.Unmoved", "processing.WordKwargs", "processing.OldHeld")
        compare(
            tmp_path, self.PROGRAM, [f"tiny.{name}" for name in (*names, *moved, "processing.Never", "processing.Held")]
        )

    def test_they_are_told_as_aliases(self) -> None:
        assert surface(self.PROGRAM).resolve("tiny.processing.WordKwargs").through_alias

    def test_one_that_computes_its_answer_is_unknown(self) -> None:
        release = surface({"tiny.py": "def __getattr__(name):\n    return compute(name)\nclass Here: ...\n"})
        assert release.resolve("tiny.anything").status is Status.UNKNOWN
        assert release.resolve("tiny.Here").found

    def test_release(self, surface_of: Releases) -> None:
        release = surface_of("5.23.0")
        lazy = release.resolve("transformers.pipelines.TextClassificationPipeline")
        assert lazy.canonical == "transformers.pipelines.text_classification.TextClassificationPipeline"
        renamed = release.resolve("transformers.models.qwen2_vl.processing_qwen2_vl.Qwen2VLProcessorKwargs")
        assert renamed.canonical == "transformers.processing_utils.ProcessingKwargs"
        assert release.resolve("transformers.models.qwen2_vl.processing_qwen2_vl.Nothing").missing
        moved = release.resolve("transformers.distributed.tensor_parallel.MoEParamShard")
        assert moved.canonical == "transformers.distributed.expert_parallel.MoEParamShard"


class TestDummyObjects:
    """12: placeholders for a missing dependency are no definitions."""

    def test_program(self, tmp_path: Path) -> None:
        found = surface(LAZY).resolve("tiny.Cache")
        assert found.canonical == "tiny.caches.Cache"
        compare(tmp_path, LAZY, ["tiny.Cache", "tiny.Stand"])

    def test_release(self, surface_of: Releases) -> None:
        for version in ("4.57.6", "5.23.0"):
            release = surface_of(version)
            assert release.resolve("transformers.StaticCache").canonical == "transformers.cache_utils.StaticCache"
            assert release.module_exists("transformers.utils.dummy_pt_objects")
            placeholder = release.resolve("transformers.utils.dummy_pt_objects.StaticCache")
            assert placeholder.status is Status.UNKNOWN


class TestInheritance:
    """13: a method that moves to a base or a mixin is still there; what counts is the resolution order."""

    PROGRAM: ClassVar[Files] = {
        "tiny/__init__.py": "",
        "tiny/base.py": """
            class Mixin:
                def __call__(self, text): ...
                limit = 5
            class Left(Mixin):
                def shared(self): ...
                @property
                def size(self): return 1
            class Right(Mixin):
                def shared(self): ...
                def right(self): ...
                @staticmethod
                def plain(x): ...
                @classmethod
                def load(cls, path): ...
        """,
        "tiny/model.py": """
            from . import base
            from .base import Left
            class Model(Left, base.Right):
                def own(self): ...
                again = own
            class Child(Model):
                class Inner(base.Left):
                    def own(self): ...
        """,
    }

    def test_program(self, tmp_path: Path) -> None:
        names = (
            "own",
            "again",
            "shared",
            "right",
            "__call__",
            "size",
            "limit",
            "plain",
            "load",
            "gone",
            "Inner.shared",
        )
        paths = [f"tiny.model.{owner}.{name}" for owner in ("Model", "Child") for name in names]
        compare(tmp_path, self.PROGRAM, paths)

    def test_order(self, tmp_path: Path) -> None:
        code = "from tiny.model import Child\nanswer = [c.__module__ + '.' + c.__name__ for c in Child.__mro__]"
        really = run(tmp_path, self.PROGRAM, code)
        assert [ref.path for ref in surface(self.PROGRAM).mro("tiny.model.Child")] == really[:-1]

    def test_bound_signatures(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        for name in ("plain", "load", "right", "__call__"):
            code = f"import inspect\nfrom tiny.model import Model\nanswer = str(inspect.signature(Model().{name}))"
            found = release.signature(release.resolve(f"tiny.model.Model.{name}"), through_instance=True)
            assert str(found) == run(tmp_path, self.PROGRAM, code)

    def test_release(self, surface_of: Releases) -> None:
        path = "transformers.models.qwen2_vl.processing_qwen2_vl.Qwen2VLProcessor.__call__"
        assert surface_of("5.6.2").resolve(path).inside.endswith("Qwen2VLProcessor")
        assert surface_of("5.15.0").resolve(path).inside == "transformers.processing_utils.ProcessorMixin"


class TestConfigDataclasses:
    """14: configs are made dataclasses by `__init_subclass__`, and their `__init__` takes any keyword."""

    PROGRAM: ClassVar[Files] = {
        "tiny.py": """
            from __future__ import annotations
            from dataclasses import dataclass, fields, field, MISSING
            from functools import wraps
            from typing import ClassVar

            def takes_any(cls):
                original = cls.__init__
                @wraps(original)
                def __init__(self, *args, **kwargs):
                    if args:
                        raise ValueError("keywords only")
                    for held in fields(cls):
                        setattr(self, held.name, kwargs.pop(held.name, held.default))
                    self.__post_init__(**kwargs)
                cls.__init__ = __init__
                return cls

            @dataclass(repr=False)
            class Base:
                model_type: ClassVar[str] = ""
                dtype: str | None = None
                labels: list | None = field(default=None, repr=False)

                def __init_subclass__(cls, *args, **kwargs):
                    super().__init_subclass__(*args, **kwargs)
                    own = "__init__" in cls.__dict__
                    cls = dataclass(cls, repr=False, kw_only=True)
                    if not own:
                        cls = takes_any(cls)

                def __post_init__(self, **kwargs):
                    for key, value in kwargs.items():
                        setattr(self, key, value)

            class Word(Base):
                model_type = "word"
                size: int = 4
                dtype: str | None = "half"

            class Bigger(Word):
                size = 8
                depth: int = 2

            class Custom(Base):
                def __init__(self, width=3, **kwargs):
                    super().__init__()
        """
    }

    @pytest.mark.parametrize("name", ["Word", "Bigger", "Custom"])
    def test_program(self, tmp_path: Path, name: str) -> None:
        release = surface(self.PROGRAM)
        ours = release.signature(release.resolve(f"tiny.{name}"))
        code = f"""
            import inspect, tiny
            answer = {{p.name: [int(p.kind), p.default if p.default is not p.empty else "required"]
                       for p in inspect.signature(tiny.{name}).parameters.values()}}
        """
        assert ours is not None
        told = {p.name: [int(p.kind), _value(p.default)] for p in ours.parameters}
        assert told == run(tmp_path, self.PROGRAM, code)

    def test_any_keyword_is_taken(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        accepted = release.accepts(release.resolve("tiny.Bigger"))
        assert accepted is not None and accepted.kwargs == "unknown"
        assert run(tmp_path, self.PROGRAM, "import tiny\nanswer = tiny.Bigger(extra=1, depth=9).extra") == 1

    def test_release(self, surface_of: Releases) -> None:
        path = "transformers.models.llama.configuration_llama.LlamaConfig"
        before, after = surface_of("5.3.0"), surface_of("5.6.2")
        old, new = before.signature(before.resolve(path)), after.signature(after.resolve(path))
        assert old is not None and new is not None
        assert old.get("vocab_size") is not None and old.var_keyword is not None
        vocabulary = new.get("vocab_size")
        assert vocabulary is not None and vocabulary.kind is Kind.KEYWORD_ONLY
        assert vocabulary.default == "32000"
        accepted = after.accepts(after.resolve(path))
        assert accepted is not None and accepted.kwargs == "unknown"


def _value(text: str | None) -> object:
    values: dict[str | None, object] = {None: "required", "None": None, "field(default=None, repr=False)": None}
    return values[text] if text in values else eval(text or "", {})


class TestAvailabilityHasHoles:
    """15: a name may be gone and come back; `test_holes.py` asks the whole history."""

    def test_program(self) -> None:
        releases = [surface({"tiny.py": text}) for text in ("def f(): ...", "x = 1", "def f(): ...")]
        assert [release.resolve("tiny.f").found for release in releases] == [True, False, True]

    def test_release(self, surface_of: Releases) -> None:
        path = "transformers.cache_utils.SlidingWindowCache"
        there = {version: surface_of(version).resolve(path).found for version in ("4.57.6", "5.3.0", "5.6.2")}
        assert there == {"4.57.6": True, "5.3.0": False, "5.6.2": True}
        assert surface_of("5.6.2").resolve(path).canonical == "transformers.cache_utils.StaticCache"


class TestAnnouncedRemovals:
    """16: a removal that a text announces is no removal: it is kept as text, and the name resolves."""

    PROGRAM: ClassVar[Files] = {
        "tiny.py": """
            import warnings
            def old_way(x):
                warnings.warn("`old_way` is deprecated and will be removed in v0.5", FutureWarning)
                return x

            def keyword(x, positive=None, size=None):
                if positive is not None:
                    warnings.warn("`positive` is deprecated and will be removed in version 0.6", FutureWarning)
                return x
        """
    }

    def test_program(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM, version="1.0")
        found = release.resolve("tiny.old_way")
        assert found.found and "deprecated" in getattr(found.definition, "flags", ())
        accepted = release.accepts(release.resolve("tiny.keyword"))
        assert accepted is not None
        assert accepted.deprecated == {"positive": Deprecation("positive", None, "0.6")}
        assert accepted.signature.get("positive") is not None
        compare(tmp_path, self.PROGRAM, ["tiny.old_way", "tiny.keyword"])

    def test_release(self, surface_of: Releases) -> None:
        announced = "transformers.utils.import_utils.is_flash_attn_greater_or_equal_2_10"
        found = surface_of("5.23.0").resolve(announced)
        assert found.found and "deprecated" in getattr(found.definition, "flags", ())
        arguments = "transformers.training_args.TrainingArguments"
        for version, there in (("5.6.2", True), ("5.15.0", False)):
            release = surface_of(version)
            signature = release.signature(release.resolve(arguments))
            assert signature is not None
            assert (signature.get("warmup_ratio") is not None) is there


class TestModulesThatAreInstances:
    """An instance of a class takes the module's place, as in `torch.backends.cudnn`: its members are the module's."""

    PROGRAM: ClassVar[Files] = {
        "tiny/__init__.py": "",
        "tiny/backend.py": """
            import sys, types

            def plain(): ...

            class Standing(types.ModuleType):
                conv = object()
                enabled: bool = True

                def __init__(self, held, name):
                    super().__init__(name)
                    self.__held = held

                def flags(self): ...

                def __getattr__(self, name):
                    return getattr(self.__held, name)

            sys.modules[__name__] = Standing(sys.modules[__name__], __name__)
        """,
    }

    def test_program(self, tmp_path: Path) -> None:
        release = surface(self.PROGRAM)
        names = [f"tiny.backend.{name}" for name in ("conv", "enabled", "flags", "plain", "absent")]
        really = run(tmp_path, self.PROGRAM, f"answer = [walk(path) is not None for path in {names!r}]")
        assert [release.resolve(path).found for path in names] == really == [True, True, True, True, False]
