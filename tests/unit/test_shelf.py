"""What a person names as a place, and what is none."""

from pathlib import Path

import pytest

from evals.shelf import place_of
from rag.errors import UsageError

NO_PATHS = ["~nosuch-person/set.jsonl", "a\0b", "x" * 5000]


@pytest.mark.parametrize("text", NO_PATHS)
def test_what_cannot_be_a_path_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be a file or folder"):
        place_of(text)


def test_a_place_need_not_be_there(tmp_path: Path) -> None:
    assert place_of(str(tmp_path / "absent" / ".." / "set.jsonl")) == tmp_path.resolve() / "set.jsonl"
    assert place_of("~") == Path.home().resolve()
