"""Numbers, dates and names: spellings of one thing are one thing, different things are not."""

import pytest

from rag.claims import claims
from rag.grounding import check_grounding


def missing(answer, *sources):
    return [name for sentence in check_grounding("", list(sources), answer).sentences for name in sentence.missing]


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("for a period of twenty-four (24) months", "It runs for 24 months."),
        ("for a period of 24 months", "It runs for twenty-four (24) months."),
        ("for a period of 24 months", "It runs for two years."),
        ("within two weeks", "It ends within 14 days."),
        ("a rate of 3,5 %", "The rate is 3.5 percent."),
        ("a rate of 3.5 per cent", "The rate is 3,5%."),
        ("it cost 1,200,000 dollars", "It cost $1.2 million."),
        ("it cost $1.2m", "It cost 1 200 000 dollars.".replace(" 200 000", "\u00a0200\u00a0000")),
        ("es kostet 1.234.567,50 EUR", "It costs €1,234,567.50."),
        ("signed on June 3, 2021", "It was signed on 2021-06-03."),
        ("signed on 2021-06-03T10:00:00Z", "It was signed on the 3rd of June 2021."),
        ("signed on 03.06.2021", "It was signed on June 3, 2021."),
        ("signed on 13/06/2021", "It was signed on 13 June 2021."),
        ("signed on 2021-06-03", "It was signed in June."),
        ("Report of 2018. The shop opened on 18 October.", "The shop opened on October 18, 2018."),
        ("Report of 2018. The shop opened in May.", "The shop opened in May 2018."),
        ("the third of four buildings on the fifteenth floor", "It stands on the 15th floor, the 3rd of 4."),
        ("on the 21st day", "It ends on the twenty-first day."),
        ("the year 2018–19 was good", "It was good in 2018 and 2019."),
        ("in 2018 and 2019", "It was good in 2018–19."),
        ("between 5 and 7 days", "It takes 5–7 days."),
        ("the length is 5 metres", "It is 5 m long."),
        ("المدة ٢٤ شهرا", "It runs for 24 months."),
        ("the law of the U.S. applies", "Here the law of the United States applies."),
        ("the Democratic National Committee met", "Later the DNC met."),
        ("the FBI came", "Later the Federal Bureau of Investigation came."),
        ("24", "It runs for 24 months."),
    ],
)
def test_another_spelling_of_the_same_is_known(source, answer):
    assert missing(answer, f"So it is written: {source}, as was agreed.") == []


@pytest.mark.parametrize(
    ("source", "answer", "expected"),
    [
        ("for 24 hours", "It runs for 24 months.", ["24"]),
        ("it cost $24", "It is 24 percent.", ["24"]),
        ("for 24 months", "It runs for three years.", ["three"]),
        ("a rate of 3.5 %", "The rate is 35 percent.", ["35"]),
        ("it cost $1.2 million", "It cost $1.2 billion.", ["1.2 billion"]),
        ("signed on 3 June 2021", "It was signed on 4 June 2021.", ["4 June 2021"]),
        ("signed on 03.06.2021", "It was signed on March 6, 2021.", ["March 6, 2021"]),
        ("on 18 October 2017, as in 2018", "It was on 18 October 2018.", ["18 October 2018"]),
        ("on the third floor", "It is on the fourth floor.", ["fourth"]),
        ("Ian Novak said so IN 2018", "It was said by Ingrid Nowak.", ["Ingrid", "Nowak"]),
    ],
)
def test_another_value_is_named_as_it_is_written(source, answer, expected):
    assert missing(answer, f"So it is written: {source}, as was agreed.") == expected


@pytest.mark.parametrize(
    "text", ["this is the one", "at first it rained", "a third of it", "wait a second", "May I come in?"]
)
def test_words_that_are_no_figures_claim_none(text):
    assert [each for each in claims(text) if each.kind != "name"] == []


@pytest.mark.parametrize("text", ["2021-13-45", "00.00.2021", "٩٩.٩٩.2021", "1" * 31, "½ ² Ⅻ 三"])
def test_what_only_looks_like_a_figure_is_no_date(text):
    assert all(each.kind != "date" for each in claims(text))


def test_a_year_in_other_digits_is_that_year():
    assert {value for each in claims("on 3 June 2٠21") for value in each.values} == {"2021-06-03"}
