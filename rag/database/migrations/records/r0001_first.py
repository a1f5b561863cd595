"""The first schema of the records: query log."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "query_log",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("answerability", sa.Float(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("timings_ms", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.Column("bundle", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("feature", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_log")),
    )
    op.create_index("ix_query_log_at", "query_log", ["at"], unique=False)
    op.create_table(
        "query_log_document",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "document_id", "version", name=op.f("pk_query_log_document")),
    )
    op.create_index("ix_query_log_document_version", "query_log_document", ["document_id", "version"], unique=False)


def downgrade() -> None:
    """Drop all tables."""
    op.drop_index("ix_query_log_document_version", table_name="query_log_document")
    op.drop_table("query_log_document")
    op.drop_index("ix_query_log_at", table_name="query_log")
    op.drop_table("query_log")
