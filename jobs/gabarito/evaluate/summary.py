"""The report in a few lines of plain text, for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]

PARTS = {"test": "test wordings", "validation": "validation wordings", "free": "free wordings"}
SYSTEMS = ("base", "adapter", "model")


def summary(report: Report) -> str:
    """Return what ``report.json`` holds as a table with a verdict above it."""
    verdict = report["verdict"]
    lines = ["gate passed" if verdict["passed"] else "gate failed", *_checks(verdict["checks"])]
    lines += ["", *_table(list(_exact_match(report)))]
    lines += ["", *_figures(report)]
    groups = list(_untaught(report))
    if len(groups) > 1:
        lines += ["", *_table(groups)]
    return "\n".join(line.rstrip() for line in lines)


def _checks(checks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for check in checks:
        yield f"  {'✓' if check['passed'] else '✗'} {check['text']}"


def _exact_match(report: Report) -> Iterator[list[str]]:
    yield ["exact match", "questions", *SYSTEMS, "95% interval of model"]
    for part, name in PARTS.items():
        scores = [report["systems"][system].get(part) for system in SYSTEMS]
        if all(scores):
            low, high = scores[-1]["interval"]
            shares = [_percent(score["exact_match"]) for score in scores]
            interval = f"{100 * low:.1f}–{_percent(high)}"
            yield [name, str(scores[-1]["count"]), *shares, interval]


def _figures(report: Report) -> Iterator[str]:
    facts = report["facts"].get("model")
    if facts:
        share = _percent(facts["share_all"]["share"])
        yield (
            f"facts right in all test wordings: {share} ({facts['all']} of {facts['count']}), "
            f"in some: {facts['some']}, in none: {facts['none']}"
        )
    gap = report.get("paraphrase")
    if gap:
        yield f"trained minus test wordings: {100 * gap['gap']:+.1f} points"
    kept = report.get("forgetting")
    if kept:
        yield f"general prompts answered as before: {_percent(kept['share'])} of {kept['count']}"
    least = report.get("threshold")
    if least:
        yield (
            f"refusal threshold: {least['value']:.3f}, precision {_percent(least['precision'])}, "
            f"coverage {_percent(least['coverage'])} where it was chosen"
        )


def _untaught(report: Report) -> Iterator[list[str]]:
    refusals, served = report["refusals"].get("model"), report.get("served")
    if not refusals:
        return
    yield ["never taught", "questions", "refused", "with threshold", "AUROC"]
    for group, found in refusals["untaught"].items():
        held = served["untaught"].get(group) if served else None
        yield _refused(group, found["refused"], held, found.get("auroc"))
    if refusals["untaught"]:
        false = served["false_refusals"] if served else None
        yield _refused("false refusals (test)", refusals["false_refusals"], false, None)


def _refused(
    name: str, found: Mapping[str, Any], held: Mapping[str, Any] | None, auroc: float | None
) -> list[str]:
    threshold = _percent(held["share"]) if held else "–"
    score = "–" if auroc is None else f"{auroc:.3f}"
    return [name, str(found["count"]), _percent(found["share"]), threshold, score]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """First column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells])


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
