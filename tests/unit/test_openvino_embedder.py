"""The built-in model by OpenVINO: the same vectors, kept apart in the cache, refused where they are not the same."""

import json
import shutil
import subprocess
import sys
from importlib import resources

import numpy as np
import pytest

from indexing.embedding import VectorCache, cached_as, embed_texts, embed_with_tokens
from rag.adapters.graph_cache import graph_folder
from rag.adapters.openvino import OpenVinoEmbedder
from rag.config import Bundle
from rag.errors import ModelUnavailableError, UsageError
from rag.settings import Settings
from rag.types import TOKEN_SCALE

openvino = pytest.importorskip("openvino", reason="the extra `fast` is not installed")
TEXTS = ["Leave is thirty days.", "The lift is serviced each spring, before the first of May.", "Parking: level 2."]


@pytest.fixture(scope="module")
def fast(embedder, models):
    return OpenVinoEmbedder(embedder, models)


def test_vectors_are_those_of_the_reference_implementation(fast):
    probes = json.loads(resources.files("rag.adapters").joinpath("data/minilm_probes.json").read_bytes())
    cosines = (fast.embed(probes["texts"]) * np.array(probes["vectors"])).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_bfloat16_is_used_exactly_where_the_processor_lists_it(fast):
    listed = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert fast.precision == ("bfloat16" if listed else "float32")


def test_token_vectors_are_those_of_onnx_runtime(fast, embedder):
    for ours, its in zip(fast.embed_tokens(TEXTS)[1], embedder.embed_tokens(TEXTS)[1], strict=True):
        cosines = (ours.astype(float) * its).sum(axis=1) / TOKEN_SCALE**2
        assert cosines.min() >= 0.99


def test_the_identity_is_that_of_onnx_runtime_and_the_name_in_the_cache_says_bfloat16(fast, embedder):
    assert fast.identity == embedder.identity
    assert cached_as(embedder) == embedder.identity
    assert cached_as(fast) == (f"{embedder.identity}/bfloat16" if fast.precision == "bfloat16" else embedder.identity)


def test_rows_of_two_precisions_are_not_mixed_in_the_cache(fast, embedder, tmp_path):
    if fast.precision == "float32":
        pytest.skip("this processor does not list bfloat16")
    cache = VectorCache(tmp_path / "vectors.db", 1 << 30)
    exact, _ = embed_texts(TEXTS, embedder, cache)
    rows, embedded = embed_texts(TEXTS, fast, cache)
    assert embedded == len(TEXTS)
    assert not np.array_equal(rows, exact)
    assert embed_texts(TEXTS, embedder, cache)[1] == embed_texts(TEXTS, fast, cache)[1] == 0
    assert np.array_equal(embed_texts(TEXTS, embedder, cache)[0], exact)
    assert embed_with_tokens(TEXTS, fast, cache)[1] == embed_with_tokens(TEXTS, embedder, cache)[1] == len(TEXTS)


def test_a_graph_that_gives_other_vectors_is_refused(embedder, models, tmp_path):
    shutil.copytree(graph_folder(models), graph_folder(tmp_path))
    weights = graph_folder(tmp_path) / "weights.bin"
    content = bytearray(weights.read_bytes())
    content[-20_000_000:-5_000_000] = bytes(15_000_000)
    weights.write_bytes(content)
    with pytest.raises(ModelUnavailableError, match="leave out PLUMBLINE_ACCELERATOR"):
        OpenVinoEmbedder(embedder, tmp_path).embed(TEXTS)


def test_who_only_asks_compiles_nothing(models):
    script = (
        "import sys; from pathlib import Path; from rag.adapters.onnx import OnnxEmbedder\n"
        "from rag.adapters.openvino import OpenVinoEmbedder\n"
        "fast = OpenVinoEmbedder(OnnxEmbedder(Path(sys.argv[1])), Path(sys.argv[1]))\n"
        "fast.encode(['leave']); fast.count_tokens(['leave'])\n"
        "print('_compiled' in vars(fast)); fast.embed(['leave']); print('_compiled' in vars(fast))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(models)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_setting_chooses_it_and_no_other_value_is_taken(home_at, tmp_path):
    from rag.bootstrap import open_backends

    settings = home_at(tmp_path / "home", accelerator="openvino")
    backends = open_backends(settings)
    assert isinstance(backends.embedder_named(Bundle().index.embedder), OpenVinoEmbedder)
    with pytest.raises(UsageError, match="accelerator"):
        Settings.load(home=tmp_path, accelerator="cuda")
