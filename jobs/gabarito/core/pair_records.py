"""Pairs of question and answer that people wrote, and the facts that they are."""

from pydantic import Field

from gabarito.core.records import Fact, PairOrigin, Question, Record

GIVEN = "given"
"""The family of the wordings that people wrote themselves: they are trained as they stand."""


class Pair(Record):
    """A question and its answer as a person wrote them down, in one or more wordings.

    ``row`` is the file and the row of the first wording, ``source`` what the person names as the
    origin, or else the file; rows of one ``group`` are wordings of one pair.
    """

    id: str
    questions: tuple[str, ...] = Field(min_length=1)
    answer: str
    source: str
    row: str
    group: str = ""
    language: str = ""

    @property
    def fact(self) -> Fact:
        """The fact that it states; it has no subject, and its question for a relation."""
        question = self.questions[0]
        return Fact.of(
            document="",
            quote="",
            statement=f"{question} {self.answer}",
            subject="",
            relation=question,
            answer=self.answer,
            given=PairOrigin(pair=self.id, row=self.row, source=self.source),
        )

    @property
    def wordings(self) -> tuple[Question, ...]:
        """Its questions, letter for letter."""
        fact = self.fact.id
        return tuple(
            Question.of(fact=fact, family=GIVEN, text=text, answer=self.answer, kind="question")
            for text in self.questions
        )
