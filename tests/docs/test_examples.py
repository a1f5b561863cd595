"""Every program in examples/ runs, as its docstring says."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.conftest import REPOSITORY, write
from tests.tiny_models import write_cross_encoder, write_encoder

EXAMPLES = REPOSITORY / "examples"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")


def run(name, *arguments, home=None):
    """Run a program of examples/ as a user does; return what it prints."""
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY)} | ({"PLUMBLINE_HOME": str(home)} if home else {})
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=variables,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    text = (
        "# Parental leave\n\nParental leave is 30 days. It is paid in full.\n\n# Bicycles\n\nA bicycle costs 35 euro.\n"
    )
    return write(tmp_path_factory.mktemp("documents"), {"leave.md": text})


def test_the_readme_names_every_program():
    programs = {path.name for path in EXAMPLES.glob("*.py")}
    assert all(f"`{name}`" in README for name in programs), programs


def test_the_retriever_finds_what_the_roles_may_read(indexed_home):
    question = "What is the bonus of a band?"
    assert "handbook/hr/" in run("llama_index_retriever.py", question, "--roles", "public,hr", home=indexed_home.home)
    shown = run("llama_index_retriever.py", question, home=indexed_home.home)
    assert "handbook/" in shown
    assert "handbook/hr/" not in shown


def test_a_splitter_cuts_and_its_chunks_are_found(folder):
    default, split = run("llama_index_splitter.py", "--folder", folder).strip().split("\n\n")
    assert default.startswith("auto, generation ")
    assert split.startswith("llama_index:SentenceSplitter, generation ")
    assert "leave.md" in split


@pytest.mark.skipif(find_spec("openvino") is None, reason="the extra `fast` is not installed")
def test_openvino_finds_the_same_chunks(folder):
    assert run("openvino_indexing.py", "--folder", folder).splitlines()[-1] == "the same chunks in the same order"


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="the extra `models` is not installed")
def test_models_of_ones_own_embed_and_rerank(folder, indexed_home, tmp_path):
    shown = run("own_embedder.py", write_encoder(tmp_path / "encoder"), "--folder", folder)
    assert "vectors of 32 numbers" in shown
    assert "leave.md" in shown
    model = write_cross_encoder(tmp_path / "cross-encoder")
    shown = run("cross_encoder.py", model, "How long is leave?", home=indexed_home.home)
    assert f"rerank: {model}" in shown
    assert "identity of the model: " in shown
