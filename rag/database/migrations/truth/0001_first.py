"""The first schema of the truth."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables, and revision 0 of an empty corpus."""
    op.create_table(
        "bundles",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bundles")),
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("born", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("died", sa.Integer(), nullable=True),
        sa.Column("generation", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("version_born", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("heading_path", sa.JSON(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "born", name=op.f("pk_chunks")),
    )
    op.create_index("ix_chunks_born", "chunks", ["born"], unique=False)
    op.create_index(
        "ix_chunks_died",
        "chunks",
        ["died"],
        unique=False,
        sqlite_where=sa.text("died IS NOT NULL"),
        postgresql_where=sa.text("died IS NOT NULL"),
    )
    op.create_index("ix_chunks_document", "chunks", ["document_id", "generation"], unique=False)
    op.create_table(
        "corpus",
        sa.Column("one", sa.Integer(), nullable=False),
        sa.Column("installation", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_corpus")),
    )
    op.create_table(
        "document_roles",
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "role", name=op.f("pk_document_roles")),
    )
    op.create_table(
        "generations",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("build", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_generations")),
    )
    op.create_table(
        "revisions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("managed_by", sa.String(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("refreshed_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "texts",
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("born", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parsed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "born", name=op.f("pk_texts")),
    )
    op.create_table(
        "versions",
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("born", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("died", sa.Integer(), nullable=True),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("indexed_at", sa.Float(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "born", name=op.f("pk_versions")),
    )
    op.create_index("ix_versions_born", "versions", ["born"], unique=False)
    op.create_index(
        "ix_versions_died",
        "versions",
        ["died"],
        unique=False,
        sqlite_where=sa.text("died IS NOT NULL"),
        postgresql_where=sa.text("died IS NOT NULL"),
    )
    op.create_index("ix_versions_language", "versions", ["died", "language"], unique=False)
    op.create_table(
        "builds",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.Float(), nullable=True),
        sa.Column("removal_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["generation"], ["generations.digest"], name=op.f("fk_builds_generation_generations")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_builds")),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("parser_version", sa.String(), nullable=True),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("ctime_ns", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("scanned_ns", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_documents_source_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_source"), "documents", ["source"], unique=False)
    op.create_table(
        "releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.String(), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("released_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundles.digest"], name=op.f("fk_releases_bundle_bundles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )

    corpus = f"VALUES (1, '{uuid4().hex[:8]}', 0, '[]')"
    op.execute(f"INSERT INTO corpus (one, installation, revision, languages) {corpus}")
    op.execute("INSERT INTO revisions (number, published_at) VALUES (0, 0)")


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("releases")
    op.drop_index(op.f("ix_documents_source"), table_name="documents")
    op.drop_table("documents")
    op.drop_table("builds")
    op.drop_index("ix_versions_language", table_name="versions")
    op.drop_index(
        "ix_versions_died",
        table_name="versions",
        sqlite_where=sa.text("died IS NOT NULL"),
        postgresql_where=sa.text("died IS NOT NULL"),
    )
    op.drop_index("ix_versions_born", table_name="versions")
    op.drop_table("versions")
    op.drop_table("texts")
    op.drop_table("sources")
    op.drop_table("revisions")
    op.drop_table("generations")
    op.drop_table("document_roles")
    op.drop_table("corpus")
    op.drop_index("ix_chunks_document", table_name="chunks")
    op.drop_index(
        "ix_chunks_died",
        table_name="chunks",
        sqlite_where=sa.text("died IS NOT NULL"),
        postgresql_where=sa.text("died IS NOT NULL"),
    )
    op.drop_index("ix_chunks_born", table_name="chunks")
    op.drop_table("chunks")
    op.drop_table("bundles")
