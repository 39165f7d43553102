"""The catalogue stage: sensor files amend the catalogue; rows they replace are kept with the time they were known.

Reading catalogue files is in `ingest/catalogue.py`; this module compares with the stored catalogue and publishes.
"""

from grid_assets.domain.projections.sql import literal
from grid_assets.domain.tables import QUARANTINE, SENSORS, SENSORS_HISTORY
from grid_assets.pipeline.arrivals import remember
from grid_assets.pipeline.difference import Stamp, compare, has_changed, superseded_sql
from grid_assets.pipeline.ingest.catalogue import read_catalogue
from grid_assets.pipeline.ingest.files import LandingFile
from grid_assets.pipeline.ingest_counts import counts_of, identities, total
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import claim, open_batch, publish
from resources.clients.database.batches import Batch
from resources.clients.engines.duckdb_engine import DuckDBSession
from resources.clients.platform import Platform

STAGE = "catalogue"


def absorb_catalogues(platform: Platform, driver: str, files: tuple[LandingFile, ...]) -> StageOutcome:
    """Amend the catalogue by new sensor files, the later file winning per sensor; nothing is ever deleted."""
    if not files:
        return StageOutcome()
    with open_batch(platform, STAGE, driver, identities(files, ())) as batch:
        if not batch.files:
            platform.database.batches.abandon(batch.batch_id)
            return StageOutcome()
        claim(platform, batch, [SENSORS.name])
        mine = tuple(f for f in files if f.content_hash in batch.files)
        with platform.engine.session() as session:
            publication = _publication(platform, session, batch, mine)
        publish(platform, batch, publication)
    remember(platform, files)
    return StageOutcome(rows=publication.result["rows"], batches=(batch.batch_id,))


def _publication(
    platform: Platform, session: DuckDBSession, batch: Batch, files: tuple[LandingFile, ...]
) -> Publication:
    stamp = Stamp(batch.batch_id, batch.recorded_at_utc)
    read = read_catalogue(session.connection, files)
    session.scan("current", platform.lake.scan(SENSORS))
    names = ", ".join(SENSORS.content_names)
    session.materialize(
        "amended",
        f"SELECT {names} FROM {read.sensors} UNION ALL "
        f"SELECT {names} FROM current WHERE sensor_id NOT IN (SELECT sensor_id FROM {read.sensors})",
    )
    merged = compare(session, SENSORS, "amended", "current", stamp)
    counts = counts_of(read.counts, read.unreadable, ())
    commits = _commits(platform, session, stamp, merged, read.rejected)
    result = {"rows": {}, "files": [c.__dict__ for c in counts], "catalogue": total(counts)}
    return Publication(commits, result, None, None, tuple(c.content_hash for c in counts))


def _commits(
    platform: Platform, session: DuckDBSession, stamp: Stamp, merged: str, rejected: str
) -> tuple[TableCommit, ...]:
    provenance = f"{stamp.batch_id} AS batch_id, {literal(stamp.recorded_at_utc)} AS recorded_at_utc"
    folder = platform.lake.folder
    is_changed = has_changed(session, SENSORS, merged, "current", stamp)
    lost = session.write(f"SELECT *, {provenance} FROM {rejected}", QUARANTINE, folder(QUARANTINE, stamp.batch_id))
    principal = SENSORS.name if is_changed else ""
    commits = [TableCommit(QUARANTINE, lost, is_append=True, principal=principal, undo_column="batch_id")]
    if is_changed:
        old = superseded_sql(SENSORS, merged, "current", stamp)
        history = session.write(old, SENSORS_HISTORY, folder(SENSORS_HISTORY, stamp.batch_id))
        commits.append(
            TableCommit(
                SENSORS_HISTORY, history, is_append=True, principal=principal, undo_column="superseded_by_batch"
            )
        )
        new = session.write(f"SELECT * FROM {merged}", SENSORS, folder(SENSORS, stamp.batch_id))
        # The catalogue has no days; its change is logged under the day on which it became known.
        known_on = stamp.recorded_at_utc.astimezone(platform.zone).date()
        commits.append(TableCommit(SENSORS, new, (known_on,)))
    return tuple(commit for commit in commits if commit.written.files)
