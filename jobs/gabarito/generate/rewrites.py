"""Rewrites of a passage: each paragraph is checked against the passage that it tells anew."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gabarito.answer_match import normalise
from gabarito.core.coverage import figures_in, figures_not_in, names_in, names_not_in
from gabarito.core.language_names import base_language, is_same_language
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Rejection, Rewrite
from gabarito.generate.facts import shown_text
from gabarito.generate.grounding import quoted
from gabarito.generate.language import is_deictic, is_other_language
from gabarito.generate.passages import Passage
from gabarito.generate.replies import text_of
from gabarito.generate.results import dropped

LEAST_SHARE, MOST_SHARE = 0.1, 3.0
"""Least and most characters of a rewrite for each of the passage; more is not in it.

Good questions and answers about a page with code have 0.12 to 0.2 (the handbook's, 2026-11-30).
"""

LEAST_CHARS, MOST_CHARS = 20, 1500
"""A shorter paragraph is a heading, a longer one is none that can be understood alone."""

KNOWN_NAMES = 0.75
"""Least share of a paragraph's names that the document must have: some are only spelled in another
way, or begin a quotation."""

_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,3}[.):]|[-*•#]+)\s+")
"""What stands before an item of a list: no figure of it."""

_LABEL = re.compile(r":\s+")
"""What a sentence begins behind, so that its first word is no name: *A: Which …*"""

_CAPITALISED_NOUNS = frozenset({"de", "lb"})
"""Languages in which a capital makes no name."""

Faults = Iterator[tuple[GenerateReason, str]]


@dataclass
class RewriteFilter:
    """The paragraphs of a passage in one format that passed, and what happened to the others.

    Of several replies the fullest counts.
    """

    passage: Passage
    format: str
    language: str
    rejections: list[Rejection] = field(default_factory=list)
    _paragraphs: tuple[str, ...] = ()

    @property
    def item(self) -> str:
        """How the rewrite is named in the ledger and among the calls."""
        return f"{self.passage.id}-{self.format}"

    @property
    def is_enough(self) -> bool:
        """Whether as much of it passed as may stand for the passage."""
        return sum(map(len, self._paragraphs)) >= LEAST_SHARE * len(self.passage.text)

    def accept(self, objects: Sequence[Mapping[str, Any]]) -> int:
        """Keep the good paragraphs of a reply, if they are more than are kept; say how many."""
        kept: dict[str, None] = {}
        for item in objects:
            text = text_of(item.get("text"))
            fault = next(self._faults(text, kept), None)
            if fault:
                self.rejections.append(dropped(self.item, *fault, text))
            else:
                kept[text] = None
        if sum(map(len, kept)) > sum(map(len, self._paragraphs)):
            self._paragraphs = tuple(kept)
        return len(kept)

    def rewrite(self) -> Rewrite | None:
        """Return what was kept, or None, with the reason in the ledger, if it is too little."""
        if self.is_enough and self._paragraphs:
            return Rewrite.of(
                passage=self.passage.id,
                document=self.passage.document.id,
                format=self.format,
                paragraphs=self._paragraphs,
            )
        if self._paragraphs:
            chars = f"{sum(map(len, self._paragraphs))} of {len(self.passage.text)} characters"
            raw = "\n\n".join(self._paragraphs)
            self.rejections.append(dropped(self.item, GenerateReason.TOO_SHORT, chars, raw))
        return None

    def _faults(self, text: str, kept: Mapping[str, None]) -> Faults:
        if not text:
            yield GenerateReason.NO_FIELD, "text"
        if len(text) < LEAST_CHARS:
            yield GenerateReason.TOO_SHORT, text
        room = MOST_SHARE * max(len(self.passage.text), MOST_CHARS)
        if len(text) > min(MOST_CHARS, room - sum(map(len, kept))):
            yield GenerateReason.TOO_LONG, f"{len(text)} characters"
        if is_other_language(text, self.language):
            yield GenerateReason.OTHER_LANGUAGE, text
        if is_deictic(text, self.language):
            yield GenerateReason.DEICTIC, text
        yield from self._faults_of_grounding(text)

    def _faults_of_grounding(self, text: str) -> Faults:
        """Yield what the passage does not say; of names nothing is known in another language."""
        shown = shown_text(self.passage)
        figures = figures_in(_NUMBERED.sub("", text))
        if unknown := figures_not_in(figures, f"{shown}\n{normalise(shown)}"):
            yield GenerateReason.UNKNOWN_FIGURES, ", ".join(unknown)
        is_told_by_capitals = base_language(self.language) not in _CAPITALISED_NOUNS
        if is_told_by_capitals and is_same_language(self.language, self.passage.document.language):
            names = names_in(_LABEL.sub(". ", text))
            unknown = names_not_in(names, f"{shown}\n{self.passage.document.text}")
            if len(unknown) > (1 - KNOWN_NAMES) * len(names):
                yield GenerateReason.UNKNOWN_NAMES, ", ".join(unknown)
        if quoted(text, shown):
            yield GenerateReason.COPIED, text
