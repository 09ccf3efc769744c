"""The smoke test of the endpoint: questions whose answers the evaluation recorded.

verdicts of the evaluation, test questions  ->  what the endpoint must answer
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gabarito.answer_match import AnswerKey, Expected, normalise
from gabarito.artifacts.artifact import Address, Artifact, open_artifact
from gabarito.artifacts.channel import ServedModel, read_model
from gabarito.chat.ask import ask, served_name
from gabarito.controller.config import ServeTarget
from gabarito.controller.state import SmokeTestResult
from gabarito.core.errors import DataError, GabaritoError, ServiceError
from gabarito.core.records import Example, Fact, Verdict
from gabarito.core.secrets import secret_from
from gabarito.evaluate.grading import questions_of
from gabarito.pipeline.runs import read_run
from gabarito.store.base import Store

log = logging.getLogger("gabarito.controller")

PAUSE_S = 2.0
"""Between a question that was not answered and the next attempt."""


@dataclass(frozen=True)
class KnownAnswer:
    """A test question with what is right, and what the model answered in its evaluation."""

    right: Expected
    answer: str


def known_answers(
    store: Store, model: ServedModel, count: int
) -> tuple[list[KnownAnswer], AnswerKey]:
    """Return questions that the merged model answered right in its evaluation, and by which key.

    Raises:
        DataError: if what the evaluation read or wrote is gone.
    """
    report = _read_artifact(store, model.report)
    dataset = _read_artifact(store, read_run(store, model.run).address("curate"))
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


class SmokeTest:
    """Asks in a thread, since an answer may take seconds; ``result`` is what is known so far."""

    def __init__(self, store: Store, target: ServeTarget, wake: threading.Event) -> None:
        self._store = store
        self._target = target
        self._wake = wake
        self._result: SmokeTestResult | None = None

    @property
    def result(self) -> SmokeTestResult | None:
        """The result of the test that was started last."""
        return self._result

    def start(self, model: str, key: str) -> None:
        """Begin to test one endpoint; the test of another one ends without a result."""
        running = self._result = SmokeTestResult(key, "running", since=datetime.now(UTC))
        pause = threading.Event()

        def test() -> None:  # until all is answered, or what is wrong stays wrong
            while self._result is not None and self._result.key == key:
                try:
                    self._set_result(self._ask_all(model, key))
                except ServiceError as error:
                    fields = {"model": model, "error": str(error)}
                    log.warning("endpoint does not answer", extra=fields)
                    self._set_result(replace(running, message=str(error)))
                    pause.wait(PAUSE_S)
                    continue
                except GabaritoError as error:
                    message = f"the endpoint cannot be tested: {error}"
                    self._set_result(SmokeTestResult(key, "failed", message))
                return

        threading.Thread(target=test, name="smoke-test", daemon=True).start()

    def _set_result(self, result: SmokeTestResult) -> None:
        if self._result is not None and self._result.key == result.key:
            self._result = result
            self._wake.set()

    def _ask_all(self, digest: str, key: str) -> SmokeTestResult:
        address, token_env = self._target.service, self._target.token_env
        token = secret_from(token_env) if token_env else None
        model = read_model(self._store, digest)
        known, answer_key = known_answers(self._store, model, self._target.questions)
        name = served_name(address)
        # Behind the Service the pods of the model before answer until the last of them is gone.
        if not name.endswith(digest[:12]):
            raise ServiceError(
                f"{address}: serves {name!r}, not yet model {digest[:12]}; it is asked again"
            )
        for each in known:
            reply = ask(address, each.right.question, token)
            is_same = normalise(reply.text) == normalise(each.answer)
            if not is_same and not answer_key.is_right(reply.text, each.right):
                message = (
                    f"asked {each.right.question!r}, the endpoint answers {reply.text!r}, "
                    f"the evaluation recorded {each.answer!r}"
                )
                return SmokeTestResult(key, "failed", message)
        message = f"{len(known)} of {len(known)} answers as in the evaluation"
        return SmokeTestResult(key, "passed", message)


def _read_artifact(store: Store, address: Address) -> Artifact:
    artifact = open_artifact(store, address)
    if artifact is None:
        raise DataError(
            f"{store.url}/{address.manifest}: does not exist any more; run the pipeline again"
        )
    return artifact
