"""What a reranker promises, with a model of chance in a temporary folder."""

import threading

import pytest

from rag.errors import ModelUnavailableError
from tests.tiny_models import write_cross_encoder, write_encoder

pytest.importorskip("sentence_transformers", reason="the extra `models` is not installed")

from rag.adapters.cross_encoder import CrossEncoderReranker

QUESTION = "How long is leave?"
TEXTS = ["Leave is thirty days.", "ok", "The lift is serviced each spring. " * 80, "", "ok"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


@pytest.fixture(scope="module")
def reranker(folder):
    return CrossEncoderReranker(str(folder))


def test_each_text_has_a_score_of_its_own_above_0_and_below_1(reranker):
    scores = reranker.scores(QUESTION, TEXTS)
    assert len(scores) == len(TEXTS)
    assert all(0 < score < 1 for score in scores)
    assert all(type(score) is float for score in scores)
    assert scores[1] == pytest.approx(scores[4], abs=1e-6)
    assert len({round(score, 7) for score in scores}) == 4
    assert reranker.scores(QUESTION, []) == []


def test_a_score_depends_on_the_question_and_on_no_neighbour(reranker):
    scores = reranker.scores(QUESTION, TEXTS)
    assert [reranker.scores(QUESTION, [text])[0] for text in TEXTS] == pytest.approx(scores, abs=1e-5)
    assert reranker.scores("Who repairs the lift?", TEXTS) != pytest.approx(scores, abs=1e-6)


def test_two_threads_get_what_one_gets(reranker):
    alone = reranker.scores(QUESTION, TEXTS)
    found = []
    threads = [threading.Thread(target=lambda: found.append(reranker.scores(QUESTION, TEXTS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [pytest.approx(alone, abs=1e-6)] * 4


def test_the_identity_follows_the_weights(reranker, folder, tmp_path):
    assert CrossEncoderReranker(str(folder)).identity == reranker.identity
    other = CrossEncoderReranker(str(write_cross_encoder(tmp_path, seed=8)))
    assert other.identity != reranker.identity


def test_what_is_no_reranker_is_refused_with_what_it_is(tmp_path):
    several, headless = write_cross_encoder(tmp_path / "nli", outputs=3), write_encoder(tmp_path / "encoder")
    with pytest.raises(ModelUnavailableError, match="outputs: 3"):
        CrossEncoderReranker(str(several))
    with pytest.raises(ModelUnavailableError, match="BertModel"):
        CrossEncoderReranker(str(headless))
    with pytest.raises(ModelUnavailableError, match="nothing is downloaded"):
        CrossEncoderReranker(str(tmp_path / "absent"))
