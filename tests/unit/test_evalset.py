"""Eval sets: what is read and refused, how it agrees with its documents, how it is split and compared."""

import time
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.case_lines import checked_cases
from evals.evalset import Case, CorpusPlace, EvalSet, Reference, case_content
from evals.faults import EvalSetError, Fault
from evals.formats.corpus_texts import CorpusTexts, read_texts
from evals.loading import load_set, place_named, read_set
from evals.set_diff import diff_sets
from evals.splitting import documents_of, split_cases
from evals.validation import resolve_docs, validate
from rag.errors import UsageError
from tests.conftest import write

TEXT = "Leave lasts six weeks.\r\nIt is paid. Grüße 👋 from the people team.\n"
SPAN = {"doc": "corpus/leave.txt", "start": 12, "end": 21, "text": "six weeks"}
LINE = {"id": "q-1", "question": "How long is leave?", "answers": ["six weeks"], "references": [SPAN]}


def lines(*contents: object) -> str:
    return "".join(orjson.dumps(content).decode() + "\n" for content in contents)


def set_of(folder: Path, *contents: object) -> EvalSet:
    write(folder, {"questions.jsonl": lines(*contents), "corpus/leave.txt": TEXT})
    return load_set(folder)


def faults_of(file: Path) -> list[str]:
    with pytest.raises(EvalSetError) as caught:
        load_set(file)
    return [str(fault) for fault in caught.value.faults]


def fault_of(folder: Path, **changes: object) -> str:
    (fault,) = faults_of(write(folder, {"a.jsonl": lines({**LINE, **changes})}) / "a.jsonl")
    return fault


def test_a_line_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    further = {"tags": ["hr"], "roles": ["public"], "where": {"tag": "x", "after": "2026-01-31"}, "note": {"a": None}}
    (case,) = set_of(tmp_path / "s", {**LINE, **further, "alt_references": [SPAN]}).cases
    span = Reference("corpus/leave.txt", 12, 21, "six weeks")
    assert case == Case(
        "q-1",
        "How long is leave?",
        answers=("six weeks",),
        references=(span,),
        alternatives=(span,),
        tags=("hr",),
        roles=("public",),
        where={"tag": "x", "after": "2026-01-31"},
        other={"note": {"a": None}},
        line=1,
    )


def test_byte_order_mark_carriage_returns_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    plain = lines(LINE, {**LINE, "id": "q-2"})
    other = "\ufeff" + plain.replace("\n", "\r\n\r\n")
    write(tmp_path, {"a.jsonl": plain, "b.jsonl": other})
    a, b = load_set(tmp_path / "a.jsonl"), load_set(tmp_path / "b.jsonl")
    assert a.digest == b.digest
    assert [case.line for case in b.cases] == [1, 3]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": " "}, "line 1, case  : id must not be blank"),
        ({"id": 7}, "line 1: id must be a valid string"),
        ({"question": "\n"}, "question must not be blank"),
        ({"question": None}, "question must be a valid string"),
        ({"answerable": "yes"}, "answerable must be a valid boolean"),
        ({"answerable": False}, "case q-1: references must be absent where answerable is false"),
        ({"answers": "six"}, "answers must be a valid list"),
        ({"answers": [""]}, "answers.0 must not be blank"),
        ({"references": [{**SPAN, "end": 12}]}, "case q-1: references.0.end must be greater than start"),
        ({"references": [{**SPAN, "start": -1}]}, "references.0.start must be greater than or equal to 0"),
        ({"references": [{**SPAN, "start": 1.5}]}, "references.0.start must be a valid integer"),
        ({"references": [{"doc": "a", "start": 1, "text": "b"}]}, "references.0.end is missing"),
        ({"alt_references": [{**SPAN, "text": ""}]}, "alt_references.0.text must have at least 1 character"),
        ({"grades": {"a": True}}, "grades.a must be a valid integer"),
        ({"grades": {"a": -1}}, "grades.a must be greater than or equal to 0"),
        ({"roles": []}, "roles must have at least 1 item"),
        ({"where": {"colour": "red"}}, "where.colour is not a known field"),
        ({"where": {"after": "soon"}}, "where.after must be a day as YYYY-MM-DD"),
    ],
)
def test_every_field_is_checked(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    assert said in fault_of(tmp_path, **changes)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it holds no case"),
        (b"\n \r\n", "it holds no case"),
        (b"[]\n", "line 1: must be a JSON object with id and question"),
        (b'\n{"id": "a",\n', "line 2: is not JSON: "),
        (b'{"id": "a", "question": "b?", "score": NaN}', "line 1: NaN is not JSON; write null or leave the field out"),
        (b'{"id": "a", "question": "\xfc?"}', "line 1: is not UTF-8 at byte 26; save the file as UTF-8"),
        ('{"id": "a"}'.encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        (b'{"id": "a", "question": "\\ud800?"}', "line 1: is not JSON: "),
        (lines(LINE, LINE).encode(), "line 2, case q-1: id stands on line 1 too; give each case its own"),
    ],
)
def test_what_is_no_set_of_lines_is_refused_with_the_place(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    (fault,) = faults_of(tmp_path / "a.jsonl")
    assert said in fault


def test_all_faults_are_told_at_once_and_the_first_twenty_shown(tmp_path: Path) -> None:
    file = write(tmp_path, {"a.jsonl": lines(*({"id": f"q-{n}", "question": ""} for n in range(25)))}) / "a.jsonl"
    assert len(faults_of(file)) == 25
    with pytest.raises(UsageError, match="has 25 faults") as caught:
        load_set(file)
    assert "line 20, case q-19: question must not be blank\n  and 5 more" in str(caught.value)
    assert "q-20" not in str(caught.value)


def test_cases_that_can_be_used_are_kept_beside_the_faults(tmp_path: Path) -> None:
    file = write(tmp_path, {"a.jsonl": lines(LINE, {"id": "q-2"})}) / "a.jsonl"
    found = read_set(file)
    assert [case.id for case in found.eval_set.cases] == ["q-1"]
    assert found.faults == (Fault(2, "q-2", "question is missing"),)


def test_a_path_that_is_no_set_is_refused_with_advice(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "question\n", "empty/readme.md": ""})
    with pytest.raises(UsageError, match="There is no eval set"):
        load_set(tmp_path / "missing.jsonl")
    with pytest.raises(UsageError, match="eval set import"):
        load_set(tmp_path / "a.csv")
    with pytest.raises(UsageError, match=r"neither questions.jsonl nor, as BEIR does, queries.jsonl"):
        load_set(tmp_path / "empty")


def test_a_set_finds_its_documents(tmp_path: Path) -> None:
    folder = tmp_path.resolve() / "leave"
    assert set_of(folder, LINE).corpus == CorpusPlace("folder", folder / "corpus", folder)
    assert load_set(folder / "questions.jsonl").name == load_set(folder).name == "leave"
    write(tmp_path, {"alone.jsonl": lines(LINE)})
    assert load_set(tmp_path / "alone.jsonl").corpus == CorpusPlace("none")


def test_a_description_names_a_folder_or_a_sources_file(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    write(root, {"sets/a.jsonl": lines(LINE), "docs/a.txt": TEXT, "sources.yaml": "sources: []\n"})
    for said, place in (
        ("corpus: ../docs", CorpusPlace("folder", root / "docs", root / "docs")),
        ("sources: ../sources.yaml", CorpusPlace("sources", root / "sources.yaml", root)),
        ("", CorpusPlace("none")),
    ):
        write(root, {"sets/set.yaml": said})
        assert load_set(root / "sets" / "a.jsonl").corpus == place


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("colour: red", "colour: Extra inputs"),
        ("corpus: nowhere", "no folder"),
        ("sources: nowhere.yaml", "no sources file"),
        ("corpus: .\nsources: set.yaml", "twice"),
        ("- a", "cannot be used"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_description_that_cannot_be_used_is_refused(tmp_path: Path, said: str, why: str) -> None:
    write(tmp_path, {"a.jsonl": lines(LINE), "set.yaml": said})
    with pytest.raises(UsageError, match=why):
        load_set(tmp_path / "a.jsonl")


def test_source_documents_become_grades_and_stay_what_they_were(tmp_path: Path) -> None:
    line = {"id": "q", "question": "Why?", "source_docs": ["a.pdf", "b.pdf"]}
    (case,) = set_of(tmp_path, line).cases
    assert case.grades == {"a.pdf": 1, "b.pdf": 1}
    content = case_content(case)
    assert content["source_docs"] == ["a.pdf", "b.pdf"]
    assert "grades" not in content


def test_what_is_judged_worthless_is_kept_but_is_no_truth(tmp_path: Path) -> None:
    (case,) = set_of(tmp_path, {"id": "q", "question": "Why?", "grades": {"a": 2, "b": 0}}).cases
    assert case.grades == {"a": 2}
    assert case.other == {"not_relevant": ["b"]}


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)
SPANS = st.builds(
    lambda doc, start, text: {"doc": doc, "start": start, "end": start + len(text), "text": text},
    WORDS,
    st.integers(0, 99),
    WORDS,
)
LINES = st.fixed_dictionaries(
    {"id": WORDS, "question": WORDS},
    optional={
        "answers": st.lists(WORDS, max_size=2),
        "references": st.lists(SPANS, max_size=2),
        "alt_references": st.lists(SPANS, max_size=2),
        "grades": st.dictionaries(WORDS, st.integers(0, 3), max_size=3),
        "source_docs": st.lists(WORDS, max_size=3),
        "not_relevant": st.lists(WORDS, max_size=2),
        "tags": st.lists(WORDS, max_size=2),
        "roles": st.none() | st.lists(WORDS, min_size=1, max_size=2),
        "where": st.just({"tag": ["a"], "before": "2026-02-01"}),
        "note": st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    },
)


@settings(deadline=None)
@given(LINES)
def test_a_case_is_the_same_after_it_was_written_and_read(content: dict[str, object]) -> None:
    (case,) = checked_cases([(1, content)]).cases
    assert checked_cases([(1, orjson.loads(orjson.dumps(case_content(case))))]).cases == (case,)


# Against documents


def checked(**changes: object) -> list[str]:
    content = {**LINE, "references": [{**SPAN, **changes}]}
    cases = checked_cases([(4, content)]).cases
    eval_set = EvalSet("a", Path("a.jsonl"), cases, CorpusPlace("none"))
    return [str(fault) for fault in validate(eval_set, {"corpus/leave.txt": TEXT})]


def test_a_quote_that_stands_where_the_set_says_is_no_fault() -> None:
    assert checked() == []
    start = TEXT.index("👋")
    assert checked(start=start, end=start + 6, text="👋 from") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": 13, "end": 22}, "stands “ix weeks.”; it stands at 12 to 21"),
        ({"text": "nine weeks", "end": 22}, "the quote does not occur in the document"),
        ({"text": "is", "start": 0, "end": 2}, "“is”, but at 0 to 2 of corpus/leave.txt stands “Le”; it stands at 27"),
        ({"text": "e", "start": 0, "end": 1}, "the quote occurs more than once in the document"),
        ({"start": 60, "end": 99}, "60 to 99 lies outside corpus/leave.txt, which has 66 characters; it stands at 12"),
        ({"doc": "corpus/pay.txt"}, "corpus/pay.txt is not in the corpus"),
    ],
)
def test_what_does_not_agree_with_the_documents_is_told(changes: dict[str, object], said: str) -> None:
    (fault,) = checked(**changes)
    assert fault.startswith("line 4, case q-1: references.0 ")
    assert said in fault


def test_graded_documents_must_exist_and_alternatives_are_checked_too() -> None:
    case = Case("q", "Why?", grades={"a": 1, "b": 2}, alternatives=(Reference("c", 0, 1, "x"),), line=3)
    eval_set = EvalSet("a", Path("a"), (case,), CorpusPlace("none"))
    found = validate(eval_set, {"c": "y"}, problems={"b": "is ambiguous"}, known=["a"])
    assert [fault.message for fault in found] == [
        "alt_references.0 is “x”, but at 0 to 1 of c stands “y”; the quote does not occur in the document",
        "grades b is ambiguous",
    ]


def test_a_document_is_found_by_path_by_uri_and_without_its_source() -> None:
    documents = {
        "hr/leave.md": Path("/docs/hr/leave.md"),
        "it/keys.md": Path("/docs/it/keys.md"),
        "web/keys.md": Path("/web/keys.md"),
        "web/Gru\u0308\u00dfe.md": Path("/web/Gr\u00fc\u00dfe.md"),
    }
    docs = ["hr/leave.md", "leave.md", "it/keys.md", "../web/keys.md", "keys.md", "no.md", "Gr\u00fc\u00dfe.md"]
    found = resolve_docs(docs, documents, Path("/docs"))
    assert found.uris == {
        "hr/leave.md": "hr/leave.md",
        "leave.md": "hr/leave.md",
        "it/keys.md": "it/keys.md",
        "../web/keys.md": "web/keys.md",
        "Gr\u00fc\u00dfe.md": "web/Gru\u0308\u00dfe.md",
    }
    assert found.problems == {
        "keys.md": "is ambiguous: it may be it/keys.md or web/keys.md; name it with its source",
        "no.md": "is not in the corpus",
    }


def test_ids_of_documents_become_the_files_that_they_stand_in() -> None:
    documents = {"scifact/7.md": Path("/made/scifact/7.md")}
    found = resolve_docs(["7"], documents, Path("/made/scifact"), file_name=lambda doc: f"{doc}.md")
    assert found.uris == {"7": "scifact/7.md"}


def test_plain_files_are_read_as_they_are_and_others_are_only_known(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.txt": "\ufeffone\r\ntwo", "docs/b/c.md": "# C", "docs/d.pdf": "%PDF"})
    corpus = read_texts(CorpusPlace("folder", tmp_path / "docs", tmp_path))
    assert isinstance(corpus, CorpusTexts)
    assert corpus.text_of("docs/a.txt") == "one\r\ntwo"
    assert corpus.text_of("docs/d.pdf") is None
    assert corpus.names() == {
        "docs/a.txt": "docs/a.txt",
        "docs/b/c.md": "docs/b/c.md",
        "docs/d.pdf": "docs/d.pdf",
    }
    assert read_texts(CorpusPlace("none")) is None
    assert place_named(None, None) is None


# Splitting

CASES = st.lists(
    st.tuples(st.lists(st.sampled_from("abcdefghij"), max_size=2), st.booleans()), min_size=1, max_size=60
).map(lambda made: [_case(number, *each) for number, each in enumerate(made)])


def _case(number: int, docs: list[str], graded: bool) -> Case:
    if graded:
        return Case(f"q{number}", "Why?", grades=dict.fromkeys(docs, 1))
    other = {"context": {"doc": docs[0]}, "source_docs": docs} if docs else {}
    return Case(f"q{number}", "Why?", other=other)


@settings(deadline=None)
@given(CASES, st.integers(0, 3), st.randoms())
def test_a_split_shares_no_document_and_does_not_depend_on_the_order(
    cases: list[Case], seed: int, random: object
) -> None:
    tune, holdout = split_cases(cases, "tune", seed), split_cases(cases, "holdout", seed)
    assert {case.id for case in (*tune.cases, *holdout.cases)} == {case.id for case in cases}
    assert len(tune.cases) + len(holdout.cases) == len(cases)
    if not tune.note:
        documents = [{doc for case in part.cases for doc in documents_of(case)} for part in (tune, holdout)]
        assert documents[0].isdisjoint(documents[1])
    shuffled = list(cases)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert {case.id for case in split_cases(shuffled, "tune", seed).cases} == {case.id for case in tune.cases}


def test_a_split_comes_near_its_shares() -> None:
    cases = [Case(f"q{n}", "Why?", grades={f"d{n % 37}": 1}) for n in range(500)]
    assert abs(len(split_cases(cases, "tune").cases) - 300) <= 10
    assert split_cases(cases, "all").cases == tuple(cases)


def test_a_split_is_the_same_on_every_machine() -> None:
    cases = [Case(f"q{n}", "Why?", grades={f"d{n}": 1}) for n in range(10)]
    assert [case.id for case in split_cases(cases, "holdout").cases] == ["q0", "q3", "q8", "q9"]
    assert [case.id for case in split_cases(cases, "holdout", 1).cases] != ["q0", "q3", "q8", "q9"]


def test_a_split_goes_by_question_where_documents_cannot_decide() -> None:
    hanging = [Case(f"q{n}", "Why?", grades={"a": 1, f"d{n}": 1}) for n in range(10)]
    loose = [Case(f"q{n}", "Why?") for n in range(10)]
    for cases, reason in ((hanging, "hang together"), (loose, "no case names a document")):
        part = split_cases(cases, "tune")
        assert len(part.cases) == 6
        assert reason in part.note


# Comparing


def test_a_diff_names_cases_and_fields(tmp_path: Path) -> None:
    a = set_of(tmp_path / "a", LINE, {**LINE, "id": "q-2"}, {**LINE, "id": "q-3"})
    b = set_of(tmp_path / "b", {**LINE, "id": "q-2", "answers": [], "note": 1}, LINE, {**LINE, "id": "q-4"})
    found = diff_sets(a, b)
    assert (found.added, found.removed) == (("q-4",), ("q-3",))
    assert found.changed == {"q-2": ("answers", "note")}
    assert found.reordered
    assert not found.same
    assert diff_sets(a, a).same


# Real sets


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "cases", "truth", "limit_s"),
    [
        ("squad", 2658, "span", 0.3),
        ("legal", 471, "span", 0.3),
        ("chunking", 220, "span", 0.3),
        ("sec10q", 39, "graded", 0.3),
        ("ir/scifact", 809, "graded", 1),
        ("ir/cranfield", 225, "graded", 1),
    ],
)
def test_real_sets_load_fast_and_agree_with_their_documents(
    data: Path, name: str, cases: int, truth: str, limit_s: float
) -> None:
    started = time.process_time()
    eval_set = load_set(data / name)
    assert time.process_time() - started < limit_s
    assert (len(eval_set.cases), eval_set.truth) == (cases, truth)
    corpus = read_texts(eval_set.corpus)
    assert corpus is not None
    resolution = corpus.resolve(doc for case in eval_set.cases for doc in case.docs)
    texts = corpus.texts(resolution.uris)
    assert not validate(eval_set, texts, problems=resolution.problems, known=resolution.uris)
    assert len(texts) == len(resolution.uris) or name == "sec10q"
