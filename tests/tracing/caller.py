"""A process that asks a teacher, as generate does: its URL and how many times are arguments."""

import sys
import time

from gabarito.chat import ChatClient, ChatEndpoint, RefusedRequest, request_body
from gabarito.core.log import setup
from gabarito.core.records import Message
from gabarito.core.tracing import tracing


def main(url: str, times: int) -> None:
    """Ask, and print what came back and how long asking and ending took."""
    setup("json")
    began = time.monotonic()
    with tracing("generate"):
        client = ChatClient(ChatEndpoint(url, key="the-key", retries=2))
        body = request_body(
            "m", [Message(role="user", content="a secret question")], {"temperature": 0.5}
        )
        for _ in range(times):
            outcome = client.answer(body)
            print("refused" if isinstance(outcome, RefusedRequest) else outcome.text)  # noqa: T201
        asked = time.monotonic()
    print(f"{asked - began:.3f} {time.monotonic() - asked:.3f}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
