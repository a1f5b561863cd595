"""The grounding check on data that its coefficients have not seen."""

import pytest

from benchmarks.fit_grounding import SETS, read, report

pytestmark = pytest.mark.data
LEAST = {"begin_dev": 0.945, "halueval_qa": 0.94, "wice_dev": 0.82}


def test_each_set_is_told_apart_by_a_model_of_the_other_two(data):
    answers = {name: read(data / "grounding" / f"{name}.jsonl") for name in SETS}
    areas = {name: report(name, answers)["auroc"] for name in SETS}
    assert {name: area for name, area in areas.items() if area < LEAST[name]} == {}
