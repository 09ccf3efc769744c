"""Questions whose answers are known, asked at the endpoint before it is trusted.

verdicts of the evaluation, test questions  ->  what the endpoint must answer
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gabarito.answer_match import normalise
from gabarito.controller.config import ServeTarget
from gabarito.controller.state import SmokeTestResult
from gabarito.core.artifact import Address, Artifact, open_artifact
from gabarito.core.channel import ServedModel, read_model
from gabarito.core.errors import DataError, GabaritoError, ServiceError
from gabarito.core.records import Example, Verdict
from gabarito.core.secrets import secret_from
from gabarito.core.store import Store
from gabarito.endpoint import ask, served_name
from gabarito.evaluate.exam import items_of
from gabarito.plan import read_run

log = logging.getLogger("gabarito.controller")

PAUSE_S = 2.0
"""Between a question that was not answered and the next try."""


@dataclass(frozen=True)
class KnownAnswer:
    """A question, and what the model answered to it in its evaluation."""

    question: str
    answer: str


def known_answers(store: Store, model: ServedModel, count: int) -> list[KnownAnswer]:
    """Return questions that the merged model answered right in its evaluation.

    Raises:
        DataError: if what the evaluation read or wrote is gone.
    """
    report = _finished(store, model.report)
    dataset = _finished(store, read_run(store, model.run).address("curate"))
    questions = {
        item.id: item.text for item in items_of("test", dataset.records("test.jsonl", Example))
    }
    threshold = model.contract.get("threshold") or 0.0
    return choose(report.records("verdicts.jsonl", Verdict), questions, threshold, count)


def choose(
    verdicts: Iterable[Verdict], questions: Mapping[str, str], threshold: float, count: int
) -> list[KnownAnswer]:
    """Choose the answers that the model was most certain of: no rounding turns those round."""
    right = [
        verdict
        for verdict in verdicts
        if verdict.system == "model" and verdict.correct and verdict.question in questions
        if verdict.probability >= threshold
    ]
    right.sort(key=lambda verdict: (-verdict.probability, verdict.question))
    return [KnownAnswer(questions[verdict.question], verdict.answer) for verdict in right[:count]]


class SmokeTest:
    """Asks in a thread of its own; ``result`` tells how far it is."""

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
        """Begin to ask for one endpoint; what was asked for another one is forgotten."""
        result = self._result = SmokeTestResult(key, "running", since=datetime.now(UTC))
        thread = threading.Thread(target=self._ask, args=(model, result), name="ask", daemon=True)
        thread.start()

    def _ask(self, model: str, result: SmokeTestResult) -> None:
        pause, key = threading.Event(), result.key
        while self._result is not None and self._result.key == key:
            try:
                self._conclude(self._examined(model, key))
            except ServiceError as error:
                log.warning("endpoint not asked", extra={"model": model, "error": str(error)})
                self._conclude(replace(result, said=str(error)))
                pause.wait(PAUSE_S)
                continue
            except GabaritoError as error:
                self._conclude(
                    SmokeTestResult(key, "failed", f"the endpoint cannot be checked: {error}")
                )
            return

    def _conclude(self, result: SmokeTestResult) -> None:
        if self._result is not None and self._result.key == result.key:
            self._result = result
            self._wake.set()

    def _examined(self, digest: str, key: str) -> SmokeTestResult:
        address, token_env = self._target.service, self._target.token_env
        token = secret_from(token_env) if token_env else None
        known = known_answers(self._store, read_model(self._store, digest), self._target.questions)
        name = served_name(address)
        if not name.endswith(digest[:12]):
            message = f"{address}: serves {name!r}, not yet model {digest[:12]}; it is asked again"
            raise ServiceError(message)
        for one in known:
            reply = ask(address, one.question, token)
            if normalise(reply.text) != normalise(one.answer):
                said = f"asked {one.question!r}, the endpoint answers {reply.text!r}"
                return SmokeTestResult(
                    key, "failed", f"{said}, the evaluation recorded {one.answer!r}"
                )
        return SmokeTestResult(
            key, "passed", f"{len(known)} questions with known answers, all as recorded"
        )


def _finished(store: Store, address: Address) -> Artifact:
    artifact = open_artifact(store, address)
    if artifact is None:
        message = f"{store.url}/{address.manifest}: gone; run the pipeline again"
        raise DataError(message)
    return artifact
