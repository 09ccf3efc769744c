"""The source ``pairs``: tables of questions and answers that people wrote."""

from pathlib import PurePosixPath
from typing import Literal

from pydantic import Field

from gabarito.core.settings import InputPath, Settings
from gabarito.ingest.encoding_name import EncodingName

VALUES = (".csv", ".tsv", ".tab", ".txt")
LINES = (".jsonl", ".ndjson", ".json")
DATA_SETS = (".parquet", ".arrow")
"""Endings of what is read through the library datasets."""

_OF_DATA_SETS = frozenset({"dataset_info.json", "dataset_dict.json", "state.json"})
"""What lies beside the rows where a data set was saved."""


class PairsSource(Settings):
    """Pairs of question and answer in a table, or in a folder of them."""

    type: Literal["pairs"] = Field(description="The kind of source.")
    path: InputPath = Field(
        description="A csv, tsv, jsonl or parquet file, a folder of them or of a data set; also "
        "s3://bucket/prefix."
    )
    question: str = Field(min_length=1, description="The column of questions.")
    answer: str = Field(min_length=1, description="The column of answers.")
    id: str | None = Field(default=None, description="The column of the rows' own names.")
    source: str | None = Field(
        default=None, description="The column that says where a pair comes from."
    )
    group: str | None = Field(
        default=None,
        description="A column that is equal in rows which ask for the same in other words.",
    )
    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$",
        description="Language of the pairs, such as pt; by default it is found out.",
    )
    encoding: EncodingName | None = Field(
        default=None,
        description="Encoding of tables of text; by default each file's, and each row's, own.",
    )
    max_chars: int = Field(
        default=1000,
        ge=1,
        description="Rows with a longer question or answer are dropped: a page is no answer.",
    )

    @property
    def columns(self) -> dict[str, str]:
        """The columns by the setting that names each."""
        named = {
            "question": self.question,
            "answer": self.answer,
            "id": self.id,
            "source": self.source,
            "group": self.group,
        }
        return {setting: column for setting, column in named.items() if column}

    def is_wanted(self, below: str) -> bool:
        """Tell whether a file of the folder holds rows, or belongs to a data set that was saved."""
        path = PurePosixPath(below)
        if any(part.startswith((".", "~$")) for part in path.parts):
            return False
        return path.suffix.lower() in (*VALUES, *LINES, *DATA_SETS)

    @staticmethod
    def holds_rows(name: str) -> bool:
        """Tell whether a file holds rows rather than what describes them."""
        return PurePosixPath(name).name not in _OF_DATA_SETS
