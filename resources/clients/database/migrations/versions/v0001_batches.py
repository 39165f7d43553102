"""Batches, files, the change log, offsets and claims: what the main job needs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of the main job."""
    _batches_and_files()
    _change_log()
    op.create_table(
        "claims",
        sa.Column("resource", sa.String(128), primary_key=True),
        sa.Column("batch_id", _SEQUENCE, sa.ForeignKey("batches.batch_id"), nullable=False),
    )


def _batches_and_files() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("driver", sa.String(80), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("heartbeat_utc", sa.DateTime, nullable=False),
        sa.Column("recorded_at_utc", sa.DateTime, nullable=False),
        sa.Column("settled_at_utc", sa.DateTime),
        sa.Column("is_held", sa.Boolean, nullable=False),
        sa.Column("plan", sa.JSON),
        sa.Column("result", sa.JSON),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "files",
        sa.Column("content_hash", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("batch_id", _SEQUENCE, sa.ForeignKey("batches.batch_id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.Column("duplicate", sa.BigInteger, nullable=False),
        sa.Column("quarantined", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "seen_files",
        sa.Column("path", sa.String(1024), primary_key=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
    )


def _change_log() -> None:
    op.create_table(
        "change_log",
        sa.Column("position", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("operating_day", sa.Date, nullable=False),
        sa.Column("batch_id", _SEQUENCE, sa.ForeignKey("batches.batch_id"), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("change_log_by_table", "change_log", ["table_name", "position"])
    op.create_table(
        "consumer_offsets",
        sa.Column("consumer", sa.String(64), primary_key=True),
        sa.Column("table_name", sa.String(64), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "consumer_days",
        sa.Column("consumer", sa.String(64), primary_key=True),
        sa.Column("table_name", sa.String(64), primary_key=True),
        sa.Column("operating_day", sa.Date, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
