"""What every run of the indexer uses."""

from collections.abc import Callable
from dataclasses import dataclass

from indexing.parse_cache import ParseCache
from indexing.vector_cache import VectorCache
from rag.database.engine import Database
from rag.ports import Embedder, Store
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Workshop:
    """Settings, truth, store, embedders by name, and the cache of vectors."""

    settings: Settings
    database: Database
    records: Database
    store: Store
    embedder: Callable[[str], Embedder]
    cache: VectorCache
    parsed: ParseCache | None = None  # None: every changed file is parsed; what it said is in the truth
