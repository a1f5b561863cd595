"""What a document shows of its type: its name, its headings, and how much of it has which form."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import regex

from indexing.strategies.marks import begins_message, clause_level, first_words, is_question, is_version
from rag.types import Block

# Enough to tell a type by, and a bound on the work for long documents.
_MAX_BLOCKS = 2_000
_MAX_CHARS = 40_000
_WORD = regex.compile(r"[\p{L}\p{N}]+")


@dataclass(frozen=True)
class Signs:
    """A document as the rules of types look at it: its first 2,000 blocks and 40,000 characters."""

    path: str  # below its source
    format: str
    title: str
    text: str
    blocks: Sequence[Block]

    @cached_property
    def name(self) -> str:
        """The file's name without its ending, as lower-case words: "leave policy 2026"."""
        return _words(PurePosixPath(self.path).stem)

    @cached_property
    def called(self) -> str:
        """Name and title, each on a line."""
        return f"{self.name}\n{_words(self.title)}"

    @cached_property
    def beginning(self) -> str:
        """The text of the first blocks, in lower case."""
        start = self.blocks[0].start if self.blocks else 0
        return self.text[start : start + _MAX_CHARS].lower()

    @cached_property
    def headings(self) -> list[str]:
        """The headings in lower case, without their numbers."""
        return [_words(first_words(self.text, block)).lstrip("0123456789. ") for block in self._headings]

    @cached_property
    def questions(self) -> int:
        """How many headings or paragraphs are questions that something else follows."""
        return sum(block.kind in ("heading", "paragraph") for block in self._asked)

    @cached_property
    def question_headings(self) -> int:
        """How many of them are headings."""
        return sum(block.kind == "heading" for block in self._asked)

    @cached_property
    def versions(self) -> int:
        """How many headings name a version."""
        return sum(is_version(first_words(self.text, block)) for block in self._headings)

    @cached_property
    def clauses(self) -> int:
        """How many blocks begin as a numbered clause does."""
        levels = (
            clause_level(first_words(self.text, block), heading=block.kind == "heading")
            for block in self._first
            if block.kind not in ("table_row", "code")
        )
        return sum(level is not None for level in levels)

    @cached_property
    def messages(self) -> int:
        """How many blocks stand over a mail, or over one that is quoted."""
        return sum(begins_message(self.text, block) for block in self._first)

    def share(self, kind: str) -> float:
        """Return the share of the text that stands in blocks of a kind, in [0, 1]."""
        chars = self._chars
        return chars[kind] / max(1, sum(chars.values()))

    def called_like(self, pattern: str) -> bool:
        """Tell whether name or title match a pattern, line by line."""
        return bool(regex.search(pattern, self.called, regex.MULTILINE))

    def headed(self, pattern: str) -> int:
        """Return how many headings match a pattern from their beginning."""
        return sum(bool(regex.match(pattern, heading)) for heading in self.headings)

    def says(self, *phrases: str) -> int:
        """Return how many of these patterns occur at the beginning of the text."""
        return sum(bool(regex.search(phrase, self.beginning)) for phrase in phrases)

    def rate(self, pattern: str) -> float:
        """Return how often a pattern occurs in a thousand words of the beginning."""
        return 1000 * len(regex.findall(pattern, self.beginning)) / max(1, self.words)

    @cached_property
    def words(self) -> int:
        """How many words the beginning has."""
        return sum(1 for _ in _WORD.finditer(self.beginning))

    @cached_property
    def _asked(self) -> list[Block]:
        asks = [is_question(self.text, block) for block in self._first]
        return [block for block, asked, after in zip(self._first, asks, asks[1:], strict=False) if asked and not after]

    @cached_property
    def _first(self) -> Sequence[Block]:
        return self.blocks[:_MAX_BLOCKS]

    @cached_property
    def _headings(self) -> list[Block]:
        return [block for block in self._first if block.kind == "heading"]

    @cached_property
    def _chars(self) -> Counter[str]:
        chars: Counter[str] = Counter()
        for block in self._first:
            chars[block.kind] += block.end - block.start
        return chars


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
