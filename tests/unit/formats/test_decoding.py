"""Texts of ten languages in the encodings of three decades: each is read as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.formats.decoding import decode, is_utf8, looks_binary
from rag.errors import ParseError

# The first article of the Universal Declaration of Human Rights; the last two are our own.
TEXTS = {
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι.",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
    "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
    "zh": "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 이성과",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن يعامل بعضهم بعضا",
    "de": "Größe, Maß, über, Ärger, schöne Grüße aus Köln, 15,50 und dazu l'été à la plage, déjà vu.",
    "en": "This is a test document to use, nothing more than a test.",
}
OLD = {
    "he": ("iso8859_8", "cp1255"),
    "ru": ("cp1251", "koi8_r"),
    "el": ("cp1253", "iso8859_7"),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "zh": ("gb18030",),
    "ko": ("cp949",),
    "pl": ("cp1250", "iso8859_2"),
    "ar": ("cp1256",),
    "de": ("cp1252", "latin-1"),
}
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32", "utf-8-sig", "utf-8")


@pytest.mark.parametrize(
    ("language", "encoding"), [(key, each) for key, encodings in OLD.items() for each in encodings]
)
def test_an_old_encoding_is_told_by_its_text(language: str, encoding: str) -> None:
    assert decode(TEXTS[language].encode(encoding)).text == TEXTS[language]


@pytest.mark.parametrize("language", list(TEXTS))
@pytest.mark.parametrize("encoding", WIDE)
def test_unicode_is_told_with_and_without_its_mark(language: str, encoding: str) -> None:
    assert decode(TEXTS[language].encode(encoding)).text == TEXTS[language]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1))
def test_utf_8_is_never_taken_for_anything_else(text: str) -> None:
    assert decode(text.encode()).text == text.removeprefix("\ufeff")


@given(st.binary(max_size=300))
def test_any_bytes_are_text_without_nul_or_refused(data: bytes) -> None:
    try:
        assert "\0" not in decode(data).text
    except ParseError as error:
        assert "binary" in str(error)  # noqa: PT017  # what matters is that nothing else is raised


def test_binary_data_is_no_text() -> None:
    assert looks_binary(bytes(range(256)) * 8)
    assert not is_utf8(bytes(range(256)))
    assert is_utf8("Über".encode())
