"""What is supported by its sources, what is missing, and where the support stands."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.answers import Quote, Sentence
from rag.claims import claims, known_values
from rag.grounding import check_grounding, ground
from rag.types import Chunk, DocumentInfo, Hit

LEASE = "The lease began on 3 March 2025. It runs for twenty-four months at a monthly rent of 1,200 euro."
LIFT = "The lift is serviced each spring by Anna Berg. In 2023 it broke down twice."


def missing(answer, *sources):
    return [name for sentence in check_grounding("", list(sources), answer).sentences for name in sentence.missing]


def test_a_verbatim_quote_is_supported_with_its_place():
    report = check_grounding("Who services the lift?", [LEASE, LIFT], "the lift is serviced\neach spring by Anna Berg.")
    (sentence,) = report.sentences
    assert report.supported
    assert sentence.score > 0.95
    assert (sentence.source, LIFT[sentence.source_start : sentence.source_end]) == (1, LIFT[:46])


def test_other_words_for_the_same_are_supported():
    assert check_grounding("", [LEASE], "The monthly rent is 1200 euro.").supported


def test_what_no_source_says_is_not_supported():
    report = check_grounding("", [LEASE], "Penguins huddle together against the antarctic wind.")
    assert not report.supported
    assert report.score < 0.2
    assert report.sentences[0].source is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It runs for 24 months.", []),
        ("It runs for thirty-six (36) months.", ["thirty-six", "36"]),
        ("The rent is 1 200 euro.", ["1 200"]),
        ("The lease began on 2025-03-03.", []),
        ("The lease began on March 3rd, 2025.", []),
        ("The lease began in March 2025.", []),
        ("The lease began in April 2025.", ["April 2025"]),
        ("The lease was signed by Clara Novak.", ["Clara", "Novak"]),
    ],
)
def test_numbers_dates_and_names_that_no_source_contains_are_listed(answer, expected):
    if "1 200" in answer:
        answer, expected = answer.replace("1 200", "1,300"), ["1,300"]
    assert missing(answer, LEASE) == expected


def test_a_missing_number_makes_a_sentence_unsupported_however_near_the_words():
    report = check_grounding("", [LEASE], "It runs for twenty-five months at a monthly rent of 1,200 euro.")
    assert not report.supported
    assert report.sentences[0].missing == ("twenty-five",)


def test_every_sentence_is_judged_by_itself():
    report = check_grounding("", [LIFT], "The lift is serviced each spring. It was painted green by a robot from Mars.")
    assert [sentence.supported for sentence in report.sentences] == [True, False]
    assert report.score == min(sentence.score for sentence in report.sentences)
    assert not report.supported


def test_offsets_are_those_of_the_answer():
    answer = "  The lift broke down twice.\n\nIt is serviced each spring. "
    report = check_grounding("", [LIFT], answer)
    shown = [answer[sentence.start : sentence.end] for sentence in report.sentences]
    assert shown == ["The lift broke down twice.", "It is serviced each spring."]


@pytest.mark.parametrize("answer", ["", "   ", "\n\n"])
def test_an_empty_answer_is_not_supported(answer):
    report = check_grounding("", [LIFT], answer)
    assert (report.supported, report.score, report.sentences) == (False, 0.0, ())


def test_without_sources_nothing_is_supported():
    assert not check_grounding("", [], "The lift is serviced each spring.").supported
    assert not check_grounding("", [""], "The lift is serviced each spring.").supported


@pytest.mark.parametrize(
    "answer",
    ["word " * 200_000, "The lift was serviced in 2023. " * 33_000, "x" * 1_000_000, "1" * 1_000_000, "(" * 1_000_000],
)
def test_a_huge_answer_takes_bounded_time(answer):
    started = time.process_time()
    check_grounding("", [LIFT * 100, LEASE], answer)
    assert time.process_time() - started < 20


def test_a_huge_source_takes_bounded_time():
    started = time.process_time()
    assert check_grounding("", [LIFT + " The lift went up and down. " * 40_000], "The lift broke down twice.").supported
    assert time.process_time() - started < 30


def hit_of(name, text, start=0):
    info = DocumentInfo(name, "v", f"h/{name}.txt", name, "text", "h")
    return Hit(Chunk(f"c-{name}", name, start, start + len(text), text), info, 1.0)


def test_a_quoted_sentence_is_supported_and_an_invented_one_is_not():
    hit = hit_of("lift", LIFT, 100)
    quotes = (Quote(LIFT[:46], 0, 100, 146),)
    invented = ground(Sentence("The lift has 12 floors.", quotes), [hit], 0.5)
    assert ground(Sentence(LIFT[:46], quotes), [hit], 0.5).supported
    assert not invented.supported
    assert invented.missing == ("12",)


def test_a_sentence_is_supported_by_what_it_quotes_and_by_nothing_else():
    hits = [hit_of("lift", LIFT), hit_of("lease", LEASE)]
    of_the_lift = Sentence(LIFT[:46], (Quote(LEASE[:20], 1, 0, 20),))
    assert not ground(of_the_lift, hits, 0.5).supported
    assert not ground(Sentence(LIFT[:46], ()), hits, 0.5).supported


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-four (24)", {"24"}),
        ("1,200", {"1200"}),
        ("1.200", {"1.2", "1200"}),
        ("two hundred and fifty", {"250"}),
        ("1.2 million", {"1200000"}),
        ("09:30", {"9:30"}),
        ("007", {"7"}),
    ],
)
def test_spellings_of_one_number_have_one_value(text, values):
    assert {value for claim in claims(text) for value in claim.values} == values


def test_a_day_makes_its_month_and_year_known():
    assert {"2025", "2025-03-", "-03-03", "2025-03-03"} <= known_values("signed on 3 March 2025")


def test_one_by_itself_is_a_pronoun():
    assert claims("this is the one") == []


@pytest.mark.parametrize(
    "answer", ["The lift is serviced each spring by Anna Berg.", "“The  lift is serviced each\nspring”"]
)
def test_a_quote_is_shown_as_such_and_lacks_nothing(answer):
    (sentence,) = check_grounding("", [LEASE, LIFT], answer).sentences
    assert sentence.quoted
    assert sentence.missing == ()
    quoted = LIFT[sentence.source_start : sentence.source_end]
    assert quoted.split() == answer.strip("“”").split()


def test_what_is_near_a_source_is_no_quote():
    (sentence,) = check_grounding("", [LIFT], "The lift is serviced each autumn by Anna Berg.").sentences
    assert not sentence.quoted


def test_a_threshold_decides_and_leaves_the_score_alone():
    answer = "Each spring Anna Berg looks after the lift."
    reports = [check_grounding("", [LIFT], answer, threshold) for threshold in (0.0, 0.5, 1.0)]
    assert {report.score for report in reports} == {reports[0].score}
    assert [report.supported for report in reports] == [reports[0].score >= each for each in (0.0, 0.5, 1.0)]


def test_no_threshold_lets_a_missing_number_pass():
    assert not check_grounding("", [LEASE], "It runs for 36 months.", 0.0).supported


HOSTILE = st.text(
    st.one_of(
        st.characters(), st.sampled_from(" .\n\"'()0123456789-/,%$ABMay\u202e\u05d0\U0001f600\U0001d504\u0301\0")
    ),
    max_size=200,
).filter(lambda text: not any(0xD800 <= ord(char) <= 0xDFFF for char in text))


@given(answer=HOSTILE, sources=st.lists(HOSTILE, max_size=3))
@example(answer="\U0001f600 Anna. שלום 3 June 2021!", sources=["\U0001f600\U0001f600 Anna. שלום 3 June 2021!"])
def test_spans_are_exact_code_points_for_any_text(answer, sources):
    report = check_grounding("", sources, answer)
    ends = [0]
    for sentence in report.sentences:
        assert ends[-1] <= sentence.start < sentence.end <= len(answer)
        said = answer[sentence.start : sentence.end]
        assert said == said.strip()
        assert all(each in said for each in sentence.missing)
        assert 0 <= sentence.score <= 1
        if sentence.source is not None:
            place = sources[sentence.source]
            assert 0 <= sentence.source_start < sentence.source_end <= len(place)
        ends.append(sentence.end)
    assert "".join(answer.split()) == "".join(
        "".join(answer[each.start : each.end].split()) for each in report.sentences
    )


@given(text=HOSTILE)
def test_a_text_supports_all_that_it_says_itself(text):
    known = known_values(text)
    for claim in claims(text):
        assert claim.kind == "name" or not claim.values.isdisjoint(known)


@pytest.mark.parametrize(
    "piece",
    ["A ", "A.B.", "1 ", "1-", "1.000.", "twenty one ", "hundred and ", "3. of May ", "2021-06-03 ", "5 % ", "U of "],
)
def test_time_grows_with_the_length_of_a_source(piece):
    taken = []
    for chars in (50_000, 200_000):
        text = (piece * chars)[:chars]
        started = time.process_time()
        check_grounding("", [text], text[:20_000].replace(".", ","))
        taken.append(time.process_time() - started)
    assert taken[1] < 12 * taken[0] + 1
