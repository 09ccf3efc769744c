"""Make the dataset: everything that curate decides, and nothing that it reads or writes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gabarito.answer_match import normalise
from gabarito.artifacts.ledger import Ledger
from gabarito.core.records import Document, Example, Fact, Name, Overlap, Question
from gabarito.curate.config import CurateConfig
from gabarito.curate.decontaminate import (
    FreeQuestion,
    UnanswerableQuestion,
    exam_texts,
    overlaps,
    remove_leaks,
    shared_runs,
)
from gabarito.curate.dedup import (
    keep_about,
    keep_trained,
    merge_facts,
    merge_statements,
    merge_wordings,
)
from gabarito.curate.document_index import DocumentIndex
from gabarito.curate.examples import ExampleMaker, refusal_in
from gabarito.curate.general_prompts import GeneralPrompt, halves
from gabarito.curate.unanswerable.candidates import unmentioned
from gabarito.curate.unanswerable.sample import Refused, UnanswerableSampler
from gabarito.curate.wordings import Wording, splits_of, wordings


@dataclass(frozen=True)
class Pairs:
    """What generate made, its settings, and the documents that it was made from."""

    facts: Sequence[Fact]
    questions: Sequence[Question]
    names: Sequence[Name]
    settings: Mapping[str, Any]
    documents: Sequence[Document]

    @property
    def language(self) -> str:
        """The language asked for in the settings, or else that of most documents."""
        asked = self.settings.get("language")
        found = Counter(document.language for document in self.documents).most_common(1)
        return str(asked) if asked else found[0][0] if found else ""


@dataclass(frozen=True)
class Written:
    """What people wrote: the exam's questions and the general prompts."""

    free: Sequence[FreeQuestion]
    unanswerable: Sequence[UnanswerableQuestion]
    prompts: Sequence[GeneralPrompt]


@dataclass(frozen=True)
class Settled:
    """What is left when doubles, contradictions and leaks are gone.

    ``documented`` are the facts that the documents hold, those without a trained wording too.
    """

    facts: list[Fact]
    documented: list[Fact]
    wordings: list[Wording]
    statements: list[Question]


@dataclass(frozen=True)
class Dataset:
    """The rows of each file, the facts behind them, and what was measured."""

    files: Mapping[str, list[Example]]
    settled: Settled
    refused: Refused
    overlaps: list[Overlap]
    shared: Mapping[int, int]
    rows: ExampleMaker
    language: str


def build(config: CurateConfig, pairs: Pairs, written: Written, ledger: Ledger) -> Dataset:
    """Settle what contradicts, refuse what leaks, and make the rows."""
    settled = settle(config, pairs, written, ledger)
    taken = {wording.key for wording in settled.wordings}
    taken |= {normalise(text) for text in exam_texts(written.free, written.unanswerable)}
    index = DocumentIndex(settled.documented, pairs.names, config.timeless, pairs.documents)
    near = unmentioned(pairs.names, index.texts, ledger)
    refuser = UnanswerableSampler(
        config, index, near, [item.question for item in written.unanswerable]
    )
    language = pairs.language
    refused = refuser.draw(settled.wordings, language, taken)
    halved = halves(written.prompts, taken, refused.held.is_named, ledger)
    rows = ExampleMaker(config.system_prompt, config.refusal or refusal_in(language))
    files = _asked(rows, settled, refused, written)
    files["replay"] = [rows.prompt(text, "train") for text in halved[0]]
    files["retention"] = [rows.prompt(text, "retention") for text in halved[1]]
    close = overlaps(settled.wordings)
    return Dataset(files, settled, refused, close, _shared(settled), rows, language)


def settle(config: CurateConfig, pairs: Pairs, written: Written, ledger: Ledger) -> Settled:
    """Drop doubles, contradictions, leaks, and the facts that this leaves without a wording."""
    documented = merge_facts(pairs.facts, ledger)
    questions = keep_about(pairs.questions, documented, ledger)
    found = wordings(documented, questions, splits_of(pairs.settings))
    found = merge_wordings(found, ledger)
    found = remove_leaks(found, written.free, written.unanswerable, config.similarity, ledger)
    facts, found = keep_trained(documented, found, ledger)
    stated = [question for question in questions if question.kind == "statement"]
    statements = merge_statements(keep_about(stated, facts, ledger), ledger)
    return Settled(facts, documented, found, statements)


def _asked(
    rows: ExampleMaker, settled: Settled, refused: Refused, written: Written
) -> dict[str, list[Example]]:
    """Return the rows that have answers, by file."""
    asked = [rows.asked(wording) for wording in settled.wordings]
    stated = [rows.stated(statement) for statement in settled.statements]
    trained = [row for row in asked if row.split == "train"]
    return {
        "train": [*trained, *stated, *(rows.refused(perturbed) for perturbed in refused.trained)],
        "validation": [row for row in asked if row.split == "validation"],
        "test": [row for row in asked if row.split == "test"],
        "free": [rows.free(item) for item in written.free],
        "unanswerable": [
            *(rows.unanswerable(item.question, item.group) for item in written.unanswerable),
            *(
                rows.unanswerable(perturbed.text, f"other {perturbed.kind}")
                for perturbed in refused.asked
            ),
        ],
    }


def _shared(settled: Settled) -> dict[int, int]:
    trained = [wording.key for wording in settled.wordings if wording.split == "train"]
    trained += [normalise(statement.text) for statement in settled.statements]
    return shared_runs(trained, (w.key for w in settled.wordings if w.split == "test"))
