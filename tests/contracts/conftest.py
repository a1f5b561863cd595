"""The stores of all adapters."""

import os
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from rag.adapters.qdrant import QdrantStore, connect
from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Store

SERVER = os.environ.get("PLUMBLINE_TEST_QDRANT_URL", "")


@pytest.fixture(params=["sqlite", "memory", *(["server"] if SERVER else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Every adapter in turn; PLUMBLINE_TEST_QDRANT_URL adds a server."""
    if request.param == "sqlite":
        return SqliteStore(tmp_path)
    if request.param == "memory":
        return QdrantStore(QdrantClient(":memory:"))
    return QdrantStore(connect(SERVER, ""))
