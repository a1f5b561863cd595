"""Eval sets in and out: BEIR, ragas, CSV, lines; and what the commands print."""

import json
from pathlib import Path

import orjson
import pytest

from evals.evalset import Case, CorpusPlace, EvalSet, Reference
from evals.faults import EvalSetError
from evals.formats.beir import beir_documents
from evals.formats.corpus_texts import CorpusTexts, read_texts
from evals.formats.exporting import write_beir, write_jsonl
from evals.formats.importing import import_set
from evals.loading import load_set
from evals.set_commands import Import, check, diff, export, import_cases, show
from rag.errors import UsageError
from rag.terminal import Options
from tests.conftest import write

DOCUMENTS = {
    "docs/leave.md": "Leave lasts six weeks. It is paid.\n",
    "docs/keys.txt": "Keys are at the desk.\r\nIt is open from nine.\n",
}
QUERIES = """{"_id": 1, "text": "How long?", "metadata": {}}
{"_id": "2", "text": "Paid?"}
{"_id": "3", "text": "Unjudged?"}
"""
CORPUS = '{"_id": "d1", "title": "Leave", "text": "Six weeks."}\n', '{"_id": "d2", "text": "Paid."}\n'
OPTIONS = Options(no_color=True)


def beir(folder: Path, qrels: dict[str, str], queries: str = QUERIES) -> Path:
    return write(
        folder, {"queries.jsonl": queries, "corpus-1of2.jsonl": CORPUS[0], "corpus-2of2.jsonl": CORPUS[1], **qrels}
    )


def documents(folder: Path) -> CorpusTexts:
    write(folder, DOCUMENTS)
    found = read_texts(CorpusPlace("folder", folder / "docs", folder / "docs"))
    assert found is not None
    return found


def imported(folder: Path, name: str, content: str, corpus: CorpusTexts | None = None) -> tuple[Case, ...]:
    return import_set(write(folder, {name: content}) / name, None, corpus).cases


def refused(folder: Path, name: str, content: str, corpus: CorpusTexts | None = None) -> str:
    with pytest.raises(EvalSetError) as caught:
        imported(folder, name, content, corpus)
    return str(caught.value)


# BEIR


@pytest.mark.parametrize("header", ["query-id\tcorpus-id\tscore\n", ""])
def test_judged_queries_become_cases_with_grades(tmp_path: Path, header: str) -> None:
    eval_set = load_set(beir(tmp_path / "set", {"qrels.tsv": f"{header}1\td1\t2\r\n1\td2\t0\r\n2\td2\t-1\r\n"}))
    assert eval_set.cases == (
        Case("1", "How long?", grades={"d1": 2}, other={"not_relevant": ["d2"]}, line=1),
        Case("2", "Paid?", other={"not_relevant": ["d2"]}, line=2),
    )
    assert eval_set.corpus == CorpusPlace("beir", (tmp_path / "set").resolve())
    assert [each.id for each in beir_documents(tmp_path / "set")] == ["d1", "d2"]


def test_a_query_is_tagged_with_the_files_that_judge_it(tmp_path: Path) -> None:
    folder = beir(tmp_path, {"qrels/test.tsv": "1\td1\t1\n", "qrels/dev.tsv": "1\td2\t1\n2\td2\t1\n"})
    assert [(case.tags, dict(case.grades)) for case in load_set(folder).cases] == [
        (("dev", "test"), {"d2": 1, "d1": 1}),
        (("dev",), {"d2": 1}),
    ]


@pytest.mark.parametrize(
    ("qrels", "said"),
    [
        ({"qrels.tsv": "1\td1\t1\n1\td1\tx\n"}, "line 2, case 1: qrels.tsv must have a query, a document and a whole"),
        ({"qrels.tsv": "1 d1 1\n"}, "with tabs between them"),
        ({"qrels.tsv": "1\td1\t1\n1\td2\t99999999999999999999\n"}, "a whole number below a thousand million"),
        ({"qrels.tsv": "1\td1\t1\n1\td1\t2\n"}, "line 2, case 1: qrels.tsv judges document d1 again"),
        ({"qrels/a.tsv": "9\td1\t1\n"}, "line 1, case 9: a.tsv judges a query that queries.jsonl does not hold"),
        ({}, "no judgements"),
        ({"qrels.tsv": "query-id\tcorpus-id\tscore\n"}, "it holds no case"),
    ],
)
def test_judgements_that_cannot_be_used_are_refused(tmp_path: Path, qrels: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_set(beir(tmp_path, qrels))


def test_a_beir_document_without_an_id_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"corpus.jsonl": '{"_id": "a", "text": "b"}\n{"text": "c"}\n'})
    with pytest.raises(EvalSetError, match="line 2: must be a JSON object with _id, title and text"):
        list(beir_documents(tmp_path))


def test_spans_become_graded_documents_in_beir_and_what_is_lost_is_told(tmp_path: Path) -> None:
    span = Reference("leave.md", 12, 21, "six weeks")
    cases = (
        Case("q 1", "How\tlong?", answers=("six weeks",), references=(span, span), tags=("hr",)),
        Case("q\t2", "Where?", grades={"keys.txt": 2}, other={"not_relevant": ["leave.md"]}),
        Case("q3", "Who?", answerable=False),
    )
    eval_set = EvalSet("a", tmp_path / "a.jsonl", cases, CorpusPlace("none"))
    lost = write_beir(eval_set, documents(tmp_path), tmp_path / "out" / "beir")
    assert lost == [
        "Cases that name no document as truth are left out: 1 of 3 cases.",
        "Spans (their documents are graded 1) are left out: 1 of 3 cases.",
        "Answers are left out: 1 of 3 cases.",
        "Tags are left out: 1 of 3 cases.",
    ]
    read = load_set(tmp_path / "out" / "beir")
    assert [(case.id, case.question, dict(case.grades)) for case in read.cases] == [
        ("q 1", "How\tlong?", {"leave.md": 1}),
        ("q\t2", "Where?", {"keys.txt": 2}),
    ]
    assert read.cases[1].other == {"not_relevant": ["leave.md"]}
    found = {each.id: each.text for each in beir_documents(tmp_path / "out" / "beir")}
    assert found == {name.removeprefix("docs/"): text for name, text in DOCUMENTS.items()}


def test_beir_comes_out_as_it_went_in(tmp_path: Path) -> None:
    first = load_set(beir(tmp_path / "a", {"qrels.tsv": "1\td1\t2\n1\td2\t0\n2\td2\t1\n"}))
    corpus = read_texts(first.corpus)
    assert corpus is not None
    assert write_beir(first, corpus, tmp_path / "b") == []
    assert load_set(tmp_path / "b").digest == first.digest
    assert list(beir_documents(tmp_path / "b")) == list(beir_documents(tmp_path / "a"))


def test_an_export_never_overwrites(tmp_path: Path) -> None:
    eval_set = EvalSet("a", tmp_path, (Case("q", "Why?", grades={"no.md": 1}),), CorpusPlace("none"))
    write_jsonl(eval_set, tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match="exists"):
        write_jsonl(eval_set, tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match=r"must be named \.jsonl"):
        write_jsonl(eval_set, tmp_path / "a.txt")
    with pytest.raises(EvalSetError, match=r"no\.md is not in the corpus"):
        write_beir(eval_set, documents(tmp_path), tmp_path / "beir")
    assert not list(tmp_path.glob("beir*"))


# ragas

SAMPLE = {
    "user_input": "How long?",
    "reference": "Six weeks",
    "reference_contexts": ["<1-hop>\n\nLeave lasts six weeks."],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps([SAMPLE])),
        ("a.json", json.dumps({"samples": [SAMPLE]}, indent=1)),
        ("a.json", json.dumps(SAMPLE)),
        ("a.jsonl", json.dumps(SAMPLE) + "\n"),
    ],
)
def test_samples_are_read_and_their_contexts_found(tmp_path: Path, name: str, content: str) -> None:
    (case,) = imported(tmp_path, name, content, documents(tmp_path))
    assert (case.id, case.question, case.answers) == ("ragas-1", "How long?", ("Six weeks",))
    assert case.references == (Reference("leave.md", 0, 22, "Leave lasts six weeks."),)
    assert not case.other


def test_without_documents_contexts_are_kept(tmp_path: Path) -> None:
    (case,) = imported(tmp_path, "a.json", json.dumps({**SAMPLE, "response": "7", "synthesizer_name": "single_hop"}))
    assert case.references == ()
    assert case.other["reference_contexts"] == SAMPLE["reference_contexts"]
    assert case.other["response"] == "7"
    assert case.tags == ("single_hop",)


def test_former_names_are_understood(tmp_path: Path) -> None:
    sample = {"question": "How long?", "ground_truths": ["Six weeks", "6"], "contexts": ["Keys."], "answer": "7"}
    generated = {"question": "Paid?", "ground_truth": "Yes", "contexts": ["It is paid."], "evolution_type": "simple"}
    first, second = imported(tmp_path, "a.json", json.dumps([sample, generated]), documents(tmp_path))
    assert first.answers == ("Six weeks", "6")
    assert first.other == {"retrieved_contexts": ["Keys."], "response": "7"}
    assert second.references == (Reference("leave.md", 23, 34, "It is paid."),)
    assert second.tags == ("simple",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"user_input": [{"content": "Hi", "type": "human"}]}, "user_input is a conversation"),
        ({"user_input": None}, "question must be a valid string"),
        ({"reference_contexts": ["Nowhere."]}, "reference_contexts.0 does not occur in the corpus"),
        ({"reference_contexts": ["It is "]}, "reference_contexts.0 occurs more than once in the corpus"),
    ],
)
def test_samples_that_cannot_be_used_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    assert said in refused(tmp_path, "a.json", json.dumps([{**SAMPLE, **changes}]), documents(tmp_path))


# CSV


def test_rows_are_read_by_their_header(tmp_path: Path) -> None:
    table = (
        "\ufeffQuestion,ANSWER,Doc,Start,End,Quote,Tags,Answerable,Roles,Note\r\n"
        '"How\r\nlong?",six weeks|6,leave.md,12,21,six weeks,hr|time,yes,hr,x\r\n'
        ",,,,,,,,,\r\n"
        "Paid?,,leave.md,,,It is paid.,,,,\r\n"
        "Where?,,,,,at the desk,,,,\r\n"
        "Open?,,keys.txt,0,4,,,,,\r\n"
        "Both?,,leave.md|keys.txt,,,,,,,\r\n"
        "Why?,,,,,,,No,,\r\n"
    )
    cases = imported(tmp_path, "a.csv", table, documents(tmp_path))
    assert cases[0] == Case(
        "row-2",
        "How\r\nlong?",
        answers=("six weeks", "6"),
        references=(Reference("leave.md", 12, 21, "six weeks"),),
        tags=("hr", "time"),
        roles=("hr",),
        other={"note": "x"},
        line=2,
    )
    assert [case.line for case in cases] == [2, 5, 6, 7, 8, 9]
    assert cases[1].references == (Reference("leave.md", 23, 34, "It is paid."),)
    assert cases[2].references == (Reference("keys.txt", 9, 20, "at the desk"),)
    assert cases[3].references == (Reference("keys.txt", 0, 4, "Keys"),)
    assert cases[4].grades == {"leave.md": 1, "keys.txt": 1}
    assert not cases[5].answerable


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_that_of_the_header(tmp_path: Path, delimiter: str) -> None:
    (case,) = imported(tmp_path, "a.csv", f"id{delimiter}question{delimiter}answers\n7{delimiter}Why?{delimiter}So\n")
    assert (case.id, case.question, case.answers) == ("7", "Why?", ("So",))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("question,quote\nWhy?,nowhere\n", "line 2, case row-2: quote does not occur in the corpus"),
        ("question,quote\nWhy?,It is\n", "quote occurs more than once in the corpus"),
        ("question,quote,doc\nWhy?,It is paid.,keys.txt\n", "quote does not occur in keys.txt"),
        ("question,quote,doc\nWhy?,It is paid.,no.txt\n", "quote no.txt is not in the corpus"),
        ("question,start,doc\nWhy?,1,keys.txt\n", "start stands alone"),
        ("question,start,end,doc\nWhy?,a,2,keys.txt\n", "start must be a whole number of 0 or more, not 'a'"),
        ("question,start,end,doc\nWhy?,1,2000,keys.txt\n", "1 to 2000 lies outside keys.txt"),
        ("question,start,end\nWhy?,1,2\n", "doc must name the one document"),
        ("question,answerable\nWhy?,maybe\n", "answerable must be true or false, not 'maybe'"),
        ("question,answer\nWhy?,a,b\n", "has 3 cells for 2 columns"),
        ("answer\nWhy?\n", "there is no column question"),
        ("question,Question\nWhy?,a\n", "column question stands there twice"),
        ("question,answer\n,a\n", "case row-2: question must be a valid string"),
        ('question\n"Why?\n', "is not CSV"),
        ("", "there is no column question"),
        ("question\n", "it holds no case"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(tmp_path: Path, table: str, said: str) -> None:
    assert said in refused(tmp_path, "a.csv", table, documents(tmp_path))


def test_a_quote_needs_documents_to_be_found_in(tmp_path: Path) -> None:
    assert "--corpus DIR" in refused(tmp_path, "a.csv", "question,quote\nWhy?,It is\n")
    (tmp_path / "b.csv").write_bytes("question\nGrüße?\n".encode("cp1252"))
    with pytest.raises(EvalSetError, match="not UTF-8"):
        import_set(tmp_path / "b.csv")


def test_what_cannot_be_told_by_its_name_needs_a_format(tmp_path: Path) -> None:
    write(tmp_path, {"a.dat": "question\nWhy?\n"})
    with pytest.raises(UsageError, match="--format"):
        import_set(tmp_path / "a.dat")
    assert len(import_set(tmp_path / "a.dat", "csv").cases) == 1
    with pytest.raises(UsageError, match=r"queries\.jsonl"):
        import_set(tmp_path / "a.dat", "beir")
    with pytest.raises(UsageError, match=r"queries\.jsonl"):
        import_set(tmp_path)
    with pytest.raises(UsageError, match="no file or folder"):
        import_set(tmp_path / "b.csv")


# Commands


@pytest.fixture
def leave(tmp_path: Path) -> Path:
    """A set of two cases with its documents; the second has a quote that stands elsewhere."""
    span = {"doc": "corpus/leave.md", "start": 12, "end": 21, "text": "six weeks"}
    cases = [
        {"id": "q-1", "question": "How long?", "references": [span], "tags": ["hr"]},
        {"id": "q-2", "question": "Paid?", "references": [{**span, "text": "is paid", "end": 19}]},
    ]
    text = b"".join(orjson.dumps(case) + b"\n" for case in cases).decode()
    return write(tmp_path / "leave", {"questions.jsonl": text, "corpus/leave.md": DOCUMENTS["docs/leave.md"]})


def test_show_prints_what_a_set_holds(leave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(OPTIONS, leave, as_json=True) == 0
    content = orjson.loads(capsys.readouterr().out)
    assert (content["name"], content["cases"], content["truth"]) == ("leave", 2, "span")
    assert content["digest"] == load_set(leave).digest
    assert content["split"]["tune"] + content["split"]["holdout"] == 2
    assert show(OPTIONS, leave, as_json=False) == 0
    assert "hr 1" in capsys.readouterr().out


def test_check_prints_faults_and_fails(leave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(OPTIONS, leave, as_json=False) == 1
    printed = capsys.readouterr().out
    assert "has 1 fault:" in printed
    assert "line 2, case q-2: references.0 is “is paid”" in printed
    assert check(OPTIONS, leave, as_json=True) == 1
    content = orjson.loads(capsys.readouterr().out)
    assert (content["valid"], content["checked_documents"]) == (False, True)
    assert [(each["line"], each["case"]) for each in content["faults"]] == [(2, "q-2")]


def test_check_says_what_it_could_not_check(leave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = write(leave.parent, {"alone.jsonl": (leave / "questions.jsonl").read_text()}) / "alone.jsonl"
    assert check(OPTIONS, alone, as_json=False) == 0
    assert "only its lines were checked" in capsys.readouterr().err
    assert check(OPTIONS, alone, leave / "corpus", as_json=True) == 1
    assert len(orjson.loads(capsys.readouterr().out)["faults"]) == 1
    (leave / "corpus" / "leave.md").rename(leave / "corpus" / "leave.pdf")
    alone.write_text(alone.read_text().replace(".md", ".pdf"))
    assert check(OPTIONS, alone, leave / "corpus", as_json=False) == 0
    assert "can be read here: 2." in capsys.readouterr().err


def test_lines_come_out_as_they_went_in(leave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = leave.parent / "copy" / "again.jsonl"
    assert export(OPTIONS, leave, out, format_="jsonl", as_json=True) == 0
    printed = capsys.readouterr()
    assert orjson.loads(printed.out)["digest"] == load_set(leave).digest == load_set(out).digest
    assert "`corpus: ../leave/corpus`" in printed.err
    write(out.parent, {"set.yaml": "corpus: ../leave/corpus"})
    assert check(OPTIONS, out, as_json=True) == 1
    assert len(orjson.loads(capsys.readouterr().out)["faults"]) == 1


def test_beir_needs_documents(leave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(OPTIONS, leave, leave.parent / "beir", format_="beir", as_json=False) == 0
    printed = capsys.readouterr()
    assert "Wrote 2 cases of leave" in printed.out
    assert "graded 1) are left out: 2 of 2 cases" in printed.err
    assert load_set(leave.parent / "beir").cases[0].grades == {"corpus/leave.md": 1}
    export(OPTIONS, leave, leave.parent / "alone.jsonl", format_="jsonl", as_json=True)
    with pytest.raises(UsageError, match=r"set\.yaml"):
        export(OPTIONS, leave.parent / "alone.jsonl", leave.parent / "other", format_="beir", as_json=False)


def test_an_import_is_a_set_that_finds_its_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents(tmp_path)
    write(tmp_path, {"a.csv": "question,quote\nPaid?,It is paid.\n"})
    wanted = Import(tmp_path / "a.csv", tmp_path / "sets" / "a.jsonl", corpus=tmp_path / "docs")
    assert import_cases(OPTIONS, wanted, as_json=False) == 0
    printed = capsys.readouterr()
    assert "Wrote 1 case of a" in printed.out
    assert "`corpus: ../docs`" in printed.err
    write(tmp_path, {"sets/set.yaml": "corpus: ../docs"})
    assert check(OPTIONS, wanted.out, as_json=False) == 0


def test_beir_is_imported_as_lines_that_name_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = beir(tmp_path / "b", {"qrels/test.tsv": "1\td1\t2\n2\td1\t0\n"})
    assert import_cases(OPTIONS, Import(folder, tmp_path / "a.jsonl"), as_json=True) == 0
    assert "`corpus: b`" in capsys.readouterr().err
    write(tmp_path, {"set.yaml": "corpus: b"})
    read = load_set(tmp_path / "a.jsonl")
    assert (read.digest, read.corpus) == (load_set(folder).digest, load_set(folder).corpus)
    assert check(OPTIONS, tmp_path / "a.jsonl", as_json=True) == 0


def test_diff_prints_what_changed(leave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (leave / "questions.jsonl").read_text()
    write(leave, {"b.jsonl": text.replace("How long?", "How many weeks?")})
    assert diff(OPTIONS, leave, leave / "b.jsonl", as_json=True) == 0
    content = orjson.loads(capsys.readouterr().out)
    assert content["changed"] == [{"id": "q-1", "fields": ["question"]}]
    assert not content["same"]
    assert diff(OPTIONS, leave, leave / "b.jsonl", as_json=False) == 0
    assert capsys.readouterr().out == "1 changed: q-1 (question)\n"
    assert diff(OPTIONS, leave, leave, as_json=False) == 0
    assert "same cases" in capsys.readouterr().out


@pytest.mark.data
@pytest.mark.parametrize("name", ["squad", "legal", "chunking", "sec10q", "ir/scifact", "ir/cranfield"])
def test_real_sets_are_the_same_after_an_export(data: Path, tmp_path: Path, name: str) -> None:
    eval_set = load_set(data / name)
    write_jsonl(eval_set, tmp_path / "a.jsonl")
    assert load_set(tmp_path / "a.jsonl").digest == eval_set.digest
