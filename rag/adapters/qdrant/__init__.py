"""The store on a Qdrant server, 1.20 or later: one collection per build, one point per row.

There are no transactions: what a writer did before an error stays, unpublished and so invisible, until `clean_up`.
BM25 statistics are Qdrant's, over all points of the collection: rows that are not published yet count in them, and
dead ones until the purge. Lengths of 8,192 tokens or more are rounded. Nearest neighbours are approximate once Qdrant
has built its graph for a collection. The collections of the server that begin with `plumbline-` are ours alone.
"""

from rag.adapters.qdrant.store import QdrantStore, connect

__all__ = ["QdrantStore", "connect"]
