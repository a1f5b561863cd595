"""What an experiment is told to take, against what it then takes."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from evals.batch import Batch, NamedBundle, forecasts_of, run_batch
from evals.estimate import Estimator
from evals.forecast import Forecast
from evals.known_corpora import KnownCorpora
from evals.loading import load_set
from evals.outcome import Outcome
from evals.run import Run
from evals.runs import RunBook
from indexing.report import Silent
from rag.bootstrap import open_backends
from rag.config import Bundle
from rag.settings import Settings
from tests.conftest import HANDBOOK_SET, write

DEFAULT = NamedBundle(name="default", bundle=Bundle())
SMALL = NamedBundle(name="small", bundle=Bundle.model_validate({"index": {"chunk_tokens": 100}}))
WEIGHTED = NamedBundle(name="weighted", bundle=Bundle.model_validate({"query": {"dense_weight": 0.3}}))
PLAIN = NamedBundle(name="plain", bundle=Bundle.model_validate({"index": {"token_vectors": False}}))


class Nobody(Silent):
    """A watcher that is told everything and keeps nothing."""

    def bundle(self, name: str, number: int, metric: str) -> None: ...

    def embedded(self, count: int) -> None: ...

    def asked(self, outcome: Outcome, value: float | None) -> None: ...

    def finished(self, name: str, run_id: str) -> None: ...


@contextmanager
def estimating(settings: Settings, **options: float) -> Iterator[Estimator]:
    with closing(open_backends(settings)) as backends:
        yield Estimator(settings, RunBook(backends.database), backends.embedder_named, **options)


def told(settings: Settings, batch: Batch) -> tuple[Forecast, ...]:
    with estimating(settings) as estimator:
        eval_set = load_set(batch.eval_set)
        found = forecasts_of(batch, eval_set, estimator)
        until = time.monotonic() + 60
        while not all(each.exact for each in found) and time.monotonic() < until:
            found = forecasts_of(batch, eval_set, estimator)
        return found


def made(settings: Settings, batch: Batch) -> list[Run]:
    ids = run_batch(batch, settings, Nobody(), done={})
    with closing(open_backends(settings)) as backends:
        return [RunBook(backends.database).load(ids[named.name]) for named in batch.bundles]


def of_handbook(*bundles: NamedBundle, **options: object) -> Batch:
    return Batch.model_validate(
        {"eval_set": HANDBOOK_SET, "bundles": bundles, "retrieval_only": True, "limit": 10, **options}
    )


def test_texts_chunks_and_questions_of_the_handbook_are_told_exactly(settings):
    batch = of_handbook(DEFAULT, SMALL, WEIGHTED, PLAIN)
    before = told(settings, batch)
    assert all(each.exact for each in before)
    assert [each.same_index_as for each in before] == ["", "", "default", ""]
    after = made(settings, batch)
    for forecast, run in zip(before, after, strict=True):
        assert forecast.chunks == run.index["chunks"]
        assert forecast.to_embed == run.stages["embed_chunks"]["computed"]
        assert forecast.to_ask == run.stages["fuse"]["computed"] == 10
        assert forecast.index_bytes == pytest.approx(run.index["bytes"], rel=0.2)
    again = told(settings, batch)
    assert [(each.indexed, each.to_embed, each.to_ask) for each in again] == [(True, 0, 0)] * 4
    assert sum(each.seconds for each in again) < sum(each.seconds for each in before)


def test_questions_that_floors_are_asked_are_told(settings, tmp_path):
    small = write(tmp_path / "set" / "corpus", {f"{name}.txt": f"The {name} permit costs 7 euro.\n" for name in "abc"})
    (small.parent / "questions.jsonl").write_text(
        '{"id": "1", "question": "How far is the moon?", "answerable": false}\n'
    )
    batch = Batch(eval_set=small.parent, bundles=(DEFAULT,), retrieval_only=True, floors=True)
    before = told(settings, batch)[0]
    assert (before.questions, before.floors, before.to_ask) == (1, 4, 5)
    made(settings, batch)
    assert told(settings, batch)[0].to_ask == 0


def test_a_set_that_asks_a_question_twice_is_told_to_ask_it_once(settings, tmp_path):
    folder = write(tmp_path / "set", {"corpus/a.txt": "The permit costs 7 euro.\n"})
    line = '{"id": "%d", "question": "How far is the moon?", "answerable": false}\n'
    (folder / "questions.jsonl").write_text(line % 1 + line % 2)
    batch = Batch(eval_set=folder, bundles=(DEFAULT,), retrieval_only=True)
    assert told(settings, batch)[0].to_ask == 1
    assert made(settings, batch)[0].stages["fuse"]["computed"] == 1


def test_a_large_corpus_is_told_from_a_sample_within_a_few_seconds_and_nothing_is_embedded(settings, tmp_path):
    files = {f"{at}.md": _pages(at) for at in range(40)}
    folder = write(tmp_path / "set" / "corpus", files).parent
    (folder / "questions.jsonl").write_text('{"id": "1", "question": "How far is the moon?", "answerable": false}\n')
    batch = Batch(eval_set=folder, bundles=(PLAIN,), retrieval_only=True)
    with estimating(settings) as estimator:
        first = forecasts_of(batch, load_set(folder), estimator)[0]
        assert not (settings.home / "cache" / "vectors.db").exists()
        assert not (settings.home / "experiments").exists()
    whole = told(settings, batch)[0]
    assert whole.exact
    assert 0 < first.sampled <= whole.documents == 40
    assert first.chunks == pytest.approx(whole.chunks, rel=0.2)
    assert first.to_embed == pytest.approx(whole.to_embed, rel=0.2)


def test_what_is_told_follows_the_documents(settings, tmp_path):
    folder = write(tmp_path / "set", {f"corpus/{name}.txt": f"The {name} permit costs 7 euro.\n" for name in "abc"})
    (folder / "questions.jsonl").write_text('{"id": "1", "question": "How far is the moon?", "answerable": false}\n')
    batch = Batch(eval_set=folder, bundles=(PLAIN,), retrieval_only=True)
    with estimating(settings) as estimator:
        estimator.corpora = KnownCorpora(settings, looked_after_s=0)
        assert forecasts_of(batch, load_set(folder), estimator)[0].chunks == 3
        (folder / "corpus" / "a.txt").unlink()
        assert forecasts_of(batch, load_set(folder), estimator)[0].chunks == 2


def test_without_time_every_bundle_is_told_from_the_first_documents(settings, tmp_path):
    folder = write(tmp_path / "set", {f"corpus/{at}.md": _pages(at) for at in range(20)})
    (folder / "questions.jsonl").write_text('{"id": "1", "question": "How far is the moon?", "answerable": false}\n')
    batch = Batch(eval_set=folder, bundles=(DEFAULT, SMALL, PLAIN))
    with estimating(settings, looks_s=0) as estimator:
        found = forecasts_of(batch, load_set(folder), estimator)
    assert all(0 < each.sampled < 8 and each.chunks and each.seconds for each in found)


def _pages(number: int) -> str:
    """Return a document of one to seven sections."""
    section = "## Section {at} of {number}\n\n" + "The permit of office {number} costs {at} euro a year. " * 40 + "\n\n"
    return f"# Office {number}\n\n" + "".join(section.format(at=at, number=number) for at in range(1 + number % 7))
