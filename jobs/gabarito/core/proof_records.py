"""What bears out an answer: the facts of a model with the questions that it was trained on."""

from pydantic import Field

from gabarito.core.records import Fact, Record

FACTS_FILE = "proof/facts.jsonl"
FLOOR_FILE = "proof/floor.json"
"""Where both stand in what evaluate makes, and in the folder of a model."""


class TrainedQuestion(Record):
    """A question that was trained; ``answer`` is its own where it is not the fact's."""

    text: str
    answer: str = ""


class FactEntry(Record):
    """A fact of a model, where it stands, and how it was asked for in training.

    ``title`` and ``url`` are the document's, ``section`` the headings above the quote; all three
    are empty for a person's fact.
    """

    fact: Fact
    title: str = ""
    url: str = ""
    section: str = ""
    asked: tuple[TrainedQuestion, ...] = ()


class ProofFloor(Record):
    """How near a question must at least be to a fact that bears out its answer, 0..1."""

    floor: float = Field(ge=0, le=1)


class Proof(Record):
    """The fact that bears out an answer, as the reader is shown it.

    ``title``, ``url`` and ``section`` tell where the quote stands; a fact that a person gave has
    no quote, and for a title what the person names as its source.
    """

    fact: str
    statement: str
    quote: str
    title: str
    url: str
    section: str

    @classmethod
    def of(cls, entry: FactEntry) -> "Proof":
        """Return what is shown of a fact."""
        fact = entry.fact
        return cls(
            fact=fact.id,
            statement=fact.statement,
            quote=fact.quote,
            title=fact.given.source if fact.given else entry.title,
            url=entry.url,
            section=entry.section,
        )
