"""Pairs written with labels instead of JSON, such as ``@Pergunta: … @Resposta: …``."""

import re
from collections.abc import Collection, Iterator

_LABELS = {
    "question": "pergunta questão questao question pregunta frage domanda q",
    "answer": "resposta answer respuesta réponse reponse antwort risposta a r",
    "family": "família familia family familie famille famiglia estilo style",
    "text": "afirmação afirmacao statement afirmación affirmation aussage affermazione",
}
_FIELDS = {label: field for field, labels in _LABELS.items() for label in labels.split()}


def labelled(text: str, families: Collection[str] = ()) -> list[dict[str, str]]:
    """Return the records that labels make of a text; the name of a family is a label too."""
    records: list[dict[str, str]] = [{}]
    for label, value in _parts(text, families):
        field = _FIELDS.get(label, "question")
        begins = field in records[-1] or (field == "family" and "question" in records[-1])
        if label not in _FIELDS:
            records.append({"family": label})
        elif begins:
            records.append({})
        records[-1][field] = value
        if field == "text":
            records[-1].setdefault("family", "statement")
    return [record for record in records if "question" in record or "text" in record]


def _parts(text: str, families: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each label with what stands behind it, up to the next label or the line's end.

    Without an ``@`` a label counts at the beginning of a line only, behind bullets and numbers.
    What stands before a label never goes over a line's end: thousands of empty lines would be
    looked through once for each of them.
    """
    names = "|".join(re.escape(name) for name in [*_FIELDS, *families])
    label = re.compile(
        rf"(?:@\s*|^(?:[^\S\n]|[>*\-\d.)#])*)(?:\*\*|__)?({names})(?:\s*\d+)?(?:\*\*|__)?\s*[:：](?:\*\*|__)?",
        re.IGNORECASE | re.MULTILINE,
    )
    found = list(label.finditer(text))
    ends = [*(match.start() for match in found), len(text)][1:]
    for match, end in zip(found, ends, strict=True):
        value = text[match.end() : end].strip().split("\n")[0].strip(" \t*|")
        if value:
            yield match[1].lower(), value
