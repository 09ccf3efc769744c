"""A client of OpenAI-compatible endpoints: retries, adaptive concurrency, usage and cost."""

from gabarito.chat.budget import Meter, Prices
from gabarito.chat.chat_endpoint import ChatEndpoint
from gabarito.chat.client import ChatClient, RefusedRequest
from gabarito.chat.completion import Completion
from gabarito.chat.daemon_pool import DaemonPool
from gabarito.chat.dialect import Dialect
from gabarito.chat.protocol import request_body

__all__ = [
    "ChatClient",
    "ChatEndpoint",
    "Completion",
    "DaemonPool",
    "Dialect",
    "Meter",
    "Prices",
    "RefusedRequest",
    "request_body",
]
