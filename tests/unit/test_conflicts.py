"""Old and new versions of the same thing, and what is none."""

import datetime

import pytest

from rag.conflicts import conflict_notices, newer_counterparts, versions_of_one
from rag.types import Chunk, DocumentInfo, Hit

OLD, NEW = datetime.date(2023, 9, 4), datetime.date(2025, 10, 6)


def info(name, title, date, uri=None):
    return DocumentInfo(name, "v", uri or f"h/{name}.md", title, "policy", "h", "en", date)


def hit(document, text):
    return Hit(Chunk(f"c-{document.id}", document.id, 0, len(text), text), document, 1.0)


OLD_POLICY = info("old", "Remote work policy", OLD)
NEW_POLICY = info("new", "Remote work policy", NEW)


def newer(old_text, new_text, old=OLD_POLICY, new=NEW_POLICY):
    return newer_counterparts([(old_text, 0), (new_text, 1)], [hit(old, old_text), hit(new, new_text)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "Employees may work remotely on up to two days per week.",
            "Employees may work remotely on up to three days per week.",
        ),
        ("The hotel limit is 140 euro per night.", "The hotel limit is 165 euro per night."),
        ("Working hours lie between 10:00 and 15:00.", "Working hours lie between 09:30 and 15:00."),
        ("Claims are handed in until 3 March 2023.", "Claims are handed in until 5 April 2025."),
    ],
)
def test_the_newer_of_two_versions_is_preferred(old, new):
    assert newer(old, new) == {0: 1}


def test_the_order_of_the_hits_does_not_matter():
    texts = ("The hotel limit is 165 euro per night.", "The hotel limit is 140 euro per night.")
    hits = [hit(NEW_POLICY, texts[0]), hit(OLD_POLICY, texts[1])]
    assert newer_counterparts([(texts[0], 0), (texts[1], 1)], hits) == {1: 0}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The hotel limit is 140 euro per night.", "The hotel limit is 140 euro per night."),
        ("The hotel limit is 140 euro per night.", "Visitors sign in at reception on floor 2."),
        ("The hotel limit is set each year.", "The hotel limit is set in spring."),
        ("1. Hotels and meals", "2. Hotels and meals"),
    ],
)
def test_what_is_the_same_or_of_another_subject_contradicts_nothing(old, new):
    assert newer(old, new) == {}


def test_unrelated_documents_of_different_dates_are_no_conflict():
    lease = info("lease", "Lease of the Marlhaven site", OLD)
    contract = info("contract", "Framework agreement Brackwater", NEW)
    assert newer("Payment is due within 30 days.", "Payment is due within 45 days.", lease, contract) == {}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (info("a", "Travel policy 2024", OLD), info("b", "Travel policy 2026", NEW), True),
        (info("a", "Travel policy v1.4", OLD), info("b", "Travel policy (new)", NEW), True),
        (info("a", "x", OLD, "h/travel-2024.md"), info("b", "y", NEW, "h/travel-2026.docx"), True),
        (info("a", "Travel policy 2024", None), info("b", "Travel policy 2026", None), True),
        (info("a", "Travel policy", OLD), info("b", "Travel policy", OLD), False),
        (info("a", "Travel policy", None), info("b", "Travel policy", NEW), False),
        (info("a", "Travel policy", OLD), info("b", "Leave policy", NEW), False),
        (info("a", "Minutes of the board", OLD), info("b", "Minutes of the board", NEW), False),
        (info("a", "2022 Q3 AAPL", OLD), info("b", "2023 Q3 AAPL", NEW), False),
        (info("a", "Quarterly report", OLD), info("b", "Quarterly report", NEW), False),
    ],
)
def test_versions_have_one_title_and_two_dates(first, second, expected):
    assert versions_of_one(first, second) is expected


def test_the_notice_names_both_documents_their_dates_and_what_differs():
    texts = ("The hotel limit is 165 euro per night.", "Meals are paid. The hotel limit is 140 euro per night.")
    hits = [hit(NEW_POLICY, texts[0]), hit(OLD_POLICY, texts[1])]
    (notice,) = conflict_notices([(texts[0], 0)], hits)
    assert notice.kind == "conflict"
    for part in ("Remote work policy", "2025-10-06", "2023-09-04", "165", "140", "older"):
        assert part in notice.detail


def test_one_pair_of_documents_gives_one_notice():
    new, old = (
        "The hotel limit is 165 euro. The meal limit is 30 euro.",
        "The hotel limit is 140 euro. The meal limit is 20 euro.",
    )
    cited = [("The hotel limit is 165 euro.", 0), ("The meal limit is 30 euro.", 0)]
    assert len(conflict_notices(cited, [hit(NEW_POLICY, new), hit(OLD_POLICY, old)])) == 1
