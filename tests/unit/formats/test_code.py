import time

import pytest

from indexing.formats.code import parse_code


def definitions(name: str, source: str) -> list[tuple[tuple[str, ...], str]]:
    """Return heading path and first line of each block."""
    found = parse_code(source.encode(), name)
    assert found.text == source
    texts = [found.text[block.start : block.end] for block in found.blocks]
    assert "".join("".join(texts).split()) == "".join(source.split())
    return [(block.heading_path, text.splitlines()[0]) for block, text in zip(found.blocks, texts, strict=True)]


PYTHON = '''"""Prices."""
import os

@cache
def price(item):
    return 1

class Shop:
    """Sells."""

    async def sell(self):
        def inner():
            pass

LIMIT = 3
'''
JAVASCRIPT = """import x from 'y';

/** Adds. */
export async function add(a, b) {
  if (a) { return b; }
}
class Shop extends Place {
  sell(x) {
    return add(x, 1);
  }
}
const go = async (x) => {
  return 1;
};
"""
GO = """package main

// Greets.
func (s *Server) Greet(name string) string {
\treturn name
}

type Server struct {
}
"""
JAVA = """package shop;
public class Shop {
  @Override
  public int price(String item) throws Gone {
    return look(item);
  }
}
"""


def test_python_is_divided_by_functions_and_classes_with_their_decorators() -> None:
    assert definitions("shop.py", PYTHON) == [
        ((), '"""Prices."""'),
        (("price",), "@cache"),
        (("Shop",), "class Shop:"),
        (("Shop", "sell"), "async def sell(self):"),
        ((), "LIMIT = 3"),
    ]


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("a.ts", JAVASCRIPT, [(), ("add",), ("Shop",), ("Shop", "sell"), ("go",)]),
        ("a.go", GO, [(), ("Greet",), ("Server",)]),
        ("Shop.java", JAVA, [(), ("Shop",), ("Shop", "price")]),
        ("a.sql", "-- Prices.\nCREATE TABLE price (id int);\n", [("price",)]),
        ("run.sh", "set -e\nstart() {\n  echo\n}\n", [(), ("start",)]),
        ("a.toml", "a = 1\n[server.tls]\nkey = 2\n", [(), ("server.tls",)]),
        ("Makefile", "all: build\n\tcc\nbuild:\n\tld\n", [("all",), ("build",)]),
        ("old.py", "print 'no Python of today'\ndef f():\n    pass\n", [(), ("f",)]),
        ("a.xsl", '<x>\n<xsl:template match="/">\n</xsl:template>\n</x>\n', [(), ("/",)]),
    ],
)
def test_definitions_of_other_languages_are_told_by_their_lines(
    name: str, source: str, expected: list[tuple[str, ...]]
) -> None:
    assert [path for path, _ in definitions(name, source)] == expected


def test_a_comment_belongs_to_what_it_explains() -> None:
    assert (("add",), "/** Adds. */") in definitions("a.js", JAVASCRIPT)


def test_the_name_of_the_file_is_the_title() -> None:
    assert parse_code(b"x = 1", "shop.py").metadata.title == "shop.py"


@pytest.mark.parametrize("source", ["a ( " * 500_000, ("a(" * 900 + "\n") * 300, "(" * 100_000, "\n" * 200_000])
def test_packed_and_hostile_code_costs_little(source: str) -> None:
    for name in ("a.js", "a.py"):
        started = time.process_time()
        assert parse_code(source.encode(), name).text == source
        assert time.process_time() - started < 10
