"""Whether a model that the settings name answers at all."""

from collections.abc import Iterator

from gabarito.chat import ChatClient, request_body
from gabarito.chat.open_client import Role, endpoint_of
from gabarito.core.records import Message
from gabarito.core.teacher_config import ChatModelSettings
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.judge import role_of_judge
from gabarito.pipeline.checks.check_result import CheckResult

PROBE_TOKENS = 16
PROBE_TIMEOUT_S = 30.0


def check_judge(settings: EvaluateConfig) -> Iterator[CheckResult]:
    """Ask the judge for a few tokens, if there is one."""
    if settings.judge:
        yield CheckResult("judge", said_by(settings.judge, role_of_judge(settings.judge)))


def said_by(settings: ChatModelSettings, role: Role) -> str:
    """Ask a model for a few tokens, and say where it answers.

    Raises:
        GabaritoError: as ``ChatClient.complete``, and if no address is given.
    """
    patient = settings.model_copy(update={"retries": 0, "timeout_s": PROBE_TIMEOUT_S})
    endpoint = endpoint_of(patient, role)
    question = [Message(role="user", content="Answer with one word: ready")]
    body = request_body(settings.model, question, {"max_tokens": PROBE_TOKENS})
    ChatClient(endpoint).complete(body)
    return f"{settings.model} answers at {endpoint.url}"
