"""What bears out an answer: the facts of a model with the questions that it was trained on."""

from typing import Self

from pydantic import Field

from gabarito.core.records import AnswerStyle, Fact, Record

PROOF_FOLDER = "proof"
FACTS_FILE = f"{PROOF_FOLDER}/facts.jsonl"
FLOOR_FILE = f"{PROOF_FOLDER}/floor.json"
"""Where both stand in what evaluate makes, and in the folder of a model."""


class TrainedQuestion(Record):
    """A question that was trained; ``answer`` is its own where it is not the fact's.

    ``style`` is that in which it was answered.
    """

    text: str
    answer: str = ""
    style: AnswerStyle = "short"


class FactEntry(Record):
    """A fact of a model, where it stands, and how it was asked for in training.

    ``title``, ``source`` and ``url`` are the document's, ``section`` the headings above the quote,
    ``before`` and ``after`` what stands around it; all are empty for a person's fact.
    """

    fact: Fact
    title: str = ""
    source: str = ""
    url: str = ""
    section: str = ""
    before: str = ""
    after: str = ""
    asked: tuple[TrainedQuestion, ...] = ()


class ProofFloor(Record):
    """How near a question must at least be to a fact that bears out its answer, 0..1."""

    floor: float = Field(ge=0, le=1)


class Proof(Record):
    """The fact that bears out an answer, as the reader is shown it.

    ``title``, ``source``, ``url`` and ``section`` tell where the quote stands, ``before`` and
    ``after`` between which words, if that is known. A fact that a person
    gave has no quote; its title is what the person names as its origin, its source the file and
    row.
    """

    fact: str
    statement: str
    quote: str
    title: str
    source: str
    url: str
    section: str
    before: str
    after: str

    @classmethod
    def of(cls, entry: FactEntry) -> Self:
        """Return what is shown of a fact."""
        fact = entry.fact
        return cls(
            fact=fact.id,
            statement=fact.statement,
            quote=fact.quote,
            title=fact.given.source if fact.given else entry.title,
            source=fact.given.row if fact.given else entry.source,
            url=entry.url,
            section=entry.section,
            before=entry.before,
            after=entry.after,
        )
