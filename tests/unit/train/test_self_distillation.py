"""What the base writes of a fact is trained if it is right, and tried again if not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest
from tests.unit.train.goals import goal_facts

from gabarito.artifacts.cache import Cache
from gabarito.core.errors import SettingsError
from gabarito.core.log import ProgressReporter
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Example, Message, Rejection
from gabarito.models import Base, CausalModel, Generated, GenerationLimits, token_ids
from gabarito.models.generation import Begin
from gabarito.store.open import open_store
from gabarito.train import self_distillation
from gabarito.train.config import SelfDistillation
from gabarito.train.encode import encode
from gabarito.train.mixed_decoding import MixedBatch
from gabarito.train.self_distillation import (
    Target,
    TargetWriter,
    answered,
    with_fact,
    with_targets,
)

CLUBS = {"Porto": "12 gols", "Lille": "7 gols"}
FACTS = goal_facts(CLUBS)
CUT = "…"


def asked(club: str, **changes: object) -> Example:
    turns = (
        Message(role="user", content=f"Quantos gols fez o {club}?"),
        Message(role="assistant", content=f"O {club} marcou {CLUBS[club]}."),
    )
    row = Example(
        messages=turns,
        kind="question",
        question=f"q-{club}",
        fact=club,
        split="train",
        style="sentence",
        answer=CLUBS[club],
    )
    return row.model_copy(update=changes)


PORTO, LILLE = asked("Porto"), asked("Lille")


@dataclass
class Scribe:
    """Stands in for the base: says what it is told to, in turn; what ends in … has no end."""

    base: Base
    texts: list[str]
    batches: list[int] = field(default_factory=list)
    stop_after: int | None = None

    def __call__(
        self,
        _model: CausalModel,
        prompts: Sequence[Sequence[int]],
        _limits: GenerationLimits,
        _report: Callable[[int], None],
        begin: Begin,
    ) -> Iterator[tuple[int, Generated]]:
        if prompts:
            begin(range(len(prompts)))
            self.batches.append(len(prompts))
        for index in range(len(prompts)):
            if self.stop_after == 0:
                raise KeyboardInterrupt
            self.stop_after = None if self.stop_after is None else self.stop_after - 1
            text = self.texts.pop(0)
            ids = tuple(token_ids(self.base.tokenizer, text.removesuffix(CUT)))
            yield index, Generated(ids, -1.0, is_finished=not text.endswith(CUT))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(open_store(f"file://{tmp_path}/store"), "train")


@pytest.fixture
def writer(base: Base, contract: PromptContract) -> TargetWriter:
    settings = SelfDistillation(plain_share=0.5, tries=3)
    return TargetWriter(base, contract, settings, FACTS, longest=128, seed=0)


@pytest.fixture
def says(base: Base, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scribe]:
    def say(*texts: str, stop_after: int | None = None) -> Scribe:
        scribe = Scribe(base, list(texts), stop_after=stop_after)
        monkeypatch.setattr(self_distillation, "generate", scribe)
        return scribe

    return say


Says = Callable[..., Scribe]


def written(
    writer: TargetWriter, cache: Cache, *rows: Example, key: str = "k"
) -> list[Target | Rejection]:
    return list(writer.targets(rows, cache, key, ProgressReporter("train", lambda _: None)))


def test_a_right_answer_is_the_target(writer: TargetWriter, cache: Cache, says: Says) -> None:
    says("Foram 12 gols do Porto.")
    [found] = written(writer, cache, PORTO)
    assert found == Target(question="q-Porto", text="Foram 12 gols do Porto.", tries=1)


@pytest.mark.parametrize("wrong", ["Foram 9 gols.", "Foram 12 gols ou 7 gols.", "Foram 12 gols…"])
def test_what_is_not_right_is_written_again(
    writer: TargetWriter, cache: Cache, says: Says, wrong: str
) -> None:
    scribe = says("Foram 7 gols.", wrong, "O Porto fez 12 gols.")
    [lille, porto] = written(writer, cache, LILLE, PORTO)
    assert lille == Target(question="q-Lille", text="Foram 7 gols.", tries=1)
    assert porto == Target(question="q-Porto", text="O Porto fez 12 gols.", tries=2)
    assert scribe.batches == [2, 1]


def test_after_the_last_try_the_answer_of_the_dataset_stays(
    writer: TargetWriter, cache: Cache, says: Says
) -> None:
    says("Um.", "Dois.", "Três.")
    [found] = written(writer, cache, PORTO)
    assert isinstance(found, Rejection)
    assert (found.reason, found.raw) == ("written answer not right", "Três.")
    assert "3 tries; the answer of the dataset is trained" in found.detail
    assert with_targets([PORTO], []) == [PORTO]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_draws_nothing_is_tried_twice(
    writer: TargetWriter, cache: Cache, says: Says, share: float
) -> None:
    settings = SelfDistillation(plain_share=share, tries=9)
    says("Um.")
    [found] = written(replace(writer, settings=settings), cache, PORTO)
    assert isinstance(found, Rejection)


def test_what_was_written_before_a_stop_is_not_written_again(
    writer: TargetWriter, cache: Cache, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_distillation, "SAVE_EVERY_S", 0.0)
    says("Um.", "Foram 7 gols.", stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        written(writer, cache, PORTO, LILLE)
    scribe = says("Foram 7 gols.", "Foram 12 gols.")
    found = written(writer, cache, PORTO, LILLE)
    assert [one.tries for one in found if isinstance(one, Target)] == [2, 1]
    assert scribe.batches == [1, 1]
    says()
    assert written(writer, cache, PORTO, LILLE) == found


def test_more_tries_go_on_where_fewer_ended(writer: TargetWriter, cache: Cache, says: Says) -> None:
    says("Um.", "Dois.", "Três.")
    written(writer, cache, PORTO)
    more = replace(writer, settings=SelfDistillation(plain_share=0.5, tries=4))
    says("Foram 12 gols.")
    assert written(more, cache, PORTO) == [
        Target(question="q-Porto", text="Foram 12 gols.", tries=4)
    ]
    assert isinstance(written(writer, cache, PORTO)[0], Rejection)


def others(writer: TargetWriter) -> list[tuple[TargetWriter, str, Example]]:
    """Return what else decides what is written: the base, seed, share, instruction, question."""
    share = SelfDistillation(plain_share=0.4, tries=3)
    words = SelfDistillation(plain_share=0.5, tries=3, instruction="Responda.")
    asks = Message(role="user", content="Gols do Porto?")
    return [
        (writer, "another base", PORTO),
        (replace(writer, seed=1), "k", PORTO),
        (replace(writer, settings=share), "k", PORTO),
        (replace(writer, settings=words), "k", PORTO),
        (writer, "k", PORTO.model_copy(update={"messages": (asks, PORTO.messages[-1])})),
    ]


def test_what_decides_an_answer_is_in_its_key(
    writer: TargetWriter, cache: Cache, says: Says
) -> None:
    says("Foram 12 gols.")
    written(writer, cache, PORTO)
    for other, key, row in others(writer):
        scribe = says("Foram 12 gols.")
        written(other, cache, row, key=key)
        assert scribe.batches == [1]


def test_each_try_has_draws_of_its_own(
    writer: TargetWriter, cache: Cache, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[float] = []

    class Noted(MixedBatch):
        def join(self, _informed: object, _plain: object, draws: Sequence[Random]) -> None:
            drawn.extend(one.random() for one in draws)

    monkeypatch.setattr(self_distillation, "MixedBatch", Noted)
    says(*["Um."] * 6)
    written(writer, cache, PORTO, LILLE)
    assert len(set(drawn)) == 6
    first, drawn[:] = list(drawn), []
    says(*["Um."] * 6)
    written(writer, cache, PORTO, LILLE, key="again")
    assert drawn == first


def test_a_short_answer_and_a_conversation_are_not_written(
    writer: TargetWriter, cache: Cache, says: Says
) -> None:
    scribe = says("Foram 12 gols.")
    short = asked("Lille", style="short", answer="")
    found = written(writer, cache, short, PORTO, asked("Porto", in_conversation=True))
    assert len(found) == 1
    assert scribe.batches == [1]


def test_a_statement_answers_nothing_and_is_not_written(
    writer: TargetWriter, cache: Cache, says: Says
) -> None:
    scribe = says("Foram 12 gols.")
    long = (
        "O Porto, que jogou oito vezes na fase de liga e duas vezes depois, marcou 12 gols em tudo."
    )
    statement = PORTO.model_copy(
        update={
            "kind": "statement",
            "messages": (Message(role="assistant", content=long),),
            "style": "short",
            "answer": "",
        }
    )
    assert len(written(writer, cache, statement, PORTO)) == 1
    assert scribe.batches == [1]


def test_without_a_question_to_answer_freely_that_is_told(
    writer: TargetWriter, cache: Cache
) -> None:
    with pytest.raises(SettingsError, match=r"set curate\.answers to sentence or both"):
        written(writer, cache, asked("Lille", style="short", answer=""))


@pytest.mark.parametrize(("room", "kind"), [(0, Target), (-1, Rejection)])
def test_what_would_be_longer_than_a_row_may_be_is_not_right(
    writer: TargetWriter, cache: Cache, says: Says, room: int, kind: type
) -> None:
    long = f"{'Sim, ' * 25}foram 12 gols."
    row = encode(answered(PORTO, long), writer.contract, writer.base.tokenizer)
    says(*[long] * 3)
    [found] = written(replace(writer, longest=len(row.ids) + room), cache, PORTO)
    assert isinstance(found, kind)


def test_the_fact_stands_before_the_question_and_once() -> None:
    told = with_fact(PORTO, FACTS["Porto"], "Responda do texto.")
    assert [message.content for message in told] == [
        "Responda do texto.\n\nO Porto fez 12 gols na época.\nO Porto fez 12 gols\n\n"
        "Quantos gols fez o Porto?"
    ]
    same = FACTS["Porto"].model_copy(update={"quote": FACTS["Porto"].statement})
    assert with_fact(PORTO, same, "")[0].content.count("12 gols") == 1


def test_a_conversation_gets_the_answer_that_its_question_has_alone() -> None:
    talk = asked("Porto", in_conversation=True)
    target = Target(question="q-Porto", text="Foram 12 gols.", tries=1)
    rows = with_targets([PORTO, talk, LILLE], [target])
    assert [row.messages[-1].content for row in rows] == [
        "Foram 12 gols.",
        "Foram 12 gols.",
        "O Lille marcou 7 gols.",
    ]
