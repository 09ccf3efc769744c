"""General prompts, against forgetting: half are replayed, half measure what was forgotten."""

from collections.abc import Callable, Iterable

from gabarito.answer_match import normalise
from gabarito.artifacts.ledger import Ledger
from gabarito.core.records import Record, digest_of

ASKED = "prompt is a question of the dataset"
NAMES_HELD_BACK = "prompt names what is held back"
SAME_PROMPT = "same prompt twice"


class GeneralPrompt(Record):
    """A line of the file of prompts."""

    text: str


def halves(
    prompts: Iterable[GeneralPrompt],
    taken: set[str],
    is_held: Callable[[str], bool],
    ledger: Ledger,
) -> tuple[list[str], list[str]]:
    """Share the prompts out by digest.

    Dropped are those that the dataset asks, and those for which ``is_held`` is true: the base
    may refuse them, and replay would teach the refusal of what no refusal row may name.
    """
    kept: dict[str, str] = {}
    for prompt in prompts:
        key = normalise(prompt.text)
        if key in kept:
            reason = SAME_PROMPT
        elif key in taken:
            reason = ASKED
        elif is_held(prompt.text):
            reason = NAMES_HELD_BACK
        else:
            kept[key] = prompt.text
            continue
        ledger.reject(digest_of("prompt", prompt.text), reason, raw=prompt.text)
    texts = sorted(kept.values(), key=digest_of)
    middle = (len(texts) + 1) // 2
    return texts[:middle], texts[middle:]
