"""How the counters of a manifest are said: ``language.pt`` is ``17 in Portuguese``."""

from collections.abc import Mapping, Sequence

from gabarito.core.language_names import in_language
from gabarito.core.reasons import IngestReason
from gabarito.core.text import in_number

REJECTED = "rejected."
"""How the counters of a ledger begin, before the reason."""

_NOT_WANTED = {
    f"{REJECTED}{IngestReason.EXCLUDED}": "left out by include and exclude",
    f"{REJECTED}{IngestReason.HIDDEN}": "hidden or temporary files passed over",
}
"""Counters of files that the settings leave out, with which nothing was lost."""

_LANGUAGE = "language."

_OF_READING = {
    "words_left_out": "words left out",
    "parts_not_read": "parts not read",
    "flagged": "documents flagged",
}
"""Counters of what reading lost or doubts, and how each is said before its kinds."""

_BY_OCR = "read_by_ocr"
_ALWAYS = (_BY_OCR, "facts_checked_by_people")
"""What makes the rest less certain, or more, is said however many figures there are."""

_ROW_KINDS = {"question": "question rows", "questions": "question rows"} | {
    kind: f"{kind} rows" for kind in ("statement", "document", "reverse", "refusal", "replay")
}
_MOST_FIGURES = 8
_MOST_REASONS = 3
_MOST_LANGUAGES = 4
_LARGE = 100
"""From here on a figure is shown without decimals."""


def summary_of(counts: object) -> str:
    """Return a stage's figures in one short line, and what it dropped for which reasons."""
    if not isinstance(counts, Mapping):
        return ""
    told_after = (REJECTED, _LANGUAGE, *_ALWAYS, *_OF_READING)
    ours = (name for name in counts if not name.startswith(told_after))
    shown = [said(name, counts[name]) for name in ours][:_MOST_FIGURES]
    always = [said(name, counts[name]) for name in _ALWAYS if name in counts]
    read = [_read(counts, *kind) for kind in _OF_READING.items()]
    parts = [*shown, _languages(counts), *always, *read, *_rejected(counts)]
    return " · ".join(filter(None, parts))


def dropped(counts: Mapping[str, float]) -> dict[str, float]:
    """Return how much was dropped for each reason, most first."""
    found = {
        name.removeprefix(REJECTED): count
        for name, count in counts.items()
        if name.startswith(REJECTED) and name not in _NOT_WANTED
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def has_lost_text(counts: Mapping[str, float]) -> bool:
    """Tell whether documents lack something of their files, or look wrong."""
    return any(counts.get(name) for name in _OF_READING)


def said(name: str, value: object) -> str:
    """Return one counter as people say it."""
    kind, _, rest = name.partition(".")
    if kind == "language":
        return f"{figure(value)} {in_language(rest)}"
    if kind == "rows":
        return _counted(value, _ROW_KINDS.get(rest, f"{rest} rows"))
    if name.startswith("percent_right_by_"):
        return f"{figure(value)} % right by {name.removeprefix('percent_right_by_')}"
    if name == "percent_of_sentences":
        return f"of {figure(value)} % of the sentences"
    if name == "gate_passed":
        return "gate passed" if value else "gate failed"
    if name == _BY_OCR:
        return f"{figure(value)} pages or pictures read by OCR"
    if name in ("cost", "chosen_step", "distance", "exact_match"):  # they count nothing
        return f"{name.replace('_', ' ')} {figure(value)}"
    return _counted(value, name.replace("_", " "))


def _counted(number: object, things: str) -> str:
    return f"{figure(number)} {in_number(number, things)}"


def figure(value: object) -> str:
    """Return a number in few digits."""
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:.3g}" if value % 1 and abs(value) < _LARGE else f"{value:,.0f}"


def _languages(counts: Mapping[str, float]) -> str:
    """Say how many documents are in which languages, the most first."""
    found = {name: count for name, count in counts.items() if name.startswith(_LANGUAGE)}
    most = sorted(found, key=lambda name: -found[name])
    parts = [said(name, found[name]) for name in most[:_MOST_LANGUAGES]]
    others = sum(found[name] for name in most[_MOST_LANGUAGES:])
    return ", ".join([*parts, *([f"{figure(others)} in other languages"] if others else [])])


def _read(counts: Mapping[str, float], name: str, things: str) -> str:
    """Say what the reading of files left out or flagged, the most for which reasons."""
    kinds = {key: value for key, value in counts.items() if key.startswith(f"{name}.")}
    most = sorted(kinds, key=lambda key: -kinds[key])[:_MOST_REASONS]
    reasons = [(key.removeprefix(f"{name}."), kinds[key]) for key in most]
    return _with_reasons(_counted(counts.get(name, 0), things), reasons) if most else ""


def _rejected(counts: Mapping[str, float]) -> list[str]:
    reasons = dropped(counts)
    listed = list(reasons.items())[:_MOST_REASONS]
    others = sum(reasons.values()) - sum(count for _, count in listed)
    listed += [("other reasons", others)] if others else []
    total = f"{figure(sum(reasons.values()))} dropped"
    shown = [_with_reasons(total, listed)] if reasons else []
    unwanted = [_counted(counts[name], of) for name, of in _NOT_WANTED.items() if name in counts]
    return [*shown, *unwanted]


def _with_reasons(total: str, reasons: Sequence[tuple[str, float]]) -> str:
    """Return a total and its parts; of a single one the figure is not said again."""
    if len(reasons) == 1:
        return f"{total}: {reasons[0][0]}"
    return f"{total}: " + ", ".join(f"{reason} {figure(count)}" for reason, count in reasons)
