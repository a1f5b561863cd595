"""A comparison says so where its deciding metric cannot see what the bundles differ in."""

from rag.config import AnswerConfig, Bundle, QueryConfig
from tests.unit.made_runs import case, compare_runs, run

CASES = [case(at, {"recall@5": 0.5, "answer_f1": 0.5}) for at in range(12)]


def against(bundle: Bundle, *metrics: str) -> str:
    found = compare_runs([run("a", CASES), run("b", CASES, bundle_content=bundle)], metrics=metrics)
    return " ".join(found.warnings)


def test_what_cuts_the_ranking_or_comes_after_it_is_told() -> None:
    assert "in query.top_k alone, which comes after the ranking: recall@5 cannot show it" in against(
        Bundle(query=QueryConfig(top_k=2))
    )
    assert "answer.max_sentences" in against(Bundle(answer=AnswerConfig(max_sentences=1)))


def test_nothing_is_told_where_the_metric_can_see_the_change() -> None:
    assert against(Bundle(query=QueryConfig(top_k=2, dense_weight=0.3))) == ""
    assert against(Bundle(query=QueryConfig(top_k=2)), "answer_f1") == ""
    assert against(Bundle()) == ""
