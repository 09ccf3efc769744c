"""What a reply holds, however it was written: what is good is kept, the rest has a reason.

Forced JSON decoding is no cure for messy replies: it costs truncation and endless whitespace.
So one object a line is asked for, and lines, arrays, wrappers, fences, prose around, labels
(``@Pergunta: … @Resposta: …``) and what is left of a cut reply are read.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from gabarito.chat.completion import CUT
from gabarito.chat.repair import Objects
from gabarito.chat.thoughts import without_thoughts
from gabarito.core.reasons import GenerateReason

_NOTHING = re.compile(r"\[\s*\]|\{\s*\}")
_WRAPPER = re.compile(r"[\[:,]\s*$")

MAX_REPLY_CHARS = 400_000
"""No teacher writes more than 128,000 tokens; what is longer is noise, and is not gone through."""

MAX_UNREAD = 200
"""After so many objects that cannot be read, the rest of a reply is one more."""

UNFORESEEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a text of a shape that nobody thought of may raise: it costs one reply, no run."""

_SHOWN_CHARS = 1000
"""So much of what was not gone through is kept."""

_MARKS = frozenset({"quote", "question", "text", "name", "instead"})
"""A fact, a question, a statement or a name has one of these fields; a wrapper has none."""

_LABELS = {
    "question": "pergunta questão questao question pregunta frage domanda q",
    "answer": "resposta answer respuesta réponse reponse antwort risposta a r",
    "family": "família familia family familie famille famiglia estilo style",
    "text": "afirmação afirmacao statement afirmación affirmation aussage affermazione",
}
_FIELDS = {label: field for field, labels in _LABELS.items() for label in labels.split()}

_KEYS = {
    "quote": "citação citacao trecho cita citation zitat citazione",
    "statement": "afirmação afirmacao afirmación affirmation aussage affermazione",
    "subject": "sujeito assunto sujeto sujet subjekt soggetto",
    "relation": "relação relacao relación beziehung relazione",
    "answer": "resposta respuesta réponse antwort risposta",
    "question": "pergunta pregunta frage domanda",
    "family": "família familia famille familie famiglia",
    "qualifier": "qualificador calificador qualificateur",
    "kind": "tipo",
}
_KEY_OF = {key: name for name, keys in _KEYS.items() for key in keys.split()}
"""Keys that teachers translate although they are given in English."""


@dataclass
class Reading:
    """The objects of a reply, and what could not be read, each with its reason."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    broken: list[tuple[GenerateReason, str]] = field(default_factory=list)
    is_cut: bool = False
    is_nothing: bool = False
    """Nothing to give, and it says so: an empty list."""

    @property
    def is_useless(self) -> bool:
        """Whether it neither gives anything nor says that there is nothing."""
        return not self.objects and not self.is_nothing


def read_reply(text: str, finish_reason: str, families: Collection[str] = ()) -> Reading:
    """Read a reply; ``families`` are names that may stand as labels before questions."""
    try:
        return _read_reply(text, finish_reason, families)
    except UNFORESEEN:
        return Reading(broken=[(GenerateReason.UNREADABLE, text[:_SHOWN_CHARS])])


def _read_reply(text: str, finish_reason: str, families: Collection[str]) -> Reading:
    reading = Reading(is_cut=finish_reason == CUT)
    if len(text) > MAX_REPLY_CHARS:
        reading.broken.append((GenerateReason.UNREADABLE, text[:_SHOWN_CHARS]))
        return reading
    text = without_thoughts(text)
    rest = "\n".join(_take_objects(text, reading))
    reading.objects += _labelled(rest, families)
    if not reading.objects and not reading.broken:
        reading.is_nothing = bool(_NOTHING.search(text))
        if not reading.is_nothing:
            reason = GenerateReason.UNREADABLE if text.strip() else GenerateReason.EMPTY_REPLY
            reading.broken.append((reason, text.strip()))
    if reading.is_cut and GenerateReason.CUT_REPLY not in dict(reading.broken):
        reading.broken.append((GenerateReason.CUT_REPLY, text[-100:]))
    return reading


def _take_objects(text: str, reading: Reading) -> Iterator[str]:
    """Move the objects of a text into ``reading`` and yield what stands between them."""
    objects, place, unread = Objects(text), 0, 0
    while (start := text.find("{", place)) >= 0:
        yield text[place:start]
        found = objects.at(start)
        if found:
            reading.objects += _flat(found[0])
            place = found[1]
            continue
        unread += 1
        if unread > MAX_UNREAD:
            reading.broken.append((GenerateReason.UNREADABLE, text[start : start + _SHOWN_CHARS]))
            return
        following = text.find("{", start + 1)
        place = following if following >= 0 else len(text)
        broken = text[start:place].strip()
        if following < 0 and reading.is_cut:
            reading.broken.append((GenerateReason.CUT_REPLY, broken))
        elif following < 0 or not _WRAPPER.search(broken):
            reading.broken.append((GenerateReason.UNREADABLE, broken))
    yield text[place:]


def _flat(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects of wrappers such as ``{"facts": [...]}``, or the object itself."""
    named = _with_our_keys(value)
    if not _MARKS.isdisjoint(named) and not _is_call(named):
        yield named
        return
    inner = [
        item
        for values in value.values()
        for item in (values if isinstance(values, list) else [values])
        if isinstance(item, dict)
    ]
    for item in inner:
        yield from _flat(item)
    if not inner and value:
        yield named


def _with_our_keys(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object with the keys that were asked for, which some write otherwise."""
    keys = (str(key).strip().lower() for key in value)
    return dict(zip((_KEY_OF.get(key, key) for key in keys), value.values(), strict=True))


def _is_call(value: dict[str, Any]) -> bool:
    """Tell whether an object calls a tool, whose name is no name of ours."""
    return isinstance(value.get("arguments"), dict)


def _labelled(text: str, families: Collection[str] = ()) -> list[dict[str, str]]:
    """Return the records that labels make of a text; the name of a family is a label too."""
    records: list[dict[str, str]] = [{}]
    for label, value in _labelled_parts(text, families):
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


def _labelled_parts(text: str, families: Collection[str]) -> Iterator[tuple[str, str]]:
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


def text_of(value: object) -> str:
    """Return the text of a field that may hold a number, a list of texts or nothing."""
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_plain_text, value)))
    return _plain_text(value)


def _plain_text(value: object) -> str:
    """Return the text of what is neither a list nor an object; lists in lists have no end."""
    if value is None or isinstance(value, list | tuple | dict):
        return ""
    return " ".join(without_halves(str(value)).split())


def texts_of(value: object) -> tuple[str, ...]:
    """Return the texts of a field that should hold a list."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(filter(None, map(text_of, values))))


def without_halves(text: str) -> str:
    """Replace halves of characters, such as a cut reply's last one: they are not Unicode."""
    return text.encode(errors="replace").decode()
