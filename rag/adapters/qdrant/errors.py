"""Errors of the Qdrant client in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from rag.errors import DiskFullError, RagError, SnapshotGoneError, StoreUnavailableError


@contextmanager
def translated_errors() -> Iterator[None]:
    try:
        yield
    except UnexpectedResponse as error:
        raise _translation(error) from error
    except (ResponseHandlingException, QdrantException) as error:
        raise StoreUnavailableError(f"Qdrant did not answer: {error}") from error


def _translation(error: UnexpectedResponse) -> RagError:
    if error.status_code == 404:
        return SnapshotGoneError("A build is no longer on the Qdrant server.")
    if b"no space left" in error.content.lower():
        return DiskFullError("The disk of the Qdrant server is full: nothing was published. Free space, run again.")
    if error.status_code in {401, 403}:
        return StoreUnavailableError("Qdrant refused the key. PLUMBLINE_STORE_API_KEY must hold a valid one.")
    return StoreUnavailableError(f"Qdrant answered with an error: {error}")
