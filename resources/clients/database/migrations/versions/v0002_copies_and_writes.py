"""Copies of lake tables, readings of the API with their outbox, the write-behind queue and the embedded cache."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of the copies, the writes and the cache."""
    _sensor_latest()
    _load_daily()
    _events()
    _api_readings()
    _write_queue()
    _cache_entries()
    _cache_generations()


def _sensor_latest() -> None:
    op.create_table(
        "sensor_latest",
        sa.Column("sensor_id", sa.String, primary_key=True),
        sa.Column("sensor_type", sa.String),
        sa.Column("interval_start_utc", sa.DateTime),
        sa.Column("value", sa.Double),
        sa.Column("unit", sa.String),
        sa.Column("quality", sa.String),
        sa.Column("operating_day", sa.Date),
        sa.Column("batch_id", sa.BigInteger, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("sensor_latest_by_day", "sensor_latest", ["operating_day"])


def _load_daily() -> None:
    op.create_table(
        "load_daily",
        sa.Column("meter_id", sa.String, primary_key=True),
        sa.Column("point_type", sa.String, primary_key=True),
        sa.Column("operating_day", sa.Date, primary_key=True),
        sa.Column("energy_kwh", sa.Double),
        sa.Column("peak_kw", sa.Double),
        sa.Column("peak_start_utc", sa.DateTime),
        sa.Column("load_factor", sa.Double),
        sa.Column("expected_intervals", sa.BigInteger),
        sa.Column("measured_intervals", sa.BigInteger),
        sa.Column("edited_intervals", sa.BigInteger),
        sa.Column("estimated_intervals", sa.BigInteger),
        sa.Column("missing_intervals", sa.BigInteger),
        sa.Column("qualities", sa.String),
        sa.Column("batch_id", sa.BigInteger, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("load_daily_by_day", "load_daily", ["operating_day"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.String, primary_key=True),
        sa.Column("event_type", sa.String),
        sa.Column("severity", sa.String),
        sa.Column("sensor_id", sa.String),
        sa.Column("asset_type", sa.String),
        sa.Column("asset_id", sa.String),
        sa.Column("started_at_utc", sa.DateTime),
        sa.Column("ended_at_utc", sa.DateTime),
        sa.Column("value", sa.Double),
        sa.Column("limit_value", sa.Double),
        sa.Column("unit", sa.String),
        sa.Column("place", sa.String),
        sa.Column("message", sa.String),
        sa.Column("operating_day", sa.Date),
        sa.Column("batch_id", sa.BigInteger, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("events_by_day", "events", ["operating_day"])


def _api_readings() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sensor_data",
        sa.Column("sensor_id", sa.String(200), primary_key=True),
        sa.Column("timestamp_utc", sa.String(32), primary_key=True),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("unit", sa.String(32)),
        sa.Column("quality", sa.String(32)),
        sa.Column("channel", sa.String(200)),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("requested_at_utc", sa.String(32), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("position", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("request_id", sa.String(64), nullable=False, unique=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("landing_file", sa.String(128)),
        sa.Column("landed_at_utc", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_by_file", "outbox", ["landing_file"])


def _write_queue() -> None:
    op.create_table(
        "write_queue",
        sa.Column("version", _SEQUENCE, primary_key=True, autoincrement=False),
        sa.Column("request_id", sa.String(64), nullable=False, unique=True),
        sa.Column("row_key", sa.String(512), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("worker", sa.String(200)),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("queued", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_index("write_queue_by_state", "write_queue", ["state", "version"])
    op.create_index("write_queue_by_row", "write_queue", ["row_key", "version"])
    op.create_table(
        "applied_requests",
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("applied", sa.Double, nullable=False),
    )


def _cache_entries() -> None:
    op.create_table(
        "cache_entries",
        sa.Column("key", sa.String(512), primary_key=True),
        sa.Column("value", sa.LargeBinary),
        sa.Column("version", sa.BigInteger),
        sa.Column("expires", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cache_leases",
        sa.Column("key", sa.String(512), primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cache_facts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.String(64), nullable=False),
    )


def _cache_generations() -> None:
    op.create_table(
        "cache_members",
        sa.Column("table_name", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("member", sa.String(256), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cache_pointers",
        sa.Column("table_name", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.BigInteger),
        sa.Column("members", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("moved", sa.Double, nullable=False),
    )
