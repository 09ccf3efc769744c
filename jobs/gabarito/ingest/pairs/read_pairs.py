"""The sources of pairs to pairs, and what became of each row that is none."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gabarito.core.errors import DataError
from gabarito.core.pair_records import Pair
from gabarito.core.reasons import PairReason
from gabarito.core.records import Rejection
from gabarito.core.text import in_number
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.pairs.pair_files import tables_of
from gabarito.ingest.pairs.pair_rows import CURES, PairRows, pairs_of
from gabarito.ingest.pairs.pairs_source import PairsSource
from gabarito.ingest.reading.language_detection import language_tagger


@dataclass(frozen=True)
class PairsRead:
    """The pairs, the rows that are none, and how many rows there were."""

    pairs: list[Pair]
    rejections: list[Rejection]
    rows: int

    @property
    def figures(self) -> dict[str, float]:
        """What the manifest of a run counts; wordings only where pairs have several."""
        wordings = sum(len(pair.questions) for pair in self.pairs)
        several = {"wordings": float(wordings)} if wordings > len(self.pairs) else {}
        return {"pairs": len(self.pairs), **several, "rows_of_pairs": self.rows}

    def refuse_nothing(self, setting: str) -> None:
        """Refuse to go on without a pair.

        Raises:
            DataError: says what became of the rows, with an example and a cure for each reason.
        """
        if self.pairs:
            return
        fates = "; ".join(dropped_rows(self.rejections)) or (
            "nothing stands below the header; write the pairs there, or name another file"
        )
        rows = f"{self.rows:,} {in_number(self.rows, 'rows')}"
        raise DataError(f"{setting}: no pair in {rows}: {fates}")


def read_pairs(config: IngestConfig, sources: Mapping[str, PairsSource] | None = None) -> PairsRead:
    """Return the pairs of all sources of pairs, or of these, by the setting that names each.

    Raises:
        DataError: if a table is missing, cannot be read, or lacks a column.
    """
    rows = PairRows()
    for setting, source in (pair_sources(config) if sources is None else sources).items():
        for name, table in tables_of(source, setting, config):
            rows.add(table.rows, name, source)
    pairs, rejections = pairs_of(rows.kept)
    found = [*rows.rejections, *rejections]
    return PairsRead(_in_languages(pairs, config), found, rows.total)


def pair_sources(config: IngestConfig) -> dict[str, PairsSource]:
    """Return the sources of pairs by the setting that names each."""
    named = {f"ingest.sources.{at}": source for at, source in enumerate(config.sources)}
    return {name: one for name, one in named.items() if isinstance(one, PairsSource)}


def dropped_rows(rejections: list[Rejection]) -> list[str]:
    """Say for each reason how many rows it cost, with the first of them and what to do."""
    counts = Counter(one.reason for one in rejections)
    first = {one.reason: one for one in reversed(rejections)}
    return [
        "; ".join(filter(None, [_said(count, first[reason]), CURES.get(PairReason(reason), "")]))
        for reason, count in counts.most_common()
    ]


def _said(count: int, example: Rejection) -> str:
    rows = f"{count:,} {in_number(count, 'rows')}"
    return f"{example.reason}: {rows} ({example.item}: {example.detail:.120})"


def _in_languages(pairs: list[Pair], config: IngestConfig) -> list[Pair]:
    """Return the pairs, each with the language that most of those without one are in."""
    asked = "\n".join(pair.questions[0] for pair in pairs if not pair.language)
    if not asked:
        return pairs
    language = language_tagger(config.known_languages)(asked)
    return [pair.model_copy(update={"language": pair.language or language}) for pair in pairs]
