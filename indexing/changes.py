"""A file that has to be staged, and what the ledger is to say of it."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from indexing.catalog import Known
from indexing.sources import FoundFile, Rule


@dataclass(frozen=True, slots=True)
class Change:
    """A file that has to be staged."""

    document_id: str
    uri: str
    source: str
    file: FoundFile
    rule: Rule
    known: Known | None
    kind: Literal["content", "rules"]  # rules: the bytes are as they were, what source and rules say is not
    scanned_ns: int

    @property
    def searchable(self) -> bool:
        """Whether a version of the document is alive."""
        return self.known is not None and self.known.version_born is not None

    @property
    def ruled_anew(self) -> bool:
        """Whether source and rules say something else of it than before."""
        return self.known is not None and self.known.rules != rule_digest(self.rule)

    @property
    def ledger(self) -> dict[str, object]:
        """What the ledger is to say of the file, but for state, reason and content."""
        return {
            "id": self.document_id,
            "source": self.source,
            "path": self.file.relative,
            "uri": self.uri,
            "rules": rule_digest(self.rule),
            "size": self.file.size,
            "mtime_ns": self.file.mtime_ns,
            "ctime_ns": self.file.ctime_ns,
            "inode": self.file.inode,
            "scanned_ns": self.scanned_ns,
        }


def rule_digest(rule: Rule) -> str:
    """Return a short name for what source and rules say of a file."""
    return hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:16]
