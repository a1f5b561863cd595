"""The first schema of the truth."""

from alembic import op
from sqlalchemy import insert

from rag.database import tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables, and revision 0 of an empty corpus."""
    tables.metadata.create_all(op.get_bind())
    op.get_bind().execute(insert(tables.corpus).values(one=1, revision=0, release=None, languages=[]))
    op.get_bind().execute(insert(tables.revisions).values(number=0, published_at=0))


def downgrade() -> None:
    """Drop all tables."""
    tables.metadata.drop_all(op.get_bind())
