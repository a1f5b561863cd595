import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import split_sentences


def sentences(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We stay! Do you? Yes… So.", ["It rains.", "We stay!", "Do you?", "Yes…", "So."]),
        ("Dr. Smith and Mrs. Jones left.", ["Dr. Smith and Mrs. Jones left."]),
        ("Use tools, e.g. a hammer, i.e. that one. Done.", ["Use tools, e.g. a hammer, i.e. that one.", "Done."]),
        ("The U.S. Army came. The U.S. It left.", ["The U.S. Army came.", "The U.S.", "It left."]),
        ("J. R. R. Tolkien wrote it. He did.", ["J. R. R. Tolkien wrote it.", "He did."]),
        ("Pay 3.50 or 1,000.25 now. Thanks.", ["Pay 3.50 or 1,000.25 now.", "Thanks."]),
        (
            "See Fig. 3 and No. 5 there. Then No. That is all.",
            ["See Fig. 3 and No. 5 there.", "Then No.", "That is all."],
        ),
        ("4.2. Scope of this. It applies.", ["4.2. Scope of this.", "It applies."]),
        ("It went up (see p. 5. It is there.) again. End.", ["It went up (see p. 5. It is there.) again.", "End."]),
        ('"Why now?" he asked. She left.', ['"Why now?" he asked.', "She left."]),
        ("A fact.[12] Another one.", ["A fact.[12]", "Another one."]),
        ("It closes at 5 p.m. on Friday. Good.", ["It closes at 5 p.m. on Friday.", "Good."]),
        ("Acme Inc. owns it. Acme Inc. The end.", ["Acme Inc. owns it.", "Acme Inc.", "The end."]),
    ],
)
def test_a_full_stop_ends_a_sentence_only_where_one_ends(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "私は学生です。彼は「行く。帰る。」と言った。終わり",
            ["私は学生です。", "彼は「行く。帰る。」と言った。", "終わり"],
        ),
        ("人人生而自由，在尊严上平等。他们有理性！", ["人人生而自由，在尊严上平等。", "他们有理性！"]),
        ("यह है। वह भी है॥ ठीक", ["यह है।", "वह भी है॥", "ठीक"]),
        ("هل أنت بخير؟ نعم. شكرا", ["هل أنت بخير؟", "نعم.", "شكرا"]),
        ("یہ ایک ہے۔ یہ دو ہے۔", ["یہ ایک ہے۔", "یہ دو ہے۔"]),
        ("Սա մեկն է։ Սա երկուսն է։", ["Սա մեկն է։", "Սա երկուսն է։"]),
        ("Это раз. Это два!", ["Это раз.", "Это два!"]),
    ],
)
def test_every_script_has_its_stops(text, expected):
    assert sentences(text) == expected


def test_an_ordinal_of_a_language_that_writes_it_with_a_stop_ends_nothing():
    assert sentences("Am 3. Oktober war es so. Ende.", "de") == ["Am 3. Oktober war es so.", "Ende."]


def test_list_items_rows_and_headings_stand_alone():
    text = "Intro line\n- one\n- two goes\n  on here\n| a | b |\n| c | d |\n# Head\nx,y,z\n"
    found = ["Intro line", "- one", "- two goes\n  on here", "| a | b |", "| c | d |", "# Head", "x,y,z"]
    assert sentences(text) == found


def test_a_line_break_of_the_margin_is_no_end_and_one_of_the_writer_is():
    text = (
        "A paragraph that an editor has wrapped at about sixty letters\n"
        "goes on over the line, because London is where the text went\n"
        "Before it ended here.\n"
        "Then a new line began, and it is a line of its own, is it not\n"
    )
    assert len(sentences(text)) == 2


def test_rows_of_a_delimited_table_stand_alone():
    assert sentences("name,age,town\nAnna,30,Bern\nBeat,41,Genf") == ["name,age,town", "Anna,30,Bern", "Beat,41,Genf"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_of_every_system_give_the_same_sentences(newline):
    text = newline.join(["One. Two", "", "Three."])
    assert sentences(text) == ["One.", "Two", "Three."]


@given(st.text(alphabet=st.sampled_from("aZ1 .!?…。।؟\n\r\t\"'()“”[]-|#,é中あक\u0661"), max_size=300))
def test_spans_cover_all_that_is_not_blank_in_order(text):
    at = 0
    for start, end in split_sentences(text):
        assert text[at:start].strip() == ""
        assert text[start:end] == text[start:end].strip() != ""
        at = end
    assert text[at:].strip() == ""


@pytest.mark.parametrize(
    "hostile", ["." * 300_000, "(a. " * 100_000, "\n" * 300_000, "a.b. " * 100_000, '"x. ' * 100_000]
)
@pytest.mark.timeout(10)
def test_hostile_text_takes_time_in_proportion_to_its_length(hostile):
    split_sentences(hostile)
