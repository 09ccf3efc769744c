"""How the counters of a manifest are said: ``language.pt`` is ``17 in Portuguese``."""

from collections.abc import Mapping

from gabarito.core.reasons import IngestReason
from gabarito.generate.language import language_name

REJECTED = "rejected."
"""How the counters of a ledger begin, before the reason."""

_NOT_WANTED = IngestReason.EXCLUDED.value
"""Ingest's reason for files that the settings leave out: nothing was lost with them."""

_ROW_KINDS = {"question": "question rows", "questions": "question rows"} | {
    kind: f"{kind} rows" for kind in ("statement", "reverse", "refusal", "replay")
}
_MOST_FIGURES = 5
_MOST_REASONS = 3
_LARGE = 100
"""From here on a figure is shown without decimals."""


def summary_of(counts: object) -> str:
    """Return a stage's figures in one short line, and what it dropped for which reasons."""
    if not isinstance(counts, Mapping):
        return ""
    shown = [said(name, value) for name, value in counts.items() if not name.startswith(REJECTED)]
    return " · ".join([*shown[:_MOST_FIGURES], *_rejected(counts)])


def dropped(counts: Mapping[str, float]) -> dict[str, float]:
    """Return how much was dropped for each reason, most first."""
    found = {
        name.removeprefix(REJECTED): count
        for name, count in counts.items()
        if name.startswith(REJECTED) and name != REJECTED + _NOT_WANTED
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def said(name: str, value: object) -> str:
    """Return one counter as people say it."""
    kind, _, rest = name.partition(".")
    if kind == "language":
        return f"{figure(value)} in {language_name(rest)}"
    if kind == "rows":
        return f"{figure(value)} {_ROW_KINDS.get(rest, f'{rest} rows')}"
    if name.startswith("percent_right_by_"):
        return f"{figure(value)} % right by {name.removeprefix('percent_right_by_')}"
    if name == "gate_passed":
        return "gate passed" if value else "gate failed"
    if name in ("cost", "chosen_step", "distance", "exact_match"):  # they count nothing
        return f"{name.replace('_', ' ')} {figure(value)}"
    return f"{figure(value)} {name.replace('_', ' ')}"


def figure(value: object) -> str:
    """Return a number in few digits."""
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:.3g}" if value % 1 and abs(value) < _LARGE else f"{value:,.0f}"


def _rejected(counts: Mapping[str, float]) -> list[str]:
    reasons = dropped(counts)
    parts = [f"{reason} {figure(count)}" for reason, count in reasons.items()][:_MOST_REASONS]
    others = sum(list(reasons.values())[_MOST_REASONS:])
    parts += [f"other reasons {figure(others)}"] if others else []
    shown = [f"{figure(sum(reasons.values()))} dropped: {', '.join(parts)}"] if reasons else []
    left_out = counts.get(REJECTED + _NOT_WANTED)
    return [*shown, *([f"{figure(left_out)} left out by include and exclude"] if left_out else [])]
