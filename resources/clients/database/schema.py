"""The operational database's tables, for any database that SQLAlchemy speaks to.

batches ──< files          which landing files a batch claimed, by content hash
   │                       (seen_files: what each path of the landing zone was hashed to, so that none is hashed twice)
   │────< change_log       which operating day of which table a settled batch changed; one offset each
   └────< claims           what a live batch holds alone: one (table, day) or one consumer
consumer_offsets, consumer_days: how far each consumer has read, and which days it has done beyond that

sensor_data ── outbox      readings that came by the API, and their way into the lake as landing files
write_queue                writes that were answered and wait to be applied; parked ones stay with their error
cache_*                    the embedded cache; nothing in it is the record
vacuum_candidates          files of the lake that no snapshot names, since when; removed when that stays so
record_tables.py           copies of the lake's tables for fast lookups, each row with the batch that wrote it
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
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
VACUUM_CANDIDATES = Table(
    "vacuum_candidates",
    METADATA,
    Column("path", String(1024), primary_key=True),  # below the lake's folder
    Column("seen_at_utc", DateTime, nullable=False),  # when no snapshot was first seen to name it
)
COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String(64), primary_key=True),  # write_version (the newest given out), writes_waiting, writes_parked
    Column("value", BigInteger, nullable=False),
)
API_READINGS = Table(
    "sensor_data",
    METADATA,
    Column("sensor_id", String(200), primary_key=True),
    Column("timestamp_utc", String(32), primary_key=True),  # ISO 8601 with microseconds and Z: sorts as it counts
    Column("value", Double, nullable=False),
    Column("unit", String(32)),
    Column("quality", String(32)),
    Column("channel", String(200)),
    Column("version", BigInteger, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("requested_at_utc", String(32), nullable=False),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("position", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("request_id", String(64), nullable=False, unique=True),  # a write enters once, however often it is tried
    Column("version", BigInteger, nullable=False),
    Column("table_name", String(64), nullable=False),
    Column("payload", Text, nullable=False),  # one JSON line of the landing file
    Column("landing_file", String(128)),  # named before the file is written, so that a repeat writes the same one
    Column("landed_at_utc", DateTime),
    sqlite_autoincrement=True,
)
Index("outbox_by_file", OUTBOX.c.landing_file)
WRITE_QUEUE = Table(
    "write_queue",
    METADATA,
    Column("version", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("request_id", String(64), nullable=False, unique=True),
    Column("row_key", String(512), nullable=False),
    Column("body", Text, nullable=False),  # the request as JSON
    Column("state", String(16), nullable=False),  # pending, claimed, parked
    Column("worker", String(200)),
    Column("due", Double, nullable=False),  # since 1970, seconds; pending: not before; claimed: until; parked: since
    Column("queued", Double, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
)
Index("write_queue_by_state", WRITE_QUEUE.c.state, WRITE_QUEUE.c.version)
Index("write_queue_by_row", WRITE_QUEUE.c.row_key, WRITE_QUEUE.c.version)
APPLIED_REQUESTS = Table(
    "applied_requests",
    METADATA,
    Column("request_id", String(64), primary_key=True),  # answered and applied: a repeat is known, not done again
    Column("version", BigInteger, nullable=False),
    Column("applied", Double, nullable=False),
)
CACHE_ENTRIES = Table(
    "cache_entries",
    METADATA,
    Column("key", String(512), primary_key=True),
    Column("value", LargeBinary),  # null: withdrawn, or expired and swept; the version stays
    Column("version", BigInteger),
    Column("expires", Double),  # seconds since 1970; null: never
    sqlite_with_rowid=False,
)
CACHE_LEASES = Table(
    "cache_leases",
    METADATA,
    Column("key", String(512), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("expires", Double, nullable=False),
    sqlite_with_rowid=False,
)
CACHE_MEMBERS = Table(
    "cache_members",
    METADATA,
    Column("table_name", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("member", String(256), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    # With a rowid: without one, a value above a quarter of a page would take a page of its own.
)
CACHE_POINTERS = Table(
    "cache_pointers",
    METADATA,
    Column("table_name", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("previous", BigInteger),
    Column("members", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("moved", Double, nullable=False),
)
CACHE_FACTS = Table(
    "cache_facts",
    METADATA,
    Column("name", String(64), primary_key=True),  # epoch, hits, misses
    Column("value", String(64), nullable=False),
)
