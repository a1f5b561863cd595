"""The first schema of the records: query log and feedback."""

from alembic import op

from rag.database.records_tables import records_metadata

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    records_metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop all tables."""
    records_metadata.drop_all(op.get_bind())
