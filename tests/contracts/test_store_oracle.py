"""Every store against brute force, on corpora that hypothesis makes up."""

import math
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Row
from rag.types import Filter

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")
IDS, WORDS, ROLES = list("abcdefgh"), ["alpha", "beta", "3.5", "東京", "x1"], ["hr", "it", "all"]
# Their products have few decimals, so that rounding decides no tie.
UNIT = [np.array(each, np.float32) for each in ((1, 0, 0), (0, 1, 0), (-1, 0, 0), (0.6, 0.8, 0), (0.36, 0.48, 0.8))]
MANY = 99

few_examples = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
days = st.dates(date(2024, 1, 1), date(2024, 1, 4))
rows_of_any_kind = st.builds(
    Row,
    id=st.sampled_from(IDS),
    document_id=st.just("doc"),
    vector=st.sampled_from(UNIT),
    tokens=st.lists(st.sampled_from(WORDS), max_size=6).map(tuple),
    keywords=st.fixed_dictionaries(
        {
            "roles": st.lists(st.sampled_from(ROLES), unique=True).map(tuple),
            "type": st.sampled_from([("md",), ("pdf",), ()]),
        }
    ),
    day=st.none() | days,
)
refreshes = st.lists(
    st.tuples(st.lists(rows_of_any_kind, max_size=6), st.lists(st.sampled_from(IDS), max_size=2)),
    min_size=1,
    max_size=5,
)
filters = st.builds(
    Filter,
    roles=st.none() | st.frozensets(st.sampled_from(ROLES)),
    keywords=st.just({}) | st.fixed_dictionaries({"type": st.frozensets(st.sampled_from(["md", "pdf"]), min_size=1)}),
    after=st.none() | days,
    before=st.none() | days,
)


@dataclass
class Held:
    row: Row
    born: int
    died: float = math.inf


class BruteForce:
    def __init__(self):
        self.held = []

    def write(self, revision, rows, retired):
        replaced = {row.id: row for row in rows}
        for each in self.held:
            if each.died == math.inf and each.row.id in {*retired, *replaced}:
                each.died = revision
        self.held += [Held(row, revision) for row in replaced.values()]

    def visible(self, revision):
        return [each.row for each in self.held if each.born <= revision < each.died]

    def dense(self, revision, vector, allowed):
        return {row.id: float(row.vector @ vector) for row in self.visible(revision) if passes(row, allowed)}

    def lexical(self, revision, tokens, allowed, k1, b):
        rows = [row for row in self.visible(revision) if row.tokens]
        scores = bm25(rows, tokens, k1, b)
        return {row.id: scores[row.id] for row in rows if row.id in scores and passes(row, allowed)}


def passes(row, allowed):
    required = dict(allowed.keywords) if allowed.roles is None else {**allowed.keywords, "roles": allowed.roles}
    within = (not allowed.after or (row.day and row.day >= allowed.after)) and (
        not allowed.before or (row.day and row.day <= allowed.before)
    )
    return within and all(values & set(row.keywords[key]) for key, values in required.items())


def bm25(rows, tokens, k1, b):
    scores = Counter()
    for token in set(tokens):
        holding = sum(token in row.tokens for row in rows)
        idf = math.log(1 + (len(rows) - holding + 0.5) / (holding + 0.5))
        for row in rows:
            if count := row.tokens.count(token):
                average = sum(len(each.tokens) for each in rows) / len(rows)
                norm = k1 * (1 - b + b * len(row.tokens) / average)
                scores[row.id] += idf * count * (k1 + 1) / (count + norm)
    return scores


def filled(store, steps):
    """A new build after these refreshes, and what brute force makes of them."""
    build, oracle = uuid.uuid4().hex, BruteForce()
    store.create(build, 3)
    for revision, (rows, retired) in enumerate(steps, 1):
        oracle.write(revision, rows, retired)
        with store.writer(build) as writer:
            writer.retire(retired, revision)
            writer.upsert(rows, revision)
    return build, oracle


def in_order(found):
    return found == sorted(found, key=lambda each: (-each[1], each[0]))


@few_examples
@given(steps=refreshes, allowed=filters, vector=st.sampled_from(UNIT), tokens=st.lists(st.sampled_from(WORDS)))
def test_both_legs_give_exactly_what_is_visible_and_allowed(store, steps, allowed, vector, tokens):
    build, oracle = filled(store, steps)
    for revision in range(len(steps) + 1):
        with store.snapshot(build, revision) as rows:
            dense, lexical = rows.dense(vector, allowed, MANY), rows.lexical(tokens, allowed, MANY)
            assert dict(dense) == pytest.approx(oracle.dense(revision, vector, allowed), abs=1e-5)
            assert set(dict(lexical)) == set(oracle.lexical(revision, tokens, allowed, 1.2, 0.75))
            assert in_order(dense)
            assert in_order(lexical)
            assert len(dense) == len(dict(dense)) == rows.count(allowed)
            assert sorted(rows.scroll_ids()) == sorted(row.id for row in oracle.visible(revision))
            for limit in (1, 2, 3):
                assert rows.dense(vector, allowed, limit) == dense[:limit]
                assert rows.lexical(tokens, allowed, limit) == lexical[:limit]
    store.drop(build)


@few_examples
@given(
    steps=refreshes,
    allowed=filters,
    tokens=st.lists(st.sampled_from(WORDS), min_size=1),
    k1=st.floats(0, 10),
    b=st.floats(0, 1),
)
def test_at_rest_the_lexical_scores_are_those_of_the_formula(store, steps, allowed, tokens, k1, b):
    build, oracle = filled(store, steps)
    with store.writer(build) as writer:
        writer.purge(len(steps))
    with store.snapshot(build, len(steps)) as rows:
        found = dict(rows.lexical(tokens, allowed, MANY, k1=k1, b=b))
    assert found == pytest.approx(oracle.lexical(len(steps), tokens, allowed, k1, b), abs=1e-5)
    store.drop(build)


@few_examples
@given(steps=refreshes, tokens=st.lists(st.sampled_from(WORDS), min_size=1), allowed=filters)
def test_in_the_embedded_store_unpublished_and_dead_rows_never_count_in_the_statistics(
    tmp_path, steps, tokens, allowed
):
    store = SqliteStore(tmp_path)
    build, oracle = filled(store, steps)
    for revision in range(len(steps) + 1):
        with store.snapshot(build, revision) as rows:
            found = dict(rows.lexical(tokens, allowed, MANY))
        assert found == pytest.approx(oracle.lexical(revision, tokens, allowed, 1.2, 0.75), abs=1e-5)
    store.drop(build)


@few_examples
@given(steps=refreshes, unpublished=st.lists(rows_of_any_kind, max_size=6), retired=st.lists(st.sampled_from(IDS)))
def test_cleaning_up_and_compacting_change_nothing_that_is_published(store, steps, unpublished, retired):
    build, oracle = filled(store, steps)
    last = len(steps)
    with store.writer(build) as writer:
        writer.retire(retired, last + 1)
        writer.upsert(unpublished, last + 1)
    with store.writer(build) as writer:
        writer.clean_up(last)
        writer.purge(last)
    store.compact(build, "copy")
    for name in (build, "copy"):
        with store.snapshot(name, last) as rows:
            assert dict(rows.dense(UNIT[3], Filter(), MANY)) == pytest.approx(
                oracle.dense(last, UNIT[3], Filter()), abs=1e-5
            )
            assert dict(rows.lexical(WORDS, Filter(), MANY)) == pytest.approx(
                oracle.lexical(last, WORDS, Filter(), 1.2, 0.75), abs=1e-5
            )
    for name in (build, "copy"):
        store.drop(name)
