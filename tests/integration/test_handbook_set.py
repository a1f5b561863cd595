"""The eval set of the example handbook says only what the handbook's documents say."""

import subprocess
import sys
from collections import Counter

from evals.evalset import Case
from evals.loading import load_set
from indexing.identity import document_id
from rag.bootstrap import Service
from rag.types import Document
from tests.conftest import HANDBOOK, HANDBOOK_SOURCES, REPOSITORY

SET = load_set(REPOSITORY / "evals" / "sets" / "handbook.jsonl")
KINDS = {"fact", "table", "number", "date", "procedure", "conflict", "multi-document", "role-restricted"}


def read(service: Service, case: Case, doc: str) -> Document:
    """Return a document as the case's caller reads it."""
    roles = frozenset(case.roles or ())
    return service.reader.document(document_id(HANDBOOK.name, doc), None, roles).document


def agrees_with_its_tags(case: Case) -> bool:
    """Tell whether the tags of a case say what its truth shows."""
    tags, restricted = set(case.tags), any(doc.startswith("hr/") for doc in case.docs)
    return (
        bool(KINDS & tags)
        and case.answerable == bool(case.references) == bool(case.answers) == ("unanswerable" not in tags)
        and ("multi-document" in tags) == (len(case.docs) > 1)
        and restricted == ("role-restricted" in tags and case.answerable)
    )


def lets_through(case: Case, document: Document) -> bool:
    """Tell whether the case's filter admits a document."""
    day = document.date.isoformat() if document.date else ""
    after, before = str(case.where.get("after", day)), str(case.where.get("before", day))
    return case.where.get("type", document.type) == document.type and after <= day <= before


def test_the_set_names_the_handbook_as_its_corpus() -> None:
    assert (SET.corpus.kind, SET.corpus.path) == ("sources", HANDBOOK_SOURCES)


def test_ids_and_questions_occur_once() -> None:
    for values in ([case.id for case in SET.cases], [case.question for case in SET.cases]):
        assert not [value for value, count in Counter(values).items() if count > 1]


def test_there_are_enough_cases_of_every_kind() -> None:
    tags = Counter(tag for case in SET.cases for tag in case.tags)
    assert set(tags) == KINDS | {"unanswerable"}
    assert len(SET.cases) >= 120
    assert tags["unanswerable"] >= 25
    assert min(tags.values()) >= 8


def test_the_tags_of_every_case_are_true() -> None:
    assert not [case.id for case in SET.cases if not agrees_with_its_tags(case)]


def test_every_document_with_text_is_asked_about() -> None:
    files = {path.relative_to(HANDBOOK).as_posix() for path in HANDBOOK.rglob("*") if path.is_file()}
    asked = {doc for case in SET.cases for doc in case.docs}
    assert {doc.partition("!/")[0] for doc in asked} == {name for name in files if not name.startswith("scans/")}
    assert any("!/" in doc for doc in asked)


def test_every_quote_stands_where_it_says_in_a_document_that_the_caller_may_read(service: Service) -> None:
    named = [(case, each) for case in SET.cases for each in case.references]
    texts = [(case, each, read(service, case, each.doc).text) for case, each in named]
    assert not [(case.id, each) for case, each, text in texts if text[each.start : each.end] != each.text]


def test_filters_let_the_documents_of_the_references_through(service: Service) -> None:
    named = [(case, doc) for case in SET.cases if case.where for doc in case.docs]
    assert len(named) >= 8
    assert not [(case.id, doc) for case, doc in named if not lets_through(case, read(service, case, doc))]


def test_the_pdf_and_office_files_are_what_their_sources_make() -> None:
    command = [sys.executable, str(REPOSITORY / "examples" / "make_handbook.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
