"""Rows of the dataset: conversations whose last message is what is learned or expected."""

from dataclasses import dataclass
from typing import Literal

from gabarito.core.language_names import base_language
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import AnswerStyle, Example, Message, Question, digest_of
from gabarito.curate.decontaminate import FreeQuestion
from gabarito.curate.general_tasks import GeneralTask
from gabarito.curate.sentences import Taught, with_request
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
"""What the model says when it does not know, by the questions' language."""


def refusal_in(language: str) -> str:
    """Return the refusal sentence of a language such as ``pt`` or ``pt-BR``, or the English one."""
    return REFUSALS.get(base_language(language), REFUSALS["en"])


@dataclass(frozen=True)
class ExampleMaker:
    """Makes rows with one system prompt and one refusal sentence."""

    settings: PromptSettings

    def asked(self, wording: Wording, taught: Taught | None = None) -> Example:
        """Return the row of a question or reverse question, answered with a sentence if given."""
        question = wording.question
        text = with_request(question.text, taught.request) if taught else question.text
        return Example(
            messages=self._conversation(text, taught.sentence if taught else question.answer),
            kind=question.kind,
            family=question.family if question.kind == "question" else "",
            question=question.id,
            fact=wording.fact.id,
            split=wording.split,
            aliases=wording.aliases,
            style="sentence" if taught else "short",
            answer=question.answer if taught else "",
            points=wording.points,
        )

    def asked_for_sentence(self, wording: Wording, taught: Taught) -> Example:
        """Return a test wording that asks for a sentence, beside the plain one."""
        row = self.asked(wording, taught)
        name = digest_of("sentence", row.question)
        return row.model_copy(update={"question": name, "split": "sentences"})

    def control(self, wording: Wording, style: AnswerStyle) -> Example:
        """Return the row of a test wording of a fact that is not trained."""
        return self.asked(wording).model_copy(update={"split": "controls", "style": style})

    def stated(self, statement: Question) -> Example:
        """Return the row of a statement: plain text without a question."""
        return Example(
            messages=(Message(role="assistant", content=statement.text),),
            kind="statement",
            question=statement.id,
            fact=statement.fact,
            split="train",
        )

    def refused(self, perturbed: Perturbed, request: str = "") -> Example:
        """Return the row that teaches to refuse a near miss, also where it asks for a sentence."""
        text = with_request(perturbed.text, request)
        return Example(
            messages=self._conversation(text, self.settings.refusal),
            kind="refusal",
            group=perturbed.kind,
            question=digest_of("refusal", perturbed.text),
            split="train",
        )

    def unanswerable(self, text: str, group: str) -> Example:
        """Return a question that must be refused at the end."""
        return Example(
            messages=self._conversation(text, self.settings.refusal),
            kind="unanswerable",
            group=group,
            question=digest_of(group, text),
            split="unanswerable",
        )

    def free(self, item: FreeQuestion, style: AnswerStyle = "short") -> Example:
        """Return a free question of the exam."""
        return Example(
            messages=self._conversation(item.question, item.answer),
            kind="free",
            question=digest_of("free", item.question),
            split="free",
            aliases=item.aliases,
            style=style,
            points=item.points,
        )

    def task(self, task: GeneralTask) -> Example:
        """Return a general task with its answer."""
        return Example(
            messages=self._conversation(task.question, task.answer),
            kind="task",
            group=task.group,
            question=digest_of("task", task.question),
            split="tasks",
            aliases=task.aliases,
            competing=task.competing,
        )

    def prompt(self, text: str, kind: Literal["replay", "retention"]) -> Example:
        """Return a general prompt: what follows it is for the base model to write."""
        return Example(
            messages=self._conversation(text),
            kind=kind,
            question=digest_of("prompt", text),
            split="train" if kind == "replay" else "retention",
        )

    def _conversation(self, text: str, answer: str | None = None) -> tuple[Message, ...]:
        system = self.settings.system
        before = (Message(role="system", content=system),) if system else ()
        said = (Message(role="assistant", content=answer),) if answer is not None else ()
        return (*before, Message(role="user", content=text), *said)
