"""What every embedder promises: the built-in one, the same by OpenVINO, and a model that people bring."""

from importlib.util import find_spec

import numpy as np
import pytest

from rag.adapters.openvino import OpenVinoEmbedder
from rag.adapters.sentence_transformers import SentenceTransformersEmbedder
from rag.errors import UsageError
from tests.tiny_models import write_encoder

TEXTS = ["Leave is thirty days.", "ok", "The lift is serviced each spring, before the first of May. " * 30, "", "ok"]
FLOAT = 0.9999  # the least cosine within one numeric class


@pytest.fixture(scope="module", params=["onnx", "openvino", "sentence-transformers"])
def any_embedder(request, embedder, models, tmp_path_factory):
    match request.param:
        case "onnx":
            return embedder
        case "openvino":
            pytest.importorskip("openvino", reason="the extra `fast` is not installed")
            return OpenVinoEmbedder(embedder, models)
        case _:
            if find_spec("sentence_transformers") is None:
                pytest.skip("the extra `models` is not installed")
            return SentenceTransformersEmbedder(str(write_encoder(tmp_path_factory.mktemp("encoder"))))


def cosines(ours, others):
    return (ours * others).sum(axis=1)


def test_rows_are_of_unit_length_and_in_the_order_of_the_texts(any_embedder):
    rows = any_embedder.embed(TEXTS)
    assert rows.shape == (len(TEXTS), any_embedder.dim)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert cosines(rows[1:2], rows[4:5]) >= FLOAT
    assert cosines(rows[:1], rows[1:2]) < FLOAT
    assert any_embedder.embed([]).shape == (0, any_embedder.dim)


def test_a_text_has_the_same_vector_in_every_batch_and_as_a_question(any_embedder):
    rows = any_embedder.embed(TEXTS)
    alone = np.concatenate([any_embedder.embed([text]) for text in TEXTS])
    asked = np.array([each.vector for each in any_embedder.encode(TEXTS)])
    assert cosines(rows, alone).min() >= FLOAT
    assert cosines(rows, asked).min() >= FLOAT


def test_rows_of_one_call_are_not_changed_by_the_next(any_embedder):
    rows = any_embedder.embed(TEXTS)
    kept = rows.copy()
    any_embedder.embed(["something else", "and more"] * 4)
    assert np.array_equal(rows, kept)


def test_every_word_piece_has_a_unit_vector_up_to_the_limit(any_embedder):
    for each, count in zip(any_embedder.encode(TEXTS), any_embedder.count_tokens(TEXTS), strict=True):
        assert len(each.token_ids) == len(each.token_vectors) == min(count, any_embedder.max_tokens)
        assert np.linalg.norm(each.token_vectors, axis=1) == pytest.approx(np.ones(len(each.token_ids)), abs=1e-4)
        assert (any_embedder.token_weights(each.token_ids) >= 0).all()


def test_word_pieces_end_inside_the_text_as_often_as_they_are_counted(any_embedder):
    ends = any_embedder.token_ends(TEXTS[0])
    assert len(ends) == any_embedder.count_tokens([TEXTS[0]])[0]
    assert ends == sorted(ends)
    assert ends[-1] == len(TEXTS[0])


def test_token_vectors_come_with_the_rows_or_are_refused(any_embedder):
    if any_embedder.token_dim == 0:
        with pytest.raises(UsageError, match="token_vectors: false"):
            any_embedder.embed_tokens(TEXTS)
        return
    rows, tokens = any_embedder.embed_tokens(TEXTS)
    assert cosines(rows, any_embedder.embed(TEXTS)).min() >= FLOAT
    counts = any_embedder.count_tokens(TEXTS)
    assert [each.shape for each in tokens] == [
        (min(count, any_embedder.max_tokens), any_embedder.token_dim) for count in counts
    ]
    assert {each.dtype for each in tokens} == {np.dtype(np.int8)}
