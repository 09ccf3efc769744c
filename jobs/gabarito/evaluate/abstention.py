"""Knowing what it does not know: refusals, the threshold, and calibration."""

from collections.abc import Iterable, Sequence

from gabarito.core.records import Record, digest_of
from gabarito.evaluate.calibration import (
    Bin,
    Threshold,
    auroc,
    bins_of,
    brier,
    choose_threshold,
    coverage_at,
    expected_calibration_error,
)
from gabarito.evaluate.grading import Graded
from gabarito.evaluate.scores import grouped
from gabarito.evaluate.statistics import Proportion, proportion


class Unanswerable(Record):
    """Questions of one group that no document answers.

    ``auroc``: how often a taught question (of the test wordings) scores above one of these;
    the score is the answer's probability, and a refusal's counts against.
    """

    refused: Proportion
    auroc: float | None = None


class Refusals(Record):
    """What a system refused in so many words: rightly (unanswerable) and falsely (test)."""

    false_refusals: Proportion
    unanswerable: dict[str, Unanswerable]


class AtThreshold(Record):
    """What would be served: under the threshold an answer becomes a refusal.

    Measured on the test wordings, and on the half of the unanswerable questions, and of those
    that ask for a sentence, that did not choose the threshold; ``sentences`` are of the latter
    those that are refused.
    """

    false_refusals: Proportion
    sentences: Proportion | None = None
    unanswerable: dict[str, Proportion]
    precision: Proportion | None = None


class Calibration(Record):
    """How far probabilities can be believed, over the answers given (refusals left out)."""

    count: int
    ece: float
    brier: float
    auroc: float | None = None
    coverage_at_precision: float
    bins: list[Bin]


def refusals(test: Sequence[Graded], unanswerable: Sequence[Graded]) -> Refusals | None:
    """Return what was refused, and how well probabilities tell taught from unanswerable."""
    false = proportion(_refused(test))
    if false is None:
        return None
    taught = [mark.knows for mark in test]
    groups = {"all": list(unanswerable), **grouped(unanswerable, lambda mark: mark.item.group)}
    found = {
        group: Unanswerable(refused=share, auroc=auroc(taught, (mark.knows for mark in marks)))
        for group, marks in groups.items()
        if (share := proportion(_refused(marks)))
    }
    return Refusals(false_refusals=false, unanswerable=found)


def threshold(
    validation: Sequence[Graded],
    sentences: Sequence[Graded],
    unanswerable: Sequence[Graded],
    precision: float,
) -> Threshold | None:
    """Choose the threshold on validation wordings and half of what validates nothing else.

    That half is of the unanswerable questions, and of those that ask for a sentence where plain
    ones are answered short: an answer of more words is less probable as a whole, also if it is
    right, and one threshold is for both.
    """
    asked = [*validation, *filter(is_tuning, sentences), *filter(is_tuning, unanswerable)]
    given = [(mark.reply.probability, mark.correct) for mark in asked if not mark.refused]
    return choose_threshold(given, precision, unanswered=len(asked) - len(given))


def served(
    test: Sequence[Graded],
    sentences: Sequence[Graded],
    unanswerable: Sequence[Graded],
    least: float,
) -> AtThreshold | None:
    """Return what happens at a threshold, on questions that did not choose it."""
    long, held = (
        [mark for mark in marks if not is_tuning(mark)] for marks in (sentences, unanswerable)
    )
    false = proportion(_refused(test, least))
    if false is None:
        return None
    groups = {"all": held, **grouped(held, lambda mark: mark.item.group)}
    given = [mark for mark in (*test, *long, *held) if not _is_withheld(mark, least)]
    return AtThreshold(
        false_refusals=false,
        sentences=proportion(_refused(long, least)),
        unanswerable={
            group: share
            for group, marks in groups.items()
            if (share := proportion(_refused(marks, least)))
        },
        precision=proportion(mark.outcome for mark in given),
    )


def calibration(marks: Iterable[Graded], precision: float) -> Calibration | None:
    """Return how far the probabilities of answers can be believed; None without answers."""
    given = [(mark.reply.probability, mark.correct) for mark in marks if not mark.refused]
    if not given:
        return None
    bins = bins_of(given)
    return Calibration(
        count=len(given),
        ece=expected_calibration_error(bins),
        brier=brier(given),
        auroc=auroc((p for p, right in given if right), (p for p, right in given if not right)),
        coverage_at_precision=coverage_at(given, precision),
        bins=bins,
    )


def is_tuning(mark: Graded) -> bool:
    """Tell whether a question belongs to the half that chooses the threshold."""
    return int(digest_of("half", mark.item.id), 16) % 2 == 0


def _is_withheld(mark: Graded, least: float) -> bool:
    return mark.refused or mark.reply.probability < least


def _refused(marks: Iterable[Graded], least: float = 0.0) -> list[tuple[str, bool]]:
    return [(mark.item.cluster, _is_withheld(mark, least)) for mark in marks]
