"""The smoke test of the endpoint: questions whose answers the evaluation recorded.

verdicts of the evaluation, test questions  ->  what the endpoint must answer
"""

import logging
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

from gabarito.artifacts.channel import SHORT_DIGEST, read_model
from gabarito.chat.ask import ask, served_name
from gabarito.controller.config import ServeTarget
from gabarito.controller.state import SmokeTestResult
from gabarito.core.errors import AccessError, GabaritoError, ServiceError
from gabarito.core.secrets import ROTATION_S, file_of_secret, secret_from
from gabarito.pipeline.known_answers import known_answers
from gabarito.store.base import Store

log = logging.getLogger("gabarito.controller")

PAUSE_S = 2.0
"""Between a question that was not answered and the next attempt."""

_AGAIN = "it is asked again"


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
        pause, began = threading.Event(), time.monotonic()

        def test() -> None:  # until all is answered, or what is wrong stays wrong
            while self._result is not None and self._result.key == key:
                try:
                    self._set_result(self._ask_all(model, key))
                except GabaritoError as error:
                    if self._may_pass(error, time.monotonic() - began):
                        fields = {"model": model, "error": str(error)}
                        log.warning("endpoint does not answer", extra=fields)
                        self._set_result(replace(running, message=str(error)))
                        pause.wait(PAUSE_S)
                        continue
                    message = f"the endpoint cannot be tested: {error}"
                    self._set_result(SmokeTestResult(key, "failed", message))
                return

        threading.Thread(target=test, name="smoke-test", daemon=True).start()

    def _may_pass(self, error: GabaritoError, after_s: float) -> bool:
        """Tell whether what went wrong may be right soon.

        A token that changed reaches the endpoint and this process at different times.
        """
        token_env = self._target.token_env
        is_token_in_file = bool(token_env and file_of_secret(token_env))
        is_rotation = isinstance(error, AccessError) and is_token_in_file and after_s < ROTATION_S
        return isinstance(error, ServiceError) or is_rotation

    def _set_result(self, result: SmokeTestResult) -> None:
        if self._result is not None and self._result.key == result.key:
            self._result = result
            self._wake.set()

    def _ask_all(self, digest: str, key: str) -> SmokeTestResult:
        short = digest[:SHORT_DIGEST]
        address, token_env = self._target.service, self._target.token_env
        token = secret_from(token_env) if token_env else None
        model = read_model(self._store, digest)
        known, answer_key = known_answers(self._store, model, self._target.questions)
        # Behind the Service the pods of the model before answer until the last of them is gone.
        name = served_name(address)
        if not name.endswith(short):
            raise ServiceError(f"{address}: serves {name!r}, not yet model {short}; {_AGAIN}")
        for each in known:
            reply = ask(address, each.right.question, token)
            if reply.digest not in (None, digest):
                other = reply.digest[:SHORT_DIGEST]
                raise ServiceError(f"{address}: model {other} answers, not yet {short}; {_AGAIN}")
            if not each.agrees(reply.text, answer_key):
                message = (
                    f"asked {each.right.question!r}, the endpoint answers {reply.text!r}, "
                    f"the evaluation recorded {each.answer!r}"
                )
                return SmokeTestResult(key, "failed", message)
        message = f"{len(known)} of {len(known)} answers as in the evaluation"
        return SmokeTestResult(key, "passed", message)
