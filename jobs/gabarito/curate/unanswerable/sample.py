"""What the model must refuse: rows to learn it from, and other questions to tell whether it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from gabarito.answer_match import normalise
from gabarito.core.records import Name
from gabarito.curate.config import CurateConfig
from gabarito.curate.unanswerable.candidates import Held, hold_back
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.invent import Inventor
from gabarito.curate.unanswerable.mentions import NameFinder
from gabarito.curate.unanswerable.perturb import (
    KINDS,
    Kind,
    Perturbed,
    Perturber,
    Source,
    draw,
    quotas,
)
from gabarito.curate.unanswerable.portuguese import Agreement
from gabarito.curate.wordings import Wording


@dataclass(frozen=True)
class Refused:
    """Refusal rows to train, questions to ask at the end, and what only those name."""

    trained: list[Perturbed]
    asked: list[Perturbed]
    held: Held


class UnanswerableSampler:
    """Draws near misses from the wordings of a dataset.

    ``exam`` holds the exam's unanswerable questions, and ``taken`` the normalised texts of all
    questions that there are: none of them becomes a near miss.
    """

    def __init__(
        self, config: CurateConfig, index: DocumentIndex, near: Sequence[Name], exam: Sequence[str]
    ) -> None:
        share = (config.held_back, config.seed)
        self._config = config
        self._index = index
        self._supply = hold_back(near, index, exam, config.years, share)
        every = NameFinder([*index.finder.names, *near])
        self._inventor = Inventor(
            self._supply.taught.names,
            index.known,
            [*index.texts, *exam],
            lambda name: bool(every.find(name)),
        )

    def draw(
        self,
        wordings: Sequence[Wording],
        language: str,
        taken: set[str],
        kinds: Sequence[Kind] = KINDS,
    ) -> Refused:
        """Draw refusal rows from trained wordings, and questions for the end from the others.

        ``kinds`` are those of perturbation that are safe with these documents.
        """
        config, held = self._config, self._supply.held
        texts = (wording.question.text for wording in wordings)
        articles = Agreement(texts, self._index.finder, language)
        trained = [wording for wording in wordings if wording.split == "train"]
        others = [wording for wording in wordings if wording.split != "train"] or trained
        rows = sum(wording.question.kind == "question" for wording in trained)
        taught = Perturber(self._index, articles, self._taught())
        unanswerable = Perturber(self._index, articles, self._unanswerable())
        count = round(config.refusals * rows)
        asked = {kind: float(kind in kinds) for kind in KINDS}
        shares = {kind: asked[kind] * getattr(config.perturbations, kind) for kind in KINDS}
        seed = str(config.seed)
        return Refused(
            trained=draw(
                taught,
                trained,
                quotas(taught, trained, shares, count),
                lambda text: not held.is_named(text) and _claim(text, taken),
                f"{seed}:refusals",
            ),
            asked=draw(
                unanswerable,
                others,
                quotas(unanswerable, others, asked, config.unanswerable),
                lambda text: _claim(text, taken),
                f"{seed}:unanswerable",
            ),
            held=held,
        )

    def _taught(self) -> Source:
        values, held = self._supply.taught, self._supply.held

        def name(kind: str, random: Random) -> str | None:
            listed = values.names.get(kind)
            if not listed or random.random() < self._config.invented_names:
                made = self._inventor.name(kind, random)
                if made:
                    return made
            return random.choice(listed) if listed else None

        return Source(values, name, lambda relation, other: not held.has_pair(relation, other))

    def _unanswerable(self) -> Source:
        values = self._supply.unanswerable

        def name(kind: str, random: Random) -> str | None:
            listed = values.names.get(kind)
            return random.choice(listed) if listed else None

        return Source(values, name, self._supply.held.has_pair)


def _claim(text: str, taken: set[str]) -> bool:
    """Take a question that nobody has yet."""
    key = normalise(text)
    if key in taken:
        return False
    taken.add(key)
    return True
