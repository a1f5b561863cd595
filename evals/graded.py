"""Rank metrics against graded relevance, as trec_eval defines them.

Everywhere: `ranking` holds ids, best first, without repeats; `grades` holds relevance by id, 0 or more, and an id left
out counts as 0; relevant is what has a grade above 0. All values are in [0, 1], and all functions raise ValueError
when nothing is relevant: the question cannot be scored.
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from math import log2

from evals.outcome import RankedChunk


def ndcg_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return the normalised discounted cumulative gain of the first `k` results.

    Linear gain and log2 discount (Järvelin & Kekäläinen, 2002), the ideal over all graded ids.
    """
    _relevant(grades)
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(each, 0) for each in ranking[:k]]) / ideal


def mrr_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return 1 / rank of the first relevant result, 0 where none is among the first `k` (Voorhees, 1999)."""
    relevant = _relevant(grades)
    return next((1 / rank for rank, each in enumerate(ranking[:k], 1) if each in relevant), 0.0)


def recall_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return the share of all relevant ids that is among the first `k`."""
    relevant = _relevant(grades)
    return len(relevant.intersection(ranking[:k])) / len(relevant)


def success_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return 1 where a relevant id is among the first `k`, else 0."""
    return float(not _relevant(grades).isdisjoint(ranking[:k]))


def average_precision(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return the mean over all relevant ids of the precision at their rank; 0 for one that is not ranked.

    Buckley & Voorhees, "Evaluating Evaluation Measure Stability" (2000).
    """
    relevant = _relevant(grades)
    ranks = [rank for rank, each in enumerate(ranking, 1) if each in relevant]
    return sum(count / rank for count, rank in enumerate(ranks, 1)) / len(relevant)


def graded_metrics(ranking: Sequence[str], grades: Mapping[str, int], ks: Sequence[int]) -> dict[str, float]:
    """Return all metrics of this module by name: four at each k, and `ap` over the whole ranking."""
    metrics = {"ap": average_precision(ranking, grades)}
    for k in ks:
        metrics[f"ndcg@{k}"] = ndcg_at_k(ranking, grades, k)
        metrics[f"mrr@{k}"] = mrr_at_k(ranking, grades, k)
        metrics[f"recall@{k}"] = recall_at_k(ranking, grades, k)
        metrics[f"success@{k}"] = success_at_k(ranking, grades, k)
    return metrics


def graded_metrics_of_all(
    rankings: Mapping[str, Sequence[str]], grades: Mapping[str, Mapping[str, int]], ks: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Return `graded_metrics` of every case that has a ranking and something relevant, by case.

    Computed by trec_eval where ir-measures is installed; the pure functions give the same values.
    """
    scored = {case: ranking for case, ranking in rankings.items() if any(g > 0 for g in grades.get(case, {}).values())}
    if scored and find_spec("ir_measures"):
        return _by_trec_eval(scored, grades, ks)
    return {case: graded_metrics(ranking, grades[case], ks) for case, ranking in scored.items()}


def documents_ranked(ranking: Sequence[RankedChunk]) -> list[str]:
    """Return the documents of a ranking of chunks, each once, where its best chunk stands."""
    return list(dict.fromkeys(chunk.place.doc for chunk in ranking))


def _relevant(grades: Mapping[str, int]) -> set[str]:
    relevant = {each for each, grade in grades.items() if grade > 0}
    if not relevant:
        raise ValueError("nothing is graded relevant, so the ranking cannot be scored")
    return relevant


def _dcg(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, 1))


def _by_trec_eval(
    rankings: Mapping[str, Sequence[str]], grades: Mapping[str, Mapping[str, int]], ks: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Score by rank alone: minus the rank is the score, so that trec_eval's own order of ties never shows."""
    import ir_measures  # noqa: PLC0415  # has no wheel for every machine

    measures: dict[ir_measures.measures.Measure, str] = {ir_measures.AP: "ap"}
    for k in ks:
        for name, measure in (("ndcg", "nDCG"), ("mrr", "RR"), ("recall", "R"), ("success", "Success")):
            measures[getattr(ir_measures, measure) @ k] = f"{name}@{k}"
    truth = {case: dict(grades[case]) for case in rankings}
    runs = {case: {each: -float(rank) for rank, each in enumerate(ids)} for case, ids in rankings.items()}
    metrics: dict[str, dict[str, float]] = {case: {} for case in rankings}
    for found in ir_measures.iter_calc(list(measures), truth, runs):
        metrics[found.query_id][measures[found.measure]] = float(found.value)
    return metrics
