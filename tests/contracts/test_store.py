"""What every store must do. A new back end is done when it passes; PLUMBLINE_TEST_QDRANT_URL adds a server."""

import uuid
from datetime import date

import numpy as np
import pytest

from rag.adapters.qdrant import QdrantStore, connect
from rag.errors import SnapshotGoneError, StoreUnavailableError
from rag.ports import Row
from rag.types import Filter

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")
ALL = Filter()


@pytest.fixture
def build(store):
    name = f"test-{uuid.uuid4().hex}"
    store.create(name, 2)
    yield name
    store.drop(name)


def row(id_, x=1.0, y=0.0, tokens=("word",), roles=("public",), day=None, **keywords):
    return Row(id_, "doc", np.array([x, y], np.float32), tuple(tokens), {"roles": roles, **keywords}, day)


def write(store, build, revision, rows=(), retired=()):
    with store.writer(build) as writer:
        writer.retire(retired, revision)
        writer.upsert(rows, revision)


def ids(scored):
    return [id_ for id_, _ in scored]


def visible(store, build, revision):
    with store.snapshot(build, revision) as rows:
        return sorted(rows.scroll_ids())


def test_the_nearest_comes_first_with_its_cosine(store, build):
    write(store, build, 1, [row("east"), row("north", 0, 1), row("west", -1, 0)])
    with store.snapshot(build, 1) as rows:
        found = rows.dense(np.array([0.8, 0.6], np.float32), ALL, 9)
    assert ids(found) == ["east", "north", "west"]
    assert [score for _, score in found] == pytest.approx([0.8, 0.6, -0.8], abs=1e-6)
    assert all(type(score) is float for _, score in found)


def test_words_are_counted_and_rare_ones_weigh_more(store, build):
    write(store, build, 1, [row("a", tokens=["common", "rare"]), row("b", tokens=["common"] * 2), row("c")])
    with store.snapshot(build, 1) as rows:
        assert ids(rows.lexical(["rare", "common"], ALL, 9)) == ["a", "b"]
        assert rows.lexical(["unknown"], ALL, 9) == rows.lexical([], ALL, 9) == []
        assert rows.lexical(["rare", "rare"], ALL, 9) == rows.lexical(["rare"], ALL, 9)


def test_the_saturation_and_the_length_are_weighed_at_query_time(store, build):
    write(store, build, 1, [row("once", tokens=["x"]), row("thrice", tokens=["x", "x", "x", "y", "y", "y"])])
    with store.snapshot(build, 1) as rows:
        assert ids(rows.lexical(["x"], ALL, 9, k1=2, b=0)) == ["thrice", "once"]
        assert ids(rows.lexical(["x"], ALL, 9, k1=2, b=1)) == ["once", "thrice"]
        assert len({score for _, score in rows.lexical(["x"], ALL, 9, k1=0)}) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_ties_go_by_id_also_where_the_list_is_cut(store, build, limit):
    names = ["g", "b", "e", "a", "d", "f", "c"]
    write(store, build, 1, [row(name, tokens=["same"]) for name in names])
    with store.snapshot(build, 1) as rows:
        assert ids(rows.dense(np.array([1, 0], np.float32), ALL, limit)) == sorted(names)[:limit]
        assert ids(rows.lexical(["same"], ALL, limit)) == sorted(names)[:limit]
        assert rows.dense(np.array([1, 0], np.float32), ALL, 0) == rows.lexical(["same"], ALL, 0) == []


@pytest.mark.parametrize("token", ["3.5", "東京", "हिन्दी", "Upper", "x-y", "xe9"])
def test_a_token_is_found_as_it_is_and_not_by_its_parts(store, build, token):
    write(store, build, 1, [row("it", tokens=[token]), row("parts", tokens=["3", "5", "x", "y", "upper"])])
    with store.snapshot(build, 1) as rows:
        assert ids(rows.lexical([token], ALL, 9)) == ["it"]


def test_what_is_not_published_is_not_found(store, build):
    write(store, build, 1, [row("old")])
    write(store, build, 2, [row("new")], retired=["old"])
    assert visible(store, build, 1) == ["old"]
    assert visible(store, build, 2) == ["new"]


def test_a_new_version_of_a_row_replaces_the_old_one_at_its_revision(store, build):
    write(store, build, 1, [row("a", roles=["hr"])])
    write(store, build, 2, [row("a", roles=["hr", "it"])])
    for revision, count in [(0, 0), (1, 0), (2, 1), (3, 1)]:
        with store.snapshot(build, revision) as rows:
            assert rows.count(Filter(roles=frozenset({"it"}))) == count
    assert visible(store, build, 2) == ["a"]


def test_a_row_that_returns_is_found_again(store, build):
    write(store, build, 1, [row("a")])
    write(store, build, 2, retired=["a", "unknown"])
    write(store, build, 3, [row("a")])
    assert [visible(store, build, revision) for revision in (1, 2, 3)] == [["a"], [], ["a"]]


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (ALL, ["a", "b", "c"]),
        (Filter(roles=frozenset()), []),
        (Filter(roles=frozenset({"hr"})), ["a"]),
        (Filter(roles=frozenset({"hr", "it"})), ["a", "b"]),
        (Filter(roles=frozenset({"nobody", "\ud800"})), []),
        (Filter(keywords={"tag": frozenset({"x", "z"})}), ["a", "b", "c"]),
        (Filter(keywords={"tag": frozenset({"x"}), "type": frozenset({"pdf"})}), ["b"]),
        (Filter(keywords={"tag": frozenset()}), []),
        (Filter(keywords={"unknown": frozenset({"x"})}), []),
        (Filter(roles=frozenset({"hr"}), keywords={"type": frozenset({"pdf"})}), []),
        (Filter(after=date(2024, 1, 2)), ["b"]),
        (Filter(before=date(2024, 1, 1)), ["a"]),
        (Filter(after=date(2024, 1, 1), before=date(2024, 1, 2)), ["a", "b"]),
        (Filter(after=date.min), ["a", "b"]),
    ],
)
def test_a_filter_holds_in_both_legs_and_in_the_count(store, build, allowed, expected):
    write(
        store,
        build,
        1,
        [
            row("a", roles=["hr"], day=date(2024, 1, 1), tag=("x", "y"), type=("md",)),
            row("b", roles=["it"], day=date(2024, 1, 2), tag=("x",), type=("pdf",)),
            row("c", roles=["public"], tag=("z",), type=("md",)),
        ],
    )
    with store.snapshot(build, 1) as rows:
        assert ids(rows.dense(np.array([1, 0], np.float32), allowed, 9)) == expected
        assert ids(rows.lexical(["word"], allowed, 9)) == expected
        assert rows.count(allowed) == len(expected)


def test_a_filter_changes_which_rows_are_found_but_not_their_scores(store, build):
    write(store, build, 1, [row("a", roles=["hr"]), row("b", tokens=["word", "other"]), row("c", tokens=["other"])])
    with store.snapshot(build, 1) as rows:
        everything = dict(rows.lexical(["word"], ALL, 9))
        assert dict(rows.lexical(["word"], Filter(roles=frozenset({"hr"})), 9)) == {"a": everything["a"]}


def test_cleaning_up_undoes_what_was_not_published(store, build):
    write(store, build, 1, [row("kept"), row("changed"), row("retired")])
    write(store, build, 2, [row("changed"), row("new")], retired=["retired"])
    for _ in range(2):
        with store.writer(build) as writer:
            writer.clean_up(1)
    assert visible(store, build, 2) == visible(store, build, 1) == ["changed", "kept", "retired"]
    write(store, build, 2, retired=["kept"])
    assert visible(store, build, 2) == ["changed", "retired"]


def test_the_same_step_twice_gives_the_same_rows(store, build):
    write(store, build, 1, [row("a"), row("b")])
    for _ in range(2):
        write(store, build, 2, [row("c", tokens=["new"]), row("c", tokens=["newer"])], retired=["a"])
    assert visible(store, build, 1) == ["a", "b"]
    with store.snapshot(build, 2) as rows:
        assert sorted(rows.scroll_ids()) == ["b", "c"]
        assert ids(rows.lexical(["newer"], ALL, 9)) == ["c"]
        assert rows.lexical(["new"], ALL, 9) == []


def test_a_purge_takes_away_the_dead_and_refuses_readers_of_former_revisions(store, build):
    write(store, build, 1, [row("a"), row("b")])
    write(store, build, 2, retired=["a"])
    write(store, build, 4, retired=["b"])
    for _ in range(2):
        with store.writer(build) as writer:
            writer.purge(3)
    with pytest.raises(SnapshotGoneError), store.snapshot(build, 1):
        pass
    assert [visible(store, build, revision) for revision in (2, 3, 4)] == [["b"], ["b"], []]


def test_purging_where_nothing_died_refuses_nobody(store, build):
    write(store, build, 1, [row("a")])
    with store.writer(build) as writer:
        writer.purge(5)
    assert visible(store, build, 1) == ["a"]


def test_a_compacted_build_holds_the_living_rows_alone(store, build):
    write(store, build, 1, [row("a", tokens=["x"], day=date(2024, 1, 1)), row("b", 0, 1), row("c")])
    write(store, build, 2, [row("b", 0.6, 0.8, ["x", "y"], ["hr"])], retired=["c"])
    target = f"{build}-compact"
    for _ in range(2):
        store.compact(build, target)
    with store.writer(build) as writer:
        writer.purge(2)
    with store.snapshot(build, 2) as old, store.snapshot(target, 2) as new:
        for search in (
            lambda rows: rows.dense(np.array([0.6, 0.8], np.float32), ALL, 9),
            lambda rows: rows.dense(np.array([1, 0], np.float32), Filter(after=date(2024, 1, 1)), 9),
            lambda rows: rows.lexical(["x"], Filter(roles=frozenset({"hr"})), 9),
            lambda rows: sorted(rows.scroll_ids()),
        ):
            assert search(new) == search(old) != []
    assert (store.stats(target).rows, store.stats(target).dead) == (2, 0)
    with pytest.raises(SnapshotGoneError), store.snapshot(target, 1):
        pass
    store.drop(target)


def test_the_dead_are_told_from_the_living(store, build):
    write(store, build, 1, [row("a"), row("b")])
    write(store, build, 2, retired=["a"])
    stats = store.stats(build)
    assert (stats.rows, stats.dead) == (2, 1)
    assert stats.size_bytes > 0


def test_builds_come_and_go(store, build):
    store.create(build, 2)
    assert build in store.builds()
    with pytest.raises(ValueError, match="2 dimensions"):
        store.create(build, 3)
    for _ in range(2):
        store.drop(build)
        assert build not in store.builds()
        with pytest.raises(SnapshotGoneError), store.snapshot(build, 1):
            pass
        with pytest.raises(SnapshotGoneError), store.writer(build):
            pass
    store.create(build, 3)
    write(store, build, 1, [Row("a", "doc", np.array([0, 0, 1], np.float32), ("word",))])
    assert visible(store, build, 1) == ["a"]


def test_an_empty_build_answers_with_nothing(store, build):
    with store.snapshot(build, 0) as rows:
        assert rows.dense(np.array([1, 0], np.float32), ALL, 9) == rows.lexical(["word"], ALL, 9) == []
        assert list(rows.scroll_ids()) == []
        assert rows.count(ALL) == 0


def write_and_fail(store, build):
    with store.writer(build) as writer:
        writer.upsert([row("a")], 1)
        raise FileNotFoundError


def test_an_error_in_the_block_is_passed_on_and_leaves_nothing_visible(store, build):
    with pytest.raises(FileNotFoundError):
        write_and_fail(store, build)
    with store.writer(build) as writer:
        writer.clean_up(0)
    assert visible(store, build, 1) == []


def test_a_store_that_answers_is_fit_for_use(store):
    store.check()


def test_a_qdrant_that_does_not_answer_is_unavailable():
    away = QdrantStore(connect("http://127.0.0.1:9", ""))
    for use in (away.check, away.builds, lambda: away.stats("build")):
        with pytest.raises(StoreUnavailableError):
            use()
