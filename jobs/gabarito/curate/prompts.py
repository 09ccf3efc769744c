"""General prompts, against forgetting: half are replayed, half measure what was forgotten."""

from collections.abc import Iterable

from gabarito.answers import normalise
from gabarito.core.ledger import Ledger
from gabarito.core.records import Record, digest_of

ASKED = "prompt is a question of the dataset"
SAME_PROMPT = "same prompt twice"


class Prompt(Record):
    """A line of the file of prompts."""

    text: str


def halves(
    prompts: Iterable[Prompt], taken: set[str], ledger: Ledger
) -> tuple[list[str], list[str]]:
    """Share the prompts out by digest; those that the dataset asks are dropped."""
    kept: dict[str, str] = {}
    for prompt in prompts:
        key = normalise(prompt.text)
        if key in taken or key in kept:
            reason = ASKED if key in taken else SAME_PROMPT
            ledger.reject(digest_of("prompt", prompt.text), reason, raw=prompt.text)
        else:
            kept[key] = prompt.text
    texts = sorted(kept.values(), key=digest_of)
    middle = (len(texts) + 1) // 2
    return texts[:middle], texts[middle:]
