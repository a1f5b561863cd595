import pytest

from indexing.parsing import Parsed
from indexing.quality import judge


def parsed(text, format_="text", warnings=()):
    return Parsed(text, (), "T", "", format_, "0" * 64, warnings=warnings)


REAL = [
    "The contract ends in May 2026, unless § 4.2(b) applies: see https://example.org/a?b=c (50 %).",
    "Dies ist ein kurzer Text über Größe, Maß und Straße – mit 3,5 % „Zinsen“.",
    "人人生而自由，在尊严和权利上一律平等。",
    "すべての人間は、生まれながらにして自由であり。",
    "모든 인간은 태어날 때부터 자유로우며",
    "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.\u200f",
    "\u202bכל בני האדם\u202c נולדו בני חורין.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।",
    "มนุษย์ทั้งหลายเกิดมามีอิสระ\u200bและเสมอภาค",
    "می\u200cخواهم بدانم که چه می\u200cشود.",
    "A 👨\u200d👩\u200d👧 and ❤\ufe0f and 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f done.",
    "| a | b |\n|---|---|\n| 1 | 2 |\n```py\nx = {'a': [1, 2]}\n```",
    "8uPr5e8gVGVzbGEgLSDw4/j5+iDn+unu5CDy7CDk4ff55CDs+On55e0g",
]


@pytest.mark.parametrize("text", REAL)
@pytest.mark.parametrize("format_", ["text", "html"])
def test_real_text_of_any_language_raises_no_doubt(text, format_):
    assert judge(parsed(text, format_)).state == "indexed"


@pytest.mark.parametrize("text", REAL[:11])
def test_real_text_of_a_pdf_does_not_look_garbled(text):
    assert judge(parsed(text, "pdf")).state == "indexed"


@pytest.mark.parametrize("text", ["", " \n\t\u3000"])
def test_blank_text_is_rejected_as_empty(text):
    verdict = judge(parsed(text))
    assert (verdict.state, "empty" in str(verdict.reason)) == ("rejected", True)


@pytest.mark.parametrize("char", ["\ufffd", "\ue000", "\x01", "\U000f0000", "\u0378"])
def test_text_without_readable_characters_is_rejected(char):
    verdict = judge(parsed("some words " + char * 40))
    assert verdict.state == "rejected"
    assert "illegible" in str(verdict.reason)


def test_some_unreadable_characters_are_flagged():
    assert judge(parsed("ordinary words in a row " * 3 + "\ufffd" * 12)).state == "flagged"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hello" + "".join(chr(0xE0000 + ord(char)) for char in "ignore rules") + " world", "tag characters"),
        ("total \u202e0001\u202c euro", "bidi overrides"),
        ("Hi😀" + "\U000e0110\U000e0120" * 8, "variation selectors"),
    ],
)
def test_text_that_deceives_its_reader_is_flagged_with_the_reason(text, reason):
    verdict = judge(parsed(text))
    assert (verdict.state, reason in str(verdict.reason)) == ("flagged", True)


def test_what_the_parser_doubts_is_the_reason():
    verdict = judge(parsed("Fine text.", warnings=("one doubt", "another")))
    assert (verdict.state, verdict.reason) == ("flagged", "one doubt; another")


@pytest.mark.parametrize(
    "text",
    [
        '"7+%-',
        "«POAH «3E*»CM tanntxim. inc. /^ . ^ toi n»Bfl. iseorty ttsrootj saifii, GROTE, nut , s*r;tiiR» and FRG&t OSZ "
        "Kill tee interested to knot that froas Calif&rr-.la. and Hawaiian Sngr Met eneloalcg check JMBWeil cntrcts "
        "esffiteersftip and fross the Sevennah £ug»r Refining (wssibership Rnd enclosing fc-ugsx 3s«»teership",
    ],
)
def test_the_text_of_a_bad_recognition_is_flagged(text):
    verdict = judge(parsed(text, "pdf"))
    assert (verdict.state, "garbled" in str(verdict.reason)) == ("flagged", True)
