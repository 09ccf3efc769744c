"""A client of OpenAI-compatible endpoints: retries, adaptive concurrency, usage and cost."""

from gabarito.chat.budget import Meter, Prices
from gabarito.chat.client import ChatClient, ChatEndpoint
from gabarito.chat.daemon_pool import DaemonPool
from gabarito.chat.protocol import Completion, request_body

__all__ = [
    "ChatClient",
    "ChatEndpoint",
    "Completion",
    "DaemonPool",
    "Meter",
    "Prices",
    "request_body",
]
