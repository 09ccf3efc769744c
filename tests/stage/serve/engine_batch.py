"""A batch of any engine, run to its end, and what came of it."""

import math
from collections.abc import Sequence

from gabarito.serve.engine import (
    Engine,
    GeneratedToken,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
)


def events(engine: Engine, *requests: GenerationRequest) -> list[list[GenerationEvent]]:
    """Return what each request comes to, all asked at once."""
    batch = engine.batch()
    found: dict[int, list[GenerationEvent]] = {number: [] for number in batch.join(requests)}
    going = set(found)
    while going:
        for number, event in batch.step():
            found[number].append(event)
            going -= set() if isinstance(event, GeneratedToken) else {number}
    return [*found.values()]


def text_of(said: Sequence[GenerationEvent]) -> str:
    return "".join(event.text for event in said if isinstance(event, GeneratedToken))


def probability_of(said: Sequence[GenerationEvent]) -> float:
    """Return how probable an answer is; all that came of it must have its log-probability."""
    logprobs = []
    for event in said:
        assert not isinstance(event, GenerationFailure), event.message
        assert event.logprob is not None
        logprobs.append(event.logprob)
    return math.exp(sum(logprobs))
