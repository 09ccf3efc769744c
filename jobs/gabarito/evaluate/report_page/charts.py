"""Small line charts: from the curves of training to points of an SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

WIDTH, HEIGHT = 640.0, 200.0
"""The size of a chart's field, in the units of its SVG."""

TICKS = 4

CurveName: TypeAlias = Literal["loss", "exact_match"]


@dataclass(frozen=True)
class Chart:
    """One curve: ``points`` as an SVG's polyline wants them; ticks are (place, label)."""

    curve: CurveName
    points: str
    last: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


Curve = Mapping[str, Any]


def charts_of(curves: Sequence[Curve]) -> list[Chart]:
    """Return the charts that can be drawn from lines with ``step``, ``loss``, ``exact_match``."""
    loss = [(float(row["step"]), float(row["loss"])) for row in curves if _has(row, "loss")]
    match = [(float(r["step"]), float(r["exact_match"])) for r in curves if _has(r, "exact_match")]
    charts = []
    if len(loss) > 1:
        top = max(y for _, y in loss) or 1.0
        charts.append(_chart("loss", loss, top, "{:.2f}"))
    if len(match) > 1:
        charts.append(_chart("exact_match", match, 1.0, "{:.0%}"))
    return charts


def _chart(curve: CurveName, points: list[tuple[float, float]], top: float, label: str) -> Chart:
    right = max(x for x, _ in points)
    places = [(WIDTH * x / right, HEIGHT - HEIGHT * y / top) for x, y in points]
    shares = [n / TICKS for n in range(TICKS + 1)]
    return Chart(
        curve=curve,
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in _thinned(places)),
        last=f"{points[-1][1]:.3f}",
        x_ticks=tuple((WIDTH * share, f"{right * share:.0f}") for share in shares),
        y_ticks=tuple((HEIGHT - HEIGHT * share, label.format(top * share)) for share in shares),
    )


def _has(row: Curve, name: str) -> bool:
    return isinstance(row.get(name), int | float) and "step" in row


def _thinned(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most one point for each unit of width: more cannot be seen."""
    kept = [b for a, b in pairwise(places) if int(a[0]) != int(b[0])]
    return [places[0], *kept]
