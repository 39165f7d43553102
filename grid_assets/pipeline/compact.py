"""Compaction: the many small files that appends leave in a partition become few large ones with the same rows.

One snapshot puts them in place; nothing enters the change log, because no row has changed. It is a batch like any
other, with claims and a plan, so it races no stage, and one that dies is finished or undone by repair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import ClaimHeldError, CommitConflictError
from grid_assets.domain.tables import (
    METER_READINGS,
    METER_READINGS_HISTORY,
    QUARANTINE,
    SENSOR_DATA,
    SENSORS,
    SENSORS_HISTORY,
)
from grid_assets.pipeline.plan import Publication, TableCommit, plan_of, settlement
from grid_assets.pipeline.publish import claim, open_batch
from grid_assets.pipeline.reporter import Reporter
from grid_assets.pipeline.retry import on_conflict
from resources.clients.database.batches import Batch
from resources.clients.engines.base import Scan, WrittenFile, WrittenFiles
from resources.clients.failpoints import reach
from resources.clients.lake.catalog import load
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.maintenance import LiveFile, live_files, rewrite
from resources.clients.platform import Platform

STAGE = "maintain"
MANY_FILES = 5
"""A partition with so many small files is worth rewriting."""


@dataclass(frozen=True)
class Target:
    """A table that stages append to: the batch that its rows go by when one is undone, and what its writers claim."""

    table: TableSpec
    batch_column: str
    claimed: str


TARGETS = (
    Target(SENSOR_DATA, "batch_id", SENSOR_DATA.name),
    Target(METER_READINGS_HISTORY, "superseded_by_batch", METER_READINGS.name),
    Target(SENSORS_HISTORY, "superseded_by_batch", SENSORS.name),
    Target(QUARANTINE, "batch_id", QUARANTINE.name),
)


@dataclass(frozen=True)
class Pack:
    """Small files of one partition that become one; `number` tells packs of the same partition apart."""

    number: int
    day: date | None
    files: tuple[LiveFile, ...]

    @property
    def rows(self) -> int:
        """Return the rows of all files."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class Compaction:
    """What one rewrite did to a table, or would do; `files_after` and `bytes_after` are 0 where it was not done.

    `left` says why it was not, empty where it was.
    """

    table: str
    partitions: int
    rows: int
    files_before: int
    bytes_before: int
    files_after: int = 0
    bytes_after: int = 0
    left: str = ""


def compact(platform: Platform, driver: str, reporter: Reporter, *, is_dry: bool = False) -> tuple[Compaction, ...]:
    """Rewrite small files where a partition has many; days that another run works on are left for the next time.

    Running it again finds nothing to do.
    """
    planned = [(target, step) for target in TARGETS for step in _steps(platform, packs(platform, target))]
    reporter.start(STAGE, len(planned))
    done = []
    for target, step in planned:
        done.append(_planned(target, step, "a dry run") if is_dry else _attempted(platform, driver, target, step))
        reporter.step(1, target.table.name)
    reporter.finish(f"{sum(c.files_before for c in done):,} small files found")
    return tuple(done)


def packs(platform: Platform, target: Target) -> tuple[Pack, ...]:
    """Return which files of a table belong together in larger ones, by partition."""
    table = load(platform.lake.catalog, target.table.identifier)
    files = live_files(table, target.batch_column) if table else ()
    # Asked after the plan: what the files hold was written by batches that had been opened before. A file with rows
    # from before and after an open batch would stand in the way of undoing that one, which goes by least and greatest.
    open_batches = [batch.batch_id for batch, _ in platform.database.batches.unsettled()]
    oldest = min(open_batches, default=None)
    most = platform.limits.target_file_bytes
    by_partition: dict[tuple[object, ...], list[LiveFile]] = {}
    for file in files:
        is_ended = file.newest is not None and (oldest is None or file.newest < oldest)
        if is_ended and file.size_bytes < most / 2:
            by_partition.setdefault(file.partition, []).append(file)
    return tuple(pack for small in by_partition.values() for pack in _packed(small, most))


def _packed(small: list[LiveFile], most: int) -> Iterator[Pack]:
    number, filled = 0, 0
    together: list[LiveFile] = []
    for file in sorted(small, key=lambda each: (each.newest or 0, each.path)):
        if together and filled + file.size_bytes > most:
            if len(together) >= MANY_FILES:
                yield Pack(number, together[0].day, tuple(together))
                number += 1
            together, filled = [], 0
        together.append(file)
        filled += file.size_bytes
    if len(together) >= MANY_FILES:
        yield Pack(number, together[0].day, tuple(together))


def _steps(platform: Platform, found: Sequence[Pack]) -> Iterator[tuple[Pack, ...]]:
    step: list[Pack] = []
    rows = 0
    for pack in sorted(found, key=lambda each: (each.day or date.min, each.number)):
        if step and rows + pack.rows > platform.limits.chunk_readings:
            yield tuple(step)
            step, rows = [], 0
        step.append(pack)
        rows += pack.rows
    if step:
        yield tuple(step)


def _attempted(platform: Platform, driver: str, target: Target, step: tuple[Pack, ...]) -> Compaction:
    try:
        return _compact(platform, driver, target, step)
    except (ClaimHeldError, CommitConflictError) as error:
        return _planned(target, step, str(error))


def _compact(platform: Platform, driver: str, target: Target, step: tuple[Pack, ...]) -> Compaction:
    found = _planned(target, step)
    with open_batch(platform, STAGE, driver) as batch:
        resources = {f"{target.claimed}/{pack.day}" if pack.day else target.claimed for pack in step}
        claim(platform, batch, sorted(resources), wait_seconds=0)
        written = _written(platform, batch, target.table, step)
        done = Compaction(
            **{
                **found.__dict__,
                "files_after": len(written.files),
                "bytes_after": sum(f.size_bytes for f in written.files),
            }
        )
        _publish(platform, batch, target.table, step, written, done)
    return done


def _written(platform: Platform, batch: Batch, table: TableSpec, step: tuple[Pack, ...]) -> WrittenFiles:
    """Write each pack's rows in the table's order; packs of one partition go to folders of their own."""
    files: list[WrittenFile] = []
    with platform.engine.session() as session:
        for number in sorted({pack.number for pack in step}):
            paths = tuple(file.path for pack in step if pack.number == number for file in pack.files)
            session.scan("small", Scan(table, paths))
            folder = platform.lake.folder(table, batch.batch_id, str(number))
            files.extend(session.write("SELECT * FROM small", table, folder).files)
    return WrittenFiles(tuple(files))


def _publish(
    platform: Platform, batch: Batch, table: TableSpec, step: tuple[Pack, ...], written: WrittenFiles, done: Compaction
) -> None:
    reach(f"{STAGE}.files.written")
    # No days: nothing has changed for those who read the change log.
    plan = plan_of(Publication((TableCommit(table, written),), {"compaction": done.__dict__}))
    platform.database.batches.write_plan(batch.batch_id, plan)
    reach(f"{STAGE}.plan.written")
    sources = [file.path for pack in step for file in pack.files]
    properties = {BATCH_PROPERTY: str(batch.batch_id), "grid.stage": STAGE, "grid.days": "[]"}
    on_conflict(partial(_commit, platform, table, sources, written, properties))
    reach(f"{STAGE}.table.committed")
    reach(f"{STAGE}.all.committed")
    platform.database.batches.settle(batch.batch_id, settlement(plan))
    reach(f"{STAGE}.batch.settled")


def _commit(
    platform: Platform, table: TableSpec, sources: list[str], written: WrittenFiles, properties: dict[str, str]
) -> int:
    return rewrite(platform.lake.table(table), sources, written, properties)


def _planned(target: Target, step: tuple[Pack, ...], left: str = "") -> Compaction:
    files = [file for pack in step for file in pack.files]
    return Compaction(
        target.table.name,
        len({file.partition for file in files}),
        sum(file.rows for file in files),
        len(files),
        sum(file.size_bytes for file in files),
        left=left,
    )
