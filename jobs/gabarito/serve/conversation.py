"""What of a conversation is asked: its last question alone, or all of it. Pure."""

from collections.abc import Sequence

from gabarito.core.model_records import Conversation
from gabarito.core.records import Message, with_system
from gabarito.serve.engine import InvalidRequestError
from gabarito.serve.request import ChatMessage


def asked(messages: Sequence[ChatMessage], system: str, mode: Conversation) -> list[Message]:
    """Return the messages that the model is given; ``system`` is what it was trained under.

    Raises:
        InvalidRequestError: if the last message is not a question, or the whole cannot be asked.
    """
    place = _place_of_question(messages)
    given = dict(enumerate(messages)) if mode == "whole" else {place: messages[place]}
    for number, message in given.items():
        _refuse_what_is_no_text(message, f"messages.{number}")
    if not messages[place].plain.content.strip():
        raise InvalidRequestError("no text in it; send a question", f"messages.{place}.content")
    return with_system(system, [message.plain for message in given.values()])


def question_of(messages: Sequence[ChatMessage]) -> str:
    """Return the text of the question.

    Raises:
        InvalidRequestError: if the last message is not a question.
    """
    return messages[_place_of_question(messages)].plain.content


def left_aside(messages: Sequence[ChatMessage], system: str, mode: Conversation) -> dict[str, int]:
    """Return how much of a conversation was not asked: earlier messages, other system prompts."""
    if mode == "whole":
        return {}
    systems = [message.plain.content for message in messages if message.is_system]
    found = {
        "earlier_messages": len(messages) - len(systems) - 1,
        "system_prompts": sum(text != system for text in systems),
    }
    return {name: count for name, count in found.items() if count}


def _refuse_what_is_no_text(message: ChatMessage, field: str) -> None:
    if message.is_of_tools:
        said = "what a tool is asked or says is not served; leave the message out"
        raise InvalidRequestError(said, field)
    for number, part in enumerate(message.content):
        if part.type != "text":
            raise InvalidRequestError("must be 'text'", f"{field}.content.{number}.type")
        if part.text is None:
            raise InvalidRequestError("missing", f"{field}.content.{number}.text")


def _place_of_question(messages: Sequence[ChatMessage]) -> int:
    """Return the place of the last message; those of the system may stand behind it."""
    for place in reversed(range(len(messages))):
        if messages[place].is_system:
            continue
        if messages[place].role == "user":
            return place
        said = (
            f"the last message is of role {messages[place].role!r}, and none is continued here; "
            "end with the user's question"
        )
        raise InvalidRequestError(said, "messages")
    raise InvalidRequestError("no question of a user; add a message of role 'user'", "messages")
