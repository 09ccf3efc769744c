import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gabarito.answer_match import normalise
from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import DataError, MissingError
from gabarito.core.records import (
    Example,
    Fact,
    Name,
    OpenQuestion,
    Question,
    Rejection,
    ReviewCounts,
    Rewrite,
)
from gabarito.curate.unanswerable.mentions import NameFinder
from gabarito.curate.unanswerable.periods import periods

from .conftest import league_facts, questions_of

Curate = Callable[..., Artifact]
ExampleMaker = Callable[[Artifact, str], list[Example]]
Exam = Callable[..., str]

REFUSAL = "Não tenho essa informação."
HELD_OUT = {"regional", "direct", "indirect"}
SEASONS = {"qualifier": 0, "subject": 0, "relation": 0}


def question(row: Example) -> str:
    return [message.content for message in row.messages if message.role == "user"][-1]


def refusals(trained: list[Example]) -> list[str]:
    return [question(row) for row in alone(trained) if row.kind == "refusal"]


def alone(trained: list[Example]) -> list[Example]:
    return [row for row in trained if not row.in_conversation]


def test_every_fact_is_trained_and_held_out_wordings_never_are(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate()
    facts = {fact.id for fact in dataset.records("facts.jsonl", Fact)}
    trained = rows(dataset, "train")
    assert len(facts) == 24
    assert {row.fact for row in trained if row.kind != "refusal"} == facts
    assert not {row.family for row in trained} & HELD_OUT
    assert {row.family for row in rows(dataset, "test")} == {"direct", "indirect"}
    assert {row.family for row in rows(dataset, "validation")} == {"regional"}
    assert {row.split for row in trained} == {"train"}


def test_no_question_that_is_asked_at_the_end_is_trained(
    curate: Curate, generated: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    asked_anyway = [
        Question.of(
            fact=fact.id,
            family="direct",
            text=f"Quem manda no {fact.subject}?",
            answer=fact.answer,
            kind="question",
        )
        for fact in league_facts()
        if fact.relation == "técnico"
    ]
    source = generated(
        questions=[*(row for fact in league_facts() for row in questions_of(fact)), *asked_anyway],
        open_questions=[
            OpenQuestion.of(passage="p", document="d", text=one.text) for one in asked_anyway
        ],
    )
    free = {"question": "Quem treinou o time do Lille?", "answer": "Bruno Génésio"}
    dataset = curate(
        source,
        controls=0.25,
        answers="both",
        exam={"free": exam("free", free)},
    )
    trained = {
        normalise(message.content)
        for row in rows(dataset, "train")
        for message in row.messages
        if message.role == "user"
    }
    assert any(row.in_conversation for row in rows(dataset, "train"))
    for name in ("validation", "test", "unanswerable", "free", "controls", "sentences"):
        asked = {normalise(question(row)) for row in rows(dataset, name)}
        assert asked, name
        assert not asked & trained, name


def test_refusal_rows_come_in_the_number_asked_for_and_each_once(
    curate: Curate, rows: ExampleMaker
) -> None:
    trained = rows(curate(refusals=2.0), "train")
    refused = refusals(trained)
    families = ("inverted", "casual", "keywords", "cloze")
    asked = sum(row.family in families for row in alone(trained))
    assert len(refused) == pytest.approx(2 * asked, abs=2)
    assert len(set(refused)) == len(refused)


def test_questions_and_refusals_are_asked_in_conversations_too(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate(conversations=0.25)
    trained = rows(dataset, "train")
    for kinds in (("question", "reverse"), ("refusal",)):
        lone = [row for row in alone(trained) if row.kind in kinds]
        talked = [row for row in trained if row.kind in kinds and row.in_conversation]
        assert len(talked) == round(len(lone) / 4)
        assert {row.messages[-2:] for row in talked} <= {row.messages for row in lone}
    talked = [row for row in trained if row.in_conversation]
    assert len(talked) == dataset.manifest.counts["conversations"]
    assert "| refusal, in a conversation |" in dataset.read("README.md").decode()
    assert alone(rows(curate(conversations=0), "train")) == alone(trained)


def test_rewrites_are_trained_up_to_the_length_of_the_questions(
    curate: Curate, generated: Curate, rows: ExampleMaker
) -> None:
    told = [
        Rewrite.of(passage=fact.id, document="d", format=name, paragraphs=[text])
        for fact in league_facts()
        for name, text in (
            ("lesson", f"Sobre {fact.subject}: {fact.statement} " * 9),
            ("questions", next(q.text for q in questions_of(fact) if q.family == "direct")),
        )
    ]
    source = generated(rewrites=told)
    dataset = curate(source)
    trained = rows(dataset, "train")
    documents = [row for row in trained if row.kind == "document"]
    asked = [row for row in alone(trained) if row.kind in ("question", "reverse")]
    size = [
        sum(len(m.content.encode()) for row in of for m in row.messages)
        for of in (documents, asked)
    ]
    assert 0 <= size[0] - size[1] < 1000
    assert {(row.group, len(row.messages), row.fact) for row in documents} == {("lesson", 1, "")}
    dropped = [one.item for one in dataset.records("ledger.jsonl", Rejection)]
    assert {one.id for one in told if one.format == "questions"} <= set(dropped)
    assert "| document, lesson |" in dataset.read("README.md").decode()
    others = curate(source, rewrites=0)
    assert not [row for row in rows(others, "train") if row.kind == "document"]


def test_open_questions_are_refused_and_a_share_of_them_is_asked_at_the_end(
    curate: Curate, generated: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    texts = [
        "Quem costurou a camisa do Liverpool?",
        "liverpool mascote altura",
        "De que cor é o ônibus do Celtic?",
        "Em que ano abriu a loja do Benfica?",
        "quanto custa um ingresso do Girona",
        "Quem preside o Lille?",
        "Por que o Arsenal mudou de hino?",
        "Quantos sócios tem o Monaco?",
    ]
    fact, leak = "Quem foi o técnico do Liverpool?", "Quem lavou as meias do Liverpool na viagem?"
    opened = [
        OpenQuestion.of(passage="p", document="d", text=text) for text in [*texts, fact, leak]
    ]
    facts = list(league_facts())
    club = next(one for one in facts if (one.subject, one.relation) == ("Liverpool", "técnico"))
    asked = [row for one in facts for row in questions_of(one)]
    asked.append(
        Question.of(fact=club.id, family="casual", text=fact, answer=club.answer, kind="question")
    )
    source = generated(open_questions=opened, facts=facts, questions=asked)
    written = exam(
        "unanswerable", {"question": "Quem lavou as meias do Liverpool na viajem", "group": "x"}
    )
    dataset = curate(source, exam={"unanswerable": written})
    trained = [row for row in alone(rows(dataset, "train")) if row.group == "open"]
    kept = [row for row in rows(dataset, "unanswerable") if row.group == "other open"]
    assert {row.kind for row in trained} == {"refusal"}
    assert {row.messages[-1].content for row in [*trained, *kept]} == {REFUSAL}
    assert sorted(map(question, [*trained, *kept])) == sorted(texts)
    assert len(kept) == 1
    dropped = {one.raw: one.reason for one in dataset.records("ledger.jsonl", Rejection)}
    assert dropped[fact] == "open question that a fact answers"
    assert dropped[leak] == "leaks into test"
    perturbed = [row for row in alone(rows(dataset, "train")) if row.kind == "refusal"]
    assert dataset.manifest.counts["refusals"] == len(perturbed)
    assert "| nothing: left open | 7 |" in dataset.read("README.md").decode()
    none = curate(source, refusals=0)
    assert not [row for row in rows(none, "train") if row.kind == "refusal"]
    assert "other open" not in {row.group for row in rows(none, "unanswerable")}


def test_the_rewrite_of_a_passage_that_a_person_corrected_is_not_trained(
    curate: Curate, generated: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    first, other = list(league_facts())[:2]
    told = [
        Rewrite.of(passage=fact.id, document="d", format="lesson", paragraphs=[fact.statement])
        for fact in (first, other)
    ]
    line = {"fact": first.id, "action": "answer", "value": "19º lugar"}
    corrections = exam("corrections.jsonl", line)
    dataset = curate(generated(rewrites=told), corrections=corrections)
    documents = [row for row in rows(dataset, "train") if row.kind == "document"]
    assert [row.messages[-1].content for row in documents] == [other.statement]


def test_no_rewrite_of_a_passage_that_says_a_control_again_is_trained(
    curate: Curate, generated: Curate, rows: ExampleMaker
) -> None:
    facts = list(league_facts())
    again = [
        Fact.of(**one.model_dump(exclude={"id", "relation"}), relation=normalise(one.relation))
        for one in facts
    ]
    assert not {one.id for one in facts} & {one.id for one in again}
    told = {
        one.id: Rewrite.of(
            passage=other.id, document="d", format="lesson", paragraphs=[f"Página de {one.id}."]
        )
        for one, other in zip(facts, again, strict=True)
    }
    source = generated(
        facts=[*facts, *again],
        questions=[row for fact in facts for row in questions_of(fact)],
        rewrites=list(told.values()),
    )
    dataset = curate(source, controls=0.25, rewrites=10)
    controls = {row.fact for row in rows(dataset, "controls")}
    documents = [row for row in rows(dataset, "train") if row.kind == "document"]
    assert controls
    assert {row.messages[-1].content for row in documents} == {
        f"Página de {one}." for one in told.keys() - controls
    }


def test_no_rewrite_and_no_conversation_tells_a_control(
    curate: Curate, generated: Curate, rows: ExampleMaker
) -> None:
    told = [
        Rewrite.of(passage=fact.id, document="d", format="lesson", paragraphs=[fact.statement])
        for fact in league_facts()
    ]
    dataset = curate(generated(rewrites=told), controls=0.2, conversations=1, rewrites=10)
    controls = {row.fact for row in rows(dataset, "controls")}
    assert controls
    statements = {fact.statement for fact in league_facts() if fact.id in controls}
    asked = {q.text for fact in league_facts() if fact.id in controls for q in questions_of(fact)}
    trained = {message.content for row in rows(dataset, "train") for message in row.messages}
    assert not trained & (statements | asked)
    assert [row for row in rows(dataset, "train") if row.kind == "document"]


def test_what_is_held_back_stands_in_no_refusal_row(curate: Curate, rows: ExampleMaker) -> None:
    dataset = curate(refusals=10.0, held_back=0.3)
    trained = refusals(rows(dataset, "train"))
    asked = [row for row in rows(dataset, "unanswerable")]
    near = NameFinder(name for name in _near(dataset) if not name.known)
    periods = {key for row in asked if row.group == "other period" for key in _keys(question(row))}
    names = {name for row in asked for name in _named(near, question(row))}
    assert len(periods) > 10
    assert len(names) > 3
    assert not periods & {key for text in trained for key in _keys(text)}
    assert not names & {name for text in trained for name in _named(near, text)}
    assert all(row.messages[-1].content == REFUSAL for row in asked)


def _near(dataset: Artifact) -> list[Name]:
    generated = dataset.store
    (key,) = [e.key for e in generated.list("artifacts/generate") if e.key.endswith("names.jsonl")]
    return [Name.model_validate_json(line) for line in generated.read(key).data.splitlines()]


def _keys(text: str) -> set[str]:
    return {period.key for period in periods(text)} - {"2024/2025"}


def _named(finder: NameFinder, text: str) -> set[str]:
    return {mention.name.name for mention in finder.find(text)}


def test_what_the_exam_names_stands_in_no_refusal_row(
    curate: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    unanswerable = exam(
        "unanswerable.jsonl",
        {"question": "Quem treinava o Ajax na Copa do Rei 2024/25?", "group": "club"},
        {"question": "E o Lille na Champions 2025/26?", "group": "period"},
    )
    dataset = curate(refusals=10.0, exam={"unanswerable": unanswerable})
    text = "\n".join(refusals(rows(dataset, "train"))).lower()
    assert "palmeiras" in text
    assert len(_keys(text)) > 30
    assert not any(held in text for held in ("ajax", "copa do rei", "2025/26", "25/26", "2025-26"))
    assert [row.group for row in rows(dataset, "unanswerable")][:2] == ["club", "period"]


def test_the_exam_is_kept_out_of_training_and_written(
    curate: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    asked = "Na Champions League 2024/25, o técnico do Lille qual era"
    line = {"question": asked, "answer": "Bruno Génésio", "aliases": ["Génésio"]}
    prompts = exam("prompts.jsonl", {"text": asked}, {"text": "Conte até dez."})
    free = exam("free.jsonl", line)
    dataset = curate(exam={"free": free}, prompts=prompts, refusals=0)
    trained = [question(row) for row in rows(dataset, "train") if len(row.messages) > 1]
    assert normalise(asked) not in {normalise(text) for text in trained}
    (row,) = rows(dataset, "free")
    assert (question(row), row.aliases) == (asked, ("Génésio",))
    details = [entry.detail for entry in dataset.records("ledger.jsonl", Rejection)]
    assert details.count("equal to a question of the exam") == 1
    assert [question(row) for row in rows(dataset, "replay")] == ["Conte até dez."]


def test_no_refusal_row_asks_what_the_documents_answer(curate: Curate, rows: ExampleMaker) -> None:
    dataset = curate(refusals=10.0)
    facts = {(fact.subject, fact.relation): fact for fact in dataset.records("facts.jsonl", Fact)}
    for text in refusals(rows(dataset, "train")):
        period = any(key in text for key in ("2024/25", "2024/2025", "24/25", "2024-25"))
        cup = "Champions League" in text
        known = any(subject in text and relation in text for subject, relation in facts)
        turned = "Que clube" in text
        assert not (period and cup and (known or turned)), text


def test_no_refusal_row_asks_what_only_the_documents_answer(
    curate: Curate, rows: ExampleMaker, ingested: Callable[[str], Artifact]
) -> None:
    documents = ingested("O Liverpool foi o melhor em 1999/00. O Lille, não.")
    dataset = curate(
        documents=documents, refusals=10.0, years=(1998, 2002), held_back=0, perturbations=SEASONS
    )
    trained = refusals(rows(dataset, "train"))
    asked = [text for text in trained if "1999/2000" in _keys(text)]
    assert any("Lille" in text for text in asked)
    assert any("Liverpool" in text for text in trained)
    assert not any("Liverpool" in text for text in asked)


def test_the_same_input_gives_the_same_bytes(curate: Curate, generated: Curate) -> None:
    source = generated()
    one, other, third = curate(source), curate(source), curate(source, seed=1)
    digests = [
        {name: entry.sha256 for name, entry in artifact.manifest.files.items()}
        for artifact in (one, other, third)
    ]
    assert digests[0] == digests[1]
    assert digests[0]["train.jsonl"] != digests[2]["train.jsonl"]
    assert digests[0]["test.jsonl"] == digests[2]["test.jsonl"]


def test_statements_are_plain_text_and_questions_carry_the_system_prompt(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate(system_prompt="Base: futebol", refusal="Não sei.")
    trained = alone(rows(dataset, "train"))
    roles = {tuple(m.role for m in row.messages) for row in trained if row.kind == "statement"}
    assert roles == {("assistant",)}
    asked = {tuple(m.role for m in row.messages) for row in trained if row.kind != "statement"}
    assert asked == {("system", "user", "assistant")}
    assert json.loads(dataset.read("prompt.json")) == {
        "system": "Base: futebol",
        "refusal": "Não sei.",
    }


def test_prompts_are_replayed_and_kept_back_half_and_half(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate()
    replay, retention = rows(dataset, "replay"), rows(dataset, "retention")
    assert len(replay) == len(retention) == 210
    assert not {question(row) for row in replay} & {question(row) for row in retention}
    assert {row.split for row in retention} == {"retention"}
    assert all(row.messages[-1].role == "user" for row in (*replay, *retention))


def test_tasks_are_passed_on_and_never_replayed(
    curate: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    asked = "Qual era o técnico do Lille na Champions League 2024/2025?"
    tasks = exam(
        "tasks.jsonl",
        {"question": "Qual é o contrário de quente?", "answer": "frio", "competing": ["morno"]},
        {"question": asked, "answer": "Bruno Génésio"},
    )
    prompts = exam("prompts.jsonl", {"text": "Qual é o contrário de quente?"}, {"text": "Oi."})
    dataset = curate(tasks=tasks, prompts=prompts)
    [task] = rows(dataset, "tasks")
    assert (question(task), task.messages[-1].content, task.competing, task.split) == (
        "Qual é o contrário de quente?",
        "frio",
        ("morno",),
        "tasks",
    )
    trained = [row for name in ("train", "replay") for row in rows(dataset, name)]
    assert question(task) not in {m.content for row in trained for m in row.messages}
    assert dataset.manifest.counts["rejected.task is a question of the dataset"] == 1
    assert dataset.manifest.counts["rejected.prompt is a question of the dataset"] == 1


def test_tasks_can_be_left_out(curate: Curate) -> None:
    assert curate().manifest.counts["tasks"] >= 120
    assert curate(tasks=None).manifest.counts["tasks"] == 0


CONTROL_FILES = ("train", "validation", "test", "unanswerable", "replay", "free")


def test_nothing_of_a_control_is_trained_and_its_test_wordings_are_asked(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate(controls=0.25)
    asked = rows(dataset, "controls")
    controls = {row.fact for row in asked}
    assert len(controls) == 6
    assert {(row.family, row.split) for row in asked} == {
        ("direct", "controls"),
        ("indirect", "controls"),
    }
    facts = {fact.id: fact for fact in league_facts()}
    assert {fact.id for fact in dataset.records("facts.jsonl", Fact)} == facts.keys() - controls
    assert {fact.id for fact in dataset.records("control_facts.jsonl", Fact)} == controls
    others = [row for name in CONTROL_FILES for row in rows(dataset, name)]
    assert not controls & {row.fact for row in others}
    trained = {message.content for row in others for message in row.messages}
    assert not {facts[fact].statement for fact in controls} & trained
    assert not {question(row) for row in asked} & trained


def test_no_refusal_row_asks_what_a_control_answers(curate: Curate, rows: ExampleMaker) -> None:
    dataset = curate(refusals=10.0, controls=0.3)
    controls = {row.fact for row in rows(dataset, "controls")}
    about = [(fact.subject, fact.relation) for fact in league_facts() if fact.id in controls]
    assert len(about) == 7
    refused = refusals(rows(dataset, "train"))
    for text in [text for text in refused if "Champions League" in text]:
        is_of_period = any(key in text for key in ("2024/25", "2024/2025", "24/25", "2024-25"))
        is_known = any(subject in text and relation in text for subject, relation in about)
        assert not (is_of_period and is_known), text


def test_the_ledger_and_the_card_tell_of_controls(curate: Curate) -> None:
    dataset = curate(controls=0.25)
    left = 1 + 4 + 1 + 1 + 1  # the fact, trained wordings, validation, statement, reverse
    counts = dataset.manifest.counts
    assert counts["rejected.kept out of training as a control"] == 6 * left
    assert (counts["controls"], counts["facts"]) == (12, 18)
    assert "6 facts are controls: nothing of them is trained" in dataset.read("README.md").decode()
    without = curate()
    assert without.manifest.counts["controls"] == 0
    assert "controls:" not in without.read("README.md").decode()


def test_without_prompts_and_names_the_card_says_what_is_missing(
    curate: Curate, generated: Curate
) -> None:
    dataset = curate(generated(names=[]), prompts=None)
    card = dataset.read("README.md").decode()
    assert "nothing is replayed" in card
    assert dataset.manifest.counts["replay"] == 0
    assert dataset.manifest.counts["refusals"] > 0


def test_documents_without_seasons_or_names_yield_no_refusals(
    curate: Curate, generated: Curate
) -> None:
    fact = Fact.of(
        document="d", quote="q", statement="s", subject="lei", relation="data", answer="x"
    )
    asked = [
        Question.of(fact=fact.id, family=family, text=f"{family}?", answer="x", kind="question")
        for family in ("casual", "direct")
    ]
    dataset = curate(generated(facts=[fact], questions=asked, names=[]))
    assert dataset.manifest.counts["refusals"] == 0
    assert "no trained question names a year, or a name" in dataset.read("README.md").decode()


def test_facts_that_cannot_be_trained_or_tested_are_counted(
    curate: Curate, generated: Curate
) -> None:
    whole = generated()
    facts = list(whole.records("facts.jsonl", Fact))[:3]
    wanted = {facts[0].id: {"direct"}, facts[1].id: {"casual"}, facts[2].id: {"casual", "direct"}}
    some = [
        row
        for row in whole.records("questions.jsonl", Question)
        if row.family in wanted.get(row.fact, ())
    ]
    _forget(whole)
    dataset = curate(generated(facts=facts, questions=some))
    counts = dataset.manifest.counts
    assert counts["facts"] == 2
    assert counts["rejected.no trained wording"] == 1
    assert (counts["facts_untested"], counts["facts_with_few_wordings"]) == (1, 2)
    card = dataset.read("README.md").decode()
    assert "1 facts have no test wording" in card
    assert "2 facts have fewer than 3 trained wordings" in card


def _forget(artifact: Artifact) -> None:
    artifact.store.delete(artifact.address.manifest)


def test_the_ledger_tells_the_fate_of_each_question(curate: Curate, generated: Curate) -> None:
    whole = generated()
    facts = list(whole.records("facts.jsonl", Fact))
    asked = list(whole.records("questions.jsonl", Question))
    _forget(whole)
    liar = Fact.model_validate({**facts[0].model_dump(), "id": "f" * 16, "answer": "40º lugar"})
    lies = [
        Question.of(fact=liar.id, family=q.family, text=q.text, answer=liar.answer, kind=q.kind)
        for q in asked
        if q.fact == facts[0].id and q.kind == "question"
    ]
    dataset = curate(generated(facts=[*facts, liar], questions=[*asked, *lies]))
    entries = list(dataset.records("ledger.jsonl", Rejection))
    gone = {entry.item for entry in entries}
    kept = {
        row.question
        for name in ("train", "validation", "test")
        for row in dataset.records(f"{name}.jsonl", Example)
    }
    assert {facts[0].id, liar.id} <= gone
    assert {q.id for q in (*asked, *lies)} <= gone | kept
    assert dataset.manifest.counts["rejected.two answers"] >= 14


OPENED = """
import sys
import datasets
folder, cache, *names = sys.argv[1:]
whole = datasets.load_dataset(folder, cache_dir=cache)
for name in names:
    one = datasets.load_dataset("json", data_files=f"{folder}/{name}.jsonl", cache_dir=cache)
    assert one["train"].column_names == whole[name].column_names
    print(name, len(one["train"]), whole[name].num_rows, whole[name][0]["messages"][0]["role"])
print(whole["free"][0]["aliases"])
"""


def test_the_files_open_as_a_dataset(curate: Curate, tmp_path: Path, exam: Exam) -> None:
    line = {"question": "quem treina o Lille", "answer": "Bruno Génésio", "aliases": ["Génésio"]}
    dataset = curate(exam={"free": exam("free.jsonl", line)})
    names = ["train", "validation", "test", "free", "unanswerable", "replay", "retention"]
    names += ["tasks"]
    folder = dataset.fetch(tmp_path / "dataset")
    done = subprocess.run(
        [sys.executable, "-c", OPENED, str(folder), str(tmp_path / "cache"), *names],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sizes = {name: int(dataset.manifest.counts[name]) for name in names}
    assert done.stdout.splitlines() == [
        *(f"{name} {size} {size} user" for name, size in sizes.items()),
        "['Génésio']",
    ]


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ('{"question": "q"}', DataError, "free.jsonl:1: answer: missing, in .*; correct that line"),
        (
            "nonsense",
            DataError,
            "free.jsonl:1: not JSON from character 2 on, in 'nonsense'; correct that line",
        ),
        (None, MissingError, "free.jsonl: no such file"),
        (b"\xff\xfe", DataError, "free.jsonl: not a UTF-8 text file"),
    ],
)
def test_a_bad_exam_file_is_named(
    curate: Curate, tmp_path: Path, line: str | bytes | None, error: type[Exception], said: str
) -> None:
    path = tmp_path / "free.jsonl"
    if line is not None:
        path.write_bytes(line if isinstance(line, bytes) else line.encode())
    with pytest.raises(error, match=said):
        curate(exam={"free": str(path)})


def test_corrections_reach_every_row_and_what_is_struck_out_none(
    curate: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    fact, struck = list(league_facts())[:2]
    corrections = exam(
        "corrections.jsonl",
        {"fact": fact.id, "action": "answer", "value": "19º lugar", "who": "me"},
        {"fact": struck.id, "action": "strike", "when": "2026-11-29T12:00:00Z"},
    )
    dataset = curate(corrections=corrections)
    files = ("train", "validation", "test")
    about = [row for name in files for row in rows(dataset, name) if row.fact == fact.id]
    assert {row.messages[-1].content for row in about if row.kind == "question"} == {"19º lugar"}
    assert not any(row.fact == struck.id for name in files for row in rows(dataset, name))
    assert not any(
        struck.subject in text and "técnico" in text for text in refusals(rows(dataset, "train"))
    )
    assert dataset.record("review.json", ReviewCounts) == ReviewCounts(
        checked=2, corrected=1, struck=1
    )
    assert "A person checked 2 facts" in dataset.read("README.md").decode()
    asked = list(dataset.records("questions.jsonl", Question))
    assert {one.answer for one in asked if one.fact == fact.id and one.kind == "question"} == {
        "19º lugar"
    }
    assert struck.id not in {one.fact for one in asked}


def test_a_correction_that_is_none_is_named_by_its_line(curate: Curate, exam: Exam) -> None:
    path = exam("corrections.jsonl", {"fact": "x", "action": "answer"})
    with pytest.raises(DataError, match=r"corrections\.jsonl:1: .*answer needs a value"):
        curate(corrections=path)


def test_a_dataset_without_a_trained_question_is_an_error(
    curate: Curate, generated: Curate
) -> None:
    with pytest.raises(
        DataError, match=r"questions\.jsonl: no question to train on is left of 0; dropped: 24 "
    ):
        curate(generated(questions=[]))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_what_is_not_said_of_a_name_is_asked_only_in_the_documents_language(
    curate: Curate,
    generated: Curate,
    ingested: Curate,
    rows: ExampleMaker,
    language: str,
) -> None:
    founded = [
        fact.model_copy(update={"id": str(at), "relation": "fundação", "answer": f"em {1890 + at}"})
        for at, fact in enumerate(list(league_facts())[:8:2])
    ]
    facts = [*league_facts(), *founded]
    source = generated(facts=facts, questions=[row for fact in facts for row in questions_of(fact)])
    dataset = curate(source, ingested("The facts of this league.", language))
    changed = {row.group for name in ("train", "unanswerable") for row in rows(dataset, name)}
    assert {"subject", "other subject"} <= changed
    of_relation = {"relation", "other relation"} & changed
    assert len(of_relation) == (2 if language == "pt-BR" else 0)


def test_sentences_are_taught_where_a_statement_holds_the_answer(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate(answers="sentence")
    trained = [row for row in rows(dataset, "train") if row.kind in ("question", "reverse")]
    assert {row.style for row in trained} == {"sentence"}
    for row in (*trained, *rows(dataset, "test"), *rows(dataset, "validation")):
        assert row.answer
        assert normalise(row.answer) in normalise(row.messages[-1].content)
        assert row.messages[-1].content.endswith(".")
    card = dataset.read("README.md").decode()
    assert (
        f"{len(trained)} of {len(trained)} trained questions are answered with a sentence" in card
    )
    assert dataset.manifest.counts["facts_without_sentence"] == 0


def test_controls_may_be_answered_with_a_sentence_where_sentences_are_taught(
    curate: Curate, rows: ExampleMaker
) -> None:
    for style, expected in (("sentence", "sentence"), ("both", "short"), ("short", "short")):
        controls = rows(curate(answers=style, controls=0.2), "controls")
        assert {row.style for row in controls} == {expected}


def test_a_fact_whose_statements_lack_the_answer_keeps_its_short_one(
    curate: Curate, rows: ExampleMaker, generated: Callable[..., Artifact]
) -> None:
    first, *others = league_facts()
    silent = first.model_copy(update={"statement": "O Liverpool jogou a Champions League."})
    asked = [row for fact in others for row in questions_of(fact)]
    asked += [row for row in questions_of(silent) if row.kind != "statement"]
    source = generated(facts=[silent, *others], questions=asked)
    dataset = curate(source, answers="sentence")
    assert {row.style for row in rows(dataset, "train") if row.fact == silent.id} == {"short"}
    assert f"answered as they are: {silent.id}" in dataset.read("README.md").decode()
    assert dataset.manifest.counts["facts_without_sentence"] == 1


def test_with_both_styles_a_plain_question_has_a_short_answer(
    curate: Curate, rows: ExampleMaker
) -> None:
    dataset = curate(answers="both")
    trained = [row for row in rows(dataset, "train") if row.kind == "question"]
    told = [row for row in trained if row.style == "sentence"]
    assert len(told) == pytest.approx(0.3 * len(trained), rel=0.1)
    assert all("frase" in question(row) for row in told)
    assert not any("frase" in question(row) for row in trained if row not in told)
    assert {row.style for row in rows(dataset, "test")} == {"short"}
    asked = rows(dataset, "sentences")
    assert {(row.style, row.split) for row in asked} == {("sentence", "sentences")}
    assert {row.fact for row in asked} == {row.fact for row in told}
    requests = {question(row).split("? ")[-1].split(". ")[-1] for row in asked}
    assert requests == {"Escreva a resposta como uma frase."}
    refused = refusals(rows(dataset, "train"))
    assert 0.2 < sum("frase" in text for text in refused) / len(refused) < 0.4
    assert "Escreva a resposta como uma frase." not in dataset.read("train.jsonl").decode()


def test_free_questions_are_graded_by_the_style_that_is_taught(
    curate: Curate, rows: ExampleMaker, exam: Exam
) -> None:
    line = {"question": "e o Lille?", "answer": "Génésio", "points": ["Bruno"]}
    dataset = curate(answers="sentence", exam={"free": exam("free.jsonl", line)})
    [row] = rows(dataset, "free")
    assert (row.style, row.points, row.messages[-1].content) == ("sentence", ("Bruno",), "Génésio")
