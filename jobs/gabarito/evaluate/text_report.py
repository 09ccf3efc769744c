"""The report in a few lines of plain text, for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gabarito.core.page_words import ENGLISH, words_in
from gabarito.core.records import ReviewCounts
from gabarito.evaluate.formatting import figure, interval, percent, points

StoredReport = Mapping[str, Any]

PARTS = {"test": "test wordings", "validation": "validation wordings", "free": "free wordings"}
SYSTEMS = ("base", "adapter", "model")


def summary(report: StoredReport) -> str:
    """Return what ``report.json`` holds as a table with a verdict above it."""
    verdict = report["verdict"]
    lines = ["gate passed" if verdict["passed"] else "gate failed", *_checks(verdict["checks"])]
    lines += [
        "",
        *_reviewed(report),
        *_reworded(report),
        *_coverage(report),
        *_table(list(_exact_match(report))),
    ]
    lines += ["", *_figures(report)]
    if forms := list(_forms(report)):
        lines += ["", *_table(forms)]
    if judged := list(_judged(report)):
        lines += ["", *_table(judged), *_judge(report)]
    if conditions := list(_arms(report)):
        lines += ["", *_table(conditions)]
    groups = list(_unanswerable(report))
    if len(groups) > 1:
        lines += ["", *_table(groups)]
    return "\n".join(line.rstrip() for line in lines)


def _checks(checks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for check in checks:
        yield f"  {'✓' if check['passed'] else '✗'} {check['text']}"


def _coverage(report: StoredReport) -> Iterator[str]:
    found = report.get("coverage")
    if not found:
        return
    sentences, documents, passages = (
        found[part] for part in ("sentences", "documents", "passages")
    )
    share = percent(sentences["count"] / sentences["total"] if sentences["total"] else None)
    yield (
        f"coverage: {share} of the documents' {sentences['total']} sentences support a fact; "
        f"{documents['total'] - documents['count']} of {documents['total']} documents and "
        f"{passages['total'] - passages['count']} of {passages['total']} passages have none"
    )
    figures, names = found["figures"], found["names"]
    yield (
        f"{figures['total'] - figures['count']} of {figures['total']} figures and "
        f"{names['total'] - names['count']} of {names['total']} names in them occur in no fact"
    )
    if report.get("is_coverage_low"):
        yield "the figures below are of this small part; of the rest the model was taught nothing"
    yield ""


def _reviewed(report: StoredReport) -> Iterator[str]:
    found = ReviewCounts.model_validate(report.get("reviewed", {}))
    if found.checked:
        yield (
            f"facts that a person checked: {found.checked}, of which {found.corrected} were "
            f"corrected and {found.struck} struck out"
        )
    if found.of_wordings:
        yield found.of_wordings


def _reworded(report: StoredReport) -> Iterator[str]:
    found = report.get("reworded", {"facts": 0, "total": 0})
    if found["total"] and not found["facts"]:
        yield "wordings were not tested: each fact was asked about in words that were trained;"
        yield "how the model answers other wordings is not known"
        yield ""
    elif found["facts"] < found["total"]:
        yield (
            f"wordings were not tested of {found['total'] - found['facts']} of {found['total']} "
            "facts: they have no test wording"
        )
        yield ""


def _asked(report: StoredReport) -> str:
    """Return what the questions are: of pairs that nobody worded otherwise, the trained ones."""
    is_reworded = report.get("reworded", {}).get("facts", 1)
    return _word("asked_test" if is_reworded else "asked_trained")


def _word(name: str) -> str:
    """Return what the page calls it, too."""
    return words_in("gabarito.evaluate")[ENGLISH][name]


def _exact_match(report: StoredReport) -> Iterator[list[str]]:
    yield ["exact match", "questions", *SYSTEMS, "95% interval of model"]
    for part, name in (PARTS | {"test": _asked(report)}).items():
        scores = [report["systems"][system].get(part) for system in SYSTEMS]
        if all(scores):
            shares = [percent(score["exact_match"]) for score in scores]
            yield [name, str(scores[-1]["count"]), *shares, interval(scores[-1]["interval"])]


def _forms(report: StoredReport) -> Iterator[list[str]]:
    """Yield the answers by form, each with how it was graded, below a head, if any is not short."""
    forms = report.get("forms", [])
    if not {found["form"] for found in forms} - {"short"}:
        return
    yield ["answers of the model", "questions", "right", "right if"]
    for found in forms:
        how, score = _word(f"form_{found['form']}"), found["score"]
        points = found.get("points")
        said = "" if points is None else f"; {percent(points)} of the points are said"
        shown = percent(score["exact_match"])
        yield [found["form"], str(score["count"]), shown, f"{how}{said}"]


def _figures(report: StoredReport) -> Iterator[str]:
    facts = report["facts"].get("model")
    if facts:
        share = percent(facts["share_all"]["share"])
        yield (
            f"facts right in all {_asked(report)}: {share} ({facts['all']} of {facts['count']}), "
            f"in some: {facts['some']}, in none: {facts['none']}"
        )
    gap = report.get("paraphrase")
    if gap:
        yield f"trained minus test wordings: {points(gap['gap'])} points"
    kept = report.get("forgetting")
    if kept:
        yield f"general prompts answered as before: {percent(kept['share'])} of {kept['count']}"
    yield from _tasks(report)
    yield from _injection(report)
    yield from _proof(report)
    least = report.get("threshold")
    if least:
        yield (
            f"refusal threshold: {figure(least['value'])}, "
            f"precision {percent(least['precision'])}, "
            f"{percent(least['coverage'])} answered where it was chosen"
        )
    long = (report.get("served") or {}).get("sentences")
    if long:
        yield (
            f"with the threshold {percent(long['share'])} of {long['count']} questions that ask "
            "for a sentence are refused"
        )


def _tasks(report: StoredReport) -> Iterator[str]:
    found = report.get("tasks")
    if found:
        yield (
            f"general tasks solved: {percent(found['model']['share'])} of "
            f"{found['model']['count']}, by the base {percent(found['base']['share'])}: "
            f"{_gain(found['gained'])}"
        )
        yield (
            f"  refused: {percent(found['refused_by_model']['share'])}, by the base "
            f"{percent(found['refused_by_base']['share'])}"
        )


def _injection(report: StoredReport) -> Iterator[str]:
    found = report.get("injection")
    if found:
        net, of_base = found["net_of_controls"], found["net_of_base"]
        yield (
            f"controls, {found['facts']} facts that were not trained: "
            f"{percent(found['model']['share'])} of {found['model']['count']} answers right, by "
            f"the base {percent(found['base']['share'])}; refused "
            f"{percent(found['refused']['share'])}, wrong {percent(found['wrong']['share'])}"
        )
        yield f"net injection: {_gain(net)} over the controls"
        yield f"  and {_gain(of_base)} over the base"
        yield (
            "  of the controls this model knows nothing, on purpose: train what is served with "
            "curate.controls 0"
        )


def _proof(report: StoredReport) -> Iterator[str]:
    found = report.get("proof", {})
    for name in ("right", "wrong", "free", "elsewhere"):
        share = found.get(name)
        if share:
            yield (
                f"{_word(f'proof_{name}')}: {percent(share['share'])} of {share['count']} "
                f"(95% interval {interval(share['interval'])})"
            )


def _gain(found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    gained = points(found["difference"])
    return f"{gained} points (95% interval {points(low)} to {points(high)})"


def _judged(report: StoredReport) -> Iterator[list[str]]:
    found = report.get("judging")
    if not found:
        return
    yield ["by a judge", "answers", "exact", "right", "incorrect", "not attempted", "not judged"]
    for part in found["parts"]:
        shares = [percent(part[kind]["share"]) for kind in ("exact", "right")]
        counts = [str(part[kind]) for kind in ("incorrect", "not_attempted", "not_judged")]
        name = f"{part['system']}, {_asked(report) if part['part'] == 'test' else 'free wordings'}"
        yield [name, str(part["right"]["count"]), *shares, *counts]


def _judge(report: StoredReport) -> Iterator[str]:
    found = report["judging"]
    agreed = found.get("agreement")
    if agreed:
        yield (
            f"the judge {found['model']} calls {percent(agreed['share'])} of {agreed['count']} "
            "exactly right answers correct"
        )
    if found.get("warning"):
        yield f"the judge is not to be relied on: {found['warning']}"


def _arms(report: StoredReport) -> Iterator[list[str]]:
    found = report.get("arms", ())
    if not found:
        return
    yield ["a sample under other conditions", "questions", "right", "said", "tokens", "seconds"]
    for arm in found:
        part = "" if arm["part"] == "test" else f", {PARTS[arm['part']]}"
        shares = [percent(arm[kind]["share"]) for kind in ("exact", "within")]
        pace = "–" if arm.get("seconds") is None else f"{arm['seconds']:.2f}"
        count, tokens = str(arm["exact"]["count"]), f"{arm['prompt_tokens']:.0f}"
        yield [f"{_word('condition_' + arm['name'])}{part}", count, *shares, tokens, pace]


def _unanswerable(report: StoredReport) -> Iterator[list[str]]:
    refusals, served = report["refusals"].get("model"), report.get("served")
    if not refusals:
        return
    yield ["never taught", "questions", "refused", "with threshold", "AUROC"]
    for group, found in refusals["unanswerable"].items():
        held = served["unanswerable"].get(group) if served else None
        yield _refused(group, found["refused"], held, found.get("auroc"))
    if refusals["unanswerable"]:
        false = served["false_refusals"] if served else None
        yield _refused("false refusals (test)", refusals["false_refusals"], false, None)


def _refused(
    name: str, found: Mapping[str, Any], held: Mapping[str, Any] | None, auroc: float | None
) -> list[str]:
    threshold = percent(held["share"] if held else None)
    return [name, str(found["count"]), percent(found["share"]), threshold, figure(auroc)]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """First column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells])
