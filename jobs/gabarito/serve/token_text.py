"""Text to tokens and back, by the tokenizer in a model's folder: the same before every engine."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.records import Message
from gabarito.models import CausalModel, positions_of, token_ids
from gabarito.models.prompt_contract import templated
from gabarito.serve.engine import InvalidRequestError, PromptTooLongError

DEFAULT_CONTEXT = 4096
"""Of a model that names no longest text, such as BLOOM: one request may not fill the memory."""

UNFINISHED = "�"
"""What decoding shows for a character whose bytes are not all there yet."""

KEPT_DECODED = 16
"""So many tokens and as many again are decoded for the text of one more: what a token says depends
on those before it. They begin with a character: its last bytes alone would spoil the next ones."""


class PromptEncoder:
    """Turns requests into tokens that a model knows, no more of them than it takes."""

    def __init__(
        self, model: CausalModel, tokenizer: PreTrainedTokenizerBase, most: int | None = None
    ) -> None:
        """Encode for ``model``, whose weights need not be there; ``most`` bounds its context."""
        self._tokenizer = tokenizer
        own = positions_of(model) or most or DEFAULT_CONTEXT
        self.context = min(own, most or own)
        """The most tokens that a prompt and its answer may have together."""
        self._embeddings = model.get_input_embeddings().num_embeddings
        self._max_chars = self.context * max(map(len, tokenizer.get_vocab()))

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, ready for an answer.

        Raises:
            InvalidRequestError: if the chat template refuses the order of the roles, the model
                does not know one of the tokens, or they are too many.
        """
        try:
            text = templated(self._tokenizer, messages, is_prompt=True)
        except DataError as error:
            raise InvalidRequestError(str(error), "messages") from error
        return self._encode(text, "messages")

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        """Return the tokens of a plain text, special tokens written out recognised.

        Raises:
            InvalidRequestError: if the model does not know one of them, or they are too many.
        """
        return self._encode(prompt, "prompt")

    def _encode(self, text: str, field: str) -> tuple[int, ...]:
        if len(text) > self._max_chars:  # a megabyte takes a second to tokenize
            message = (
                f"{len(text)} characters; this model takes {self.context} tokens with its "
                "answer, shorten it"
            )
            raise PromptTooLongError(message, field)
        ids = tuple(token_ids(self._tokenizer, text))
        # some tokenizers know more tokens than their model: a GPU does not survive the index
        if max(ids, default=0) >= self._embeddings:
            unknown = self._tokenizer.convert_ids_to_tokens(max(ids))
            message = f"the model has no embedding for the token {unknown!r}; leave it out"
            raise InvalidRequestError(message, field)
        return ids


class TextDecoder:
    """Turns tokens into pieces of text; a piece is held back until its bytes are whole.

    Only the last tokens are decoded at each one: all of them would cost a long answer's square.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.length = 0
        self.is_unfinished = False
        """Whether a piece is held back."""
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._before = 0
        self._text = ""

    def add(self, token: int) -> str:
        """Return what this token adds to the text."""
        self.length += 1
        self._ids.append(token)
        text = self._decoded()
        self.is_unfinished = text.endswith(UNFINISHED)
        if self.is_unfinished:
            return ""
        piece, self._text = text[len(self._text) :], text
        if len(self._ids) - self._before > KEPT_DECODED:
            self._ids = self._ids[self._before :]
            self._before = len(self._ids)
            self._text = self._decoded()
        return piece

    def _decoded(self) -> str:
        return str(self._tokenizer.decode(self._ids, skip_special_tokens=True))
