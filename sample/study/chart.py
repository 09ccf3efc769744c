"""The picture of a study: right answers by arm, with their intervals, as an SVG."""

from collections.abc import Iterator, Sequence
from html import escape

from sample.study.results import ArmResult, Measure

LEFT, FIELD, RIGHT = 420, 480, 30
TOP, ROW, BOTTOM = 44, 36, 34
"""Sizes in the units of the SVG: what stands around the field, and the height of an arm."""

APART = 8
"""How far the marks of an arm lie from the middle of its row."""

TEXT, GRID = "#24292f", "#d9dce1"

SERIES: tuple[tuple[str, str, Measure, int], ...] = (
    ("test wordings", "#1f5fa8", lambda seed: seed.test, -APART),
    ("free questions", "#c2571a", lambda seed: seed.free, APART),
)
"""What is drawn of each arm: its name, its colour, what is measured, and its place in the row."""


def chart(results: Sequence[ArmResult]) -> str:
    """Return the picture of the arms, the first on top."""
    width, bottom = LEFT + FIELD + RIGHT, TOP + ROW * len(results)
    rows = [
        part
        for at, result in enumerate(results)
        for part in _row(result, TOP + ROW * at + ROW // 2)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + BOTTOM}" '
            f'width="{width}" height="{bottom + BOTTOM}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="13" fill="{TEXT}">',
            "<title>Right answers by arm</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *_legend(),
            *_grid(bottom),
            *rows,
            "</svg>\n",
        ]
    )


def _legend() -> Iterator[str]:
    for at, (name, colour, _, _) in enumerate(SERIES):
        x = LEFT + 140 * at
        yield f'<circle cx="{x + 5}" cy="20" r="5" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="24">{name}</text>'
    yield f'<text x="{LEFT + FIELD}" y="24" text-anchor="end">bar: 95 % · tick: one seed</text>'


def _grid(bottom: int) -> Iterator[str]:
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x = _x(share)
        yield f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}" stroke="{GRID}"/>'
        yield f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{share:.0%}</text>'


def _row(result: ArmResult, middle: int) -> Iterator[str]:
    title = escape(result.arm.title)
    yield f'<text x="{LEFT - 16}" y="{middle + 4}" text-anchor="end">{title}</text>'
    for _, colour, measure, above in SERIES:
        y, pooled = middle + above, result.pooled(measure)
        if pooled is None:
            continue
        low, high = map(_x, pooled.interval)
        yield f'<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
        for share in result.each(measure):
            x = _x(share)
            yield f'<line x1="{x}" y1="{y - 6}" x2="{x}" y2="{y + 6}" stroke="{colour}"/>'
        yield f'<circle cx="{_x(pooled.share)}" cy="{y}" r="4" fill="{colour}"/>'


def _x(share: float) -> float:
    return round(LEFT + FIELD * share, 1)
