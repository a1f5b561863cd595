"""`plumbline check grounding`: answers checked at a threshold, and a threshold fitted to labelled ones."""

import json

import pytest

from tests.conftest import plumbline

SOURCE = "The lease began on 3 March 2025 and runs for 24 months. The lift is serviced each spring by Anna Berg."
GOOD = [
    "The lease runs for twenty-four months.",
    "Anna Berg services the lift each spring.",
    "The lift is serviced each spring.",
    "The lease began in March 2025.",
]
BAD = [
    "Penguins huddle together against the wind.",
    "The kitchen was painted by a robot from Mars.",
    "The lease runs for 36 months.",
    "The garden has a pond and seven old trees.",
]


def line(answer, **label):
    return json.dumps({"id": answer[:5], "question": "", "sources": [SOURCE], "answer": answer} | label)


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "labelled.jsonl"
    rows = [line(each, supported=True) for each in GOOD] + [line(each, hallucinated=True) for each in BAD]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_fit_says_its_threshold_and_how_sure_it_is(labelled, tmp_path):
    done = plumbline(tmp_path, "check", "grounding", "--fit", str(labelled), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["examples"]) == (0, {"supported": 4, "unsupported": 4})
    assert found["fitted"]["balanced_accuracy"] == 1
    assert found["interval"][0] <= found["threshold"] <= found["interval"][1]
    assert set(found["left_out"]["balanced_accuracy"]) == {"value", "low", "high"}
    assert any("4 supported" in warning and "30" in warning for warning in found["warnings"])
    assert [path.name for path in tmp_path.iterdir()] == ["labelled.jsonl"]


def test_a_written_fit_serves_as_threshold(labelled, tmp_path):
    fitted, answers = tmp_path / "fitted.json", tmp_path / "answers.jsonl"
    answers.write_text(line(GOOD[1]) + "\n" + line(BAD[0]) + "\n", encoding="utf-8")
    said = plumbline(tmp_path, "check", "grounding", "--fit", str(labelled), "--out", str(fitted))
    assert "threshold" in said.stdout
    assert "left out" in said.stdout
    checked = plumbline(tmp_path, "check", "grounding", str(answers), "--threshold", str(fitted))
    assert [json.loads(each)["supported"] for each in checked.stdout.splitlines()] == [True, False]


def test_a_threshold_changes_what_counts_as_supported_and_nothing_else(tmp_path):
    answers = tmp_path / "answers.jsonl"
    answers.write_text(line("Each spring the lift is cleaned.") + "\n", encoding="utf-8")
    low, high = (
        json.loads(plumbline(tmp_path, "check", "grounding", str(answers), "--threshold", each).stdout)
        for each in ("0", "1")
    )
    assert (low["supported"], high["supported"]) == (True, False)
    for each in (low, high):
        del each["supported"], each["sentences"][0]["supported"]
    assert low == high


def test_bad_lines_are_named_and_the_rest_is_fitted(labelled, tmp_path):
    rows = ["{", line("No label."), line("Two.", supported=True, hallucinated=True), "[]", '{"supported": true}']
    with labelled.open("a", encoding="utf-8") as file:
        file.write("\n".join(rows))
    done = plumbline(tmp_path, "check", "grounding", "--fit", str(labelled), "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 5
    assert [each["line"] for each in found["errors"]] == [9, 10, 11, 12, 13]
    assert found["examples"] == {"supported": 4, "unsupported": 4}


def test_false_alarms_that_no_threshold_avoids_are_told(labelled, tmp_path):
    with labelled.open("a", encoding="utf-8") as file:
        file.write(line(BAD[2], supported=True))
    done = plumbline(tmp_path, "check", "grounding", "--fit", str(labelled), "--false-alarms", "0.1", "--json")
    found = json.loads(done.stdout)
    assert (found["rule"], found["supported_with_missing_figures"]) == ("false_alarms", 1)
    assert found["fitted"]["false_alarms"] == 0.2
    assert any("No threshold" in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a file"),
        (["answers.jsonl", "--fit", "labelled.jsonl"], "Name a file"),
        (["answers.jsonl", "--json"], "go with --fit"),
        (["answers.jsonl", "--threshold", "1.5"], "from 0 to 1"),
        (["answers.jsonl", "--threshold", "nan"], "from 0 to 1"),
        (["--fit", "labelled.jsonl", "--threshold", "0.5"], "leave it out"),
        (["--fit", "nowhere.jsonl"], "cannot be read"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path, arguments, said):
    done = plumbline(tmp_path, "check", "grounding", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_file_of_one_kind_fits_nothing(tmp_path):
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(line(each, supported=True) for each in GOOD), encoding="utf-8")
    done = plumbline(tmp_path, "check", "grounding", "--fit", str(path))
    assert done.returncode == 2
    assert "4 supported and 0 unsupported" in done.stderr
