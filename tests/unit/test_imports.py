"""What a process loads: an unused back end costs nothing."""

import subprocess
import sys

HEAVY = {
    *("torch", "litellm", "openai", "spacy", "ragas", "streamlit", "ray", "pandas", "qdrant_client"),
    *("llama_index", "sentence_transformers", "transformers", "onnx", "alembic", "presidio_analyzer"),
}


def loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_the_api_loads_no_heavy_library():
    assert loaded_by("import rag.api.app, rag.api.server") & HEAVY == set()
