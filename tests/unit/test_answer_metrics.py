"""Metrics of answers by hand; the area under the ROC curve against counting and against resampling."""

import numpy as np
import pytest

from evals.answer_metrics import answer_f1, answer_metrics, exact_match, normalised
from evals.auroc import abstention_auroc, paired_auroc
from evals.evalset import Case
from evals.outcome import AnswerOutcome, Place
from evals.spans import SpanTruth, TrueSpan

CASE = Case(id="q", question="When?", answers=("the 1066 Battle", "1066"))
UNANSWERABLE = Case(id="u", question="Why?", answerable=False)
TRUTH = SpanTruth((TrueSpan(Place("a", 100, 200), (Place("b", 0, 100),)), TrueSpan(Place("a", 500, 540))))
ELSEWHERE = Place("a", 700, 800)


def answered(*quotes: Place, text: str = "In 1066.") -> AnswerOutcome:
    return AnswerOutcome("answered", text, 0.9, quotes)


def abstained(status: str = "abstained") -> AnswerOutcome:
    return AnswerOutcome(status, "I do not know.", 0.1, ())


def test_normalisation_is_that_of_squad() -> None:
    assert normalised("The  U.S. Army's, an\nanswer: a “test”") == "us armys answer “test”"


def test_exact_match_takes_any_answer() -> None:
    assert exact_match("A battle, 1066!", ["1066 battle", "the battle 1066"]) == 1.0
    assert exact_match("In 1066", CASE.answers) == 0.0


def test_f1_is_the_best_over_the_answers() -> None:
    assert answer_f1("in 1066", CASE.answers) == pytest.approx(2 / 3)
    assert answer_f1("in 1066 1066", ["1066 1066 1066"]) == pytest.approx(4 / 6)
    assert answer_f1("no", CASE.answers) == 0.0
    assert answer_f1("the", ["a"]) == 1.0


def test_without_answers_text_has_no_score() -> None:
    with pytest.raises(ValueError, match="without answers"):
        exact_match("1066", [])


def test_quotes_are_scored_in_the_order_of_the_answer() -> None:
    found = answer_metrics(answered(ELSEWHERE, Place("a", 150, 210)), CASE, TRUTH)
    assert found == {
        "exact_match": 0.0,
        "answer_f1": pytest.approx(2 / 3),
        "gold_sentence_first": 0.0,
        "gold_sentence_in_3": 1.0,
        "citation_precision": 0.5,
        "citation_recall": 0.5,
    }


def test_a_quote_of_a_copy_cites_the_reference() -> None:
    found = answer_metrics(answered(Place("b", 20, 60)), CASE, TRUTH)
    assert (found["gold_sentence_first"], found["citation_precision"], found["citation_recall"]) == (1.0, 1.0, 0.5)


def test_the_fourth_quote_comes_too_late() -> None:
    found = answer_metrics(answered(ELSEWHERE, ELSEWHERE, ELSEWHERE, Place("a", 500, 540)), CASE, TRUTH)
    assert (found["gold_sentence_in_3"], found["citation_precision"]) == (0.0, 0.25)


@pytest.mark.parametrize("status", ["abstained", "refused"])
def test_silence_on_an_answerable_question_scores_0_and_cites_nothing(status: str) -> None:
    assert answer_metrics(abstained(status), CASE, TRUTH) == {
        "exact_match": 0.0,
        "answer_f1": 0.0,
        "gold_sentence_first": 0.0,
        "gold_sentence_in_3": 0.0,
        "citation_recall": 0.0,
        "abstention_precision": 0.0,
    }


def test_only_silence_is_scored_on_an_unanswerable_question() -> None:
    assert answer_metrics(abstained(), UNANSWERABLE, None) == {"abstention_recall": 1.0, "abstention_precision": 1.0}
    assert answer_metrics(answered(ELSEWHERE), UNANSWERABLE, None) == {"abstention_recall": 0.0}


def test_without_references_and_answers_nothing_is_defined() -> None:
    assert answer_metrics(answered(ELSEWHERE), Case(id="n", question="?"), None) == {}


def test_the_area_counts_ordered_pairs_and_half_of_the_ties() -> None:
    found = abstention_auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    assert (found.mean, found.n) == (3.5 / 4, 4)


def scores_of(seed: int, questions: int, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    answerable = random.random(questions) < 0.4
    shared = random.normal(size=questions) + gap * answerable
    first, second = (np.round(shared + random.normal(size=questions) * 0.7, 1) for _ in "ab")
    return first, second, answerable


def area(scores: np.ndarray, answerable: np.ndarray) -> float:
    gaps = scores[answerable][:, None] - scores[~answerable][None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def test_the_area_and_its_interval_agree_with_counting_and_resampling() -> None:
    scores, _, answerable = scores_of(1, 400, 0.8)
    found = abstention_auroc(scores.tolist(), answerable.tolist())
    random = np.random.default_rng(2)
    drawn = [random.integers(400, size=400) for _ in range(1000)]
    deviation = np.std([area(scores[each], answerable[each]) for each in drawn])
    assert found.mean == pytest.approx(area(scores, answerable))
    assert found.mean - found.ci_low == pytest.approx(1.96 * deviation, rel=0.1)
    assert found.ci_high - found.mean == pytest.approx(1.96 * deviation, rel=0.1)


def test_runs_of_equal_worth_differ_in_about_one_of_twenty_tests() -> None:
    tests = [paired_auroc(*scores_of(seed, 150, 0.8)) for seed in range(400)]
    assert 0.03 <= np.mean([each.p < 0.05 for each in tests]) <= 0.07
    assert 0.93 <= np.mean([each.ci_low <= 0 <= each.ci_high for each in tests]) <= 0.97


def test_the_detectable_difference_of_areas_is_2_8_standard_errors() -> None:
    first, second, answerable = scores_of(5, 300, 1.0)
    found = paired_auroc(first, second, answerable)
    error = (found.ci_high - found.ci_low) / 2 / 1.959964
    assert found.difference == pytest.approx(area(second, answerable) - area(first, answerable))
    assert found.minimum_detectable == pytest.approx(2.801585 * error, rel=1e-5)
    assert found.questions_needed == pytest.approx(300 * (found.minimum_detectable / found.difference) ** 2, abs=1)
    assert found.n == found.wins + found.ties + found.losses == 300


def test_a_run_does_not_differ_from_itself() -> None:
    first, _, answerable = scores_of(5, 100, 1.0)
    found = paired_auroc(first, first, answerable)
    assert (found.difference, found.ci_low, found.ci_high, found.p, found.ties) == (0.0, 0.0, 0.0, 1.0, 100)
    assert found.questions_needed is None


def test_the_area_needs_two_questions_of_either_kind() -> None:
    with pytest.raises(ValueError, match="at least two"):
        abstention_auroc([0.1, 0.2, 0.3], [True, True, False])


def test_a_difference_without_variance_is_not_tested() -> None:
    answerable = [True, True, False, False]
    with pytest.raises(ValueError, match="no variance"):
        paired_auroc([0.5] * 4, [0.9, 0.8, 0.2, 0.1], answerable)
