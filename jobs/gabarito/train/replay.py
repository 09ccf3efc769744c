"""Replay: rows that the base model wrote itself, so that it keeps what it knew."""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from gabarito.artifacts.attempt import Attempt
from gabarito.models import Base, GenerationLimits, generate, stop_tokens
from gabarito.train.encode import Row
from gabarito.train.processes import Processes

MAX_TOKENS = 128
"""Longest answer of the base that is replayed; longer ones are replayed up to here."""

SAVE_EVERY_S = 5.0

Written = dict[str, list[int]]
"""Digest of a prompt -> tokens of the base's answer, its end included."""


def replayed(asked: Iterable[Sequence[int]], base: Base, work: Attempt, key: str) -> list[Row]:
    """Return the base's own answers to prompts, as rows of which the answer is learned.

    What is answered is kept in the cache under ``key``, which must name what decides the
    answers: the base's content, how it is stored and where it is computed. Of several processes
    each answers its share.
    """
    processes = Processes(base.model.device)
    prompts = {_digest(ids): ids for ids in asked}
    place = f"replay/{key}"
    known = processes.of_first(lambda: _known(work, place, base))
    missing = processes.share([digest for digest in prompts if digest not in known])
    stop = stop_tokens(base.model, base.tokenizer)
    saved = time.monotonic()
    limits = GenerationLimits(stop, MAX_TOKENS)
    most = len(missing) * MAX_TOKENS
    written = generate(
        base.model,
        [prompts[digest] for digest in missing],
        limits,
        lambda tokens: work.progress.report("replay tokens, at most", tokens, most),
    )
    for index, generated in written:
        end = [int(base.tokenizer.eos_token_id)] if generated.is_finished else []
        known[missing[index]] = [*generated.ids, *end]
        if processes.is_first and time.monotonic() - saved > SAVE_EVERY_S:
            work.cache.put(place, json.dumps(known).encode())
            saved = time.monotonic()
    known = dict(item for kept in processes.gathered([known]) for item in kept.items())
    if processes.is_first:
        work.cache.put(place, json.dumps(known).encode())
    return [
        Row((*ids, *known[digest]), len(ids), "replay")
        for digest, ids in prompts.items()
        if known[digest]
    ]


def _known(work: Attempt, place: str, base: Base) -> Written:
    """Return the answers kept, without those that are no tokens of this base."""
    kept = work.cache.get_json(place, TypeAdapter(Written)) or {}
    vocabulary = range(base.model.config.vocab_size)
    return {key: ids for key, ids in kept.items() if all(token in vocabulary for token in ids)}


def _digest(ids: Sequence[int]) -> str:
    return hashlib.sha256(json.dumps(list(ids)).encode()).hexdigest()[:16]
