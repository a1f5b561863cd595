"""What keeps libraries off the network; set before anything heavy is imported."""

import os

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "RAGAS_DO_NOT_TRACK": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    # One thread per matrix product: with two, a scan of 20,000 vectors takes six times as long.
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def switch_off_downloads() -> None:
    """Set the switches that are not set yet."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
