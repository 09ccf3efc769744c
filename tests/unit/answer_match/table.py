"""The table of spellings that the tests try, and the part of docs/answers.md made from it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs/answers.md"
BEGIN, END = "<!-- spellings: begin -->\n", "<!-- spellings: end -->\n"
LANGUAGES = ("any", "pt", "en", "es", "fr", "de", "it")

HEADS = {
    "sentences": ("taught", "answers of other facts", "right", "wrong"),
    "explanations": ("expected", "points", "right", "wrong"),
}
Table = dict[str, dict[str, dict[str, list[str]]]]
TABLE: Table = yaml.safe_load(
    (Path(__file__).parent / "spellings.yaml").read_text(encoding="utf-8")
)
Verdicts = dict[str, list[dict[str, Any]]]
VERDICTS: Verdicts = yaml.safe_load(
    (Path(__file__).parent / "verdicts.yaml").read_text(encoding="utf-8")
)


def entries() -> list[tuple[str, str]]:
    """Return each spelling with what it is a spelling of."""
    return [
        (spelling, answer)
        for rows in TABLE.values()
        for answer, by_language in rows.items()
        for spellings in by_language.values()
        for spelling in spellings
    ]


def document() -> str:
    """Return docs/answers.md as it should be."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}{_tables()}{END}{rest.partition(END)[2]}"


def _tables() -> str:
    heads = ["as compared", *LANGUAGES]
    lines = []
    for topic, rows in TABLE.items():
        lines += [f"### {topic.capitalize()}", "", _row(heads), _row(["---"] * len(heads))]
        for answer, by_language in rows.items():
            cells = [" · ".join(map(_shown, by_language.get(code, ()))) for code in LANGUAGES]
            lines.append(_row([_shown(answer), *(cell or "–" for cell in cells)]))
        lines.append("")
    for topic, verdicts in VERDICTS.items():
        lines += [f"### {topic.capitalize()}", "", _row(HEADS[topic]), _row(["---"] * 4)]
        for one in verdicts:
            told: list[str] = [one.get("told") or one["answer"]]
            others: Iterable[str] = one.get("rivals") or one.get("points") or ()
            cells = [" · ".join(map(_shown, texts)) for texts in (told, others)]
            cells += [" · ".join(map(_shown, one[name])) for name in ("right", "wrong")]
            lines.append(_row([cell or "–" for cell in cells]))
        lines.append("")
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(text: str) -> str:
    return f"`{text}`"
