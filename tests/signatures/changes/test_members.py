from __future__ import annotations

from collections.abc import Iterator

import pytest

from signatures.changes.members import SUCCESSORS, Successor, successor
from signatures.changes.unwritten import UNKNOWN, Source, declared_methods, unwritten
from signatures.function_bodies import ANY_NAME
from signatures.history import History
from signatures.model import Function
from signatures.surface import Surface


@pytest.fixture(scope="module")
def releases() -> Iterator[list[Surface]]:
    history = History.open("transformers", overlay=False)
    yield [Surface("transformers", info.version, history.at(info.version)) for info in history.releases]
    history.close()


@pytest.mark.parametrize("declared", SUCCESSORS, ids=lambda declared: f"{declared.of}.{declared.member}")
def test_a_member_with_a_successor_was_there_and_is_gone(declared: Successor, releases: list[Surface]) -> None:
    classes = [(surface, surface.resolve(declared.of)) for surface in releases]
    there = [surface.member(found.canonical, declared.member).found for surface, found in classes if found.found]
    if declared.member == "rope_theta":
        # Each config sets its own.
        llama = "transformers.models.llama.configuration_llama.LlamaConfig.rope_theta"
        there = [surface.resolve(llama).found for surface in releases]
    assert True in there
    assert not there[-1]


@pytest.mark.parametrize("declared", [s for s in SUCCESSORS if s.name], ids=lambda declared: declared.name)
def test_the_other_name_is_there_where_the_old_one_is_gone(declared: Successor, releases: list[Surface]) -> None:
    newest = releases[-1]
    assert newest.member(newest.resolve(declared.of).canonical, declared.name).found


def test_a_successor_is_found_by_any_base() -> None:
    assert successor(["transformers.trainer_seq2seq.Seq2SeqTrainer", "transformers.trainer.Trainer"], "tokenizer")
    assert successor(["transformers.trainer.Trainer"], "never_was") is None
    assert successor(["other.Trainer"], "tokenizer") is None


@pytest.mark.parametrize("method", declared_methods())
def test_a_declared_method_gives_what_its_text_does_not_show(method: str, releases: list[Surface]) -> None:
    digests = set()
    for surface in releases:
        found = surface.resolve(method)
        if isinstance(found.definition, Function) and found.canonical == method:
            sets = any(name == ANY_NAME for name, _ in found.definition.body.attributes)
            if sets or method.endswith(".__getattr__"):
                digests.add(found.definition.body.digest)
    assert digests
    # A `__getattr__` that was changed has to be read again.
    assert all(unwritten(method, digest).source is not Source.ANYTHING for digest in digests)


def test_a_body_that_nobody_read_may_give_anything() -> None:
    method = "transformers.tokenization_utils_base.PreTrainedTokenizerBase.__getattr__"
    assert unwritten(method, "000000000000") is UNKNOWN
    assert unwritten("transformers.other.Thing.__getattr__", "") is UNKNOWN
