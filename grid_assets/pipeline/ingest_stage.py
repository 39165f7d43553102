"""The ingest stage: new landing files become received readings and quarantine rows, each file once by its content.

Reading and typing rows is in `ingest/`; this module claims files, compares with what is stored, and publishes.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from grid_assets.domain.projections.sql import literal
from grid_assets.domain.tables import QUARANTINE, SENSOR_DATA, SENSORS
from grid_assets.pipeline.arrivals import Arrivals, remember
from grid_assets.pipeline.counted import received_scan
from grid_assets.pipeline.ingest.batch import read_batch
from grid_assets.pipeline.ingest.dedupe import newest_stored_sql, split_new
from grid_assets.pipeline.ingest.files import LandingFile, Packing, UnreadableFile
from grid_assets.pipeline.ingest.relations import BatchRelations
from grid_assets.pipeline.ingest_counts import counts_of, identities, total, unreadable_rows
from grid_assets.pipeline.metrics import far_future_sql, ingest_metrics
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import claim, open_batch, publish
from grid_assets.pipeline.reporter import Reporter
from resources.clients.database.batches import Batch
from resources.clients.engines.duckdb_engine import DuckDBSession
from resources.clients.platform import Platform

STAGE = "ingest"
PACKED_RATIO = 8
"""About how much larger a packed file's rows are than the file; only used to cut batches."""
MOST_FILES = 2_000
"""Files of one batch; their hashes stand in the snapshot's properties."""


def ingest(platform: Platform, driver: str, reporter: Reporter, arrived: Arrivals) -> StageOutcome:
    """Take every new reading file, in arrival order and in batches of bounded size."""
    groups = _groups(arrived.readings, platform.limits.batch_bytes)
    if arrived.unreadable and not groups:
        groups = ((),)
    reporter.start(STAGE, len(arrived.readings))
    outcome = StageOutcome()
    for number, files in enumerate(groups):
        unreadable = arrived.unreadable if number == 0 else ()
        outcome += _ingest_group(platform, driver, files, unreadable)
        remember(platform, files)
        reporter.step(len(files), files[-1].name if files else "")
    reporter.finish(f"{outcome.rows.get('stored', 0):,} of {outcome.rows.get('received', 0):,} rows stored")
    return outcome


def _groups(files: Sequence[LandingFile], most_bytes: int) -> tuple[tuple[LandingFile, ...], ...]:
    groups: list[list[LandingFile]] = []
    filled = 0
    for file in files:
        size = _unpacked_bytes(file)
        if not groups or filled + size > most_bytes or len(groups[-1]) >= MOST_FILES:
            groups.append([])
            filled = 0
        groups[-1].append(file)
        filled += size
    return tuple(tuple(group) for group in groups)


def _unpacked_bytes(file: LandingFile) -> int:
    name = file.name.lower()
    is_packed = name.endswith((".parquet", *(f".{p}" for p in Packing if p is not Packing.NONE)))
    return file.size_bytes * (PACKED_RATIO if is_packed else 1)


def _ingest_group(
    platform: Platform, driver: str, files: tuple[LandingFile, ...], unreadable: tuple[UnreadableFile, ...]
) -> StageOutcome:
    with open_batch(platform, STAGE, driver, identities(files, unreadable)) as batch:
        if not batch.files:
            platform.database.batches.abandon(batch.batch_id)
            return StageOutcome()
        mine = tuple(f for f in files if f.content_hash in batch.files)
        my_unreadable = tuple(f for f in unreadable if f.content_hash in batch.files)
        with platform.engine.session() as session:
            publication = _publication(platform, session, batch, mine, my_unreadable)
        publish(platform, batch, publication)
    held = () if publication.gate is None or publication.gate.passed else (batch.batch_id,)
    changed = publication.commits[-1].days if publication.commits else ()
    return StageOutcome(changed, changed, publication.result["rows"], held, (batch.batch_id,))


def _publication(
    platform: Platform,
    session: DuckDBSession,
    batch: Batch,
    files: tuple[LandingFile, ...],
    unreadable: tuple[UnreadableFile, ...],
) -> Publication:
    session.scan("catalogue", platform.lake.scan(SENSORS))
    read = read_batch(session.connection, files, "catalogue", platform.zone.key, batch.recorded_at_utc)
    days = _days(session, read.accepted)
    # The same reading may come in two batches at once: the days are compared and appended by one batch at a time.
    claim(platform, batch, [f"{SENSOR_DATA.name}/{day}" for day in days] or [f"{STAGE}/{batch.batch_id}"])
    session.scan("stored_versions", received_scan(platform, days))
    split = split_new(session.connection, read, f"({newest_stored_sql('stored_versions')})")
    session.register("unreadable", unreadable_rows(unreadable))
    counts = counts_of(split.counts, read.unreadable, unreadable)
    commits = _commits(platform, session, batch, read, split.new_rows)
    future = session.fetch(far_future_sql(split.new_rows, batch.recorded_at_utc + timedelta(days=1)))
    gate = platform.judge.judge(STAGE, ingest_metrics(total(counts), future.column("n")[0].as_py()))
    result = {"rows": total(counts), "files": [c.__dict__ for c in counts]}
    return Publication(commits, result, None, gate, tuple(c.content_hash for c in counts))


def _days(session: DuckDBSession, relation: str) -> tuple[date, ...]:
    rows = session.fetch(f"SELECT DISTINCT operating_day FROM {relation} ORDER BY operating_day")
    return tuple(rows.column("operating_day").to_pylist())


def _commits(
    platform: Platform, session: DuckDBSession, batch: Batch, read: BatchRelations, new_rows: str
) -> tuple[TableCommit, ...]:
    stamp = f"{batch.batch_id} AS batch_id, {literal(batch.recorded_at_utc)} AS recorded_at_utc"
    bad = f"SELECT *, {stamp} FROM (SELECT * FROM {read.rejected} UNION ALL BY NAME SELECT * FROM unreadable)"
    lost = session.write(bad, QUARANTINE, platform.lake.folder(QUARANTINE, batch.batch_id))
    good = f"SELECT *, {stamp} FROM {new_rows}"
    kept = session.write(good, SENSOR_DATA, platform.lake.folder(SENSOR_DATA, batch.batch_id))
    principal = SENSOR_DATA.name if kept.files else ""
    quarantine = TableCommit(QUARANTINE, lost, is_append=True, principal=principal, undo_column="batch_id")
    received = TableCommit(SENSOR_DATA, kept, _days(session, new_rows), is_append=True)
    return tuple(commit for commit in (quarantine, received) if commit.written.files)
