"""Which rows of a training that is to come are short enough for it, told by some of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gabarito.core.errors import DataError, GabaritoError, SettingsError
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, RowKind, longest_row

LONGER_CONTEXT = "use a base with a longer context"


@dataclass(frozen=True)
class RowLengths:
    """Some of the rows to train, and the prompts whose answers the base is to write itself.

    ``positions`` is the longest text that the base was made for, None if it does not say.
    """

    config: TrainConfig
    positions: int | None
    sampled: Sequence[Row]
    prompts: Sequence[Sequence[int]]

    @cached_property
    def rows(self) -> list[Row]:
        """Those that are trained."""
        return [row for row in self.sampled if len(row.ids) <= self._longest]

    def share(self, kind: RowKind) -> float:
        """Return which share of a kind's rows is trained."""
        all_of_it, kept = self._sampled[kind], self._kept[kind]
        return kept / all_of_it if all_of_it else 1.0

    def findings(self) -> Iterator[CheckResult]:
        """Yield what is left out, and what would end a run."""
        if self._unanswerable:
            said = (
                f"{self._context}, and {self._unanswerable} of {len(self._asked)} questions and "
                f"prompts leave no room for an answer; {LONGER_CONTEXT}"
            )
            yield CheckResult("rows", said, DataError(said))
        elif self._sampled["questions"] and not self._kept["questions"]:
            said = f"{self._limit}, and no row of a question and its answer is as short; "
            said += self._cure
            of_kind: type[GabaritoError] = DataError if self._is_of_base else SettingsError
            yield CheckResult("rows", said, of_kind(said))
        elif self._left_out:
            yield CheckResult(
                "rows",
                f"{self._limit}; as some rows are, about {', '.join(self._left_out)} are longer, "
                f"and left out of training: {self._cure}",
                is_warning=True,
            )

    @property
    def _longest(self) -> int:
        return longest_row(self.config, self.positions)

    @cached_property
    def _sampled(self) -> Counter[RowKind]:
        of_rows = Counter[RowKind](row.kind for row in self.sampled)
        return of_rows + Counter[RowKind]({"replay": len(self.prompts)})

    @cached_property
    def _kept(self) -> Counter[RowKind]:
        replayed = sum(len(prompt) < self._longest for prompt in self.prompts)
        return Counter[RowKind](row.kind for row in self.rows) + Counter[RowKind](
            {"replay": replayed}
        )

    @property
    def _asked(self) -> list[int]:
        """How long what the model is asked is: by validation, and by evaluate."""
        of_rows = [row.learned_from for row in self.sampled if row.kind == "questions"]
        return of_rows + [len(prompt) for prompt in self.prompts]

    @property
    def _unanswerable(self) -> int:
        """How many questions the model itself has no room for, whatever is trained."""
        positions = self.positions
        return 0 if positions is None else sum(length >= positions for length in self._asked)

    @property
    def _left_out(self) -> list[str]:
        kinds = {kind: 1 - self.share(kind) for kind in self._sampled}
        return [f"{share:.0%} of the {kind}" for kind, share in kinds.items() if share]

    @property
    def _is_of_base(self) -> bool:
        return self.positions is not None and self.positions <= self.config.max_tokens

    @property
    def _context(self) -> str:
        return f"{self.config.base}: takes {self.positions:,} tokens"

    @property
    def _limit(self) -> str:
        of_setting = f"train.max_tokens: {self.config.max_tokens:,}"
        return self._context if self._is_of_base else of_setting

    @property
    def _cure(self) -> str:
        return LONGER_CONTEXT if self._is_of_base else "raise it"
