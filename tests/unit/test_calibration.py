"""Scores of the Chroma study's chunkings, against counts of characters that share no code with ours."""

from pathlib import Path
from statistics import fmean

import pytest

from benchmarks.calibration import CHUNKERS, SIZES, documents, located, omegas, truth_of
from evals.evalset import EvalSet
from evals.loading import load_set
from evals.metrics import span_metrics
from evals.outcome import Place, RankedChunk

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def study(data: Path) -> tuple[EvalSet, dict[str, str]]:
    found = load_set(data / "chunking")
    return found, documents(data / "chunking", found)


def counted_omega(chunks: list[Place], references: list[Place]) -> float:
    """Count characters one by one: chunks that touch a reference, and what of it they miss."""
    hit, paid = set(), set()
    for each in references:
        for chunk in chunks:
            if chunk.doc == each.doc and chunk.start <= each.end and each.start <= chunk.end:
                paid |= {(chunk.doc, at) for at in range(chunk.start, chunk.end)}
    for each in references:
        span = {(each.doc, at) for at in range(each.start, each.end)}
        hit |= span & paid
    missed = {(each.doc, at) for each in references for at in range(each.start, each.end)} - hit
    return len(hit) / len(paid | missed)


@pytest.mark.parametrize("name", list(CHUNKERS))
@pytest.mark.parametrize("limits", SIZES)
def test_precision_omega_equals_an_independent_count(
    study: tuple[EvalSet, dict[str, str]], name: str, limits: tuple[int, int]
) -> None:
    found, texts = study
    chunks = located(texts, CHUNKERS[name], limits)
    expected = [
        counted_omega(chunks, [Place(each.doc, each.start, each.end) for each in case.references])
        for case in found.cases
    ]
    assert omegas(found, chunks) == pytest.approx(expected)
    assert 100 * fmean(expected) > 1


@pytest.mark.parametrize("k", [1, 5])
def test_metrics_in_the_study_s_mode_equal_a_count_of_characters(study: tuple[EvalSet, dict[str, str]], k: int) -> None:
    found, texts = study
    chunks = located(texts, CHUNKERS["Recursive"], (400, 200))
    for number, case in enumerate(found.cases):
        near = [c for c in chunks if any(c.doc == r.doc and abs(c.start - r.start) < 3000 for r in case.references)]
        ranking = [RankedChunk(str(at), place, 1) for at, place in enumerate((near * 2)[number % 3 :][: 2 * k])][:k]
        spans = [(each.doc, at) for each in case.references for at in range(each.start, each.end)]
        retrieved = [(c.place.doc, at) for c in ranking for at in range(c.place.start, c.place.end)]
        hit = len(set(spans) & set(retrieved))
        missing = sum(each not in set(retrieved) for each in spans)
        metrics = span_metrics(ranking, truth_of(case.references), ks=[k], budgets=[], scoring="chroma")
        assert metrics[f"recall@{k}"] == pytest.approx(hit / len(spans))
        assert metrics[f"precision@{k}"] == pytest.approx(hit / len(retrieved))
        assert metrics[f"iou@{k}"] == pytest.approx(hit / (len(retrieved) + missing))
