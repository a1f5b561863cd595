"""The vector cache: what is kept, shared between processes, limited, and mended."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from indexing.embedding import VectorCache, embed_texts, embed_with_tokens, text_hash

TEXTS = [
    "Leave is thirty days.",
    "ok",
    "The lift is serviced each spring, before the first of May.",
    "ok",
    "Parking: level 2.",
]
MANY = 4 * 1024**3


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "vectors.db"


def unit(number):
    vector = np.zeros(384, np.float32)
    vector[number % 384] = 1
    return vector


def test_rows_are_those_of_the_embedder_in_the_order_of_the_texts(embedder, path):
    rows, embedded = embed_texts(TEXTS, embedder, VectorCache(path, MANY))
    assert embedded == 4
    assert np.allclose(rows, embedder.embed(TEXTS), atol=1e-6)


def test_a_text_is_embedded_once_for_all_time(embedder, path):
    first, _ = embed_texts(TEXTS, embedder, VectorCache(path, MANY))
    again, embedded = embed_texts(list(reversed(TEXTS)), embedder, VectorCache(path, MANY))
    assert embedded == 0
    assert np.array_equal(again[::-1], first)


def test_progress_counts_every_text_once(embedder, path):
    told = []
    embed_texts(TEXTS[:2], embedder, VectorCache(path, MANY))
    embed_texts(TEXTS, embedder, VectorCache(path, MANY), told.append)
    assert sum(told) == len(TEXTS)


def test_no_texts_give_no_rows(embedder, path):
    rows, embedded = embed_texts([], embedder, VectorCache(path, MANY))
    assert rows.shape == (0, 384)
    assert embedded == 0


def test_token_vectors_are_those_of_the_embedder_and_made_once(embedder, path):
    found, embedded = embed_with_tokens(TEXTS, embedder, VectorCache(path, MANY))
    again, embedded_again = embed_with_tokens(TEXTS[::-1], embedder, VectorCache(path, MANY))
    rows, tokens = embedder.embed_tokens(TEXTS)
    assert (embedded, embedded_again) == (4, 0)
    for place, each in enumerate(found):
        assert np.allclose(each.vector, rows[place], atol=1e-6)
        assert np.abs(each.tokens.astype(int) - tokens[place]).max(initial=0) <= 1
        assert np.array_equal(again[-1 - place].tokens, each.tokens)
    assert embed_with_tokens([], embedder, VectorCache(path, MANY)) == ([], 0)


def test_a_text_is_embedded_again_only_where_its_token_vectors_are_wanted(embedder, path):
    cache = VectorCache(path, MANY)
    embed_texts(TEXTS[:2], embedder, cache)
    assert embed_with_tokens(TEXTS, embedder, cache)[1] == 4
    assert embed_texts(TEXTS, embedder, cache)[1] == 0


def test_token_vectors_that_have_lost_their_length_are_not_used(path):
    cache = VectorCache(path, MANY)
    sound, empty = np.full((3, 64), 16, np.int8), np.zeros((0, 64), np.int8)
    contents = {"sound": sound, "empty": empty, "blank": np.zeros((3, 64), np.int8), "cut": np.full(70, 16, np.int8)}
    cache.put_both("none", [], "one", [(text_hash(name), rows) for name, rows in contents.items()])
    found = cache.get_tokens("one", [text_hash(name) for name in contents], 64)
    assert set(found) == {text_hash("sound"), text_hash("empty")}
    assert np.array_equal(found[text_hash("sound")], sound)
    assert found[text_hash("empty")].shape == (0, 64)


def test_another_embedder_shares_nothing(path):
    cache = VectorCache(path, MANY)
    cache.put("one", [(text_hash("a"), unit(1))])
    assert cache.get("two", [text_hash("a")]) == {}


def test_a_text_with_a_lone_surrogate_has_a_hash():
    assert len(text_hash("\ud800")) == 32


@pytest.mark.parametrize("content", [b"", b"not a database" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_replaced(embedder, path, content):
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    _, embedded = embed_texts(TEXTS, embedder, VectorCache(path, MANY))
    _, again = embed_texts(TEXTS, embedder, VectorCache(path, MANY))
    assert (embedded, again) == (4, 0)


def test_a_file_damaged_in_the_middle_is_replaced(path):
    cache = VectorCache(path, MANY)
    cache.put("one", [(text_hash(str(number)), unit(number)) for number in range(500)])
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(200_000))
    cache.get("one", [text_hash(str(number)) for number in range(500)])
    cache.put("one", [(text_hash("new"), unit(7))])
    assert np.array_equal(cache.get("one", [text_hash("new")])[text_hash("new")], unit(7))


def test_a_table_of_another_shape_is_replaced(path):
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE blobs (other TEXT)")
    cache = VectorCache(path, MANY)
    cache.put("one", [(text_hash("a"), unit(1))])
    assert list(cache.get("one", [text_hash("a")])) == [text_hash("a")]


def test_a_vector_that_has_lost_its_length_is_not_used(path):
    cache = VectorCache(path, MANY)
    cache.put("one", [(text_hash("a"), unit(1) / 2), (text_hash("b"), unit(2))])
    assert list(cache.get("one", [text_hash("a"), text_hash("b")])) == [text_hash("b")]


def test_pruning_takes_what_was_used_longest_ago(path):
    cache = VectorCache(path, 4_000_000)
    hashes = [text_hash(str(number)) for number in range(4000)]
    cache.put("one", [(name, unit(place)) for place, name in enumerate(hashes)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE blobs SET used = 1")
    cache.get("one", hashes[:500])
    cache.prune()
    assert path.stat().st_size <= 4_000_000
    left = cache.get("one", hashes)
    assert set(hashes[:500]) <= set(left)
    assert len(left) < 4000


def test_what_is_forgotten_is_gone_for_every_embedder(path):
    cache = VectorCache(path, MANY)
    for identity in ("one", "two"):
        cache.put(identity, [(text_hash("a"), unit(1)), (text_hash("b"), unit(2))])
    cache.put_both("none", [], "tokens", [(text_hash("a"), np.full((1, 64), 16, np.int8))])
    cache.forget([text_hash("a")])
    for identity in ("one", "two"):
        assert list(cache.get(identity, [text_hash("a"), text_hash("b")])) == [text_hash("b")]
    assert cache.get_tokens("tokens", [text_hash("a")], 64) == {}


def test_processes_that_write_at_once_lose_nothing(path):
    script = (
        "import sys, numpy as np; from pathlib import Path; from indexing.embedding import VectorCache, text_hash\n"
        "cache = VectorCache(Path(sys.argv[1]), 10**9); vector = np.eye(1, 384, dtype=np.float32)[0]\n"
        "for start in range(0, 200, 20):\n"
        "    cache.put('one', [(text_hash(f'{sys.argv[2]} {n}'), vector) for n in range(start, start + 20)])\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    names = [text_hash(f"{name} {number}") for name in "abc" for number in range(200)]
    assert len(VectorCache(path, MANY).get("one", names)) == 600
