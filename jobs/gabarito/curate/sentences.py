"""Answers of one sentence: which statement of its fact each wording is answered with.

Where short answers and sentences are both taught, the question itself tells which one it wants: one
prompt never has two styles.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gabarito.answer_match import AnswerKey, Expected, is_within, normalise
from gabarito.answer_match.answer_key import LONGEST_SENTENCE
from gabarito.core.language_names import base_language
from gabarito.core.records import AnswerStyle, Fact, Question, digest_of
from gabarito.curate.wordings import Wording, by_fact

Style = Literal["short", "sentence", "both"]

THREE, TEN = 3, 10
"""Of the trained wordings three in ten ask for a sentence, where both styles are taught."""

REQUESTS = {
    "pt": (
        "Responda com uma frase completa.",
        "Responda em uma frase inteira.",
        "Dê a resposta numa frase completa.",
        "Escreva a resposta como uma frase.",
    ),
    "en": (
        "Answer in a full sentence.",
        "Reply with one complete sentence.",
        "Give the answer as a full sentence.",
        "Please answer in one sentence.",
    ),
    "es": (
        "Responde con una frase completa.",
        "Contesta en una oración completa.",
        "Da la respuesta en una frase completa.",
        "Escribe la respuesta como una frase.",
    ),
    "fr": (
        "Réponds par une phrase complète.",
        "Répondez en une phrase entière.",
        "Donne la réponse dans une phrase complète.",
        "Écris la réponse sous forme de phrase.",
    ),
    "de": (
        "Antworte in einem ganzen Satz.",
        "Antworten Sie mit einem vollständigen Satz.",
        "Gib die Antwort in einem ganzen Satz.",
        "Schreibe die Antwort als Satz.",
    ),
    "it": (
        "Rispondi con una frase completa.",
        "Rispondi in una frase intera.",
        "Dai la risposta in una frase completa.",
        "Scrivi la risposta come frase.",
    ),
}
"""How a question asks for a sentence, by its language; the last one of each is never trained."""

_ENDINGS = tuple(f" {normalise(text)}" for texts in REQUESTS.values() for text in texts)

_ENDS = (".", "?", "!", "…", ":")


@dataclass(frozen=True)
class Taught:
    """A sentence that a wording is answered with, and what asks for it, or nothing."""

    sentence: str
    request: str = ""


@dataclass(frozen=True)
class AnswerStyles:
    """How the questions of a dataset are answered; ``taught`` has those with a sentence by id."""

    style: Style
    language: str
    taught: Mapping[str, Taught]

    @property
    def unasked(self) -> AnswerStyle:
        """How a question is answered that asks for nothing."""
        return "sentence" if self.style == "sentence" else "short"

    def request_beside(self, text: str) -> str:
        """Return what asks for a sentence beside a question without an answer, mostly nothing.

        As many refusal rows have it as others: it must not tell that there is an answer.
        """
        number = _number(text)
        is_asking = self.style == "both" and number % TEN < THREE
        return _request(number // TEN, self.language) if is_asking else ""

    def held_out(self, wordings: Iterable[Wording]) -> Iterator[tuple[Wording, Taught]]:
        """Yield a test wording of each fact that has both styles, asked for a sentence.

        What asks for it is never trained, nor is the wording.
        """
        groups = by_fact(wordings) if self.style == "both" else {}
        for group in groups.values():
            ids = [one.question.id for one in group if one.question.id in self.taught]
            tested = [one for one in group if one.split == "test"]
            if ids and tested:
                first = min(tested, key=lambda one: one.question.id)
                sentence = self.taught[ids[0]].sentence
                yield first, Taught(sentence, _requests(self.language)[-1])


def sentences_of(fact: Fact, statements: Iterable[Question], key: AnswerKey) -> list[str]:
    """Return the statements of a fact that say its answer, and its subject and qualifier best.

    Of an explanation there are none: it is one itself.
    """
    told = [statement.text for statement in statements]
    if not fact.given:  # a person's fact is stated by its question and answer
        told.insert(0, fact.statement)
    expected = Expected(fact.answer, fact.aliases, "sentence", fact.points, fact=fact.id)
    if expected.is_explanation:
        return []
    found = [
        text
        for text in dict.fromkeys(" ".join(text.split()) for text in told)
        if len(text.split()) <= LONGEST_SENTENCE
        and normalise(text) != normalise(fact.answer)
        and key.says(text, expected)
    ]
    named = {text: _names(text, fact) for text in found}
    return [text for text in found if named[text] == max(named.values())]


def taught_sentences(
    style: Style,
    wordings: Sequence[Wording],
    statements: Iterable[Question],
    language: str,
) -> dict[str, Taught]:
    """Return what each wording is answered with, by its question, where that is a sentence."""
    if style == "short":
        return {}
    groups = by_fact(wordings)
    key = AnswerKey(group[0].fact for group in groups.values())
    stated: dict[str, list[Question]] = defaultdict(list)
    for statement in statements:
        stated[statement.fact].append(statement)
    taught: dict[str, Taught] = {}
    for id_, group in groups.items():
        found = sentences_of(group[0].fact, stated[id_], key)
        asked = [one for one in group if _saying(one, found)]
        if style == "both":
            asked = _asked_for(asked)
        for turn, wording in enumerate(asked, _number(id_)):
            sentences = _saying(wording, found)
            request = _request(_number(wording.question.id), language) if style == "both" else ""
            taught[wording.question.id] = Taught(sentences[turn % len(sentences)], request)
    return taught


def with_request(question: str, request: str) -> str:
    """Return a question that asks for a sentence, if anything is to ask for it."""
    if not request:
        return question
    text = question.rstrip()
    return f"{text} {request}" if text.endswith(_ENDS) else f"{text}. {request}"


def without_request(question: str) -> str:
    """Return the normal form of a question without what asks for a sentence at its end, if any."""
    key = normalise(question)
    return next((key.removesuffix(end) for end in _ENDINGS if key.endswith(end)), key)


def _saying(wording: Wording, sentences: Sequence[str]) -> Sequence[str]:
    """Return the sentences that answer a wording: a reverse question asks for the subject."""
    if wording.question.kind == "question":
        return sentences
    return [text for text in sentences if is_within(text, wording.question.answer)]


def _asked_for(group: Sequence[Wording]) -> list[Wording]:
    """Return three in ten of a fact's trained questions; which ones differs from fact to fact."""
    trained = [one for one in group if one.split == "train" and one.question.kind == "question"]
    begin = _number(trained[0].fact.id) if trained else 0
    return [one for place, one in enumerate(trained, begin) if place * THREE % TEN < THREE]


def _names(text: str, fact: Fact) -> int:
    """Return how much of what a fact is about a sentence names: its subject counts most."""
    is_subject = bool(fact.subject) and is_within(text, fact.subject)
    is_qualified = bool(fact.qualifier) and is_within(text, fact.qualifier)
    return 2 * is_subject + is_qualified


def _request(turn: int, language: str) -> str:
    trained = _requests(language)[:-1]
    return trained[turn % len(trained)]


def _number(text: str) -> int:
    return int(digest_of("style", text), 16)


def _requests(language: str) -> Sequence[str]:
    return REQUESTS.get(base_language(language), REQUESTS["en"])
