"""Questions that a teacher wrote of what the documents leave open, on what is trained otherwise.

A perturbed question teaches to refuse names that nobody knows; these teach to refuse what is not
said of those that everybody knows. All that are left are trained, but for a share held back.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from gabarito.answer_match import normalise
from gabarito.core.forms import UNSPACED
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Fact, OpenQuestion, Rejection
from gabarito.curate.similarity import greatest_similarity, similarity
from gabarito.curate.unanswerable.mentions import fold
from gabarito.curate.wordings import Wording, by_fact

GROUP = "open"

_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
"""What is compared: of scripts without spaces each letter."""

_STEM = 5
"""Letters that the forms of one word share."""

_RAREST = 2
"""Words by which the facts are found that a question may be about, the rarest first."""

_RAREST_SHARED = 3
"""Words by which the open questions are found that may ask the same, the rarest first. Those that
no other question has count: else the words that all have would be the rarest."""


@dataclass(frozen=True)
class OpenQuestions:
    """Questions to learn to refuse, and others to ask at the end."""

    trained: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


class Answers:
    """Tells which questions the facts of a dataset answer.

    A fact answers a question that is more similar than ``limit`` to one of its wordings, and one
    that has no word which is not said by the fact or by a wording of it: "who" and "how many" ask
    for something else where nobody asked so.
    """

    def __init__(self, facts: Iterable[Fact], wordings: Iterable[Wording], limit: float) -> None:
        self._limit = limit
        self._wordings = by_fact(wordings)
        self._about: dict[str, str] = {}
        self._said: dict[str, set[str]] = {}
        self._facts: dict[str, list[str]] = defaultdict(list)
        for fact in facts:
            said = set().union(*map(_stems, self._texts(fact)))
            self._about[fact.id], self._said[fact.id] = fact.about, said
            for stem in said:
                self._facts[stem].append(fact.id)

    def fault(self, text: str) -> str | None:
        """Say which fact answers a question, if one does."""
        asked, key = _stems(text), normalise(text)
        rarest = _rarest(asked & self._facts.keys(), self._facts)[:_RAREST]
        for fact in dict.fromkeys(fact for stem in rarest for fact in self._facts[stem]):
            if asked <= self._said[fact]:
                return f"all of its words are of {fact} ({self._about[fact]})"
            for wording in self._wordings.get(fact, ()):
                ratio = similarity(key, wording.key)
                if ratio > self._limit:
                    return f"{ratio:.2f} similar to a question about {fact} ({self._about[fact]})"
        return None

    def _texts(self, fact: Fact) -> list[str]:
        said = [fact.subject, fact.relation, fact.qualifier, fact.statement, fact.quote]
        asked = [wording.question.text for wording in self._wordings.get(fact.id, ())]
        return [*said, fact.answer, *fact.aliases, *asked]


class _OpenByWords:
    """The open questions that are kept, by their words: few of many are compared with one."""

    def __init__(self) -> None:
        self._with: dict[str, list[str]] = defaultdict(list)

    def add(self, key: str) -> None:
        """Add a question in its normal form."""
        for stem in _stems(key):
            self._with[stem].append(key)

    def nearest(self, key: str, limit: float) -> str:
        """Return how similar the most similar one is if it is above a limit, or nothing."""
        rarest = _rarest(_stems(key), self._with)[:_RAREST_SHARED]
        others = dict.fromkeys(other for stem in rarest for other in self._with.get(stem, ()))
        return _nearest(key, list(others), limit)


def keep_open(
    questions: Iterable[OpenQuestion],
    answers: Answers,
    exam: Sequence[str],
    taken: Collection[str],
    limit: float,
) -> tuple[list[OpenQuestion], list[Rejection]]:
    """Keep the questions that no fact answers and that are not, or nearly, asked already.

    Nearly: more similar than ``limit`` to a question of the exam, or to one that is kept and shares
    one of its rarest words: one that misspells all of them stays, and costs a row. Those whose
    normal form is ``taken`` are asked in another place.
    """
    asked = [normalise(text) for text in exam]
    known = _OpenByWords()
    kept: list[OpenQuestion] = []
    dropped: list[Rejection] = []
    for question in questions:
        key = normalise(question.text)
        if leak := _nearest(key, asked, limit):
            found = (CurateReason.LEAK, f"{leak} similar to a question of the exam")
        elif fact := answers.fault(question.text):
            found = (CurateReason.ANSWERED, fact)
        elif key in taken:
            found = (CurateReason.SAME_QUESTION, "as a question of the dataset")
        elif again := known.nearest(key, limit):
            found = (CurateReason.SAME_QUESTION, f"{again} similar to another open question")
        else:
            known.add(key)
            kept.append(question)
            continue
        dropped.append(rejected(found[0], question.id, found[1], question.text))
    return kept, dropped


def draw_open(
    questions: Sequence[OpenQuestion], is_held: Callable[[str], bool], share: float, seed: int
) -> OpenQuestions:
    """Share the questions out: a ``share``, and what names things held back, is not trained."""
    texts = [question.text for question in questions]
    drawn = Random(f"{seed}:open").sample(texts, round(share * len(texts)))
    held = {*drawn, *filter(is_held, texts)}
    return OpenQuestions(
        trained=tuple(text for text in texts if text not in held),
        asked=tuple(text for text in texts if text in held),
    )


def _nearest(key: str, others: Sequence[str], limit: float) -> str:
    """Return the similarity to the most similar of others if it is above a limit, or nothing."""
    ratio = greatest_similarity(key, others, limit)
    return "" if ratio is None else f"{ratio:.2f}"


def _rarest(stems: Collection[str], index: Mapping[str, Sequence[str]]) -> list[str]:
    """Return stems, those first that an index has least of."""
    return sorted(stems, key=lambda stem: (len(index.get(stem, ())), stem))


def _stems(text: str) -> set[str]:
    """Return the beginnings of all words of a text, and of the parts of identifiers."""
    return {word[:_STEM] for word in _WORD.findall(fold(text))}
