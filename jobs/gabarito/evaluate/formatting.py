"""Figures as people read them: on the page, in the gate's sentences and on a terminal."""


def percent(share: float | None) -> str:
    """Return ``98.4%``."""
    return "–" if share is None else f"{100 * share:.1f}%"


def interval(found: tuple[float, float]) -> str:
    """Return ``97.3–99.1%``."""
    low, high = found
    return f"{100 * low:.1f}–{percent(high)}"


def figure(value: float | None) -> str:
    """Return ``0.984``."""
    return "–" if value is None else f"{value:.3f}"


def points(difference: float) -> str:
    """Return ``+12.3``, in points of a hundred."""
    return f"{100 * difference:+.1f}"
