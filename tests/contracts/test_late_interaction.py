"""Token vectors in every store: the same scores of late interaction, at every revision, after compaction too."""

import uuid

import numpy as np
import pytest

from rag.errors import SnapshotGoneError
from rag.ports import Row
from rag.types import Filter

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")
EAST = np.array([1, 0], np.float32)
X, Y, Z = [127, 0, 0, 0], [0, 127, 0, 0], [0, 0, 127, 0]
QUESTION = np.array([[1, 0, 0, 0], [0, 0.6, 0.8, 0]], np.float32)
WEIGHTS = np.array([0.25, 0.75], np.float32)


@pytest.fixture
def build(store):
    name = f"test-{uuid.uuid4().hex}"
    store.create(name, 2, 4)
    yield name
    store.drop(name)


def row(id_, *tokens, roles=("public",)):
    return Row(id_, "doc", EAST, ("word",), {"roles": roles}, None, np.array(tokens, np.int8).reshape(-1, 4))


def write(store, build, revision, rows=(), retired=()):
    with store.writer(build) as writer:
        writer.retire(retired, revision)
        writer.upsert(rows, revision)


def compared(store, build, revision, *ids, question=QUESTION, weights=WEIGHTS):
    with store.snapshot(build, revision) as rows:
        return rows.late_interaction(ids, question, weights)


def test_each_piece_counts_by_its_nearest_token_and_its_weight(store, build):
    write(
        store, build, 1, [row("both", X, Y, Z), row("first", X), row("second", Z, Z), row("against", [-127, 0, 0, 0])]
    )
    found = compared(store, build, 1, "first", "both", "against", "second")
    assert [id_ for id_, _ in found] == ["both", "second", "first", "against"]
    # 0.25 x 1 + 0.75 x max(0.6, 0.8); 0.75 x 0.8; 0.25 x 1; 0.25 x -1
    assert [score for _, score in found] == pytest.approx([0.85, 0.6, 0.25, -0.25], abs=1e-6)
    assert all(type(score) is float for _, score in found)


def test_only_the_ids_that_were_asked_for_are_compared_and_ties_go_by_id(store, build):
    write(store, build, 1, [row(name, X) for name in "dbca"])
    assert [id_ for id_, _ in compared(store, build, 1, "d", "a", "c", "unknown")] == ["a", "c", "d"]
    assert compared(store, build, 1) == compared(store, build, 1, "unknown") == []


def test_a_chunk_or_a_question_without_word_pieces_has_no_score(store, build):
    write(store, build, 1, [row("empty"), row("full", X)])
    assert compared(store, build, 1, "empty", "full") == [("full", 0.25)]
    assert compared(store, build, 1, "full", question=QUESTION[:0], weights=WEIGHTS[:0]) == []
    with store.snapshot(build, 1) as rows:
        assert [id_ for id_, _ in rows.dense(EAST, Filter(), 9)] == ["empty", "full"]


def test_pieces_that_tell_nothing_leave_all_alike(store, build):
    write(store, build, 1, [row("b", X), row("a", Y)])
    assert compared(store, build, 1, "b", "a", weights=np.zeros(2, np.float32)) == [("a", 0.0), ("b", 0.0)]


def test_a_revision_sees_its_own_token_vectors(store, build):
    write(store, build, 1, [row("a", X), row("gone", X)])
    write(store, build, 2, [row("a", Y), row("new", X)], retired=["gone"])
    ids = ("a", "gone", "new")
    assert compared(store, build, 0, *ids) == []
    assert compared(store, build, 1, *ids) == [("a", 0.25), ("gone", 0.25)]
    assert compared(store, build, 2, *ids) == [("a", 0.45), ("new", 0.25)]


def test_what_was_never_published_leaves_with_its_token_vectors(store, build):
    write(store, build, 1, [row("a", X)])
    write(store, build, 2, [row("a", Y), row("b", Y)])
    with store.writer(build) as writer:
        writer.clean_up(1)
    write(store, build, 2, [row("b", X)])
    assert compared(store, build, 2, "a", "b") == [("a", 0.25), ("b", 0.25)]


def test_a_purge_leaves_the_token_vectors_of_the_living(store, build):
    write(store, build, 1, [row("a", X), row("b", Y)])
    write(store, build, 2, retired=["a"])
    with store.writer(build) as writer:
        writer.purge(2)
    assert compared(store, build, 2, "a", "b") == [("b", 0.45)]


def test_a_compacted_build_has_the_token_vectors_of_the_living_alone(store, build):
    write(store, build, 1, [row("a", X), row("empty"), row("b", Y, Z), row("c", Z)])
    write(store, build, 2, [row("d", X, Y)], retired=["a"])
    target = f"{build}-compact"
    store.compact(build, target)
    ids = ("a", "b", "c", "d", "empty")
    assert compared(store, target, 2, *ids) == compared(store, build, 2, *ids) != []
    write(store, target, 3, [row("e", Z, Y), row("c", X)])
    assert compared(store, target, 3, "c", "e") == [("e", 0.6), ("c", 0.25)]
    with pytest.raises(SnapshotGoneError):
        compared(store, target, 1, "b")
    store.drop(target)


def test_every_store_gives_the_scores_of_brute_force(store, build):
    dice = np.random.default_rng(3)
    tokens = {f"c{n:02}": dice.integers(-127, 128, (n % 7 + 1, 4)) for n in range(40)}
    write(store, build, 1, [row(name, *each) for name, each in tokens.items()])
    question = dice.normal(size=(5, 4)).astype(np.float32)
    question /= np.linalg.norm(question, axis=1, keepdims=True)
    weights = dice.random(5).astype(np.float32)
    found = dict(compared(store, build, 1, *tokens, question=question, weights=weights))
    exact = {name: float((each / 127 @ question.T).max(axis=0) @ weights) for name, each in tokens.items()}
    assert found == pytest.approx(exact, abs=2e-6)


def test_rows_and_builds_must_agree_on_token_vectors(store, build):
    with pytest.raises(ValueError, match="token vectors of 4 dimensions, not 0"):
        store.create(build, 2)
    for wrong in (None, np.zeros((3, 5), np.int8), np.zeros((3, 4), np.float32)):
        with pytest.raises(ValueError, match="token vectors"):
            write(store, build, 1, [Row("a", "doc", EAST, ("word",), token_vectors=wrong)])


def test_a_build_without_token_vectors_says_so(store):
    name = f"test-{uuid.uuid4().hex}"
    store.create(name, 2)
    with pytest.raises(ValueError, match="token vectors"):
        write(store, name, 1, [row("a", X)])
    write(store, name, 1, [Row("a", "doc", EAST, ("word",))])
    with store.snapshot(name, 1) as rows:
        assert rows.dense(EAST, Filter(), 9) == [("a", 1.0)]
        with pytest.raises(ValueError, match="without token vectors"):
            rows.late_interaction(["a"], QUESTION, WEIGHTS)
    store.drop(name)
