"""What check says of a training that is to come."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from accelerate.state import AcceleratorState
from tests.unit.models.hub import running
from tests.unit.models.tiny import save_mixture, save_tiny

from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.records import (
    Document,
    Example,
    Fact,
    FamilySplits,
    Message,
    OpenQuestion,
    PairsInfo,
    Question,
    Rewrite,
    to_jsonl,
)
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.check_training import check_training
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.pipeline.forecast import Trial, TriedPassage, Use, keep_trial
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.training_forecast import TrainingForecast, kept_forecast
from gabarito.store.base import Store
from gabarito.store.open import open_store

PAGE = "The library opens at nine and closes at six. " * 9
TRIAL = Trial(
    passages=(TriedPassage(chars=len(PAGE.strip()) + 2, share=1.0, facts=10, look=Use()),),
    worded=10,
    wordings=114,
    asked=120,
    wording=Use(),
    statements=30,
    reverse=4,
    questions=(("Quem foi o campeão?", "Paris Saint-Germain"),),
    stated=("A final foi em Munique.",),
)
"""What one page gives."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Run]:
    """Plan a run of one page; ``train`` are settings of training."""

    def plan(**train: object) -> Run:
        (tmp_path / "a.md").write_text(PAGE)
        settings: dict[str, Any] = {
            "name": "handbook",
            "ingest": {"sources": [{"type": "files", "path": "a.md"}]},
            "generate": {"teacher": {"model": "m"}},
            "train": {"base": "./base", "batch_size": 16, "rank": 4, **train},
        }
        (tmp_path / "pipeline.yaml").write_text(yaml.safe_dump(settings))
        return new_run(read_pipeline(tmp_path / "pipeline.yaml"))

    return plan


@pytest.fixture
def in_float32(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("gabarito.models.load.default_dtype", lambda _device: torch.float32)
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def told(run: Run, store: Store, *, probes: bool = False) -> dict[str, CheckResult]:
    sample = Sample()
    found = check_training(run.pipeline, sample, store.url, probes=probes)
    return {one.what: one for one in found}


def forecast(run: Run, store: Store) -> TrainingForecast:
    found = kept_forecast(store, run)
    assert found is not None
    return found


def with_pages(run: Run, store: Store, pages: int) -> None:
    """Publish the documents of a run: as many as its trial is multiplied by."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    documents = [
        Document.of(
            text=f"{number} {PAGE}",
            fetched_at=now,
            source=str(number),
            url="",
            title="",
            language="en",
        )
        for number in range(pages)
    ]
    with new_attempt(store, run.address("ingest"), inputs={}, settings={}) as work:
        work.write("documents.jsonl", to_jsonl(documents))
        work.write("pairs.jsonl", [])
        work.publish()


def test_rows_are_reckoned_from_three_passages(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(epochs=2, replay=0.0)
    with_pages(run, store, 5)
    keep_trial(store, run, TRIAL)
    found = told(run, store)
    # 10 facts a page in 8 trained families, of which 95 % come; a refusal for each; of both 15 % in
    # a conversation, too
    assert forecast(run, store).rows == {
        "questions": 437 + 20,
        "statements": 150,
        "documents": 0,
        "refusals": 437,
        "replay": 210,
    }
    assert forecast(run, store).steps == 2 * (457 + 150 + 437) // 16 + 1
    said = found["training"].said
    assert "about 1,300 rows (460 questions, 150 statements, 440 refusals" in said
    assert "tokens" in found["training"].said
    assert found["memory"].said.startswith("train takes about ")


def test_where_no_document_is_read_no_rows_are_reckoned_from_an_earlier_trial(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned()
    keep_trial(store, run, TRIAL)
    assert "training" in told(run, store)
    assert kept_forecast(store, run) is None


def test_rows_of_what_is_left_open_and_told_anew_are_reckoned(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    path = save_tiny(tmp_path / "base") / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"max_position_embeddings": 2048}))
    run = planned(epochs=2, replay=0.0, max_tokens=2048)
    with_pages(run, store, 5)
    told_anew = Rewrite.of(
        passage="p", document="d", format="notes", paragraphs=("A " * 400, "B " * 400)
    )
    more = {"told": 1, "open": ("Quem varre a sala?",) * 4, "rewrites": (told_anew,)}
    keep_trial(store, run, TRIAL.model_copy(update=more))
    told(run, store)
    rows = forecast(run, store).rows
    assert rows["documents"] == 5 * 2
    assert rows["refusals"] == round((380 + 0.85 * 5 * 4) * 1.15)
    assert "10 rewritten passages" in forecast(run, store).said


def test_without_a_trial_nobody_knows_the_rows(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    found = told(planned(), store)
    assert found["training"].said.endswith("is known when the teacher was tried")
    assert "memory" in found


def test_what_the_teacher_wrote_is_counted(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned()
    splits = FamilySplits(train=("casual",), validation=("regional",), test=("direct",))
    fact = Fact.of(
        document="d", quote="q", statement="s", subject="s", relation="r", answer="Munique"
    )

    def asked(family: str, kind: Any = "question") -> Question:  # noqa: ANN401
        return Question.of(
            fact=fact.id, family=family, text=f"Onde {family}?", answer="Munique", kind=kind
        )

    left_open = [OpenQuestion.of(passage="p", document="d", text=f"Quem {n}?") for n in range(20)]
    anew = [Rewrite.of(passage="p", document="d", format="f", paragraphs=("A final em Munique.",))]
    with new_attempt(store, run.address("generate"), inputs={}, settings={}) as work:
        work.write("facts.jsonl", to_jsonl([fact]))
        questions = [
            *map(asked, ("casual", "regional", "direct")),
            asked("reverse", "reverse"),
            asked("statement", "statement"),
        ]
        work.write("questions.jsonl", to_jsonl(questions))
        work.write("open_questions.jsonl", to_jsonl(left_open))
        work.write("rewrites.jsonl", to_jsonl(anew))
        work.write_text("pairs.json", PairsInfo(language="pt", families=splits).model_dump_json())
        work.publish()
    told(run, store)
    rows = forecast(run, store).rows
    assert rows == {"questions": 2, "statements": 1, "documents": 1, "refusals": 21, "replay": 210}


def test_the_rows_of_a_dataset_are_counted(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(steps=7)
    with_dataset(run, store)
    said = told(run, store)["training"].said
    assert said.startswith("3 rows (2 questions, 1 row of replay), 7 steps of 16, about ")


def test_a_training_that_may_end_early_takes_at_most_its_steps(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(steps=7, choice={"patience": 2})
    with_dataset(run, store)
    assert ", at most 7 steps of 16, at most " in told(run, store)["training"].said


def with_dataset(run: Run, store: Store, *longer: tuple[Any, str]) -> None:
    """Publish two questions and a prompt to replay; and ``longer``, a row of a kind and a text."""

    def row(kind: Any, *turns: tuple[str, str]) -> Example:  # noqa: ANN401
        messages = [{"role": role, "content": text} for role, text in turns]
        return Example(
            messages=tuple(Message.model_validate(one) for one in messages),
            kind=kind,
            question="q",
            split="train",
        )

    asked = row("question", ("user", "Onde?"), ("assistant", "Munique"))
    more = [row(kind, ("assistant", text)) for kind, text in longer if kind == "statement"]
    more += [
        row(k, ("user", text), ("assistant", "Paris")) for k, text in longer if k != "statement"
    ]
    with new_attempt(store, run.address("curate"), inputs={}, settings={}) as work:
        work.write("train.jsonl", to_jsonl([asked, asked, *more]))
        work.write("replay.jsonl", to_jsonl([row("replay", ("user", "Conte."))]))
        work.write_text("prompt.json", json.dumps({"system": "", "refusal": "Não sei."}))
        work.counts |= {"facts": 2, "validation": 1, "test": 3}
        work.publish()


SHORT, MIDDLE, LONG, TOO_LONG = ("Munique " * times for times in (1, 6, 60, 200))


def test_rows_that_are_too_long_are_told_and_not_reckoned(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(max_tokens=40, replay=0.0)
    with_dataset(
        run, store, *(("statement", text) for text in (SHORT, MIDDLE, LONG)), ("reverse", LONG)
    )
    rows = told(run, store)["rows"]
    assert rows.is_warning
    assert rows.said == (
        "train.max_tokens: 40; as some rows are, about 33% of the questions, 33% of the statements "
        "are longer, and left out of training: raise it"
    )
    assert forecast(run, store).rows == {"questions": 2, "statements": 2, "replay": 1}
    assert not forecast(run, store).is_counted


def test_rows_that_all_fit_are_no_warning(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(max_tokens=60)
    with_dataset(run, store, ("statement", SHORT), ("statement", MIDDLE))
    assert "rows" not in told(run, store)
    assert forecast(run, store).rows == {"questions": 2, "statements": 2, "replay": 1}


def test_where_no_question_is_short_enough_a_run_would_fail(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(max_tokens=8)
    with_dataset(run, store)
    found = told(run, store)
    assert isinstance(found["rows"].error, SettingsError)
    assert found["rows"].said == (
        "train.max_tokens: 8, and no row of a question and its answer is as short; raise it"
    )
    assert "training" not in found


def test_a_question_that_leaves_no_room_for_an_answer_would_end_the_run(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned()
    with_dataset(run, store, ("question", TOO_LONG))
    problem = told(run, store)["rows"]
    assert isinstance(problem.error, DataError)
    assert problem.said.endswith(
        "/base: takes 128 tokens, and 1 of 4 questions and prompts leave no room for an answer; "
        "use a base with a longer context"
    )


@pytest.mark.usefixtures("in_float32")
def test_a_probe_says_how_long_it_takes_here(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "base")
    run = planned(steps=7)
    with_dataset(run, store)
    said = told(run, store, probes=True)["training"].said
    seconds = forecast(run, store).seconds
    assert seconds is not None
    assert seconds.device in said
    assert 0 < seconds.train < 600
    assert 0 < seconds.evaluate < 600
    assert forecast(run, store).said in said


def test_experts_that_stay_as_they_are_are_named(
    planned: Callable[..., Run], store: Store, tmp_path: Path
) -> None:
    save_mixture(tmp_path / "base")
    assert "base" not in told(planned(), store)
    found = told(planned(targets="attention"), store)["base"]
    assert "% of the weights are a mixture's experts, and stay as they are" in found.said
    assert "train.targets attention" in found.said
    assert found.is_warning


def test_a_base_that_is_not_at_hand_is_not_fetched(
    planned: Callable[..., Run], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with running(save_tiny(tmp_path / "hub")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        run = planned(base="org/tiny", steps=7)
        with_dataset(run, store)
        found = told(run, store, probes=True)
        assert not any("safetensors" in path for path in hub.asked)
    assert found["training"].said.endswith("is not measured, for the base is not at hand")
    assert "about" in found["memory"].said
    assert (forecast(run, store).tokens, forecast(run, store).seconds) == (None, None)


def test_where_torch_is_not_installed_nothing_fails(
    planned: Callable[..., Run], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tiny(tmp_path / "base")
    monkeypatch.setitem(sys.modules, "gabarito.pipeline.checks.training_here", None)
    finding = told(planned(), store)["training"]
    assert (finding.error, finding.is_warning) == (None, False)
    assert "install the extra train" in finding.said
