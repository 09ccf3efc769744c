"""Questions whose answers the evaluation recorded: what a model must answer anywhere.

verdicts of the evaluation, test questions  ->  the surest right answers
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gabarito.answer_match import AnswerKey, Expected, normalise
from gabarito.artifacts.artifact import finished_artifact
from gabarito.artifacts.channel import ServedModel
from gabarito.core.records import Example, Fact, Verdict
from gabarito.evaluate.grading import questions_of
from gabarito.pipeline.runs import read_run
from gabarito.store.base import Store


@dataclass(frozen=True)
class KnownAnswer:
    """A test question with what is right, and what the model answered in its evaluation."""

    right: Expected
    answer: str

    def agrees(self, reply: str, key: AnswerKey) -> bool:
        """Tell whether a reply is the recorded one, or right in other words."""
        return normalise(reply) == normalise(self.answer) or key.is_right(reply, self.right)


def known_answers(
    store: Store, model: ServedModel, count: int
) -> tuple[list[KnownAnswer], AnswerKey]:
    """Return questions that the merged model answered right in its evaluation, and by which key.

    Raises:
        DataError: if what the evaluation read or wrote is gone.
    """
    report = finished_artifact(store, model.report)
    dataset = finished_artifact(store, read_run(store, model.run).address("curate"))
    tested = questions_of("test", dataset.records("test.jsonl", Example))
    # of pairs that nobody worded otherwise the evaluation asked the trained wordings
    found = tested or questions_of("trained", dataset.records("train.jsonl", Example))
    questions = {item.id: item.right for item in found}
    threshold = model.contract.threshold or 0.0
    chosen = choose(report.records("verdicts.jsonl", Verdict), questions, threshold, count)
    return chosen, AnswerKey(dataset.records("facts.jsonl", Fact))


def choose(
    verdicts: Iterable[Verdict], questions: Mapping[str, Expected], threshold: float, count: int
) -> list[KnownAnswer]:
    """Return the right answers of the highest probability, first those that a fact bears out.

    The others are refused where ``serve.unverified`` says so.

    Other hardware rounds otherwise, which changes the greedy answer only where two tokens are
    nearly equally probable.
    """
    right = [
        verdict
        for verdict in verdicts
        if verdict.system == "model" and verdict.correct and verdict.question in questions
        if verdict.probability >= threshold
    ]
    right.sort(key=lambda one: (one.proof is None, -one.probability, one.question))
    return [KnownAnswer(questions[verdict.question], verdict.answer) for verdict in right[:count]]
