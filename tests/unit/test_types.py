"""What kind of document something is: the rules in order, each by a document that only it decides."""

from itertools import pairwise

import pytest

from indexing.formats.markdown import parse_markdown
from indexing.formats.text import parse_text
from indexing.signs import Signs
from indexing.types import RULES, SOURCE_RULE, STATED, because, decide, detect
from rag.types import Block
from tests.conftest import REPOSITORY

LAW = "Whereas the parties agree hereby, this Agreement is governed by the laws of Kent, and liability is limited."
CLAUSES = "\n\n".join(f"{n}. Clause of the Supplier\n\n{n}.1 The Supplier delivers in {n} days." for n in range(1, 5))
NOTES = "\n\n".join(f"## {version}\n\n- Something is faster." for version in ("1.2.0 (2026-05-01)", "1.1.0", "v1.0.3"))
ASKED = "\n\n".join(f"## How much is berth {n}?\n\nIt costs {n} euro." for n in range(4))
SPOKEN = "## Before\n\n" + "You take your badge, then you call your host. " * 40
MAIL = "From: Ann\nTo: Bob\n\nShall we meet?\n\nOn 3 May 2026 Bob wrote:\n\nYes.\n"


def signs(name: str, text: str, form: str = "markdown", title: str = "") -> Signs:
    parse = parse_text if form == "text" else parse_markdown
    found = parse(text.encode())
    return Signs(name, form, title, found.text, found.blocks)


def rows(name: str, form: str) -> Signs:
    text = "Ship | Berth\nAda | 4\nEve | 5"
    return Signs(
        name, form, "", text, (Block("table_row", 0, 12), Block("table_row", 13, 20), Block("table_row", 21, 28))
    )


DECIDED = [
    (signs("a.eml", "Hello.", "email"), "mail_format", "email_thread"),
    (signs("a.pptx", "# One\n\nHello.", "pptx"), "deck_format", "slides"),
    (rows("a.xlsx", "xlsx"), "sheet_format", "table"),
    (signs("a.json", "{}", "json"), "data_format", "plain"),
    (signs("a.py", "print(1)", "code"), "source_code", "code"),
    (signs("thread.txt", MAIL, "text"), "mail_lines", "email_thread"),
    (signs("CHANGELOG.md", "Nothing yet."), "release_name", "release_notes"),
    (signs("pump.md", f"# Pump\n\n{NOTES}"), "version_headings", "release_notes"),
    (signs("berth-faq.md", "All about berths."), "faq_name", "faq"),
    (signs("berths.md", ASKED), "questions", "faq"),
    (signs("berths.txt", ASKED.replace("## ", ""), "text"), "question_paragraphs", "faq"),
    (signs("a.txt", "We met.", "text", "Minutes of the board, 3 May"), "minutes_name", "minutes"),
    (signs("board.md", "# Board\n\n## Attendees\n\nAnn.\n\n## Decisions\n\nNone."), "minutes_headings", "minutes"),
    (signs("supply-agreement.md", f"{CLAUSES}\n\n{LAW}"), "agreement_name", "contract"),
    (signs("hv-2025.md", f"{CLAUSES}\n\n{LAW}"), "legal_clauses", "contract"),
    (signs("pump-manual.md", "Press the knob."), "manual_name", "manual"),
    (signs("travel-policy-2026.md", "Go by train."), "policy_name", "policy"),
    (signs("dogs.md", "## Purpose\n\nPeace.\n\n## Scope\n\nDogs must be quiet."), "policy_headings", "policy"),
    (signs("buses.md", "## Eligibility\n\nEmployees must apply. Approval is required."), "entitlements", "policy"),
    (rows("ships.docx", "docx"), "mostly_rows", "table"),
    (signs("ships.html", "Three ships.", "html"), "web_format", "web_page"),
    (signs("pump.md", "## Installing\n\nTurn it.\n\n## Step 1\n\nWait."), "how_to_headings", "manual"),
    (signs("visits.md", SPOKEN), "speaks_to_reader", "manual"),
    (signs("ships.md", "# Ships\n\nThree ships lay in the harbour."), "nothing_else", "plain"),
]


@pytest.mark.parametrize(("document", "rule", "type_"), DECIDED, ids=[rule for _, rule, _ in DECIDED])
def test_a_document_is_of_the_type_that_the_first_rule_says(document, rule, type_):
    assert (detect(document).rule, detect(document).type) == (rule, type_)


def test_every_rule_decides_on_a_document():
    assert [rule.name for rule in RULES] == [rule for _, rule, _ in DECIDED]


@pytest.mark.parametrize(
    ("document", "not_by"),
    [
        (signs("boil-in-5-minutes.md", "Boil it."), "minutes_name"),
        (signs("notes.md", "## Eligibility\n\n" + "Nobody knows. " * 99), "entitlements"),
        (signs("trade.md", f"{CLAUSES}\n\nNo words of law."), "legal_clauses"),
        (signs("quiz.md", "# Who?\n\n# When?\n\n# Where?\n\n# Why?\n"), "questions"),
        (signs("fees.md", "## 3.1 Fees\n\nx\n\n## 3.2 Terms\n\nx\n\n## 3.3 Ends\n\nx"), "version_headings"),
        (signs("manual.html", "<p>", "html"), "manual_name"),
    ],
)
def test_what_only_looks_alike_is_not_taken_for_it(document, not_by):
    assert detect(document).rule != not_by


def test_what_the_source_says_goes_before_what_the_document_says_and_that_before_what_it_shows():
    faq = signs("faq.md", ASKED)
    assert decide(faq, ruled="policy", stated="manual") == decide(faq, ruled="policy", stated="")
    assert (decide(faq, ruled="policy", stated="manual").type, decide(faq, ruled="policy", stated="").rule) == (
        "policy",
        SOURCE_RULE,
    )
    stated = decide(faq, ruled=None, stated="manual")
    assert (stated.type, stated.rule) == ("manual", STATED)
    assert decide(faq, ruled=None, stated="").rule == "faq_name"


@pytest.mark.parametrize(
    ("stated", "type_"), [("Release Notes", "release_notes"), ("e-mail", "e-mail"), ("runbook", "runbook")]
)
def test_a_stated_type_is_spelled_as_filters_name_it_and_one_of_ones_own_is_kept(stated, type_):
    assert decide(signs("a.md", "A."), ruled=None, stated=stated).type == type_


def test_a_long_hostile_text_takes_bounded_time():
    text = "\n\n".join(["## Q: ((((" + "?" * 400, "on " + "a" * 400 + " wrote", "1.1.1.1.1.1.1 x " * 40] * 3_000)
    found = parse_markdown(text.encode())
    assert detect(Signs("a" * 5_000, "markdown", "x " * 5_000, found.text, found.blocks)).type


def test_everything_that_decides_says_why():
    assert all(because(rule) for rule in (SOURCE_RULE, STATED, *(rule.name for rule in RULES)))


def test_the_page_of_types_tells_every_rule_in_order():
    page = (REPOSITORY / "docs" / "types.md").read_text(encoding="utf-8")
    places = [page.index(f"| `{rule.name}` | `{rule.type}` | {rule.because} |") for rule in RULES]
    assert all(before < after for before, after in pairwise(places))
