"""The page of a study, in Markdown: a table of its arms, and what each of them changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gabarito.evaluate.forgetting import LEAST_SOLVED
from gabarito.evaluate.formatting import interval, percent
from gabarito.evaluate.statistics import Proportion
from sample.study.results import ArmResult

HEADINGS = (
    "arm",
    "test wordings (95 %)",
    "over seeds",
    "free questions (95 %)",
    "controls",
    "unanswerable refused",
    "false refusals",
    "general prompts kept",
    "tasks kept",
    "minutes of training",
)

FIRST = "first-study"
"""What the names of the arms begin with that begin with the first study."""

HEAD = """\
The first arms begin with the first study's one wording a fact, its layers, rank, epochs and rate. \
What else it did they do not: its base, of a billion parameters, was held in four bits (NF4), its \
validation rows were drawn at random, so that a fact could stand on both sides, and the epoch with \
the least validation loss was kept. Here the base is held as it is, wordings are held out by \
family, and what is kept is what answers most validation wordings right."""

NOTES = """\
Of each arm all seeds are taken together; the 95 % interval is by fact: all wordings of a fact, \
with every seed, are one cluster. *Over seeds* has the lowest and the highest share that one seed \
had. *False refusals* are of test wordings. *Controls* are the test wordings of facts that are \
kept out of training in every arm: what is answered of them was not learned here. *Tasks kept* is \
the share still solved of those that the base solves. Minutes are a mean, of this machine; of a \
training that was interrupted they are those since it went on."""


@dataclass(frozen=True)
class Study:
    """What was run: the sample's and the base's name, the seeds, and the command for it."""

    sample: str
    base: str
    command: str
    seeds: int
    results: Sequence[ArmResult]


def page(study: Study, picture: str) -> str:
    """Return the page; ``picture`` is the name of the chart beside it."""
    days = [seed.day for result in study.results for seed in result.seeds if seed.day]
    when = f" on {max(days)}" if days else ""
    return "\n".join(
        [
            "# The arms of the study",
            "",
            f"The pipeline of `{study.sample}` on the base `{study.base}`, changed in one thing or "
            f"a few, each with {_counted(study.seeds)}, run by `{study.command}`{when}.",
            "",
            *([HEAD, ""] if any(one.arm.name.startswith(FIRST) for one in study.results) else []),
            f"![Right answers by arm]({picture})",
            "",
            *table(study.results),
            "",
            NOTES,
            "",
            *alike(study.results),
            "| arm | changes |",
            "|---|---|",
            *(_changes(result) for result in study.results),
            "",
        ]
    )


def table(results: Sequence[ArmResult]) -> Iterator[str]:
    """Yield the lines of the table, an arm each."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|" + "---|" * len(HEADINGS)
    for result in results:
        yield f"| {' | '.join(_cells(result))} |"


def alike(results: Sequence[ArmResult]) -> Iterator[str]:
    """Yield which arms have the outcomes of one before them, question by question, and why."""
    found = [
        f"- *{one.arm.title}* came to the same as *{first.arm.title}*"
        + (f": {one.idle}." if one.idle else "; why is not known.")
        for place, one in enumerate(results)
        if (first := next((r for r in results[:place] if r.outcomes == one.outcomes), None))
    ]
    if found:
        yield from [
            "Arms without an effect of their own, the same with every seed:",
            "",
            *found,
            "",
        ]


def line(result: ArmResult) -> str:
    """Return the figures of an arm in a line."""
    heads = HEADINGS[1:2] + HEADINGS[3:]
    _, test, _, *others = _cells(result)
    return ", ".join(f"{name} {cell}" for name, cell in zip(heads, [test, *others], strict=True))


def _cells(result: ArmResult) -> list[str]:
    by_seed = result.each(lambda seed: seed.test)
    tasks = result.pooled(lambda seed: seed.tasks)
    return [
        result.arm.title,
        _with_interval(result.pooled(lambda seed: seed.test)),
        interval((min(by_seed), max(by_seed))) if by_seed else "–",
        _with_interval(result.pooled(lambda seed: seed.free)),
        _share(result.pooled(lambda seed: seed.controls)),
        _share(result.pooled(lambda seed: seed.unanswerable)),
        _share(result.pooled(lambda seed: seed.false_refusals)),
        _share(result.pooled(lambda seed: seed.prompts)),
        _share(tasks if tasks and len(result.seeds[0].tasks) >= LEAST_SOLVED else None),
        f"{result.train_minutes:.1f}",
    ]


def _changes(result: ArmResult) -> str:
    changed = ", ".join(f"`{setting}`" for setting in result.arm.changed)
    return f"| {result.arm.title} | {changed or 'nothing'} |"


def _share(found: Proportion | None) -> str:
    return percent(found.share if found else None)


def _with_interval(found: Proportion | None) -> str:
    return f"{percent(found.share)} ({interval(found.interval)})" if found else "–"


def _counted(seeds: int) -> str:
    return "one seed" if seeds == 1 else f"{seeds} seeds"
