"""Document rows: what passages say, told anew by a teacher, as plain text of which all is learned.

They are cut to the length of rows, and taken evenly over the passages until they are as much as
is wanted beside the questions.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gabarito.answer_match import normalise
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Example, Fact, PassageText, Question, Rejection, Rewrite
from gabarito.curate.contradictions import Matter, matter
from gabarito.curate.dedup import is_same_fact
from gabarito.curate.similarity import similarity
from gabarito.curate.wordings import Wording

MOST_BYTES = 1000
"""Longest row, in UTF-8: some 300 tokens in any script, where train takes 512 by default."""

_CLOSING = r"[)\]\"'”’»*_]"

_SENTENCE_END = re.compile(
    rf"(?:(?<=[.!?…])|(?<=[.!?…]{_CLOSING})|(?<=[.!?…]{_CLOSING}{{2}}))\s+(?=\S)"
    r"|(?<=[。！？])\s*(?=\S)"
)
"""A dot within a word ends no sentence: that of a version, or of a file's name."""


@dataclass(frozen=True)
class RewritePiece:
    """Paragraphs of a rewrite that make a row; ``number`` is its place there, from 0."""

    rewrite: Rewrite
    number: int
    text: str

    @property
    def size(self) -> int:
        """Its length in UTF-8."""
        return size_of(self.text)


@dataclass(frozen=True)
class RewriteLibrary:
    """Passages as a teacher told them anew, and what must not stand there.

    That are the facts that are ``wrong``, by id, the ``controls``, which nothing teaches, the
    ``exam``'s questions, and the wordings that are not trained; nearly a question is what is more
    similar to it than ``limit``.
    """

    rewrites: Sequence[Rewrite]
    passages: Sequence[PassageText]
    wrong: Collection[str]
    controls: Sequence[Fact]
    wordings: Sequence[Wording]
    exam: Sequence[str]
    limit: float

    @property
    def held_out(self) -> list[Wording]:
        """The wordings that are not trained."""
        return [wording for wording in self.wordings if wording.split != "train"]

    @property
    def exam_keys(self) -> set[str]:
        """The normal forms of the exam's questions."""
        return set(map(normalise, self.exam))

    def asked(self) -> Mapping[str, set[str]]:
        """Return the questions that are asked at the end about what each passage says."""
        of_fact: dict[str, set[str]] = defaultdict(set)
        for wording in self.held_out:
            of_fact[wording.fact.id].add(wording.key)
        return {
            passage.id: self.exam_keys.union(*(of_fact[fact] for fact in passage.facts))
            for passage in self.passages
        }


@dataclass(frozen=True)
class _Told:
    """What tells a fact where it stands together, as whole words in normal form."""

    fact: str
    subject: str
    answers: tuple[str, ...]


def document_pieces(
    library: RewriteLibrary, size: float
) -> tuple[list[RewritePiece], list[Rejection]]:
    """Return rows of this size in all, without what must not stand there."""
    right, doubted = keep_right(library)
    unasked, leaking = keep_unasked(right, library)
    taken, left = evenly((piece for one in unasked for piece in pieces_of(one)), size)
    return taken, [*doubted, *leaking, *left]


def size_of(text: str) -> int:
    """Return the length of a text in UTF-8: it grows with the tokens in any script."""
    return len(text.encode())


def with_merged(passages: Iterable[PassageText], merged: Mapping[str, str]) -> list[PassageText]:
    """Return passages that also hold the facts which theirs were ``merged`` into, by id."""
    found = []
    for passage in passages:
        others = (merged[fact] for fact in passage.facts if fact in merged)
        facts = tuple(dict.fromkeys((*passage.facts, *others)))
        found.append(passage.model_copy(update={"facts": facts}))
    return found


def wrong_facts(
    before: Sequence[Fact],
    corrected: Iterable[Fact],
    questions: Iterable[Question],
    kept: Iterable[Fact],
    rejections: Iterable[Rejection],
) -> set[str]:
    """Return the facts that a person corrected or struck out, or that documents contradict.

    ``corrected`` are all facts as people left them, also those that now say what others say. What
    said the same as a corrected fact did stands in another passage, and is as wrong there.
    """
    after = {fact.id: fact for fact in corrected}
    reasons = {(item.reason, item.item) for item in rejections}
    struck = {fact.id for fact in before if (CurateReason.STRUCK, fact.id) in reasons}
    changed: dict[Matter, list[Fact]] = defaultdict(list)
    for fact in before:
        if fact.id in after and _is_corrected(fact, after[fact.id]):
            changed[matter(fact)].append(fact)
    wrong = {
        fact.id
        for fact in before
        if any(is_same_fact(fact, other) for other in changed.get(matter(fact), ()))
    }
    disputed = {one.fact for one in questions if (CurateReason.TWO_ANSWERS, one.id) in reasons}
    return struck | wrong | (disputed - {fact.id for fact in kept})


def keep_right(library: RewriteLibrary) -> tuple[list[Rewrite], list[Rejection]]:
    """Drop the rewrites of passages that hold a wrong fact, or a control: they would teach it."""
    reasons = dict.fromkeys(library.wrong, CurateReason.WRONG_FACT)
    reasons |= {fact.id: CurateReason.CONTROL for fact in library.controls}
    held = {passage.id: sorted(reasons.keys() & passage.facts) for passage in library.passages}
    kept: list[Rewrite] = []
    dropped: list[Rejection] = []
    for rewrite in library.rewrites:
        if facts := held.get(rewrite.passage):
            raw = "\n\n".join(rewrite.paragraphs)
            dropped.append(rejected(reasons[facts[0]], rewrite.id, ", ".join(facts), raw))
        else:
            kept.append(rewrite)
    return kept, dropped


def keep_unasked(
    rewrites: Iterable[Rewrite], library: RewriteLibrary
) -> tuple[list[Rewrite], list[Rejection]]:
    """Drop the paragraphs in which a question stands that is asked at the end, or nearly one.

    Also those that tell a control, whatever passage they are of.
    """
    asked, exam = library.asked(), library.exam_keys
    everywhere = {wording.key for wording in library.held_out}
    controls = [_told(fact) for fact in library.controls if normalise(fact.subject)]
    kept: list[Rewrite] = []
    dropped: list[Rejection] = []
    for rewrite in rewrites:
        close = asked.get(rewrite.passage, exam)
        paragraphs = []
        for paragraph in rewrite.paragraphs:
            leak = _leak(paragraph, close, everywhere, library.limit)
            if leak:
                dropped.append(rejected(CurateReason.LEAK, rewrite.id, leak, paragraph))
            elif fact := _control_in(paragraph, controls):
                dropped.append(rejected(CurateReason.CONTROL, rewrite.id, fact, paragraph))
            else:
                paragraphs.append(paragraph)
        kept.append(rewrite.model_copy(update={"paragraphs": tuple(paragraphs)}))
    return kept, dropped


def pieces_of(rewrite: Rewrite) -> Iterator[RewritePiece]:
    """Cut a rewrite into rows: between paragraphs, or between sentences where one is too long."""
    parts: list[str] = []
    for paragraph in rewrite.paragraphs:
        is_short = size_of(paragraph) <= MOST_BYTES
        parts += [paragraph] if is_short else _joined(_sentences(paragraph), "")
    for number, text in enumerate(_joined(parts, "\n")):
        yield RewritePiece(rewrite, number, text)


def evenly(
    pieces: Iterable[RewritePiece], size: float
) -> tuple[list[RewritePiece], list[Rejection]]:
    """Take pieces until they have this size, one of each passage in turn, and of each format."""
    turns: dict[str, int] = defaultdict(int)
    ranked: list[tuple[int, RewritePiece]] = []
    for piece in sorted(pieces, key=lambda one: one.number):
        ranked.append((turns[piece.rewrite.passage], piece))
        turns[piece.rewrite.passage] += 1
    ranked.sort(key=lambda pair: (pair[0], pair[1].rewrite.id))
    taken: list[RewritePiece] = []
    dropped: list[Rejection] = []
    for _, piece in ranked:
        if size > 0:
            taken.append(piece)
            size -= piece.size
        else:
            dropped.append(rejected(CurateReason.ENOUGH, piece.rewrite.id, "", piece.text))
    return taken, dropped


def size_of_questions(rows: Iterable[Example]) -> int:
    """Return how long the questions that are asked alone are with their answers, in UTF-8."""
    return sum(
        size_of(message.content)
        for row in rows
        if row.kind in ("question", "reverse") and not row.in_conversation
        for message in row.messages
        if message.role != "system"
    )


def _is_corrected(before: Fact, now: Fact) -> bool:
    return (before.answer, before.statement) != (now.answer, now.statement)


def _control_in(paragraph: str, controls: Iterable[_Told]) -> str:
    """Return the control whose subject and answer stand together in a paragraph, or nothing."""
    said = f" {normalise(paragraph)} "
    for control in controls:
        if control.subject in said and any(answer in said for answer in control.answers):
            return control.fact
    return ""


def _told(fact: Fact) -> _Told:
    subject, *answers = map(normalise, (fact.subject, fact.answer, *fact.aliases))
    return _Told(fact.id, f" {subject} ", tuple(f" {answer} " for answer in answers if answer))


def _leak(paragraph: str, close: set[str], everywhere: set[str], limit: float) -> str:
    """Say which question stands in a paragraph: nearly, of those that are ``close``."""
    whole = f" {normalise(paragraph)} "
    sentences = [normalise(one) for one in _sentences(paragraph)]
    for sentence in sentences:
        if sentence in everywhere:
            return f"a question that is asked at the end: {sentence}"
    for key in sorted(close):
        if f" {key} " in whole:
            return f"contains a question that is asked at the end: {key}"
        ratio = max(similarity(sentence, key) for sentence in sentences)
        if ratio > limit:
            return f"{ratio:.2f} similar to a question that is asked at the end: {key}"
    return ""


def _sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences, each with the space behind it."""
    start = 0
    for end in _SENTENCE_END.finditer(paragraph):
        yield paragraph[start : end.end()]
        start = end.end()
    yield paragraph[start:]


def _joined(parts: Iterable[str], between: str) -> Iterator[str]:
    """Yield parts put together up to the length of a row."""
    text = ""
    for part in parts:
        if text and size_of((text + between + part).rstrip()) > MOST_BYTES:
            yield text.rstrip()
            text = ""
        text = f"{text}{between}{part}" if text else part
    if text:
        yield text.rstrip()
