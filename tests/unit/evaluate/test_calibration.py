import pytest

from gabarito.evaluate.calibration import (
    auroc,
    bins_of,
    brier,
    choose_threshold,
    coverage_at,
    expected_calibration_error,
)


@pytest.mark.parametrize(
    ("positives", "negatives", "expected"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1.0),
        ([0.1, 0.2], [0.9, 0.8], 0.0),
        ([0.5, 0.5], [0.5], 0.5),
        ([0.9, 0.4], [0.6, 0.4], 0.625),
        ([0.1, 0.4, 0.35, 0.8], [0.1, 0.4, 0.2], 8 / 12),
        ([0.9], [-0.99, -0.2, 0.95], 2 / 3),
    ],
)
def test_auroc_counts_pairs_in_the_right_order(
    positives: list[float], negatives: list[float], expected: float
) -> None:
    assert auroc(positives, negatives) == pytest.approx(expected)


def test_auroc_of_one_kind_alone_is_unknown() -> None:
    assert auroc([0.5], []) is None
    assert auroc([], [0.5]) is None


def test_brier_is_the_mean_squared_distance() -> None:
    assert brier([(1.0, True), (0.5, False), (0.0, True)]) == pytest.approx(1.25 / 3)


def test_bins_have_equal_mass_and_hold_every_answer_once() -> None:
    bins = bins_of([(n / 103, n > 50) for n in range(103)])
    assert len(bins) == 10
    assert sum(found.count for found in bins) == 103
    assert {found.count for found in bins} == {10, 11}
    assert [found.probability for found in bins] == sorted(found.probability for found in bins)


def test_few_answers_make_few_bins() -> None:
    assert [found.count for found in bins_of([(0.5, True), (0.7, False)])] == [1, 1]


def test_equal_probabilities_share_a_bin_whatever_came_out() -> None:
    half_right = [(0.5, n % 2 == 0) for n in range(40)]
    assert expected_calibration_error(bins_of(half_right)) == pytest.approx(0)
    mixed = [*half_right, (0.1, False), (0.9, True)]
    assert [found.count for found in bins_of(mixed)] == [1, 41]


def test_a_calibrated_model_has_no_error_and_a_sure_and_wrong_one_has_much() -> None:
    honest = [(0.75, n % 4 != 0) for n in range(40)]
    assert expected_calibration_error(bins_of(honest, bins=1)) == pytest.approx(0)
    boastful = [(0.9, False), (0.9, True)] * 5
    assert expected_calibration_error(bins_of(boastful, bins=1)) == pytest.approx(0.4)


def test_the_threshold_is_the_lowest_that_reaches_the_precision() -> None:
    scored = [(0.9, True), (0.8, True), (0.7, True), (0.6, True), (0.4, False), (0.2, True)]
    found = choose_threshold(scored, precision=0.8)
    assert found is not None
    assert (found.value, found.precision, found.coverage) == (0.1, 5 / 6, 1.0)
    strict = choose_threshold(scored, precision=0.95)
    assert strict is not None
    assert (strict.value, strict.precision, strict.coverage) == (0.5, 1.0, 4 / 6)
    assert strict.attained


def test_equal_probabilities_stay_together() -> None:
    found = choose_threshold([(0.9, True), (0.9, False), (0.5, True)], precision=0.6)
    assert found is not None
    assert (found.value, found.coverage) == (0.25, 1.0)


def test_a_threshold_that_cannot_reach_the_precision_is_the_best_there_is() -> None:
    found = choose_threshold([(0.9, False), (0.8, True), (0.3, False)], precision=0.95)
    assert found is not None
    assert not found.attained
    assert (found.precision, found.coverage) == (0.5, 2 / 3)


def test_the_best_threshold_still_answers_half_of_what_it_could() -> None:
    surest = [(0.9, True), (0.9, True), (0.9, False)]
    found = choose_threshold([*surest, *[(0.5, False), (0.5, True)] * 3], precision=0.95)
    assert found is not None
    assert (found.precision, found.coverage) == (5 / 9, 1.0)


def test_questions_refused_in_words_count_in_the_coverage() -> None:
    found = choose_threshold([(0.9, True)] * 3, precision=0.95, unanswered=1)
    assert found is not None
    assert (found.coverage, found.count) == (0.75, 4)


def test_without_answers_there_is_no_threshold() -> None:
    assert choose_threshold([], precision=0.95, unanswered=3) is None


def test_coverage_is_nothing_when_the_precision_is_out_of_reach() -> None:
    scored = [(0.9, True), (0.8, False)]
    assert coverage_at(scored, 0.95) == 0.5
    assert coverage_at([(0.9, False)], 0.95) == 0.0
