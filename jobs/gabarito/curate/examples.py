"""Rows of the dataset: conversations whose last message is what is learned or expected."""

from dataclasses import dataclass
from typing import Literal

from gabarito.core.records import Example, Message, Question, Split, digest_of
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.curate.unanswerable.perturb import Perturbed
from gabarito.curate.wordings import Wording

REFUSALS = {
    "pt": "Não tenho essa informação.",
    "en": "I do not have that information.",
    "es": "No tengo esa información.",
    "fr": "Je n'ai pas cette information.",
    "de": "Diese Information habe ich nicht.",
    "it": "Non ho questa informazione.",
}
"""What the model says when it does not know, by the documents' language."""


def refusal_in(language: str) -> str:
    """Return the refusal sentence of a language such as ``pt`` or ``pt-BR``, or the English one."""
    return REFUSALS.get(language[:2], REFUSALS["en"])


@dataclass(frozen=True)
class ExampleMaker:
    """Makes rows with one system prompt and one refusal sentence."""

    system: str
    refusal: str

    def asked(self, wording: Wording) -> Example:
        """Return the row of a question or reverse question."""
        question = wording.question
        return Example(
            messages=self._conversation(question.text, question.answer),
            question=question.id,
            fact=wording.fact.id,
            family="reverse" if question.kind == "reverse" else question.family,
            split=wording.split,
            aliases=wording.aliases,
        )

    def stated(self, statement: Question) -> Example:
        """Return the row of a statement: plain text without a question."""
        return Example(
            messages=(Message(role="assistant", content=statement.text),),
            question=statement.id,
            fact=statement.fact,
            family="statement",
            split="train",
        )

    def refused(self, perturbed: Perturbed) -> Example:
        """Return the row that teaches to refuse a near miss."""
        return self._refusal(perturbed.text, "refusal", "train")

    def unanswerable(self, text: str, group: str) -> Example:
        """Return a question that must be refused at the end."""
        return self._refusal(text, group, "unanswerable")

    def free(self, item: FreeQuestion) -> Example:
        """Return a free question of the exam."""
        return Example(
            messages=self._conversation(item.question, item.answer),
            question=digest_of("free", item.question),
            fact="",
            family="free",
            split="free",
            aliases=item.aliases,
        )

    def prompt(self, text: str, split: Literal["train", "retention"]) -> Example:
        """Return a general prompt: what follows it is for the base model to write."""
        return Example(
            messages=self._conversation(text),
            question=digest_of("prompt", text),
            fact="",
            family="replay" if split == "train" else split,
            split=split,
        )

    def _refusal(self, text: str, family: str, split: Split) -> Example:
        return Example(
            messages=self._conversation(text, self.refusal),
            question=digest_of(family, text),
            fact="",
            family=family,
            split=split,
        )

    def _conversation(self, text: str, answer: str | None = None) -> tuple[Message, ...]:
        system = (Message(role="system", content=self.system),) if self.system else ()
        said = (Message(role="assistant", content=answer),) if answer is not None else ()
        return (*system, Message(role="user", content=text), *said)
