"""Changes of an eval set, and the versions that they become."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evals.editing import Draft, check_case, empty_draft, free_id, new_draft, next_version, save_version, twins
from evals.evalset import Case, EvalSet, Reference, case_content
from evals.loading import load_set
from evals.parsed_texts import parsed_texts
from evals.set_corpus import docs_of, set_corpus
from evals.shelf import known_sets
from rag.errors import UsageError
from rag.settings import Settings
from tests.conftest import HANDBOOK_SOURCES, REPOSITORY, write

TEXT = "The docking fee is 480 euro per day."
LINE = {
    "id": "q-1",
    "question": "What is the docking fee?",
    "answers": ["480 euro"],
    "answerable": True,
    "references": [{"doc": "corpus/fees.md", "start": 0, "end": 36, "text": TEXT}],
    "tags": ["number"],
    "note": "kept",
}


def lines(*contents: dict[str, object]) -> str:
    return "".join(json.dumps(content) + "\n" for content in contents)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home", sets=tmp_path / "mine")


@pytest.fixture
def folder_set(tmp_path: Path) -> EvalSet:
    """A set that lies with its documents."""
    files = {"questions.jsonl": lines(LINE), "corpus/fees.md": TEXT, "corpus/corpus/fees.md": "Another fee."}
    return load_set(write(tmp_path / "harbour", files))


def faults(eval_set: EvalSet, settings: Settings) -> list[str]:
    corpus = set_corpus(eval_set.corpus, docs_of(eval_set), settings, lambda: None)
    assert corpus
    found = corpus.check(eval_set)
    assert found.unread == 0
    return [str(fault) for fault in found.faults]


def renamed(draft: Draft, question: str) -> Draft:
    return draft.put(replace(draft.cases[0], question=question))


def test_versions_are_numbered_from_the_highest_that_is_there(tmp_path):
    assert next_version("handbook", tmp_path) == "handbook-v2"
    assert next_version("handbook", tmp_path, is_new=True) == "handbook-v1"
    write(tmp_path, {"handbook-v7/questions.jsonl": "", "handbook-v9.jsonl": "", "handbook-very/x": ""})
    assert next_version("handbook", tmp_path) == "handbook-v10"
    assert next_version("handbook-v3", tmp_path) == "handbook-v10"
    assert next_version("harbour-v3", tmp_path) == "harbour-v4"


def test_a_version_without_changes_is_the_same_set(folder_set, settings):
    saved = load_set(save_version(new_draft(folder_set), settings.sets))
    assert saved.digest == folder_set.digest
    assert saved.name == "harbour-v2"


def test_nothing_is_ever_overwritten(folder_set, settings):
    before = folder_set.path.joinpath("questions.jsonl").read_bytes()
    first = save_version(renamed(new_draft(folder_set), "One?"), settings.sets)
    second = save_version(renamed(new_draft(folder_set), "Two?"), settings.sets)
    assert [first.name, second.name] == ["harbour-v2", "harbour-v3"]
    assert load_set(first).cases[0].question == "One?"
    assert folder_set.path.joinpath("questions.jsonl").read_bytes() == before


def test_a_version_that_cannot_be_written_leaves_nothing_behind(folder_set, settings):
    settings.sets.mkdir()
    draft = new_draft(replace(folder_set, corpus=replace(folder_set.corpus, path=folder_set.path / "gone")))
    with pytest.raises(UsageError):
        save_version(draft, settings.sets)
    assert list(settings.sets.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(folder_set, tmp_path):
    place = tmp_path / "taken"
    place.write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        save_version(new_draft(folder_set), place)


def test_references_into_a_sets_own_documents_still_resolve(folder_set, settings):
    saved = load_set(save_version(renamed(new_draft(folder_set), "What does docking cost?"), settings.sets))
    assert saved.corpus == folder_set.corpus
    assert faults(saved, settings) == []


def test_references_into_sources_still_resolve(settings):
    handbook = load_set(REPOSITORY / "evals" / "sets" / "handbook.jsonl")
    saved = load_set(save_version(new_draft(handbook), settings.sets))
    assert saved.digest == handbook.digest
    assert saved.corpus.path == HANDBOOK_SOURCES
    texts = parsed_texts(settings)(saved.corpus)
    assert texts
    assert texts.resolve(docs_of(saved)).problems == {}


def test_references_into_a_named_folder_still_resolve(tmp_path, settings):
    content = LINE | {"references": [LINE["references"][0] | {"doc": "fees.md"}]}
    path = write(tmp_path / "harbour", {"ask.jsonl": lines(content), "docs/fees.md": TEXT, "set.yaml": "corpus: docs"})
    first = load_set(save_version(new_draft(load_set(path / "ask.jsonl")), settings.sets))
    second = load_set(save_version(new_draft(first), settings.sets))
    assert second.name == "ask-v3"
    assert faults(second, settings) == []


def test_a_version_moves_with_its_project(tmp_path, folder_set):
    saved = save_version(new_draft(folder_set), tmp_path / "mine")
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    there = moved / saved.relative_to(tmp_path)
    assert load_set(there).corpus.path == moved / "harbour" / "corpus"
    moved.rename(tmp_path)


def test_a_set_without_documents_stays_one_over_what_serves(tmp_path, settings):
    path = write(tmp_path / "lines", {"ask.jsonl": lines(LINE)}) / "ask.jsonl"
    saved = load_set(save_version(new_draft(load_set(path)), settings.sets))
    assert saved.corpus.kind == "none"
    assert saved.digest == load_set(path).digest


def test_grades_of_a_beir_set_still_resolve(tmp_path, settings):
    files = {
        "corpus.jsonl": lines({"_id": "d1", "title": "Fees", "text": TEXT}),
        "queries.jsonl": lines({"_id": "q1", "text": "What is the fee?"}),
        "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\n",
    }
    beir = load_set(write(tmp_path / "beir", files))
    saved = load_set(save_version(renamed(new_draft(beir), "And now?"), settings.sets))
    assert saved.corpus == beir.corpus
    assert saved.cases[0].grades == {"d1": 2}
    corpus = set_corpus(saved.corpus, docs_of(saved), settings, lambda: None)
    assert corpus
    assert not corpus.takes_spans
    assert corpus.check(saved).faults == ()


def test_a_new_set_needs_a_name_that_a_folder_can_have(tmp_path):
    for name in ("", "../up", "a/b", ".hidden", "x" * 81):
        with pytest.raises(UsageError, match="cannot name a set"):
            empty_draft(name, tmp_path)
    draft = empty_draft("Harbour 2026", tmp_path)
    with pytest.raises(UsageError, match="at least one case"):
        save_version(draft, tmp_path)
    saved = save_version(draft.put(Case("q-1", "What is the fee?")), tmp_path)
    assert saved.name == "Harbour 2026-v1"


def test_a_version_being_written_is_no_set_to_choose(folder_set, settings, tmp_path):
    saved = save_version(new_draft(folder_set), settings.sets)
    write(settings.sets / ".half.tmp", {"questions.jsonl": lines(LINE)})

    class NoRuns:
        def set_paths(self) -> tuple[Path, ...]:
            return ()

    yours = [each.path for each in known_sets(settings, NoRuns()) if each.origin == "yours"]  # type: ignore[arg-type]
    assert yours == [saved.resolve()]


def test_the_diff_of_a_draft_names_what_was_added_changed_and_removed(folder_set):
    draft = new_draft(folder_set)
    assert draft.changes == 0
    draft = renamed(draft, "What does docking cost?").put(Case("q-2", "And a berth?"))
    assert draft.diff.changed == {"q-1": ("question",)}
    assert draft.diff.added == ("q-2",)
    assert draft.changes == 2
    gone = draft.without("q-1").without("q-2")
    assert gone.diff.removed == ("q-1",)
    assert gone.changes == 1


def test_a_case_keeps_its_place_and_what_is_not_read_when_it_is_mended(folder_set):
    draft = new_draft(folder_set).put(Case("q-2", "And a berth?"))
    mended = check_case(draft, case_content(draft.cases[0]) | {"question": "What now?"}, "q-1")
    assert mended.faults == ()
    draft = draft.put(mended.cases[0], "q-1")
    assert [case.id for case in draft.cases] == ["q-1", "q-2"]
    assert draft.cases[0].other == {"note": "kept"}


def test_what_is_wrong_with_a_case_is_told_as_for_a_line_of_a_set(folder_set):
    draft = new_draft(folder_set)

    def said(**changed: object) -> list[str]:
        content = case_content(Case("q-9", "What?")) | changed
        return [fault.message for fault in check_case(draft, content).faults]

    assert said(question=" ") == ["question must not be blank"]
    assert said(id="q-1") == ["id belongs to another case; give each its own"]
    assert said(answerable=False, references=LINE["references"]) == [
        "references must be absent where answerable is false"
    ]
    assert "where" in said(where={"colour": "red"})[0]
    outside = [{"doc": "corpus/fees.md", "start": 5, "end": 5, "text": "x"}]
    assert said(references=outside) == ["references.0.end must be greater than start"]


def test_a_span_outside_of_its_document_is_told(folder_set, settings):
    case = Case("q-2", "What?", references=(Reference("corpus/fees.md", 30, 90, "day."),))
    found = faults(replace(folder_set, cases=(case,)), settings)
    assert len(found) == 1
    assert "lies outside" in found[0]


def test_a_question_that_is_there_already_is_noticed(folder_set):
    draft = new_draft(folder_set)
    assert twins(draft, "what is  the DOCKING fee?") == ["q-1"]
    assert twins(draft, "What is the docking fee?", former_id="q-1") == []


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([], "case-001"),
        (["hb-230"], "hb-231"),
        (["hb-2", "hb-3", "hb-1"], "hb-4"),
        (["what"], "case-001"),
        (["a9"], "a10"),
    ],
)
def test_a_new_id_follows_the_last_and_is_free(ids, expected):
    assert free_id([Case(id_, "?") for id_ in ids]) == expected


def test_new_references_call_documents_as_the_set_does(tmp_path, settings):
    content = LINE | {"references": [LINE["references"][0] | {"doc": "fees.md"}]}
    files = {"ask.jsonl": lines(content), "docs/fees.md": TEXT, "docs/a/berths.md": "Berths.", "sources.yaml": SOURCES}
    path = write(tmp_path / "harbour", {**files, "set.yaml": "sources: sources.yaml"})
    eval_set = load_set(path / "ask.jsonl")
    corpus = set_corpus(eval_set.corpus, docs_of(eval_set), settings, lambda: None)
    assert corpus
    assert [each.name for each in corpus.documents] == ["a/berths.md", "fees.md"]
    assert [each.name for each in corpus.matching("BERTH a/", 5)] == ["a/berths.md"]
    assert corpus.text("a/berths.md") == "Berths."
    assert corpus.text("gone.md") is None


SOURCES = """
sources:
  - name: rules
    path: docs
"""
