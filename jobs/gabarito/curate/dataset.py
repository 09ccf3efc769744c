"""Make the dataset: everything that curate decides, and nothing that it reads or writes."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gabarito.answer_match import normalise
from gabarito.core.coverage import Coverage, coverage_of
from gabarito.core.language_names import is_same_language
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import (
    Document,
    Example,
    Fact,
    Name,
    OpenQuestion,
    Overlap,
    PairsInfo,
    PassageText,
    Question,
    Rejection,
    ReviewCounts,
    Rewrite,
)
from gabarito.curate.config import CurateConfig
from gabarito.curate.control_facts import Controls, draw_controls, withheld
from gabarito.curate.conversations import ConversationMaker
from gabarito.curate.corrections import CorrectionLine, correct
from gabarito.curate.decontaminate import (
    FreeQuestion,
    UnanswerableQuestion,
    exam_texts,
    keep_given,
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
from gabarito.curate.document_rows import (
    RewriteLibrary,
    RewritePiece,
    document_pieces,
    size_of_questions,
    with_merged,
    wrong_facts,
)
from gabarito.curate.examples import ExampleMaker, refusal_in
from gabarito.curate.general_prompts import GeneralPrompt, halves
from gabarito.curate.general_tasks import GeneralTask, keep_unasked
from gabarito.curate.sentences import AnswerStyles, taught_sentences
from gabarito.curate.unanswerable.candidates import unmentioned
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.left_open import (
    GROUP,
    Answers,
    OpenQuestions,
    draw_open,
    keep_open,
)
from gabarito.curate.unanswerable.perturb import KINDS, Kind
from gabarito.curate.unanswerable.sample import Refused, UnanswerableSampler
from gabarito.curate.wordings import Wording, hold_out, wordings


@dataclass(frozen=True)
class Pairs:
    """What generate made, and the documents that it was made from."""

    facts: Sequence[Fact]
    questions: Sequence[Question]
    names: Sequence[Name]
    info: PairsInfo
    documents: Sequence[Document]
    passages: Sequence[PassageText] = ()
    """As the teacher was shown them."""
    rewrites: Sequence[Rewrite] = ()
    open_questions: Sequence[OpenQuestion] = ()


@dataclass(frozen=True)
class Written:
    """What people wrote: the exam, general prompts and tasks, and corrections by line."""

    free: Sequence[FreeQuestion]
    unanswerable: Sequence[UnanswerableQuestion]
    prompts: Sequence[GeneralPrompt]
    tasks: Sequence[GeneralTask] = ()
    corrections: Sequence[CorrectionLine] = ()


@dataclass(frozen=True)
class Settled:
    """What is left when doubles, contradictions and leaks are gone.

    ``documented`` are the facts that the documents hold: also those without a trained wording,
    those that a person struck out, and ``controls``, which are in none of the other lists.
    ``merged`` tells by id which fact says what one that is gone said; ``corrected`` are all facts
    as people left them.
    """

    facts: list[Fact]
    documented: list[Fact]
    wordings: list[Wording]
    statements: list[Question]
    reviewed: ReviewCounts
    merged: Mapping[str, str] = field(default_factory=dict)
    corrected: Sequence[Fact] = ()
    controls: Controls = field(default_factory=Controls)

    @property
    def questions(self) -> Iterator[Question]:
        """Yield the wordings and statements that are left, as people corrected them."""
        yield from (wording.question for wording in self.wordings)
        yield from self.statements


@dataclass(frozen=True)
class Dataset:
    """The rows of each file, the facts behind them, what was measured and what was rejected."""

    files: Mapping[str, list[Example]]
    settled: Settled
    refused: Refused
    open: OpenQuestions
    overlaps: list[Overlap]
    coverage: Coverage
    shared: Mapping[int, int]
    prompt: PromptSettings
    language: str
    styles: AnswerStyles
    rejections: list[Rejection]

    @property
    def dropped(self) -> Counter[str]:
        """How many were rejected, by reason."""
        return Counter(rejection.reason for rejection in self.rejections)


def build(config: CurateConfig, pairs: Pairs, written: Written) -> Dataset:
    """Settle what contradicts, refuse what leaks, and make the rows."""
    settled, unsettled = settle(config, pairs, written)
    worded = settled.wordings
    taken = {wording.key for wording in worded}
    settled, controlled = set_apart(settled, config)
    taken |= {normalise(text) for text in exam_texts(written.free, written.unanswerable)}
    answers = Answers(settled.documented, worded, config.similarity)  # also those of controls
    left_open, answered = _left_open(config, pairs, written, answers, taken)
    taken |= {normalise(question.text) for question in left_open}
    index = DocumentIndex(settled.documented, pairs.names, config.timeless, pairs.documents)
    near, mentioned = unmentioned(pairs.names, index.texts)
    refuser = UnanswerableSampler(
        config, index, near, [item.question for item in written.unanswerable]
    )
    language = pairs.info.language
    refused = refuser.draw(settled.wordings, language, taken, _kinds(pairs))
    opened = draw_open(left_open, refused.held.is_named, config.held_back, config.seed)
    tasks, unfit_tasks = keep_unasked(written.tasks, taken)
    taken |= {normalise(task.question) for task in tasks}  # and none of them is replayed
    replayed, measured, unfit = halves(written.prompts, taken, refused.held.is_named)
    refusal = config.refusal or refusal_in(language)
    rows = ExampleMaker(PromptSettings(system=config.system_prompt, refusal=refusal))
    taught = taught_sentences(config.answers, settled.wordings, settled.statements, language)
    styles = AnswerStyles(config.answers, language, taught)
    files = _asked(rows, settled, (refused, opened), written, styles)
    asked_alone = files["train"]
    wanted = config.rewrites * size_of_questions(asked_alone)
    library = _library(config, pairs, written, settled, unsettled)
    pieces, untold = document_pieces(library, wanted)
    conversations = ConversationMaker(asked_alone, language, config.seed)
    files["train"] = [
        *asked_alone,
        *(rows.told(piece) for piece in pieces),
        *conversations.draw(config.conversations),
    ]
    files["replay"] = [rows.prompt(text, "replay") for text in replayed]
    files["retention"] = [rows.prompt(text, "retention") for text in measured]
    files["tasks"] = [rows.task(task) for task in tasks]
    files["controls"] = [
        rows.control(wording, styles.unasked) for wording in settled.controls.asked
    ]
    return Dataset(
        files=files,
        settled=settled,
        refused=refused,
        open=opened,
        overlaps=overlaps(settled.wordings),
        coverage=coverage_of(
            pairs.documents,
            settled.facts,
            language if pairs.info.is_asked_for else None,
            pairs.passages,
        ),
        shared=_shared(settled, pieces),
        prompt=rows.settings,
        language=language,
        styles=styles,
        rejections=[*unsettled, *controlled, *answered, *mentioned, *unfit_tasks, *unfit, *untold],
    )


def _left_open(
    config: CurateConfig, pairs: Pairs, written: Written, answers: Answers, taken: Collection[str]
) -> tuple[list[OpenQuestion], list[Rejection]]:
    """Return the questions that the documents leave open, as far as the facts tell; or none."""
    if not config.refusals:
        return [], []
    exam = exam_texts(written.free, written.unanswerable)
    return keep_open(pairs.open_questions, answers, exam, taken, config.similarity)


def _library(
    config: CurateConfig,
    pairs: Pairs,
    written: Written,
    settled: Settled,
    unsettled: Sequence[Rejection],
) -> RewriteLibrary:
    """Return what the teacher told anew, and what must not be in it."""
    return RewriteLibrary(
        rewrites=pairs.rewrites,
        passages=with_merged(pairs.passages, settled.merged),
        wrong=wrong_facts(
            pairs.facts, settled.corrected, pairs.questions, settled.facts, unsettled
        ),
        controls=settled.controls.facts,
        wordings=[*settled.wordings, *settled.controls.asked],
        exam=exam_texts(written.free, written.unanswerable),
        limit=config.similarity,
    )


def _shared(settled: Settled, pieces: Sequence[RewritePiece]) -> Mapping[int, int]:
    """Count the test questions that share a run of words with any text that is trained."""
    texts = [wording.key for wording in settled.wordings if wording.split == "train"]
    texts += [normalise(statement.text) for statement in settled.statements]
    texts += [normalise(piece.text) for piece in pieces]
    return shared_runs(texts, (one.key for one in settled.wordings if one.split == "test"))


def _kinds(pairs: Pairs) -> Sequence[Kind]:
    """Return what may be changed in questions to leave them without an answer.

    That the documents do not say a relation of a name is told by the relation's words, which
    are those of the questions: in documents of another language nothing is told by them.
    """
    spoken = Counter(document.language for document in pairs.documents).most_common(1)
    if all(is_same_language(code, pairs.info.language) for code, _ in spoken):
        return KINDS
    return tuple(kind for kind in KINDS if kind != "relation")


def settle(config: CurateConfig, pairs: Pairs, written: Written) -> tuple[Settled, list[Rejection]]:
    """Drop doubles, contradictions, leaks, and the facts that this leaves without a wording."""
    corrected = correct(pairs.facts, pairs.questions, written.corrections, config.corrections or "")
    once, merged, doubled = merge_facts(corrected.facts)
    questions, orphaned = keep_about(corrected.questions, once)
    found = hold_out(wordings(once, questions, pairs.info.families), config.similarity)
    found, given_away = keep_given(found, config.similarity)
    found, repeated = merge_wordings(found)
    found, leaked = remove_leaks(found, written.free, written.unanswerable, config.similarity)
    facts, found, untrained = keep_trained(once, found)
    stated = [question for question in questions if question.kind == "statement"]
    stated, baseless = keep_about(stated, facts)
    statements, restated = merge_statements(stated)
    settled = Settled(
        facts=facts,
        documented=[*once, *corrected.struck],
        wordings=found,
        statements=statements,
        reviewed=corrected.counts,
        merged=merged,
        corrected=corrected.facts,
    )
    return settled, [
        *corrected.rejections,
        *doubled,
        *orphaned,
        *given_away,
        *repeated,
        *leaked,
        *untrained,
        *baseless,
        *restated,
    ]


def set_apart(settled: Settled, config: CurateConfig) -> tuple[Settled, list[Rejection]]:
    """Take a share of the facts out of all that is trained."""
    drawn = draw_controls(settled.facts, settled.wordings, config.controls, config.seed)
    controls = Controls(
        facts=[fact for fact in settled.facts if fact.id in drawn],
        asked=[w for w in settled.wordings if w.fact.id in drawn and w.split == "test"],
    )
    rest = replace(
        settled,
        facts=[fact for fact in settled.facts if fact.id not in drawn],
        wordings=[wording for wording in settled.wordings if wording.fact.id not in drawn],
        statements=[question for question in settled.statements if question.fact not in drawn],
        controls=controls,
    )
    return rest, list(withheld(controls, settled.wordings, settled.statements))


def _asked(
    rows: ExampleMaker,
    settled: Settled,
    unanswerable: tuple[Refused, OpenQuestions],
    written: Written,
    styles: AnswerStyles,
) -> dict[str, list[Example]]:
    """Return the rows that have answers, by file."""
    taught = styles.taught
    asked = [rows.asked(wording, taught.get(wording.question.id)) for wording in settled.wordings]
    stated = [rows.stated(statement) for statement in settled.statements]
    trained = [row for row in asked if row.split == "train"]
    refused, opened = unanswerable
    texts = [(perturbed.text, str(perturbed.kind)) for perturbed in refused.trained]
    texts += [(text, GROUP) for text in opened.trained]
    refusals = [rows.refused(*one, styles.request_beside(one[0])) for one in texts]
    held = [rows.asked_for_sentence(*one) for one in styles.held_out(settled.wordings)]
    return {
        "train": [*trained, *stated, *refusals],
        "validation": [row for row in asked if row.split == "validation"],
        "test": [row for row in asked if row.split == "test"],
        **({"sentences": held} if held else {}),
        "free": [rows.free(item, styles.unasked) for item in written.free],
        "unanswerable": [
            *(rows.unanswerable(item.question, item.group) for item in written.unanswerable),
            *(rows.unanswerable(asked.text, f"other {asked.kind}") for asked in refused.asked),
            *(rows.unanswerable(text, f"other {GROUP}") for text in opened.asked),
        ],
    }
