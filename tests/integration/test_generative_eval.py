"""An evaluation of a bundle whose answers a model writes."""

import orjson

from tests.conftest import HANDBOOK, REPOSITORY, plumbline, write
from tests.fake_provider import NAME, Reply, fake_provider
from tests.integration.generating import GOOD, QUESTION

CASE = {"id": "q1", "question": QUESTION, "answers": ["26 weeks"], "answerable": True, "references": []}


def run(settings, folder, provider, *options):
    environment = {"PLUMBLINE_MODEL__URL": provider.url, "PLUMBLINE_MODEL__NAME": NAME, "PYTHONPATH": str(REPOSITORY)}
    files = ["eval", "run", str(folder / "set.jsonl"), "--corpus", str(HANDBOOK), "--bundle", str(folder / "g.yaml")]
    done = plumbline(settings.home, *files, *options, "--json", **environment)
    assert done.returncode in {0, 5}, done.stderr
    return orjson.loads(done.stdout)


def test_a_model_s_answers_are_measured_kept_and_its_failures_are_no_answers(settings, tmp_path):
    write(tmp_path, {"set.jsonl": orjson.dumps(CASE).decode() + "\n", "g.yaml": "answer: {answerer: generative}\n"})
    with fake_provider() as provider:
        provider.script = [Reply(status=401)]
        assert run(settings, tmp_path, provider)["coverage"]["error"] == 1
        provider.script = [Reply(GOOD)]
        first = run(settings, tmp_path, provider)
        asked = len(provider.calls)
        assert first["coverage"]["ok"] == 1
        assert first["metrics"]["answer_f1"]["mean"] > 0
        assert run(settings, tmp_path, provider)["metrics"]["answer_f1"] == first["metrics"]["answer_f1"]
        assert len(provider.calls) == asked == 2
