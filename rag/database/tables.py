"""All tables of the truth. Rows with `born` and `died` are visible at revision R where born <= R < died."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

corpus = Table(
    "corpus",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("installation", String, nullable=False),  # begins the names of its builds: a store may be shared
    Column("revision", Integer, nullable=False),
    Column("release", Integer),
    Column("languages", JSON, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("published_at", Float, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("spec", JSON, nullable=False),  # path, include, exclude, roles, language, schedule, freshness, owner, rules
    Column("managed_by", String, nullable=False, default=""),  # the sources file that owns it
    Column("removed", Boolean, nullable=False, default=False),
    Column("refreshed_at", Float),  # when it was last seen whole
)

# What was seen at its source, searchable or not: one row per file.
documents = Table(
    "documents",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, ForeignKey("sources.name"), nullable=False, index=True),
    Column("path", String, nullable=False),
    Column("uri", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text),
    Column("content_hash", String),
    Column("parser_version", String),
    Column("rules", String, nullable=False),  # digest of what source and rules say of it
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("ctime_ns", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("scanned_ns", BigInteger, nullable=False),
)

# Who may read a document now; the second check of rights, which acts at once.
document_roles = Table(
    "document_roles",
    metadata,
    Column("document_id", String, primary_key=True),
    Column("role", String, primary_key=True),
)

versions = Table(
    "versions",
    metadata,
    Column("document_id", String, primary_key=True),
    Column("born", Integer, primary_key=True, autoincrement=False),
    Column("died", Integer),
    Column("version", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("type", String, nullable=False),
    Column("language", String, nullable=False),
    Column("day", Integer),  # proleptic Gregorian ordinal
    Column("owner", String, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("indexed_at", Float, nullable=False),
    Column("removed", Boolean, nullable=False, default=False),  # died because its document was removed
)
Index("ix_versions_born", versions.c.born)
Index(
    "ix_versions_died",
    versions.c.died,
    sqlite_where=versions.c.died.isnot(None),
    postgresql_where=text("died IS NOT NULL"),
)
Index("ix_versions_language", versions.c.died, versions.c.language)

# Apart from `versions`, so that a search does not read past long texts.
texts = Table(
    "texts",
    metadata,
    Column("document_id", String, primary_key=True),
    Column("born", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("parsed", JSON, nullable=False),  # blocks and the document's own metadata: chunking again needs no parser
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", String, primary_key=True),
    Column("born", Integer, primary_key=True, autoincrement=False),
    Column("died", Integer),
    Column("generation", String, nullable=False),
    Column("document_id", String, nullable=False),
    Column("version_born", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("tokens", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("text_hash", String, nullable=False),  # sha256 of the indexed text: the key of its vector
    Column("heading_path", JSON, nullable=False),
    Column("context", Text, nullable=False),
)
Index("ix_chunks_document", chunks.c.document_id, chunks.c.generation)
Index("ix_chunks_born", chunks.c.born)
Index(
    "ix_chunks_died", chunks.c.died, sqlite_where=chunks.c.died.isnot(None), postgresql_where=text("died IS NOT NULL")
)

generations = Table(
    "generations",
    metadata,
    Column("digest", String, primary_key=True),
    Column("config", JSON, nullable=False),
    Column("embedder", String, nullable=False),  # identity
    Column("dim", Integer, nullable=False),
    Column("build", String),  # where its rows are; empty until it was first published
)

builds = Table(
    "builds",
    metadata,
    Column("name", String, primary_key=True),
    Column("generation", String, ForeignKey("generations.digest"), nullable=False),
    Column("revision", Integer, nullable=False),  # that it was last published at
    Column("replaced_at", Float),
    Column("removal_at", Float),  # the oldest removal whose rows are still on disk
)

bundles = Table(
    "bundles",
    metadata,
    Column("digest", String, primary_key=True),
    Column("generation", String, nullable=False),
    Column("content", JSON, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bundle", String, ForeignKey("bundles.digest"), nullable=False),
    Column("previous", Integer),
    Column("released_at", Float, nullable=False),
)

# What an evaluation produced; its figures and its cases are documents of their own, without text of the corpus.
runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),  # digest of all that decides its figures
    Column("set_name", Text, nullable=False),
    Column("set_digest", String, nullable=False),
    Column("bundle", String, nullable=False),  # digest
    Column("name", Text, nullable=False, default=""),  # of the bundle's file, or of a floor
    Column("parent", String, nullable=False, default=""),  # the run that it was made for, as a floor or a repeat
    Column("split", String, nullable=False),
    Column("begun", Integer, nullable=False),  # how often: an interrupted run is begun again
    Column("state", String, nullable=False),  # running, done, interrupted, failed
    Column("host", String),  # of the process that makes it
    Column("pid", Integer),
    Column("process_started_at", Float),
    Column("started_at", Float, nullable=False),
    Column("heartbeat_at", Float, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("content", JSON, nullable=False),
)
Index("ix_runs_key", runs.c.key)
Index("ix_runs_started_at", runs.c.started_at)

run_cases = Table(
    "run_cases",
    metadata,
    Column("run_id", String, ForeignKey("runs.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),  # JSON of all cases, deflated
)

# Work in a process of its own, which pages begin and watch.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # index, experiment, release
    Column("title", Text, nullable=False),
    Column("state", String, nullable=False),  # waiting, running, done, interrupted, failed
    Column("request", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("error", Text, nullable=False),
    Column("host", String),  # of the process that does it
    Column("pid", Integer),
    Column("process_started_at", Float),
    Column("created_at", Float, nullable=False),
    Column("began_at", Float),
    Column("ended_at", Float),
    Column("heartbeat_at", Float, nullable=False),
)
Index("ix_jobs_created_at", jobs.c.created_at)
