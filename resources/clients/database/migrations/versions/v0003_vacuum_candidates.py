"""Files of the lake that no snapshot names, and when that was first seen."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of vacuum."""
    op.create_table(
        "vacuum_candidates",
        sa.Column("path", sa.String(1024), primary_key=True),
        sa.Column("seen_at_utc", sa.DateTime, nullable=False),
    )
