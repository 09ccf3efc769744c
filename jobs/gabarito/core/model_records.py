"""What is recorded of a model: the base it was trained on, its prompt, the verdict on it."""

from typing import Literal

from pydantic import Field

from gabarito.core.records import Record

Method = Literal["lora", "qlora", "full"]

Conversation = Literal["last", "whole"]
"""What of a conversation a model is asked: its last question alone, or the whole."""


class TrainedBase(Record):
    """The base that an adapter was trained on: ``base.json``.

    ``reference`` is as the settings have it, ``sha256`` that of the folder's content;
    ``commit`` is the hub's, where it came from there.
    """

    reference: str
    sha256: str
    method: Method
    commit: str | None = None


class PromptSettings(Record):
    """What a dataset fixes of a prompt: the system prompt and the sentence of a refusal."""

    system: str
    refusal: str


class PromptContract(PromptSettings):
    """What must be the same wherever the model is asked.

    Under ``threshold`` an answer is replaced by ``refusal``; evaluate chooses it.
    """

    template_sha256: str
    eos_token: str
    pad_token: str
    max_new_tokens: int = Field(ge=1)
    threshold: float | None = Field(default=None, ge=0, le=1)


class GateCheck(Record):
    """One condition, and a sentence that says how it came out.

    ``text`` is English, ``translations`` are by language; models evaluated before have none.
    """

    name: str
    passed: bool
    text: str
    translations: dict[str, str] = Field(default_factory=dict)


class GateVerdict(Record):
    """Whether a model may be promoted; ``reasons`` are the sentences of the checks that failed."""

    passed: bool
    reasons: list[str]
    checks: list[GateCheck]
