import time

import pytest

from indexing.formats.xml_elements import parse_xml
from rag.errors import ParseError

CATALOGUE = """<?xml version="1.0" encoding="UTF-8"?>
<catalogue><title>Probes</title>
  <probe sku="HV-400"><name>HV-400</name><price currency="EUR">1290</price>
    <text>Turn the <b>wiper</b> on
      before use.</text></probe>
  <!-- never shown --><probe><name>Grün &amp; Söhne</name></probe>
</catalogue>"""


def test_plain_elements_are_named_lines_under_the_names_above_them() -> None:
    found = parse_xml(CATALOGUE.encode())
    assert "sku: HV-400\nname: HV-400\nprice: 1290 currency: EUR" in found.text
    assert "Turn the wiper on before use." in found.text
    assert "never shown" not in found.text
    (last,) = [block for block in found.blocks if "Grün & Söhne" in found.text[block.start : block.end]]
    assert last.heading_path == ("catalogue Probes", "probe Grün & Söhne")
    assert found.metadata.title == "Probes"


def test_the_mark_at_the_beginning_wins_over_the_declaration() -> None:
    assert parse_xml(CATALOGUE.encode("utf-16")).text == parse_xml(CATALOGUE.encode()).text


def test_a_declared_encoding_is_used() -> None:
    declared = CATALOGUE.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert "Grün & Söhne" in parse_xml(declared).text


def test_html_inside_an_element_is_read_without_its_tags() -> None:
    found = parse_xml(b"<item><text>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</text></item>")
    assert found.text.endswith("text: One. Two.")


def test_entities_are_neither_fetched_nor_blown_up() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "lol"><!ENTITY x SYSTEM "file:///etc/passwd">{entities}]><a><b>&e11;&x;</b></a>'
    started = time.process_time()
    try:
        text = parse_xml(bomb.encode()).text
    except ParseError as error:
        text = str(error)
    assert len(text) < 500
    assert "root:" not in text
    assert time.process_time() - started < 5


@pytest.mark.parametrize(("data", "reason"), [("<a><b></a>", "not well-formed"), ("<a>" * 5000, "nested too deeply")])
def test_what_is_no_xml_is_refused_with_the_reason(data: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse_xml(data.encode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("<note>Call <name>Mira</name> before noon.</note>", ["Call", "Mira", "before noon."]),
        ("<!DOCTYPE n [<!ENTITY e 'x'>]><n>Call &e; before noon.</n>", ["Call", "before noon."]),
        ("<n><part><title>Probes</title></part>Loose words.</n>", ["Probes", "Loose words."]),
    ],
)
def test_words_between_the_elements_at_the_top_are_read(data: str, said: list[str]) -> None:
    text = parse_xml(data.encode()).text
    assert [text.count(words) for words in said] == [1] * len(said)


def test_what_is_wrong_with_xml_is_told_once() -> None:
    with pytest.raises(ParseError, match=r"^it is not well-formed XML: [^()]*line 1, column \d+$"):
        parse_xml(b"<a><b></a>")
