"""Questions that a passage leaves open: what makes one fit to be asked, and to be refused."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gabarito.answer_match import normalise
from gabarito.core.forms import UNSPACED
from gabarito.core.language_names import is_same_language
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import OpenQuestion, Rejection
from gabarito.generate.config import GenerateConfig
from gabarito.generate.facts import shown_text
from gabarito.generate.language import content_words, is_deictic, is_other_language
from gabarito.generate.passages import Passage
from gabarito.generate.replies import text_of
from gabarito.generate.results import dropped

ENOUGH = 0.5
"""Share of the questions wanted below which a passage is asked once more."""

_UNSPACED = re.compile(f"[{UNSPACED}]")

Faults = Iterator[tuple[GenerateReason, str]]


@dataclass
class OpenQuestionFilter:
    """The open questions of one passage that passed, and what happened to the others.

    Whether another passage answers them is told by curate, which has the facts of all.
    """

    passage: Passage
    language: str
    config: GenerateConfig
    questions: list[OpenQuestion] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def item(self) -> str:
        """How the questions are named in the ledger and among the calls."""
        return f"{self.passage.id}-open"

    @property
    def missing(self) -> int:
        """How many are still wanted."""
        return self.config.open_questions - len(self.questions)

    @property
    def is_enough(self) -> bool:
        """Whether the passage need not be asked once more."""
        return len(self.questions) >= ENOUGH * self.config.open_questions

    def accept(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Keep the good ones of a reply's objects, as many as are missing."""
        for item in objects:
            text = text_of(item.get("question"))
            fault = next(self._faults(text), None)
            if fault:
                self.rejections.append(dropped(self.item, *fault, item))
            else:
                self.questions.append(
                    OpenQuestion.of(
                        passage=self.passage.id, document=self.passage.document.id, text=text
                    )
                )

    def drop_answered(self, answers: Mapping[str, str]) -> None:
        """Drop the questions, by their ids, that a second opinion finds an answer to."""
        for question in self.questions:
            if answer := answers.get(question.id):
                reason = GenerateReason.ANSWERED
                self.rejections.append(dropped(self.item, reason, answer, question.text))
        self.questions = [one for one in self.questions if not answers.get(one.id)]

    def _faults(self, text: str) -> Faults:
        if not text:
            yield GenerateReason.NO_FIELD, "question"
        if len(text) > self.config.max_question_chars:
            yield GenerateReason.TOO_LONG, f"{len(text)} characters"
        if is_other_language(text, self.language):
            yield GenerateReason.OTHER_LANGUAGE, text
        if is_deictic(text, self.language):
            yield GenerateReason.DEICTIC, text
        if normalise(text) in {normalise(question.text) for question in self.questions}:
            yield GenerateReason.OPEN_AGAIN, text
        if not self._is_on_the_subject(text):
            yield GenerateReason.NO_SUBJECT, text
        if self.missing <= 0:
            yield GenerateReason.EXCESS_QUESTION, text

    def _is_on_the_subject(self, text: str) -> bool:
        """Tell whether a question has a word of its passage; of other languages nothing is known.

        Nor is it where no spaces tell the words.
        """
        spoken = self.passage.document.language
        if _UNSPACED.search(text) or not is_same_language(self.language, spoken):
            return True
        own = content_words(shown_text(self.passage), self.language)
        return not own.isdisjoint(content_words(text, self.language))
