"""A client of OpenAI-compatible endpoints: retries, adaptive concurrency, usage and cost."""

from gabarito.chat.client import ChatClient, Endpoint
from gabarito.chat.crew import Crew
from gabarito.chat.meter import Meter, Prices
from gabarito.chat.protocol import Completion, request_body

__all__ = ["ChatClient", "Completion", "Crew", "Endpoint", "Meter", "Prices", "request_body"]
