"""An Ollama Modelfile that asks as a model was trained: its template in Go's language.

chat template, prompt contract  ->  Modelfile

Ollama takes no chat template from a GGUF file but those it knows by heart, and its default for
any other writes the bare question: fine-tuned models answer nonsense under it
(LLaMA-Factory#6020, #6320).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoConfig, PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Message
from gabarito.exports.context_length import context_length
from gabarito.exports.llama_cpp import CONTEXT
from gabarito.models import load_tokenizer, stop_tokens_of
from gabarito.models.prompt_contract import templated

MODELFILE = "Modelfile"
CURE = "use the file that gabarito export gguf writes, with llama.cpp"

_SYSTEM, _ASKED, _ANSWERED = "SYSTEM1", "QUESTION1", "ANSWER1"
_ASKED_NEXT = "QUESTION2"
"""Contents that a template is tried with; it may trim them, and they cannot be trimmed."""

_BRACES = re.compile(r"\{{2,}|\{\Z")

_QUOTES = '"""'
"""Around texts of several lines. Within them nothing is escaped, a backslash is one."""

_KEPT = "\t\n\r"
"""What Ollama keeps of a Modelfile beside what Go's ``strconv.IsPrint`` lets through: a space of no
break, as French has it before a question mark, would be left out without a word."""


@dataclass(frozen=True)
class TemplateParts:
    """What a chat template writes around the contents of a conversation."""

    without_system: str
    """Before the first question, where nobody gave a system prompt."""
    before_system: str
    after_system: str
    after_question: str
    after_answer: str
    at_end: str
    """After the last question: there the model goes on."""

    def written(self, system: str, questions: Sequence[str], answers: Sequence[str]) -> str:
        """Return a conversation that ends with a question, as Ollama will write it."""
        begin = (
            f"{self.before_system}{system}{self.after_system}" if system else self.without_system
        )
        turns = "".join(
            f"{question}{self.after_question}{answer}{self.after_answer}"
            for question, answer in zip(questions[:-1], answers, strict=True)
        )
        return f"{begin}{turns}{questions[-1]}{self.at_end}"


def template_parts(tokenizer: PreTrainedTokenizerBase) -> TemplateParts:
    """Find what a chat template writes around contents, by having it write some.

    Raises:
        DataError: if it writes otherwise, such as the contents in another order.
    """
    turns = [
        Message(role="user", content=_ASKED),
        Message(role="assistant", content=_ANSWERED),
        Message(role="user", content=_ASKED_NEXT),
    ]
    system = Message(role="system", content=_SYSTEM)
    whole = templated(tokenizer, [system, *turns], is_prompt=True)
    plain = templated(tokenizer, turns, is_prompt=True)
    before_system, after_system, *rest = _around(whole, (_SYSTEM, _ASKED, _ANSWERED, _ASKED_NEXT))
    without_system, *same = _around(plain, (_ASKED, _ANSWERED, _ASKED_NEXT))
    if rest != same:
        raise _not_in_go("what it writes after a question depends on the system prompt")
    return TemplateParts(without_system, before_system, after_system, *rest)


def _around(text: str, contents: Sequence[str]) -> list[str]:
    parts = []
    for content in contents:
        before, found, text = text.partition(content)
        if not found or content in text:
            raise _not_in_go(f"it does not write {content!r} once, in its place")
        parts.append(before)
    return [*parts, text]


def _not_in_go(why: str) -> DataError:
    return DataError(f"chat template: cannot be written for Ollama: {why}; {CURE}")


def go_template(parts: TemplateParts) -> str:
    """Return a template of Ollama: it gives ``System``, and ``Messages`` with it among them."""
    text = {name: _escaped(value) for name, value in vars(parts).items()}
    after = text["after_question"]
    if parts.at_end != parts.after_question:
        is_last = "eq (len (slice $.Messages $i)) 1"
        after = f"{{{{ if {is_last} }}}}{text['at_end']}{{{{ else }}}}{after}{{{{ end }}}}"
    return (
        f"{{{{ if .System }}}}{text['before_system']}{{{{ .System }}}}{text['after_system']}"
        f"{{{{ else }}}}{text['without_system']}{{{{ end }}}}"
        "{{ range $i, $_ := .Messages }}"
        f'{{{{ if eq .Role "user" }}}}{{{{ .Content }}}}{after}'
        f'{{{{ else if eq .Role "assistant" }}}}{{{{ .Content }}}}{text["after_answer"]}'
        "{{ end }}{{ end }}"
    )


def _escaped(text: str) -> str:
    """Return a text whose braces begin no action, nor with those of the action behind it."""
    return _BRACES.sub(r'{{ "\g<0>" }}', text)


@dataclass(frozen=True)
class OllamaModel:
    """How Ollama asks a model: what it writes around a question, and its settings."""

    parts: TemplateParts
    system: str
    settings: Mapping[str, object]

    def prompt(self, question: str) -> str:
        """Return what it writes for a client that sends a question and no system prompt."""
        return self.parts.written(self.system, [question], [])

    def modelfile(self, file: str) -> str:
        """Return the Modelfile over a GGUF file beside it.

        Raises:
            DataError: if a text cannot stand in one.
        """
        template = go_template(self.parts)
        lines = [f"FROM ./{file}", f"TEMPLATE {_quoted(template)}"]
        if self.system:
            lines.append(f"SYSTEM {_quoted(self.system)}")
        for name, value in self.settings.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"PARAMETER {name} {_parameter(one)}" for one in values]
        return "\n".join(lines) + "\n"


def read_asking(folder: Path, contract: PromptContract) -> OllamaModel:
    """Return how Ollama is to ask a model folder: as in training, not by its own defaults.

    By default it samples at 0.8, and holds against a token that it was there before (1.1).

    Raises:
        DataError: if the chat template cannot be written for it.
    """
    tokenizer = load_tokenizer(folder)
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    stops = tokenizer.convert_ids_to_tokens(sorted(stop_tokens_of(folder, tokenizer)))
    settings = {
        "temperature": 0,
        "repeat_penalty": 1,
        "num_predict": contract.max_new_tokens,
        "num_ctx": min(context_length(config), CONTEXT),
        "stop": [*dict.fromkeys([contract.eos_token, *stops])],
    }
    return OllamaModel(template_parts(tokenizer), contract.system, settings)


def _parameter(value: object) -> str:
    if not isinstance(value, str):
        return str(value)
    return _quoted(value) if '"' in value else f'"{_readable(value)}"'


def _quoted(text: str) -> str:
    if _QUOTES in text or text.endswith('"'):
        raise _not_in_go(f"{text!r} holds {_QUOTES}, or ends with a quote")
    return f"{_QUOTES}{_readable(text)}{_QUOTES}"


def _readable(text: str) -> str:
    """Return a text that a Modelfile keeps whole: what cannot be printed is left out of one."""
    lost = next((one for one in text if not (one.isprintable() or one in _KEPT)), None)
    if lost is not None:
        raise _not_in_go(f"{text!r} holds {lost!r}, which a Modelfile does not keep")
    return text
