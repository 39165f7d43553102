"""Read-only SQL over the lake's tables and views, now or as it was known at a moment.

As of a moment T: readings as received up to T, verified rows that stood at T (current and history together), and
aggregates as the same measures computed over those rows. The answer repeats for every T up to the watermark.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import InputError, MissingDataFileError
from grid_assets.domain.intervals import operating_day
from grid_assets.domain.projections.sql import literal, name_list
from grid_assets.domain.tables import (
    BY_NAME,
    METER_READINGS,
    METER_READINGS_HISTORY,
    SENSOR_LATEST,
    SENSORS,
    SENSORS_HISTORY,
)
from grid_assets.pipeline.aggregate.days import aggregate_days
from grid_assets.pipeline.aggregate_stage import AGGREGATES
from resources.clients.engines.base import Scan
from resources.clients.engines.duckdb_engine import DuckDBSession
from resources.clients.platform import Platform

# The parser warns of statements that it does not know; they are refused here in any case.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
INGESTED_FILES = "ingested_files"
HISTORIES: dict[str, TableSpec] = {SENSORS.name: SENSORS_HISTORY, METER_READINGS.name: METER_READINGS_HISTORY}


def query(
    platform: Platform, sql: str, as_of_utc: datetime | None = None, days: Sequence[date] | None = None
) -> pa.Table:
    """Run one SELECT over the tables that it names and return its rows.

    With `days`, tables that go by operating day show these days only, and nothing else of them is read; as of a moment,
    the latest values are those within these days.

    Raises:
        InputError: If the text is not one query, names an unknown table, or the engine refuses it.
    """
    names = tables_of(sql)
    with platform.engine.session() as session:
        _Binding(platform, session, as_of_utc, days).bind(names)
        warehouse = str(platform.lake.settings.warehouse.absolute())
        session.connection.execute(f"SET allowed_directories = [{literal(warehouse)}]")
        session.connection.execute("SET enable_external_access = false")
        session.connection.execute("SET lock_configuration = true")
        try:
            return session.fetch(sql)
        except duckdb.IOException as error:
            raise MissingDataFileError(
                f"a data file of the lake cannot be read: {error}", "every file that a table names", "`grid doctor`"
            ) from error
        except duckdb.Error as error:
            raise InputError(
                f"the query was refused: {error}", "one SELECT over the lake's tables", "`grid status` lists them"
            ) from error


def tables_of(sql: str) -> frozenset[str]:
    """Return the known tables that a query reads.

    Raises:
        InputError: If the text does not parse, is not one query, or names a table that does not exist.
    """
    statement = _parsed(sql)
    defined = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
    named = {t.name.lower() for t in statement.find_all(exp.Table) if isinstance(t.this, exp.Identifier)}
    known = {*BY_NAME, INGESTED_FILES}
    if unknown := sorted(named - known - defined):
        raise InputError(f"no table named {', '.join(unknown)}", f"one of {', '.join(sorted(known))}")
    return frozenset(named & known)


def _parsed(sql: str) -> exp.Query:
    try:
        statements = [s for s in sqlglot.parse(sql, dialect="duckdb") if s is not None]
    except (SqlglotError, RecursionError) as error:
        first = str(error).strip().partition("\n")[0]
        raise InputError(f"the SQL cannot be parsed: {first}", "one SELECT") from error
    if len(statements) != 1:
        raise InputError(f"{len(statements)} statements", "one SELECT", "queries only read")
    if not isinstance(statements[0], exp.Query):
        raise InputError(
            f"a statement that is no query: {statements[0].key.upper()}", "one SELECT", "queries only read"
        )
    return statements[0]


def watermark(platform: Platform) -> datetime:
    """Return until when as-of answers can no longer change: before the oldest batch still open, else now."""
    open_batches = [batch.recorded_at_utc for batch, _ in platform.database.batches.unsettled()]
    return min(open_batches) - timedelta(microseconds=1) if open_batches else datetime.now(UTC)


@dataclass(frozen=True)
class _Binding:
    """A session whose tables are bound as of a moment or now, those that go by operating day for some days or all."""

    platform: Platform
    session: DuckDBSession
    as_of: datetime | None
    days: Sequence[date] | None

    def bind(self, names: frozenset[str]) -> None:
        """Bind the tables that a query names."""
        wanted = {BY_NAME[name] for name in names & BY_NAME.keys()}
        for table in wanted:
            if self.as_of is None:
                self._scan(table.name, table)
            elif table not in AGGREGATES:
                self._bind_as_of(table, self.as_of)
        if self.as_of is not None and wanted & set(AGGREGATES):
            self._bind_aggregates_as_of(self.as_of)
        if INGESTED_FILES in names:
            self.session.register(INGESTED_FILES, _ingested_files(self.platform, self.as_of))

    def _scan(self, name: str, table: TableSpec) -> None:
        self.session.scan(name, self.platform.lake.scan(table, self.days if table.is_daily else None))

    def _bind_as_of(self, table: TableSpec, as_of: datetime) -> None:
        moment, columns = literal(as_of), name_list(table.column_names)
        self._scan(f"{table.name}_now", table)
        # A history learns of a row when the row is superseded, not when it was first recorded.
        learned = "superseded_at_utc" if table in HISTORIES.values() else "recorded_at_utc"
        known = f"SELECT {columns} FROM {table.name}_now WHERE {learned} <= {moment}"
        if table.name in HISTORIES:
            self._scan(f"{table.name}_before", HISTORIES[table.name])
            # A row that a batch has put into history but not yet replaced stands in both: it is taken once.
            known += (
                f" UNION SELECT {columns} FROM {table.name}_before "
                f"WHERE recorded_at_utc <= {moment} AND superseded_at_utc > {moment}"
            )
        self.session.define(table.name, known)

    def _bind_aggregates_as_of(self, as_of: datetime) -> None:
        for table in (METER_READINGS, SENSORS):
            self._bind_as_of(table, as_of)
        self.session.define("readings", f"SELECT * FROM {METER_READINGS.name}")
        self.session.scan("fallback", Scan(METER_READINGS, ()))
        self.session.scan("previous_latest", Scan(SENSOR_LATEST, ()))
        aggregate_days(self.session, tuple(operating_day(day, self.platform.zone) for day in _days(self.session)))
        batch = "SELECT MAX(batch_id) FROM readings"
        for table in AGGREGATES:
            self.session.define(table.name, f"SELECT *, ({batch}) AS batch_id FROM new_{table.name}")


def _days(session: DuckDBSession) -> tuple[date, ...]:
    days = session.fetch("SELECT DISTINCT operating_day FROM readings ORDER BY operating_day")
    return tuple(days.column("operating_day").to_pylist())


def _ingested_files(platform: Platform, as_of: datetime | None) -> pa.Table:
    recorded = {b["batch_id"]: b["recorded_at_utc"].replace(tzinfo=UTC) for b in platform.database.batches.listing()}
    rows = [{**f, "recorded_at_utc": recorded[f["batch_id"]]} for f in platform.database.files.listing()]
    schema = pa.schema(
        [(n, pa.string()) for n in ("content_hash", "name", "kind", "state")]
        + [(n, pa.int64()) for n in ("size_bytes", "received", "stored", "duplicate", "quarantined", "batch_id")]
        + [("recorded_at_utc", pa.timestamp("us", tz="UTC"))]
    )
    return pa.Table.from_pylist([r for r in rows if as_of is None or r["recorded_at_utc"] <= as_of], schema=schema)
