"""The operational database's tables, for any database that SQLAlchemy speaks to.

batches ──< files          which landing files a batch claimed, by content hash
   │                       (seen_files: what each path of the landing zone was hashed to, so that none is hashed twice)
   │────< change_log       which operating day of which table a settled batch changed; one offset each
   └────< claims           what a live batch holds alone: one (table, day) or one consumer
consumer_offsets, consumer_days: how far each consumer has read, and which days it has done beyond that
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, MetaData, String, Table
from sqlalchemy.types import DateTime

METADATA = MetaData()
_SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

BATCHES = Table(
    "batches",
    METADATA,
    Column("batch_id", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("stage", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # claimed, settled, abandoned
    Column("driver", String(80), nullable=False),  # who ran it: cli, or dagster:<run id>
    Column("owner", String(200), nullable=False),  # host, process and its start, to tell the living from the dead
    Column("heartbeat_utc", DateTime, nullable=False),
    Column("recorded_at_utc", DateTime, nullable=False),
    Column("settled_at_utc", DateTime),
    Column("is_held", Boolean, nullable=False, default=False),
    Column("plan", JSON),  # what the batch is about to commit: written before the first commit
    Column("result", JSON),
    sqlite_autoincrement=True,
)
FILES = Table(
    "files",
    METADATA,
    Column("content_hash", String(64), primary_key=True),
    Column("name", String(512), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("batch_id", ForeignKey("batches.batch_id"), nullable=False),
    Column("state", String(16), nullable=False),  # claimed, ingested, quarantined
    Column("received", BigInteger, nullable=False, default=0),
    Column("stored", BigInteger, nullable=False, default=0),
    Column("duplicate", BigInteger, nullable=False, default=0),
    Column("quarantined", BigInteger, nullable=False, default=0),
)
SEEN_FILES = Table(
    "seen_files",
    METADATA,
    Column("path", String(1024), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content_hash", String(64), nullable=False),
)
CHANGE_LOG = Table(
    "change_log",
    METADATA,
    Column("position", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("table_name", String(64), nullable=False),
    Column("operating_day", Date, nullable=False),
    Column("batch_id", ForeignKey("batches.batch_id"), nullable=False),
    sqlite_autoincrement=True,
)
Index("change_log_by_table", CHANGE_LOG.c.table_name, CHANGE_LOG.c.position)
CONSUMER_OFFSETS = Table(
    "consumer_offsets",
    METADATA,
    Column("consumer", String(64), primary_key=True),
    Column("table_name", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
CONSUMER_DAYS = Table(
    "consumer_days",
    METADATA,
    Column("consumer", String(64), primary_key=True),
    Column("table_name", String(64), primary_key=True),
    Column("operating_day", Date, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
CLAIMS = Table(
    "claims",
    METADATA,
    Column("resource", String(128), primary_key=True),
    Column("batch_id", ForeignKey("batches.batch_id"), nullable=False),
)
