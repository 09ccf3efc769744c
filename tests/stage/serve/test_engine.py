"""The engine that answers with real weights: sampling, seeds, and bytes that are not whole."""

import asyncio
import logging
import threading
import time
import weakref
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.model_classes import fast_tokenizer, insides
from tests.unit.models.tiny import tiny_tokenizer
from tokenizers import Tokenizer, decoders, models
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Message
from gabarito.core.settings import local_path
from gabarito.models import contract_of, load_tokenizer, shared_prefix, token_ids
from gabarito.serve.batcher import Batcher, BatchLimits, EngineFailedError, PendingRequest
from gabarito.serve.engine import (
    GeneratedToken,
    GenerationEnd,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
    InvalidRequestError,
    PromptTooLongError,
)
from gabarito.serve.token_text import DEFAULT_CONTEXT, TextDecoder
from gabarito.serve.transformers_engine import TransformersEngine

NANO = local_path("gabarito:demo/nano")
TEMPERATURES = (0.0, 1e-40, 1e-5, 0.7, 2.0)


@pytest.fixture(scope="module")
def engine() -> TransformersEngine:
    return TransformersEngine(NANO, None)


@pytest.fixture(scope="module")
def asked(engine: TransformersEngine) -> tuple[int, ...]:
    return engine.encode_chat(
        [Message(role="user", content="Quem foi o campeão da Liga dos Astros 2008/09?")]
    )


def events(
    engine: TransformersEngine, *prompts: GenerationRequest
) -> list[tuple[int, GenerationEvent]]:
    """Answer prompts that are asked at once."""
    batch = engine.batch()
    going = set(batch.join(prompts))
    found: list[tuple[int, GenerationEvent]] = []
    while going:
        came = batch.step()
        found += came
        going -= {row for row, event in came if not isinstance(event, GeneratedToken)}
    return found


def texts(engine: TransformersEngine, *prompts: GenerationRequest) -> list[str]:
    found = [""] * len(prompts)
    for row, item in events(engine, *prompts):
        assert not isinstance(item, GenerationFailure)
        found[row] += item.text if isinstance(item, GeneratedToken) else ""
    return found


def test_cold_is_greedy_and_harms_no_neighbour(
    engine: TransformersEngine, asked: tuple[int, ...]
) -> None:
    alone = texts(engine, GenerationRequest(asked, 12))
    mixed = texts(
        engine, *(GenerationRequest(asked, 12, temperature=t, seed=1) for t in TEMPERATURES)
    )
    assert mixed[:3] == alone * 3


def test_a_seed_gives_the_same_answer_again(
    engine: TransformersEngine, asked: tuple[int, ...]
) -> None:
    hot = [GenerationRequest(asked, 12, temperature=2.0, seed=seed) for seed in (1, 1, 2, 3, 4)]
    first, again, *others = texts(engine, *hot)
    assert first == again
    assert {first} != {*others}
    assert texts(engine, hot[0]) == [first]
    assert texts(engine, GenerationRequest(asked, 2, temperature=1.0, seed=2**63 - 1))


def test_a_small_nucleus_is_greedy(engine: TransformersEngine, asked: tuple[int, ...]) -> None:
    greedy, narrow = texts(
        engine,
        GenerationRequest(asked, 12),
        GenerationRequest(asked, 12, temperature=2.0, top_p=1e-9, seed=1),
    )
    assert narrow == greedy


def test_a_limit_is_kept_and_the_end_said(
    engine: TransformersEngine, asked: tuple[int, ...]
) -> None:
    items = [item for _, item in events(engine, GenerationRequest(asked, 1))]
    assert [type(item) for item in items] == [GeneratedToken, GenerationEnd]
    assert items[-1] == GenerationEnd("length")
    whole = [item for _, item in events(engine, GenerationRequest(asked, 40))]
    end = whole[-1]
    assert isinstance(end, GenerationEnd)
    assert end.logprob is not None
    assert (end.reason, end.logprob <= 0) == ("stop", True)


def let_it_say(engine: TransformersEngine, ids: Sequence[int], patch: pytest.MonkeyPatch) -> None:
    """Let the model want exactly these tokens, and after them the end."""
    model = engine._model
    wanted = iter([*ids, model.config.eos_token_id])

    def forward(hidden: torch.Tensor) -> torch.Tensor:
        logits = hidden.new_zeros(*hidden.shape[:2], model.config.vocab_size)
        logits[..., next(wanted)] = 50.0
        return logits

    patch.setattr(insides(model).lm_head, "forward", forward)


def test_characters_of_several_tokens_come_whole(
    engine: TransformersEngine, asked: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "ação 日本語 é"
    ids = engine.encode_text(words)
    assert len(ids) > len(words)
    let_it_say(engine, ids, monkeypatch)
    items = [item for _, item in events(engine, GenerationRequest(asked, 40))]
    pieces = [item.text for item in items if isinstance(item, GeneratedToken)]
    assert len(pieces) == len(ids)
    assert "".join(pieces) == words
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


def of_bytes() -> PreTrainedTokenizerFast:
    """A tokenizer whose every token is a byte, as those of Llama 2 are of rare characters."""
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return fast_tokenizer(tokenizer, {})


@pytest.mark.parametrize("made", [partial(load_tokenizer, NANO), of_bytes], ids=["nano", "bytes"])
def test_a_long_answer_is_decoded_a_few_tokens_at_a_time(
    made: Callable[[], PreTrainedTokenizerBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = made()
    words = "Quem? — A ação, 日本語日本語日本語日本語 é, 1-0. " * 20 + "\n\n🎉"
    ids = token_ids(tokenizer, words)
    decoded: list[int] = []

    def decode(given: list[int], **settings: Any) -> str:  # noqa: ANN401  # decode's own
        decoded.append(len(given))
        return str(own(given, **settings))

    own = tokenizer.decode
    monkeypatch.setattr(tokenizer, "decode", decode)
    decoder = TextDecoder(tokenizer)
    assert "".join(map(decoder.add, ids)) == own(ids, skip_special_tokens=True) == words
    assert decoder.length == len(ids) > 500
    assert max(decoded) <= 40


def test_probabilities_that_are_no_numbers_fail_their_row(
    engine: TransformersEngine, asked: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(hidden: torch.Tensor) -> torch.Tensor:
        return hidden.new_full((*hidden.shape[:2], 9), torch.nan)

    monkeypatch.setattr(insides(engine._model).lm_head, "forward", forward)
    prompts = [GenerationRequest(asked, 4), GenerationRequest(asked, 4, temperature=1.0)]
    assert [type(item) for _, item in events(engine, *prompts)] == [
        GenerationFailure,
        GenerationFailure,
    ]


def test_a_token_without_embedding_is_the_requests_fault(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = deepcopy(engine._tokenizer)
    tokenizer.add_tokens(["<|beyond|>"], special_tokens=True)
    monkeypatch.setattr(engine._prompts, "_tokenizer", tokenizer)
    assert engine.encode_text("<|beyon")
    with pytest.raises(InvalidRequestError, match=r"prompt: .* no embedding .* '<\|beyond\|>'"):
        engine.encode_text("a <|beyond|>")
    with pytest.raises(InvalidRequestError, match=r"messages: .* no embedding"):
        engine.encode_chat([Message(role="user", content="a <|beyond|>")])


def test_a_text_that_cannot_fit_is_not_tokenized(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._prompts, "_tokenizer", None)
    with pytest.raises(PromptTooLongError, match="prompt: 1000000 characters; this model takes"):
        engine.encode_text("a" * 1_000_000)


def test_a_model_that_names_no_longest_text_is_served(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    config = BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=1, n_head=2)
    BloomForCausalLM(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    engine = TransformersEngine(tmp_path, None)
    assert engine.context == DEFAULT_CONTEXT
    assert list(events(engine, GenerationRequest(engine.encode_text("Quem"), 2)))


def test_the_engine_checks_itself(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.check_health()

    def broken(_hidden: torch.Tensor) -> torch.Tensor:
        message = "device-side assert triggered"
        raise RuntimeError(message)

    monkeypatch.setattr(insides(engine._model).lm_head, "forward", broken)
    with pytest.raises(RuntimeError, match="device-side assert"):
        engine.check_health()


class Sound:
    """What an engine without weights is asked beside: its tokens are bytes, it never breaks."""

    is_remote = False
    gives_logprobs = True

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return self.encode_text(messages[0].content)

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        return tuple(prompt.encode())

    def check_health(self) -> None:
        """It is never broken."""


class Gated(Sound):
    """An engine that waits to be let go, and counts the rows that it is given."""

    context = 9

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.rows: list[int] = []

    def batch(self) -> "GatedBatch":
        return GatedBatch(self)


class GatedBatch:
    def __init__(self, engine: Gated) -> None:
        self.engine = engine
        self.numbers: list[int] = []
        self.joined = 0

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        self.engine.rows.append(len(requests))
        self.numbers += [self.joined + i for i in range(len(requests))]
        self.joined += len(requests)
        return self.numbers[-len(requests) :]

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        self.engine.begun.set()
        self.engine.gate.wait(10)
        numbers, self.numbers = self.numbers, []
        return [(number, GenerationEnd("stop")) for number in numbers]

    def leave(self, numbers: Collection[int]) -> None:
        self.numbers = [number for number in self.numbers if number not in numbers]


LIMITS = BatchLimits(questions=1, tokens=100, waiting=2)


def test_who_left_keeps_no_place_and_is_not_answered() -> None:
    async def leave() -> None:
        engine = Gated()
        batcher = Batcher(engine, LIMITS)
        batcher.start()
        batcher.submit(GenerationRequest((1,), 1))
        await asyncio.to_thread(engine.begun.wait, 10)
        for pending in [batcher.submit(GenerationRequest((1,), 1)) for _ in range(2)]:
            pending.abandon()
        assert batcher.depth == 0
        stays = batcher.submit(GenerationRequest((1,), 1))
        assert batcher.depth == 1
        engine.gate.set()
        assert [item async for item in stays.events()] == [GenerationEnd("stop")]
        await asyncio.to_thread(batcher.stop)
        assert engine.rows == [1, 1]

    asyncio.run(leave())


def test_stopping_waits_for_the_batch_that_runs() -> None:
    async def stop() -> None:
        engine = Gated()
        batcher = Batcher(engine, LIMITS)
        batcher.start()
        pending = batcher.submit(GenerationRequest((1,), 1))
        await asyncio.to_thread(engine.begun.wait, 10)
        stopping = asyncio.create_task(asyncio.to_thread(batcher.stop))
        await asyncio.sleep(0.1)
        assert not stopping.done()
        engine.gate.set()
        await stopping
        assert not batcher.is_alive
        assert [item async for item in pending.events()] == [GenerationEnd("stop")]

    asyncio.run(stop())


class Scripted(Sound):
    """An engine whose every request says as many tokens as its first token tells."""

    context = 99

    def __init__(self) -> None:
        self.steps = 0
        self.together: list[int] = []
        self.joins: list[int] = []

    def batch(self) -> "ScriptedBatch":
        return Unlucky(self)


class ScriptedBatch:
    def __init__(self, engine: Scripted) -> None:
        self.engine = engine
        self.left: dict[int, int] = {}
        self.joined = 0

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        numbers = [self.joined + i for i in range(len(requests))]
        self.joined += len(requests)
        self.left |= {n: one.tokens[0] for n, one in zip(numbers, requests, strict=True)}
        return numbers

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        time.sleep(0.002)
        self.engine.steps += 1
        self.engine.together.append(len(self.left))
        events: list[tuple[int, GenerationEvent]] = []
        for number in list(self.left):
            self.left[number] -= 1
            events.append((number, GeneratedToken("a", 0.0)))
            if not self.left[number]:
                del self.left[number]
                events.append((number, GenerationEnd("stop")))
        return events

    def leave(self, numbers: Collection[int]) -> None:
        for number in numbers:
            del self.left[number]


class Unlucky(ScriptedBatch):
    """Cannot let a request of 66 tokens join, nor take a step with one of 77."""

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        self.engine.joins.append(len(requests))
        if any(one.tokens[0] == 66 for one in requests):
            raise RuntimeError("out of memory")
        return super().join(requests)

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        if 77 in self.left.values():
            raise RuntimeError("out of memory")
        return super().step()


def asked_of(
    limits: BatchLimits, *requests: GenerationRequest, engine: Scripted | None = None
) -> tuple[Scripted, list[tuple[int, int]]]:
    """Ask all at once; return the engine, and (request, step at which it ended) in that order.

    A request that is failed is said to have ended at -1.
    """
    engine = engine or Scripted()
    ended: list[tuple[int, int]] = []

    async def read(number: int, pending: PendingRequest) -> None:
        try:
            async for _ in pending.events():
                pass
        except EngineFailedError:
            ended.append((number, -1))
            return
        ended.append((number, engine.steps))

    async def ask() -> None:
        batcher = Batcher(engine, limits)
        waiting = [batcher.submit(request) for request in requests]
        batcher.start()
        await asyncio.gather(*(read(*pair) for pair in enumerate(waiting)))
        await asyncio.to_thread(batcher.stop)

    asyncio.run(ask())
    return engine, ended


def test_a_long_answer_holds_nobody_up() -> None:
    requests = [GenerationRequest((n,), 200) for n in (60, 3, 3, 3, 3, 3)]
    engine, ended = asked_of(BatchLimits(2, 10_000, 10), *requests)
    assert [number for number, _ in ended] == [1, 2, 3, 4, 5, 0]
    assert engine.steps == 60  # the short ones cost no step of their own
    assert dict(ended)[5] <= 20


def test_what_waits_joins_in_its_order() -> None:
    requests = [GenerationRequest((n,), 200) for n in (4, 4, 4, 4)]
    _, ended = asked_of(BatchLimits(1, 10_000, 10), *requests)
    assert [number for number, _ in ended] == [0, 1, 2, 3]


def test_a_batch_takes_no_more_memory_than_it_may() -> None:
    requests = [GenerationRequest((5,) * 10, 10) for _ in range(6)]
    engine, _ = asked_of(BatchLimits(32, 60, 10), *requests)
    assert set(engine.together) == {3}


def test_a_request_over_the_limit_is_answered_alone() -> None:
    requests = [GenerationRequest((5,) * n, 10) for n in (10, 80, 10)]
    engine, ended = asked_of(BatchLimits(32, 60, 10), *requests)
    assert [number for number, _ in ended] == [0, 1, 2]
    assert set(engine.together) == {1}


@pytest.mark.parametrize(("unlucky", "joins"), [(66, [3, 1, 1, 1]), (77, [3, 3, 2, 1, 1, 1])])
def test_a_request_that_the_engine_cannot_take_costs_the_others_nothing(
    unlucky: int, joins: list[int]
) -> None:
    requests = [GenerationRequest((n,), 200) for n in (2, unlucky, 2)]
    engine, ended = asked_of(BatchLimits(32, 10_000, 10), *requests)
    assert engine.joins == joins
    assert {number for number, at in ended if at < 0} == {1}
    assert len(ended) == 3


class Moody(Scripted):
    """Its first steps fail, as many as it is told, and later those of more rows than ``most``."""

    def __init__(self, failing: int = 0, most: int = 99) -> None:
        super().__init__()
        self.failing = failing
        self.most = most
        self.asked: list[list[int]] = []

    def batch(self) -> "ScriptedBatch":
        return MoodyBatch(self)


class MoodyBatch(Unlucky):
    engine: Moody

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        self.engine.asked.append([one.tokens[0] for one in requests])
        return super().join(requests)

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        if self.engine.failing or len(self.left) > self.engine.most:
            self.engine.failing = max(0, self.engine.failing - 1)
            raise RuntimeError("out of memory")
        return super().step()


def asked_moody(engine: Moody, *lengths: int, at_once: int = 32) -> list[int]:
    """Ask all at once, and return those of which the step failed for good."""
    requests = [GenerationRequest((n,), 200) for n in lengths]
    _, ended = asked_of(BatchLimits(at_once, 10_000, 99), *requests, engine=engine)
    assert len(ended) == len(lengths)
    return [lengths[number] for number, at in ended if at < 0]


def test_a_single_answer_of_which_nothing_was_given_is_asked_for_again() -> None:
    engine = Moody(failing=1)
    assert asked_moody(engine, 3) == []
    assert engine.asked == [[3], [3]]


def test_a_single_answer_that_fails_twice_is_told_of() -> None:
    engine = Moody(failing=2)
    assert asked_moody(engine, 3) == [3]
    assert engine.asked == [[3], [3]]


def test_after_a_failed_step_all_are_asked_again_together_and_others_join_them() -> None:
    engine = Moody(failing=1)
    assert asked_moody(engine, 3, 4, 5, 6, at_once=3) == []
    assert engine.asked == [[3, 4, 5], [3, 4, 5], [6]]
    assert engine.together[3] == 3  # the fourth joined as the first ended


def test_one_that_breaks_every_batch_is_found_in_halves_and_told() -> None:
    engine = Moody()
    assert asked_moody(engine, 2, 2, 2, 77, 2, 2, 2, 2) == [77]
    assert [len(group) for group in engine.asked] == [8, 8, 4, 2, 2, 1, 1, 4]


def test_several_that_break_every_batch_cost_the_others_nothing() -> None:
    engine = Moody()
    assert asked_moody(engine, 77, 3, 4, 77, 5, 77, 6, 7, at_once=4) == [77, 77, 77]
    assert len(engine.asked) < 24


def test_what_fails_only_together_is_answered_in_smaller_batches() -> None:
    assert asked_moody(Moody(most=2), 3, 4, 5, 6, 7) == []


def test_who_leaves_after_a_failed_step_is_not_asked_again() -> None:
    engine = Moody(failing=1)

    async def leave() -> None:
        batcher = Batcher(engine, BatchLimits(32, 10_000, 10))
        goes, stays = [batcher.submit(GenerationRequest((n,), 200)) for n in (3, 4)]
        check, engine.check_health = engine.check_health, goes.abandon  # type: ignore[method-assign]
        batcher.start()
        assert [event async for event in stays.events()][-1] == GenerationEnd("stop")
        engine.check_health = check  # type: ignore[method-assign]
        await asyncio.to_thread(batcher.stop)

    asyncio.run(leave())
    assert engine.asked == [[3, 4], [4]]


def test_what_failed_is_not_kept_in_memory_while_the_others_are_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "gabarito.serve")  # what is captured is kept
    seen: list[bool] = []

    class Remembering(Scripted):
        def batch(self) -> "ScriptedBatch":
            if failed:
                seen.append(failed[0]() is None)
            return Failing(self)

    class Tensor:
        """Stands for what a step computes."""

    class Failing(ScriptedBatch):
        def step(self) -> Sequence[tuple[int, GenerationEvent]]:
            computed = Tensor()
            if not failed:
                failed.append(weakref.ref(computed))
                raise RuntimeError("out of memory")
            seen.append(failed[0]() is None)
            return super().step()

    failed: list[weakref.ref[Tensor]] = []
    _, ended = asked_of(
        BatchLimits(32, 10_000, 10),
        *[GenerationRequest((n,), 200) for n in (2, 3)],
        engine=Remembering(),
    )
    assert len(ended) == 2
    assert seen
    assert all(seen)


def test_an_engine_that_cannot_let_go_answers_the_others() -> None:
    class Clinging(Scripted):
        def batch(self) -> "ScriptedBatch":
            return ClingingBatch(self)

    class ClingingBatch(ScriptedBatch):
        def leave(self, numbers: Collection[int]) -> None:
            raise RuntimeError("out of memory")

    async def leave() -> None:
        batcher = Batcher(Clinging(), BatchLimits(32, 10_000, 10))
        batcher.start()
        goes = batcher.submit(GenerationRequest((200,), 200))
        await anext(goes.events())
        goes.abandon()
        async with asyncio.timeout(10):
            while batcher._running:
                await asyncio.sleep(0.01)
            stays = batcher.submit(GenerationRequest((3,), 200))
            said = [event async for event in stays.events()]
        assert said[-1] == GenerationEnd("stop")
        await asyncio.to_thread(batcher.stop)

    asyncio.run(leave())


def test_a_queue_keeps_nobody_who_left() -> None:
    async def leave() -> None:
        engine = Gated()
        batcher = Batcher(engine, LIMITS)
        batcher.start()
        batcher.submit(GenerationRequest((1,), 1))
        await asyncio.to_thread(engine.begun.wait, 10)
        for _ in range(50):
            batcher.submit(GenerationRequest((1,), 1)).abandon()
        assert len(batcher._waiting) <= 1
        engine.gate.set()
        await asyncio.to_thread(batcher.stop)

    asyncio.run(leave())


def test_the_trained_prompt_is_read_once_and_changes_no_answer() -> None:
    plain = TransformersEngine(NANO, None)
    contract = contract_of(
        load_tokenizer(NANO), PromptSettings(system="", refusal="Não sei."), max_new_tokens=48
    )
    with_prefix = TransformersEngine(NANO, contract)
    read: list[int] = []
    embeddings = with_prefix._model.get_input_embeddings()
    embeddings.register_forward_hook(lambda _module, given, _out: read.append(given[0].numel()))
    question = [Message(role="user", content="Quem foi o campeão da Liga dos Astros 2008/09?")]
    prompt = GenerationRequest(plain.encode_chat(question), 30)
    other = GenerationRequest(plain.encode_text("Quem foi"), 30)
    assert texts(with_prefix, prompt, other) == texts(plain, prompt, other)
    known = len(shared_prefix(contract, load_tokenizer(NANO)))
    assert known
    assert read[0] == len(prompt.tokens) - known
