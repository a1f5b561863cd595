"""Paths as people type them, or as an address holds them."""

import pytest

from evals.shelf import place_of
from rag.errors import UsageError


def test_a_path_is_made_absolute_whether_or_not_there_is_anything(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place_of(" ~/sets ") == tmp_path / "sets"
    assert place_of(f"{tmp_path}/a/../b.jsonl") == tmp_path / "b.jsonl"


@pytest.mark.parametrize("text", ["~nosuch/x", "a" * 300, "/a" * 3000, "x\0y", "\ud800"])
def test_what_no_path_can_be_is_told_in_words(text):
    with pytest.raises(UsageError, match="Name a file or a folder"):
        place_of(text)


def test_a_link_that_leads_to_itself_is_told_in_words(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError, match="Name a file or a folder"):
        place_of(str(tmp_path / "loop"))
