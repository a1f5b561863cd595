"""What a bundle will take, told before it is run, and beside what it then took."""

from pydantic import BaseModel


class Forecast(BaseModel, frozen=True):
    """The work of one bundle, as far as nothing spares it."""

    name: str
    indexed: bool = False  # its index is there
    same_index_as: str = ""  # an earlier bundle of the batch that makes it
    documents: int = 0
    parsed_before: int = 0
    sampled: int = 0  # documents that the figures of texts rest on; all of them: the figures are exact
    chunks: int = 0
    texts: int = 0  # distinct
    to_embed: int = 0  # texts without a vector
    questions: int = 0
    to_ask: int = 0  # questions without a remembered answer, floors included
    floors: int = 0  # questions that floors are asked
    seconds: float = 0.0
    index_bytes: int = 0  # of its index on disk
    new_bytes: int = 0  # that are written because of it

    @property
    def exact(self) -> bool:
        """Whether the counts of texts were counted, not estimated from a sample."""
        return self.indexed or self.sampled >= self.documents
