"""Our BM25 against rank_bm25, on the same tokens.

rank_bm25's BM25Okapi has the same term frequency part, and another idf: ln((N - n + 0.5) / (n + 0.5)), which is
negative for a word that more than half of the documents hold, and then replaced by a quarter of the mean. Ours, as in
Lucene and Qdrant, adds 1 inside the logarithm. So the oracle gets our idf, by the formula, and all else is its own.
"""

import math
import random
from collections import Counter

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Row
from rag.types import Filter

WORDS = [f"w{number}" for number in range(40)]


def corpus(seed, documents=60):
    dice = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(WORDS))]
    return [dice.choices(WORDS, weights, k=dice.randint(1, 50)) for _ in range(documents)]


def stored(folder, documents):
    store = SqliteStore(folder)
    store.create("build", 1)
    with store.writer("build") as writer:
        rows = [Row(str(number), "doc", np.ones(1, np.float32), tuple(each)) for number, each in enumerate(documents)]
        writer.upsert(rows, 1)
    return store


def rank_bm25_scores(documents, tokens, k1, b):
    oracle = BM25Okapi(documents, k1=k1, b=b)
    holding = Counter(word for document in documents for word in set(document))
    oracle.idf = {word: math.log(1 + (len(documents) - n + 0.5) / (n + 0.5)) for word, n in holding.items()}
    scores = oracle.get_scores(tokens)
    return {str(number): score for number, score in enumerate(scores) if score > 0}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.9, 0.4), (2.0, 1.0), (1.5, 0.0)])
def test_scores_are_those_of_rank_bm25_with_our_idf(tmp_path, seed, k1, b):
    documents, tokens = corpus(seed), random.Random(seed).sample(WORDS, 5)
    with stored(tmp_path, documents).snapshot("build", 1) as rows:
        found = dict(rows.lexical(tokens, Filter(), len(documents), k1=k1, b=b))
    assert found == pytest.approx(rank_bm25_scores(documents, tokens, k1, b), abs=1e-6)


def test_a_score_worked_out_by_hand(tmp_path):
    documents = [["cat", "cat", "dog"], ["dog"], ["bird", "dog"]]
    with stored(tmp_path, documents).snapshot("build", 1) as rows:
        [(id_, score)] = rows.lexical(["cat"], Filter(), 9)
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert (id_, score) == ("0", pytest.approx(idf * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2)), abs=1e-6))


def test_a_word_that_all_documents_hold_still_counts(tmp_path):
    with stored(tmp_path, [["all"], ["all", "all"]]).snapshot("build", 1) as rows:
        assert all(score > 0 for _, score in rows.lexical(["all"], Filter(), 9))
