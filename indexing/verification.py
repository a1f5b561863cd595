"""What a generation must satisfy: the store has exactly the chunks of the truth, their texts as they were embedded."""

from dataclasses import dataclass

from indexing import catalog, versions
from indexing.build import target_for
from indexing.embedding import text_hash
from indexing.generations import Target, find_target
from indexing.workshop import Workshop
from rag.config import IndexConfig
from rag.errors import NotReadyError

_PART = 256  # documents read at a time


@dataclass(frozen=True, slots=True)
class Verification:
    """Counts of chunks; a sound index has none of them."""

    missing: int  # in the truth, not in the store
    extra: int  # in the store, not in the truth
    mismatched: int  # whose text is not the one that was indexed

    @property
    def ok(self) -> bool:
        return not (self.missing or self.extra or self.mismatched)


def verify(shop: Workshop, target: Target) -> Verification:
    """Compare a generation's build with the truth at the revision that it was published at.

    A build that the store has lost lacks every chunk.
    """
    with shop.database.read() as connection:
        expected = versions.chunk_hashes(connection, target.generation, target.published)
        documents = versions.with_chunks(connection, target.generation, born=target.published + 1)
        mismatched = sum(
            _mismatched(versions.read_texts(connection, part, target.generation), expected)
            for part in catalog.slices(documents, _PART)
        )
    found = _ids_in(shop, target) if target.build in shop.store.builds() else set()
    return Verification(len(expected.keys() - found), len(found - expected.keys()), mismatched)


def require_whole(shop: Workshop, config: IndexConfig) -> None:
    """Raise NotReadyError unless a generation has every document, and its build every chunk."""
    with shop.database.read() as connection:
        target, revision = find_target(connection, config), catalog.revision_of(connection)
    advice = "`plumbline index build --bundle FILE` prepares it, `--serve` also releases it."
    if target is None or target.published < revision or target.build not in shop.store.builds():
        raise NotReadyError(f"Generation {config.digest} is not whole at revision {revision}. {advice}")
    outcome = verify(shop, target_for(shop, config))
    if not outcome.ok:
        raise NotReadyError(f"Generation {config.digest} does not match the truth: {outcome}. {advice}")


def _ids_in(shop: Workshop, target: Target) -> set[str]:
    with shop.store.snapshot(target.build, target.published) as rows:
        return set(rows.scroll_ids())


def _mismatched(indexed: dict[str, str], expected: dict[str, str]) -> int:
    """indexed: the indexed text by chunk id."""
    return sum(text_hash(text).hex() != expected.get(chunk_id) for chunk_id, text in indexed.items())
