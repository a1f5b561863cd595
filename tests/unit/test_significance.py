"""Intervals, paired tests and Holm's correction: known values, false alarms, power."""

from dataclasses import astuple
from itertools import product
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from evals.significance import Estimate, Paired, Values, holm, intervals, paired, questions_needed, sign_flip_p

QUESTIONS, TRIALS = 200, 1000


def column(*values: float) -> Values:
    return np.array(values, dtype=np.float64)[:, None]


def skewed_runs() -> tuple[Values, Values]:
    """Two different runs whose differences are skewed: many ties, some small losses, a few large wins."""
    random = np.random.default_rng(11)
    return random.beta(0.5, 1.5, QUESTIONS), random.choice([0, 0.2, 1], QUESTIONS, p=[0.5, 0.3, 0.2])


def sides_swapped(first: Values, second: Values) -> tuple[Values, Values]:
    """Return trials in which chance says for each question which run is which: no side is better."""
    swap = np.random.default_rng(12).random((QUESTIONS, TRIALS)) < 0.5
    return np.where(swap, first[:, None], second[:, None]), np.where(swap, second[:, None], first[:, None])


def flagged(tests: list[Paired]) -> float:
    return float(np.mean([each.p is not None and each.p < 0.05 for each in tests]))


def test_runs_of_equal_worth_are_told_apart_in_about_one_of_twenty_trials() -> None:
    tests = paired(*sides_swapped(*skewed_runs()))
    assert 0.03 <= flagged(tests) <= 0.07
    assert 0.92 <= np.mean([each.ci_low <= 0 <= each.ci_high for each in tests]) <= 0.97


def test_the_detectable_difference_is_detected_in_about_four_of_five_trials() -> None:
    a, b = sides_swapped(*skewed_runs())
    detectable = np.array([each.minimum_detectable for each in paired(a, b)])
    assert 0.7 <= flagged(paired(a, b + detectable)) <= 0.9


def test_a_paired_comparison_by_hand() -> None:
    a, b = column(0.5, 0.5, 0.0, 0.0), column(1.0, 0.0, 1.0, 0.0)
    found = paired(a, b)[0]
    deviation = sqrt((0.25**2 + 0.75**2 + 0.75**2 + 0.25**2) / 3)
    assert (found.n, found.difference, found.wins, found.ties, found.losses) == (4, 0.25, 2, 1, 1)
    assert found.minimum_detectable == pytest.approx(2.801585 * deviation / 2, rel=1e-6)
    assert found.p == 6 / 8  # of 0.5 0.5 1.0 with all signs, only the two with a sum of 0 lie below 1


def test_the_needed_questions_make_the_difference_the_detectable_one() -> None:
    assert questions_needed(0.1, 0.5) == 197  # (2.801585 * 0.5 / 0.1) ** 2 = 196.2
    assert questions_needed(-0.1, 0.5) == 197
    assert questions_needed(1.0, 0.1) == 6  # fewer cannot reach p < 0.05
    assert questions_needed(1.0, 0.0) is None
    assert questions_needed(0.0, 0.5) is None


def test_a_run_does_not_differ_from_itself() -> None:
    values = np.random.default_rng(1).random((50, 2))
    assert paired(values, values)[1] == Paired(50, 0.0, 0.0, 0.0, 1.0, 0, 50, 0, None, None)


@pytest.mark.parametrize("value", [0.1, 1.0, 1 / 3, 1234.567])
def test_differences_that_are_all_equal_say_nothing_of_what_could_be_shown(value: float) -> None:
    start = np.random.default_rng(3).random((40, 1))
    found = paired(start, start + value)[0]
    assert found.difference == pytest.approx(value)
    assert (found.minimum_detectable, found.questions_needed) == (None, None)


def test_rounding_is_neither_win_nor_difference() -> None:
    found = paired(column(0.3, 0.3, 0.1), column(0.1 + 0.2, 0.1 + 0.2, 0.1))[0]
    assert (found.difference, found.ties, found.p) == (0.0, 3, 1.0)


def test_only_questions_defined_on_both_sides_count() -> None:
    nan = float("nan")
    a, b = column(0.1, nan, 0.5, 0.2, nan), column(0.4, 0.3, nan, 0.1, nan)
    assert paired(a, b)[0].n == 2
    assert paired(a, b)[0].difference == pytest.approx(0.1)
    assert paired(a[:3], b[:3]) == [Paired(1)]
    assert set(astuple(Paired(1))[1:]) == {None}


def test_an_undefined_metric_does_not_touch_its_neighbour() -> None:
    random = np.random.default_rng(4)
    a, b = random.random((300, 3)), random.random((300, 3))
    alone = paired(a[:, :1], b[:, :1])[0]
    a[::2, 1] = np.nan
    b[:, 2] = np.nan
    together = paired(a, b)
    assert astuple(together[0]) == pytest.approx(astuple(alone), abs=1e-6)
    assert [each.n for each in together] == [300, 150, 0]


@pytest.mark.parametrize("changed", [1, 5, 12])
def test_few_differences_are_tested_exactly(changed: int) -> None:
    differences = np.random.default_rng(changed).normal(0.5, 1, changed)
    sums = [abs(differences @ np.array(signs)) for signs in product([-1, 1], repeat=changed)]
    expected = np.mean(np.array(sums) >= abs(differences.sum()) - 1e-9)
    padded = np.concatenate([differences, np.zeros(30), [np.nan]])[:, None]
    assert sign_flip_p(padded)[0] == pytest.approx(expected)
    assert expected >= 2 / 2**changed


def test_sampled_flips_come_near_the_exact_sign_test_with_all_its_ties() -> None:
    wins, losses = 25, 12
    differences = np.array([1 / 3] * wins + [-1 / 3] * losses)[:, None]
    exact = stats.binomtest(wins, wins + losses).pvalue
    assert sign_flip_p(differences)[0] == pytest.approx(exact, abs=0.006)


def test_p_is_never_0() -> None:
    assert sign_flip_p(np.ones((500, 1)))[0] == pytest.approx(1 / 10_001)


def test_an_interval_is_that_of_a_bootstrap_by_hand() -> None:
    values = np.random.default_rng(5).beta(0.4, 0.6, 400)
    drawn = np.random.default_rng(6).choice(values, (20_000, 400)).mean(axis=1)
    found = intervals(values[:, None])[0]
    assert found.mean == pytest.approx(values.mean())
    assert (found.ci_low, found.ci_high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.003)


def test_an_interval_holds_the_true_mean_in_about_nineteen_of_twenty_samples() -> None:
    samples = np.random.default_rng(8).beta(0.5, 1.5, (QUESTIONS, TRIALS))
    assert 0.93 <= np.mean([each.ci_low <= 0.25 <= each.ci_high for each in intervals(samples)]) <= 0.97


def test_equal_values_have_an_interval_without_width_inside_their_range() -> None:
    found = intervals(np.column_stack([np.full(90, 0.1), np.ones(90), np.zeros(90)]))
    assert [(each.ci_low, each.ci_high) for each in found] == [(0.1, 0.1), (1.0, 1.0), (0.0, 0.0)]


def test_bounds_stay_within_the_values() -> None:
    for each in intervals(np.eye(40)[:, :5] * 0.7 + 0.3):
        assert 0.3 <= each.ci_low <= each.mean <= each.ci_high <= 1.0


def test_a_metric_without_values_has_no_mean() -> None:
    nan = float("nan")
    found = intervals(np.array([[nan, 0.5], [nan, nan]]))
    assert found == [Estimate(None, None, None, 0), Estimate(0.5, 0.5, 0.5, 1)]
    assert intervals(np.empty((0, 2))) == [Estimate(None, None, None, 0)] * 2


def test_the_same_values_give_the_same_numbers() -> None:
    random = np.random.default_rng(9)
    a, b = random.random((120, 3)), random.random((120, 3))
    assert paired(a, b) == paired(a, b)
    assert intervals(a) == intervals(a)


def test_holm_by_hand() -> None:
    assert holm([0.04, None, 0.01, 0.03]) == [0.06, None, 0.03, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([None]) == [None]
    assert holm([]) == []
