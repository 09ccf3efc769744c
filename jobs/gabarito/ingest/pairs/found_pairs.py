"""Tables among documents whose header says that they hold questions and answers."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import yaml

from gabarito.answer_match.languages import without_accents
from gabarito.core.errors import DataError
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile
from gabarito.ingest.formats.sheets.value_tables import DELIMITERS
from gabarito.ingest.page import Hints
from gabarito.ingest.pairs.pair_text import decode_table
from gabarito.ingest.pairs.pairs_source import VALUES

_QUESTIONS = re.compile(
    r"q|perguntas?|questions?|fragen?|preguntas?|domand[ae]|prompt|vraag|pytanie|вопрос|soru"
)
_ANSWERS = re.compile(
    r"a|respostas?|answers?|antwort(?:en)?|respuestas?|reponses?|rispost[ae]|completion|antwoord"
    r"|odpowiedz|ответ|cevap"
)
_HEADER_BYTES = 1 << 16
"""Enough of a table to see its header, which may follow empty lines."""


@dataclass(frozen=True)
class FoundPairs:
    """A table that holds pairs, and its columns of them."""

    file: SourceFile
    question: str
    answer: str

    def entry(self, path: str) -> str:
        """Return the source as it is written in a pipeline file, on one line."""
        fields = {"type": "pairs", "path": path, "question": self.question, "answer": self.answer}
        shown = yaml.safe_dump(
            fields, allow_unicode=True, default_flow_style=True, sort_keys=False, width=float("inf")
        )
        return f"- {shown.strip()}"


def find_pairs(files: Iterable[SourceFile], config: IngestConfig) -> Iterator[FoundPairs]:
    """Yield the tables of values whose header names a question and an answer."""
    for file in files:
        if file.suffix in VALUES[:-1] and file.is_wanted and file.size <= config.max_bytes:
            header = _header_of(file, config)
            headers = (next(csv.reader([header], delimiter=sign), []) for sign in DELIMITERS)
            if columns := next(filter(None, map(pair_columns, headers)), None):
                yield FoundPairs(file, *columns)


def pair_columns(header: Sequence[str]) -> tuple[str, str] | None:
    """Return the one column of questions and the one of answers, where there are such."""
    questions, answers = (_named(header, names) for names in (_QUESTIONS, _ANSWERS))
    return (questions[0], answers[0]) if len(questions) == len(answers) == 1 else None


def _named(header: Sequence[str], names: re.Pattern[str]) -> list[str]:
    columns = map(str.strip, header)
    return [column for column in columns if names.fullmatch(without_accents(column.lower()))]


def _header_of(file: SourceFile, config: IngestConfig) -> str:
    """Return the first line of a table that is no empty one; of what is no text its reader tells.

    Spreadsheets may write a line before it that says what parts the values.
    """
    try:
        data = file.read()[:_HEADER_BYTES]
        whole = data[: data.rfind(b"\n") + 1] or data
        text = decode_table(whole, Hints(file.encoding, config.known_languages))
    except DataError:
        return ""
    lines = (line for line in text.removeprefix("\ufeff").splitlines() if line.strip())
    return next((line for line in lines if not line.startswith("sep=")), "")
