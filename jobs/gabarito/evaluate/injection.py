"""What training put into the model: right answers, net of those about facts never trained."""

from collections.abc import Mapping, Sequence

from gabarito.core.records import Record
from gabarito.evaluate.grading import Graded, Part
from gabarito.evaluate.statistics import (
    Bootstrap,
    Contrast,
    Difference,
    Proportion,
    compare,
    contrast,
    proportion,
)


class Injection(Record):
    """The controls, facts of the same documents that were not trained, beside the test wordings.

    ``gained`` is the model minus the base on the controls: if it is clear of zero, something that
    was trained tells them, or their answers can be guessed from the others.
    """

    facts: int
    base: Proportion
    model: Proportion
    gained: Difference
    refused: Proportion
    wrong: Proportion
    net_of_controls: Contrast
    net_of_base: Difference


def injection(
    base: Mapping[Part, Sequence[Graded]],
    model: Mapping[Part, Sequence[Graded]],
    net_of_base: Difference,
    bootstrap: Bootstrap,
) -> Injection | None:
    """Return what was learned, net of the controls; None if there are none."""
    asked = model["controls"]
    test = proportion(mark.outcome for mark in model["test"])
    before = proportion(mark.outcome for mark in base["controls"])
    after = proportion(mark.outcome for mark in asked)
    refused = proportion((mark.item.cluster, mark.refused) for mark in asked)
    wrong = proportion((mark.item.cluster, not (mark.correct or mark.refused)) for mark in asked)
    if not (test and before and after and refused and wrong):
        return None
    pairs = zip(asked, base["controls"], strict=True)
    return Injection(
        facts=len({mark.item.cluster for mark in asked}),
        base=before,
        model=after,
        gained=compare([(a.item.cluster, a.correct, b.correct) for a, b in pairs], bootstrap),
        refused=refused,
        wrong=wrong,
        net_of_controls=contrast(test, after),
        net_of_base=net_of_base,
    )
