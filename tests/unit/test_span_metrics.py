"""Span metrics by hand-computed cases, and against the formulas of the chunking study on sets of characters."""

import random
from collections.abc import Sequence

import pytest

from evals.metrics import found_by_rank, locate_as_study, precision_omega, span_metrics
from evals.outcome import Place, RankedChunk
from evals.span_ranks import span_grades, span_rank_metrics, stand_ins
from evals.spans import PlaceIndex, SpanTruth, TrueSpan

ORIGINAL, COPY = Place("a", 100, 200), Place("b", 500, 600)
TRUTH = SpanTruth((TrueSpan(ORIGINAL, (COPY,)),))


def chunk(doc: str, start: int, end: int, tokens: int = 10) -> RankedChunk:
    return RankedChunk(f"{doc}:{start}-{end}", Place(doc, start, end), tokens)


def metrics(ranking: Sequence[RankedChunk], truth: SpanTruth = TRUTH, k: int = 5) -> dict[str, float]:
    found = span_metrics(ranking, truth, ks=[k], budgets=[])
    return {name.removesuffix(f"@{k}"): value for name, value in found.items()}


def test_half_a_reference_by_hand() -> None:
    found = metrics([chunk("a", 150, 350), chunk("c", 0, 100)])
    assert found == {"recall": 0.5, "precision": 50 / 300, "iou": 50 / 350, "success": 0.0}


def test_a_reference_split_across_two_chunks_is_whole_in_their_union() -> None:
    split = [chunk("a", 0, 160), chunk("a", 160, 300)]
    assert metrics(split)["success"] == 1.0
    assert metrics(split, k=1) == {"recall": 0.6, "precision": 60 / 160, "iou": 60 / 200, "success": 0.0}


def test_a_copy_counts_as_found() -> None:
    assert metrics([chunk("b", 500, 700)]) == {"recall": 1.0, "precision": 0.5, "iou": 0.5, "success": 1.0}


def test_halves_from_original_and_copy_make_the_whole_recall_and_no_success() -> None:
    found = metrics([chunk("a", 100, 150), chunk("b", 550, 600)])
    assert found == {"recall": 1.0, "precision": 1.0, "iou": 1.0, "success": 0.0}


def test_original_and_copy_together_are_relevant_and_found_once() -> None:
    assert found_by_rank([chunk("a", 100, 200), chunk("b", 500, 600)], TRUTH)[-1].found == 100
    assert metrics([chunk("a", 100, 200), chunk("b", 500, 600)])["precision"] == 1.0


def test_text_retrieved_twice_is_paid_twice() -> None:
    found = metrics([chunk("a", 100, 200), chunk("a", 150, 250)])
    assert found == {"recall": 1.0, "precision": 0.5, "iou": 0.5, "success": 1.0}


def test_one_whole_reference_of_two_is_a_success() -> None:
    truth = SpanTruth((TrueSpan(Place("a", 0, 10)), TrueSpan(Place("a", 90, 120))))
    assert metrics([chunk("a", 0, 50)], truth) == {"recall": 0.25, "precision": 0.2, "iou": 10 / 80, "success": 1.0}


def test_an_empty_ranking_has_recall_0_and_no_precision() -> None:
    assert metrics([]) == {"recall": 0.0, "iou": 0.0, "success": 0.0}
    with pytest.raises(ValueError, match="precision is undefined"):
        _ = found_by_rank([], TRUTH)[0].precision


def test_a_budget_takes_whole_chunks_up_to_the_first_that_does_not_fit() -> None:
    ranking = [chunk("c", 0, 100, 60), chunk("a", 100, 150, 50), chunk("a", 150, 200, 5)]
    found = span_metrics(ranking, TRUTH, ks=[], budgets=[50, 100, 110, 115])
    assert found["recall@50t"] == found["recall@100t"] == 0.0
    assert found["recall@110t"] == 0.5
    assert found["iou@110t"] == 50 / 200
    assert (found["recall@115t"], found["iou@115t"]) == (1.0, 0.5)


def test_the_study_knows_no_copies() -> None:
    found = span_metrics([chunk("b", 500, 600)], TRUTH, ks=[1], budgets=[], scoring="chroma")
    assert found == {"recall@1": 0.0, "precision@1": 0.0, "iou@1": 0.0, "success@1": 0.0}


def test_the_study_pays_for_each_of_two_references_that_overlap() -> None:
    truth = SpanTruth((TrueSpan(Place("a", 0, 100)), TrueSpan(Place("a", 50, 150))))
    found = span_metrics([chunk("a", 0, 75)], truth, ks=[1], budgets=[], scoring="chroma")
    assert found["recall@1"] == 75 / 200
    assert found["iou@1"] == 75 / (75 + 25 + 75)
    assert metrics([chunk("a", 0, 75)], truth)["recall"] == 0.5


@pytest.mark.parametrize("seed", range(20))
def test_the_scores_of_the_study_are_those_of_sets_of_characters(seed: int) -> None:
    source = random.Random(seed)
    starts = [source.randrange(400) for _ in range(3)]
    spans = [Place("a", start, start + source.randrange(1, 60)) for start in starts]
    ranking = [chunk("a", start, start + 50) for start in (source.randrange(400) for _ in range(8))]
    held = {at for each in ranking for at in range(each.place.start, each.place.end)}
    wanted = [set(range(each.start, each.end)) for each in spans]
    hit, paid = len(set.union(*wanted) & held), 50 * len(ranking)
    truth = SpanTruth(tuple(TrueSpan(each) for each in spans))
    found = found_by_rank(ranking, truth, "chroma")[-1]
    assert found.recall == hit / sum(map(len, wanted))
    assert found.precision == hit / paid
    assert found.iou == hit / (paid + sum(len(each - held) for each in wanted))


def test_precision_omega_takes_the_chunks_with_a_part_of_a_reference() -> None:
    chunks = [chunk("a", 0, 150), chunk("a", 150, 250), chunk("a", 250, 400), chunk("b", 0, 999)]
    assert precision_omega(index_of(chunks), TRUTH) == 100 / 250


def test_the_study_takes_a_chunk_that_only_touches() -> None:
    chunks = index_of([chunk("a", 0, 100), chunk("a", 100, 200), chunk("a", 200, 250)])
    assert precision_omega(chunks, TRUTH) == 1.0
    assert precision_omega(chunks, TRUTH, "chroma") == 100 / 250


def test_precision_omega_pays_for_text_that_no_chunk_has() -> None:
    assert precision_omega(index_of([chunk("a", 180, 250)]), TRUTH) == 20 / 150
    assert precision_omega(index_of([]), TRUTH) == 0.0


def test_overlapping_chunks_count_once_in_precision_omega() -> None:
    assert precision_omega(index_of([chunk("a", 100, 200), chunk("a", 150, 250)]), TRUTH) == 100 / 150


def test_the_study_takes_a_chunk_to_be_where_its_text_stands_first() -> None:
    assert locate_as_study("It ends.", "It ends, or not. It ends.") == (0, 7)
    with pytest.raises(ValueError, match="not found"):
        locate_as_study("never", "It ends.")


def index_of(chunks: Sequence[RankedChunk]) -> PlaceIndex[str]:
    return PlaceIndex((each.place, each.id) for each in chunks)


def test_a_chunk_with_half_of_the_shorter_is_relevant() -> None:
    chunks = index_of([chunk("a", 0, 149), chunk("a", 149, 300), chunk("a", 190, 210), chunk("b", 500, 600)])
    assert span_grades(chunks, TRUTH) == {"a:149-300": 1, "a:190-210": 1}


def test_a_copy_stands_in_for_the_chunk_that_it_copies() -> None:
    first, second, copy = chunk("a", 100, 150), chunk("a", 150, 300), chunk("b", 560, 700)
    chunks = index_of([first, second, copy])
    truth = SpanTruth((TrueSpan(Place("a", 100, 200), (Place("b", 540, 640),)),))
    assert stand_ins([copy, first], truth, chunks) == [second.id, first.id]


def test_no_id_stands_twice_whoever_comes_first() -> None:
    original, copy, again = chunk("a", 100, 200), chunk("b", 500, 600), chunk("b", 490, 600)
    chunks = index_of([original, copy, again])
    assert stand_ins([original, copy], TRUTH, chunks) == [original.id, copy.id]
    assert stand_ins([copy, again, original], TRUTH, chunks) == [original.id, again.id, copy.id]


def test_rank_metrics_see_a_copy_as_relevant() -> None:
    original, copy, other = chunk("a", 100, 200), chunk("b", 500, 600), chunk("c", 0, 100)
    chunks = index_of([original, copy, other])
    found = span_rank_metrics([other, copy, original], TRUTH, chunks, [1, 2])
    assert found == {"ap": 0.5, "ndcg@1": 0.0, "mrr@1": 0.0, "ndcg@2": pytest.approx(0.63093, abs=1e-5), "mrr@2": 0.5}


def test_rank_metrics_are_undefined_where_no_chunk_has_the_reference() -> None:
    with pytest.raises(ValueError, match="nothing is graded relevant"):
        span_rank_metrics([], TRUTH, index_of([chunk("b", 500, 600)]), [5])
