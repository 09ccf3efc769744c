"""General prompts, against forgetting: half are replayed, half measure what was forgotten."""

from collections.abc import Callable, Iterable

from gabarito.answer_match import normalise
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Record, Rejection, digest_of


class GeneralPrompt(Record):
    """A line of the file of prompts."""

    text: str


def halves(
    prompts: Iterable[GeneralPrompt], taken: set[str], is_held: Callable[[str], bool]
) -> tuple[list[str], list[str], list[Rejection]]:
    """Share the prompts out by digest: return those to replay, those to measure, the rejected.

    Rejected are those that the dataset asks, and those for which ``is_held`` is true: the base
    may refuse them, and replay would teach the refusal of what no refusal row may name.
    """
    kept: dict[str, str] = {}
    dropped: list[Rejection] = []
    for prompt in prompts:
        key = normalise(prompt.text)
        if key in kept:
            reason = CurateReason.SAME_PROMPT
        elif key in taken:
            reason = CurateReason.ASKED
        elif is_held(prompt.text):
            reason = CurateReason.NAMES_HELD_BACK
        else:
            kept[key] = prompt.text
            continue
        dropped.append(rejected(reason, digest_of("prompt", prompt.text), raw=prompt.text))
    texts = sorted(kept.values(), key=digest_of)
    middle = (len(texts) + 1) // 2
    return texts[:middle], texts[middle:], dropped
