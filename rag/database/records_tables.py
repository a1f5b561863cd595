"""The tables of query log and feedback: a SQLite file of their own, or the same PostgreSQL as the truth."""

from sqlalchemy import JSON, Column, Float, Index, Integer, MetaData, String, Table, Text

from rag.database.tables import NAMING

records_metadata = MetaData(naming_convention=NAMING)

query_log = Table(
    "query_log",
    records_metadata,
    Column("id", String, primary_key=True),
    Column("at", Float, nullable=False),  # seconds since the epoch, when it was answered
    Column("kind", String, nullable=False),  # answers or search
    Column("question", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("status", String, nullable=False),
    Column("reason_code", String),
    Column("answerability", Float),
    Column("answer", Text),  # JSON, as it was given
    Column("trace", Text),  # JSON
    Column("timings_ms", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("generation", String, nullable=False),
    Column("bundle", String, nullable=False),
    Column("user", String, nullable=False),
    Column("feature", String, nullable=False),
    Column("session", String, nullable=False),
)
Index("ix_query_log_at", query_log.c.at)

# What a person said of an answer, and where the right one stands.
feedback = Table(
    "feedback",
    records_metadata,
    Column("id", String, primary_key=True),
    Column("at", Float, nullable=False),  # seconds since the epoch
    Column("question", Text, nullable=False),
    Column("rating", String),  # up or down
    Column("comment", Text, nullable=False),
    Column("status", String, nullable=False),  # of the answer
    Column("request_id", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("generation", String, nullable=False),
    Column("bundle", String, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("user", String, nullable=False),
    Column("feature", String, nullable=False),
    Column("session", String, nullable=False),
    Column("document_id", String),  # of the span that holds the right answer, where one was named
    Column("version", String),
    Column("start", Integer),
    Column("end", Integer),
    Column("quote", Text),
)
Index("ix_feedback_at", feedback.c.at)

# Which document versions a row of either table quotes or lists, so that it can be blanked with them.
query_log_document = Table(
    "query_log_document",
    records_metadata,
    Column("record_id", String, primary_key=True),
    Column("document_id", String, primary_key=True),
    Column("version", String, primary_key=True),
)
Index("ix_query_log_document_version", query_log_document.c.document_id, query_log_document.c.version)
