"""The table of spellings that the tests try, and the part of docs/answers.md made from it."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs/answers.md"
BEGIN, END = "<!-- spellings: begin -->\n", "<!-- spellings: end -->\n"
LANGUAGES = ("any", "pt", "en", "es", "fr", "de", "it")

Table = dict[str, dict[str, dict[str, list[str]]]]
TABLE: Table = yaml.safe_load(
    (Path(__file__).parent / "spellings.yaml").read_text(encoding="utf-8")
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
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(text: str) -> str:
    return f"`{text}`"
