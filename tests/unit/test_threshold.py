"""A threshold fitted to examples: which one, how sure, and what it promises."""

import numpy as np
import pytest

from rag.threshold import NEVER, fit_threshold


def test_the_threshold_stands_in_the_middle_of_the_gap():
    fitted = fit_threshold([0.9, 0.8, 0.4, 0.2], [True, True, False, False])
    assert fitted.threshold.value == pytest.approx(0.6)
    assert (fitted.fitted.balanced_accuracy, fitted.fitted.false_alarms, fitted.fitted.missed) == (1, 0, 0)


def test_balanced_accuracy_counts_both_kinds_alike():
    scores = [0.9] * 90 + [0.3] * 10 + [0.5, 0.1]
    fitted = fit_threshold(scores, [True] * 100 + [False] * 2)
    assert fitted.threshold.value == pytest.approx(0.7)
    assert fitted.fitted.balanced_accuracy == pytest.approx((0.9 + 1) / 2)


def test_false_alarms_stay_within_what_is_allowed():
    scores = [0.1, *np.linspace(0.5, 0.98, 19), 0.6, 0.05]
    fitted = fit_threshold(scores, [True] * 20 + [False] * 2, max_false_alarms=0.05)
    assert fitted.fitted.false_alarms == pytest.approx(0.05)
    assert 0.1 < fitted.threshold.value <= 0.5


def test_what_no_threshold_passes_stays_a_false_alarm():
    fitted = fit_threshold([NEVER, 0.9, 0.8, 0.2, 0.1], [True] * 3 + [False] * 2, max_false_alarms=0.1)
    assert fitted.threshold.value == 0
    assert fitted.fitted.false_alarms == pytest.approx(1 / 3)


def test_more_examples_make_it_surer_and_the_interval_holds_the_value():
    few, many = (_made(count) for count in (20, 2000))
    for fitted in (few, many):
        assert fitted.threshold.low <= fitted.threshold.value <= fitted.threshold.high
    assert many.threshold.high - many.threshold.low < few.threshold.high - few.threshold.low
    width = [each.balanced_accuracy.high - each.balanced_accuracy.low for each in (few, many)]
    assert width[1] < width[0] / 3


def test_scores_without_a_difference_are_worth_a_coin_on_examples_left_out():
    dice = np.random.default_rng(5)
    fitted = fit_threshold(list(dice.random(200)), [True, False] * 100)
    assert fitted.fitted.balanced_accuracy > 0.5
    assert fitted.balanced_accuracy.low < 0.5 < fitted.balanced_accuracy.high


def test_the_same_examples_give_the_same_in_any_order():
    scores, truth = [0.9, 0.7, 0.3, 0.4, 0.2], [True, True, True, False, False]
    assert fit_threshold(scores, truth) == fit_threshold(scores[::-1], truth[::-1])


@pytest.mark.parametrize("supported", [[], [True, True], [True, False, False]])
def test_one_kind_alone_fits_nothing(supported):
    with pytest.raises(ValueError, match="two supported"):
        fit_threshold([0.5] * len(supported), supported)


def _made(count):
    dice = np.random.default_rng(7)
    scores = np.clip(np.r_[dice.normal(0.7, 0.15, count), dice.normal(0.4, 0.15, count)], 0, 1)
    return fit_threshold(list(scores), [True] * count + [False] * count)
