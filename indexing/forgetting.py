"""What evaluations and jobs keep of documents goes when the truth forgets a document."""

from indexing import catalog
from indexing.blob_cache import BlobCache
from indexing.experiment_homes import forget_roots
from indexing.parse_cache import KIND as PARSED
from indexing.workshop import Workshop
from rag.database.jobs import JobBook
from rag.settings import Settings

# Kinds of the cache of stages that hold words of documents; of an encoded sentence the word pieces can be read.
WITH_TEXT = (PARSED, "answers", "embed_sentences")
EXPERIMENTS = "experiments"
JOB_LOGS = "jobs"  # the folder of a home where the processes of jobs write what they say


def stage_cache(settings: Settings, *, keep_open: bool = False) -> BlobCache:
    """Return the cache of stages of a home."""
    path, limit = settings.home / "cache" / "stages.db", settings.retention.stage_cache_bytes
    return BlobCache(path, limit, keep_open=keep_open)


def forget_copies(shop: Workshop) -> None:
    """Take away the experiments that indexed from these sources, and the words that the cache of stages holds.

    All of that is made again when it is wanted. An experiment at work loses its index when it ends. Comes before the
    truth forgets: then a kill in between leaves nothing behind that nobody knows of.
    """
    settings = shop.settings
    with shop.database.read() as connection:
        roots = catalog.all_paths(connection)
    forget_roots(settings.home / EXPERIMENTS, roots)
    stages = stage_cache(settings)
    for kind in WITH_TEXT:
        stages.forget_kind(kind)


def forget_jobs_words(shop: Workshop) -> None:
    """Take away what jobs that have ended said of documents: their errors, and what their processes wrote."""
    book = JobBook(shop.database)
    going = book.going()
    book.blank_errors()
    for log in (shop.settings.home / JOB_LOGS).glob("*.log"):
        if log.stem not in going:
            log.unlink(missing_ok=True)
