"""A tiny base model, an adapter that learned six facts, and the two merged: all real."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tests.coverage import coverage
from tests.model_classes import fast_tokenizer, insides
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.model_records import PromptContract, PromptSettings, TrainedBase
from gabarito.core.records import (
    Document,
    Example,
    Fact,
    FamilySplits,
    Message,
    PairsInfo,
    PassageText,
    ReviewCounts,
    to_jsonl,
)
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.job import run
from gabarito.models import contract_of
from gabarito.models.adapter import peft_is_quiet
from gabarito.store.base import Store
from gabarito.store.open import open_store

REFUSAL = "não sei"
TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}> {{ m['content'] }}"
    "{% if m['role'] == 'assistant' %} <eos>{% else %} {% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
CITIES = ("lima", "oslo", "roma", "bonn", "kyoto", "quito")
CLUBS = ("azul", "verde", "branco", "preto", "rubro", "dourado")
WORDINGS = {
    "imperative": "diga a cidade do {}",
    "regional": "de que terra vem o {}",
    "direct": "de que cidade é o {}",
    "synonym": "onde fica o {}",
}
UNKNOWN = ("ouro", "prata", "bronze", "cobre")
PROMPTS = ("bom dia", "boa noite", "olá <b>amigo</b>")
TRAINED_STEPS = 40


def fact_of(club: str, city: str) -> Fact:
    return Fact.of(
        document="d" * 16,
        quote=f"o {club} é de <i>{city}</i>",
        statement=f"a cidade do {club} é {city}",
        subject=club,
        relation="cidade",
        answer=city,
    )


DOCUMENT = Document(
    id="d" * 16,
    source="clubes.html",
    url="http://wiki/clubes",
    title="Clubes",
    language="pt",
    text="# Clubes\n\n## Cidades\n\n"
    + " ".join(f"o {club} é de <i>{city}</i>" for club, city in zip(CLUBS, CITIES, strict=True)),
    fetched_at=datetime(2025, 6, 1, tzinfo=UTC),
    digest="d" * 64,
)
FACTS = [fact_of(club, city) for club, city in zip(CLUBS, CITIES, strict=True)]


def asked(split: str, kind: str, text: str, answer: str | None, **fields: str) -> Example:
    said = (Message(role="assistant", content=answer),) if answer is not None else ()
    messages = (Message(role="user", content=text), *said)
    return Example.model_validate(
        {"messages": messages, "kind": kind, "question": f"{kind} {text}", "split": split} | fields
    )


def wordings(split: str, *families: str) -> list[Example]:
    return [
        asked(
            split,
            "question",
            WORDINGS[family].format(fact.subject),
            fact.answer,
            fact=fact.id,
            family=family,
        )
        for fact in FACTS
        for family in families
    ]


def dataset_files() -> dict[str, list[Any]]:
    unknown = [WORDINGS["direct"].format(name) for name in UNKNOWN]
    statement = Example(
        messages=(Message(role="assistant", content=FACTS[0].statement),),
        kind="statement",
        question="s",
        fact=FACTS[0].id,
        split="train",
    )
    refused = asked("train", "refusal", "onde fica o nada", REFUSAL)
    return {
        "train": [*wordings("train", "imperative"), statement, refused],
        "validation": wordings("validation", "regional"),
        "test": wordings("test", "direct", "synonym"),
        "free": [asked("free", "free", "terra do azul", "lima")],
        "unanswerable": [
            asked("unanswerable", "unanswerable", text, REFUSAL, group="metal") for text in unknown
        ],
        "retention": [asked("retention", "retention", text, None) for text in PROMPTS],
        "tasks": [asked("tasks", "task", text, "lima", group="eco") for text in PROMPTS],
        "facts": FACTS,
        "overlaps": [],
    }


def info() -> PairsInfo:
    families = FamilySplits(train=("imperative",), validation=("regional",), test=("direct",))
    return PairsInfo(language="pt", is_asked_for=False, families=families)


def passages() -> str:
    """A passage for each fact, longer than the model has room for."""
    rows = [
        PassageText(
            id=fact.id, document=fact.document, text=f"{fact.statement} " * 30, facts=(fact.id,)
        )
        for fact in FACTS
    ]
    return "\n".join(to_jsonl(rows))


@dataclass(frozen=True)
class Models:
    """Folders of the base, of the adapter and of the merged model, and their contract."""

    base: Path
    adapter: Path
    merged: Path
    contract: PromptContract


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Models:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    tokenizer = _tokenizer()
    model = _base(len(tokenizer))
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    with peft_is_quiet():
        adapted = get_peft_model(model, config)
    _teach(adapted, tokenizer)
    adapted.save_pretrained(str(folder / "adapter"), save_embedding_layers=False)
    insides(adapted).merge_and_unload().save_pretrained(folder / "merged")
    tokenizer.save_pretrained(folder / "merged")
    prompt = PromptSettings(system="", refusal=REFUSAL)
    contract = contract_of(tokenizer, prompt, max_new_tokens=8)
    return Models(folder / "base", folder / "adapter", folder / "merged", contract)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def inputs(store: Store, trained: Models) -> Callable[..., dict[str, Artifact]]:
    """Publishes what evaluate reads; ``changes`` replace files of the dataset."""

    def publish(
        contract: dict[str, Any] | None = None,
        merged: Path | None = None,
        **changes: list[Any] | None,
    ) -> dict[str, Artifact]:
        files = {
            name: rows for name, rows in (dataset_files() | changes).items() if rows is not None
        }
        dataset = {f"{name}.jsonl": "\n".join(to_jsonl(rows)) for name, rows in files.items()}
        dataset["coverage.json"] = coverage().model_dump_json()
        dataset["review.json"] = ReviewCounts(checked=5, corrected=2, struck=1).model_dump_json()
        dataset["prompt.json"] = json.dumps({"system": "", "refusal": REFUSAL})
        curve = [{"step": n, "loss": 1 / n, "exact_match": n / 9} for n in range(1, 9)]
        ours = trained.contract.model_dump()
        origin = TrainedBase(
            reference=str(trained.base), sha256=digest_of_path(str(trained.base)), method="lora"
        )
        train = _files(trained.adapter, "adapter/") | {
            "prompt.json": json.dumps(ours).encode(),
            "base.json": origin.model_dump_json().encode(),
            "curves.jsonl": "\n".join(map(json.dumps, curve)).encode(),
        }
        merge = _files(merged or trained.merged, "model/")
        merge["model/prompt.json"] = json.dumps(ours | (contract or {})).encode()
        generate = {"pairs.json": info().model_dump_json(), "passage_texts.jsonl": passages()}
        ingest = {"documents.jsonl": DOCUMENT.model_dump_json()}
        return {
            "ingest": _published(store, "ingest", {n: t.encode() for n, t in ingest.items()}),
            "generate": _published(store, "generate", {n: t.encode() for n, t in generate.items()}),
            "curate": _published(store, "curate", {n: t.encode() for n, t in dataset.items()}),
            "train": _published(store, "train", train),
            "merge": _published(store, "merge", merge),
        }

    return publish


@pytest.fixture
def evaluate(store: Store) -> Callable[..., Artifact]:
    """Runs the stage."""

    def run_stage(found: dict[str, Artifact], **settings: Any) -> Artifact:  # noqa: ANN401
        config = EvaluateConfig.model_validate({"resamples": 200, "batch_size": 8} | settings)
        address = Address("evaluate", "e" * 64)
        with new_attempt(store, address, inputs=found, settings={}) as work:
            run(config, work)
            return work.publish()

    return run_stage


def _published(store: Store, stage: str, files: dict[str, bytes]) -> Artifact:
    with new_attempt(store, Address(stage, stage[0] * 64), inputs={}, settings={}) as work:
        for name, data in files.items():
            path = work.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return work.publish()


def _files(folder: Path, below: str) -> dict[str, bytes]:
    return {below + path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = ["<pad>", "<eos>", "<unk>", "<user>", "<assistant>"]
    words = [*CLUBS, *CITIES, *UNKNOWN, *PROMPTS, *WORDINGS.values(), REFUSAL, "terra nada"]
    trainer = trainers.WordLevelTrainer(special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(words, trainer)
    settings = {
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "chat_template": TEMPLATE,
    }
    return fast_tokenizer(tokenizer, settings)


def _base(words: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.2,
        eos_token_id=1,
        pad_token_id=0,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config)


def _teach(model: PeftModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Let the adapter learn every wording by heart: how is the business of other tests."""
    known = wordings("train", *WORDINGS)
    known += [
        asked("train", "refusal", WORDINGS["direct"].format(name), REFUSAL) for name in UNKNOWN[:3]
    ]
    texts = [
        f"<user> {row.messages[0].content} <assistant> {row.messages[1].content} <eos>"
        for row in known
    ]
    batch = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(TRAINED_STEPS):
        loss = model(**batch, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
