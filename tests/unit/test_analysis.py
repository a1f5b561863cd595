import threading
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from rag.analysis import MAX_TOKEN_CHARS, analyse, analyse_query
from rag.stop_words import STOP_WORDS

LANGUAGES = ["", "en", "de", "fr", "es", "it", "nl", "pt", "ru", "tr", "hi", "ar", "ja", "xx", "no language"]
SCRIPTS = (
    "abcXYZ ÄÖÜß éèñçø ŁŚ αβΓ ΐ жЙё אבג שָׁ عربي كِتَاب हिन्दी தமிழ் ไทย ลาว ភាសា မြန် 東京都 ひらがな"
    " カタカナー ﾊﾝｶｸ 한국어 0123٣४๕ ½²Ⅻ①,.-/_'’ ﬁ ﷺ \u00ad\u200d"
)
texts = st.text() | st.text(alphabet=st.sampled_from(SCRIPTS), max_size=60)


@pytest.mark.parametrize(
    ("text", "language", "tokens"),
    [
        ("The cats were running", "en", ["cat", "run"]),
        ("Die Häuser stehen über der Straße", "de", ["haus", "steh", "strass"]),
        ("la aplicación y las aplicaciones", "es", ["aplic", "aplic"]),
        ("as informações da informação", "pt", ["inform", "inform"]),
        ("l'école d'été", "fr", ["ecol", "ete"]),
        ("новый ёлка", "ru", ["нов", "елк"]),
        ("The cats", "", ["the", "cats"]),
        ("The cats", "xx", ["the", "cats"]),
        ("東京都に", "ja", ["東京", "京都", "都に"]),
        ("ﾃﾞｰﾀ", "ja", ["デー", "ータ"]),
        ("水 第3章", "zh", ["水", "第", "3", "章"]),
        ("한국어", "ko", ["한국", "국어"]),
        ("ที่นี่", "th", ["ที่นี่"]),
        ("الكِتَابُ ١٢", "", ["الكتاب", "12"]),
        ("हिन्दी", "", ["हिन्दी"]),
        ("Søren Łódź ﬁne", "", ["soren", "lodz", "fine"]),
        ("İstanbul", "", ["istanbul"]),
        ("Sil\u00adben m²", "", ["silben", "m2", "m", "2"]),
        ("-- ... \x00 \ud800 🙂", "en", []),
        ("", "en", []),
    ],
)
def test_words_become_tokens(text, language, tokens):
    assert analyse(text, language) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1,200", ["1200"]),
        ("1.200.000", ["1200000"]),
        ("1,200.50", ["1200.50"]),
        ("1.200,50", ["1200.50"]),
        ("3.5", ["3.5"]),
        ("3,5", ["3.5"]),
        ("0.125", ["0.125"]),
        ("HV-210", ["hv", "210", "hv210"]),
        ("HV210", ["hv210", "hv", "210"]),
        ("2024-03-12", ["2024", "03", "12", "20240312"]),
        ("1,2,3", ["1", "2", "3"]),
        ("ISO/IEC-27001", ["iso", "iec", "27001", "isoiec27001"]),
        ("snake_case and/or", ["snake", "case", "and", "or"]),
        ("a3f9c2e1", ["a3f9c2e1"]),
    ],
)
def test_numbers_and_codes_stay_findable(text, tokens):
    assert analyse(text, "") == tokens


@pytest.mark.parametrize(
    ("question", "text"),
    [("1200", "1,200 units"), ("hv 210", "the HV-210"), ("HV-210", "the HV210"), ("3,5", "3.5 %"), ("5 mg", "5mg")],
)
def test_a_question_finds_another_spelling(question, text):
    assert set(analyse_query(question, ["en"])) & set(analyse(text, "en"))


@given(texts, st.sampled_from(LANGUAGES))
def test_any_text_gives_whole_searchable_tokens(text, language):
    for token in analyse(text, language):
        assert 0 < len(token) <= MAX_TOKEN_CHARS
        assert not any(map(str.isspace, token))
        assert regex.search(r"[\p{L}\p{N}]", token)
        token.encode()


@given(texts, st.sampled_from(LANGUAGES))
def test_a_text_finds_itself_whatever_its_form(text, language):
    tokens = set(analyse(text, language))
    assert set(analyse_query(text, [language])) == tokens
    assert set(analyse(unicodedata.normalize("NFD", text), language)) == tokens
    assert set(analyse_query(text, [*LANGUAGES, language])) >= tokens


@given(st.text(alphabet="abcéèüñçöàã ", max_size=40), st.sampled_from(LANGUAGES))
def test_accents_make_no_difference(text, language):
    plain = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    assert analyse(text, language) == analyse(plain, language)


@given(st.lists(st.text(alphabet="abcdefg東京ไท12", min_size=1, max_size=8), max_size=8))
def test_blanks_part_words(words):
    assert analyse(" ".join(words), "") == [token for word in words for token in analyse(word, "")]


def test_a_question_has_the_tokens_of_every_language_once_and_sorted():
    assert analyse_query("die running die", ["de", "en"]) == ("die", "run", "running")
    assert analyse_query("The cats", []) == ("cats", "the")


def test_stop_words_are_spelled_as_the_analyser_sees_them():
    for language, words in STOP_WORDS.items():
        assert 50 < len(words) < 160
        assert analyse(" ".join(words), language) == []
        assert all(analyse(word, "") == [word] for word in words)


def test_a_very_long_word_is_known_by_its_beginning():
    assert [len(token) for token in analyse("a" * 100_000, "en")] == [MAX_TOKEN_CHARS]
    assert [len(token) for token in analyse("ก" + "ั" * 1000 + "ก", "th")] == [MAX_TOKEN_CHARS // 2 + 1]


def test_threads_stem_alike():
    words = [f"{stem}{end}" for stem in ("walk", "talk", "jump") for end in ("ing", "ed", "s", "")] * 50
    expected, found = [analyse(word, "en") for word in words], []
    threads = [
        threading.Thread(target=lambda: found.append([analyse(word + " now", "en") for word in words]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
