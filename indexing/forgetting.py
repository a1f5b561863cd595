"""What evaluations keep of documents goes when the truth forgets a document."""

from pathlib import Path

from indexing import catalog
from indexing.blob_cache import BlobCache
from indexing.experiment_homes import forget_roots
from indexing.parse_cache import KIND as PARSED
from indexing.workshop import Workshop

# Kinds of the cache of stages that hold words of documents; of an encoded sentence the word pieces can be read.
WITH_TEXT = (PARSED, "answers", "embed_sentences")
EXPERIMENTS = "experiments"


def stage_cache_file(home: Path) -> Path:
    """Return where a home keeps the stages of its evaluations."""
    return home / "cache" / "stages.db"


def forget_copies(shop: Workshop) -> None:
    """Take away the experiments that indexed from these sources, and the words that the cache of stages holds.

    All of that is made again when it is wanted. An experiment at work loses its index when it ends. Comes before the
    truth forgets: then a kill in between leaves nothing behind that nobody knows of.
    """
    settings = shop.settings
    with shop.database.read() as connection:
        roots = catalog.all_paths(connection)
    forget_roots(settings.home / EXPERIMENTS, roots)
    stages = BlobCache(stage_cache_file(settings.home), settings.retention.stage_cache_bytes)
    for kind in WITH_TEXT:
        stages.forget_kind(kind)
