from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat import precision

from .small_torch import adapter


class OldTorch:
    """torch before 2.9: `allow_tf32` reads and writes one setting for all matrix products, of three values."""

    def __init__(self) -> None:
        self.overall = "highest"
        outer = self

        class MatMul:
            @property
            def allow_tf32(self) -> bool:
                return outer.overall != "highest"

            @allow_tf32.setter
            def allow_tf32(self, value: bool) -> None:
                outer.overall = "high" if value else "highest"

        self.backends = SimpleNamespace(cuda=SimpleNamespace(matmul=MatMul()), cudnn=SimpleNamespace(allow_tf32=True))

    def set_overall(self, value: str) -> None:
        self.overall = value


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> OldTorch:
    old = OldTorch()
    module: Any = ModuleType("torch")
    module.backends = old.backends
    module.get_float32_matmul_precision = lambda: old.overall
    module.set_float32_matmul_precision = old.set_overall
    monkeypatch.setitem(sys.modules, "torch", module)
    for name in ("get_fp32_precision", "set_fp32_precision", "fp32_precision"):
        monkeypatch.setattr(precision, name, adapter(f"precision.{name}", "2.8.0"))
    return old


def test_each_setting_is_the_flag_that_it_was(torch: OldTorch) -> None:
    assert precision.get_fp32_precision() == {"matmul": "ieee", "cudnn": "tf32"}
    precision.set_fp32_precision(matmul="tf32")
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == (True, True)
    precision.set_fp32_precision(cudnn="ieee")
    assert precision.get_fp32_precision() == {"matmul": "tf32", "cudnn": "ieee"}


def test_a_context_gives_back_more_than_the_flag_can_tell(torch: OldTorch) -> None:
    torch.overall = "medium"
    with pytest.raises(KeyError), precision.fp32_precision(matmul="ieee", cudnn="ieee"):
        assert precision.get_fp32_precision() == {"matmul": "ieee", "cudnn": "ieee"}
        raise KeyError
    assert (torch.overall, torch.backends.cudnn.allow_tf32) == ("medium", True)


@pytest.mark.parametrize("name", ["set_fp32_precision", "fp32_precision"])
def test_another_precision_is_refused(torch: OldTorch, name: str) -> None:
    with pytest.raises(ValueError, match="cudnn='bf16': float32 is computed in ieee or tf32"):
        adapter(f"precision.{name}", "2.8.0")(matmul="ieee", cudnn="bf16")
    assert torch.overall == "highest"


CHOICES = st.sampled_from([None, "ieee", "tf32"])


@given(settings=st.lists(st.tuples(CHOICES, CHOICES), max_size=4))
def test_contexts_within_contexts_leave_nothing_behind(settings: list[tuple[str | None, str | None]]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        torch = OldTorch()
        module: Any = ModuleType("torch")
        module.backends, module.set_float32_matmul_precision = torch.backends, torch.set_overall
        module.get_float32_matmul_precision = lambda: torch.overall
        patched.setitem(sys.modules, "torch", module)
        context, read = (adapter(f"precision.{name}", "2.8.0") for name in ("fp32_precision", "get_fp32_precision"))
        patched.setattr(precision, "set_fp32_precision", adapter("precision.set_fp32_precision", "2.8.0"))

        def entered(left: list[tuple[str | None, str | None]]) -> None:
            before = read()
            if left:
                matmul, cudnn = left[0]
                with context(matmul=matmul, cudnn=cudnn):
                    assert read() == {"matmul": matmul or before["matmul"], "cudnn": cudnn or before["cudnn"]}
                    entered(left[1:])
            assert read() == before

        entered(settings)
