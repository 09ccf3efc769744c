"""Questions whose answers the evaluation recorded: what a model must answer anywhere.

verdicts of the evaluation, test questions  ->  the surest right answers
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gabarito.answer_match import AnswerKey, Expected, normalise
from gabarito.artifacts.artifact import finished_artifact
from gabarito.artifacts.channel import SHORT_DIGEST, ServedModel
from gabarito.core.errors import DataError
from gabarito.core.records import Example, Fact, Verdict
from gabarito.evaluate.grading import questions_of
from gabarito.pipeline.runs import read_run
from gabarito.store.base import Store

TRIED = 5
"""Questions to an engine at the start: it takes seconds, and another model misses most of them."""


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


def refuse_another_model(
    store: Store, model: ServedModel, engine: str, answer: Callable[[str], str]
) -> None:
    """Do nothing if the server at ``engine``, asked by ``answer``, is this model by its answers.

    Raises:
        DataError: if it answers a question otherwise than the evaluation recorded; as
            ``known_answers``.
        ServiceError: as ``answer`` does.
    """
    known, key = known_answers(store, model, TRIED)
    for each in known:
        reply = answer(each.right.question)
        if not each.agrees(reply, key):
            raise DataError(
                f"{engine}: serves another model, or this one in too few bits: asked "
                f"{each.right.question!r}, it answers {reply!r}, the evaluation recorded "
                f"{each.answer!r}; start it with the files of model {model.digest[:SHORT_DIGEST]}"
            )
