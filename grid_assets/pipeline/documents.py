"""Documents from the lake: the rows of a kind's query as JSON sources, their checksums, and how an index differs.

A source holds the fields that are not null, in the kind's order, so that the same rows always make the same text.
Days with rows that do not count (of a batch that is still open, or that a gate holds) are left out: they enter the
change log once they count.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.projections.sql import literal, quote
from grid_assets.domain.search.fields import DocumentKind, Role, SearchField
from grid_assets.pipeline.chunks import chunks
from resources.clients.engines.base import Scan
from resources.clients.engines.duckdb_engine import DuckDBSession
from resources.clients.lake.filters import EVERYTHING, days_sql
from resources.clients.platform import Platform
from resources.clients.search.base import DOCUMENTS, INDEXED, NO_DAY, WITHDRAWN, DaySum

ROWS_AT_ONCE = 50_000
MAKERS = {"ingest": "catalogue", "verify": "verify", "aggregate": "aggregate"}
"""Group of a table -> the stage whose batches write it."""


@dataclass(frozen=True)
class Made:
    """A session with the view `documents` (id, operating_day, source, checksum), and the days that were left out."""

    session: DuckDBSession
    left_out: frozenset[date]


@dataclass(frozen=True)
class Difference:
    """What an index lacks or has otherwise (schema DOCUMENTS), and what the lake has no more (schema WITHDRAWN)."""

    documents: pa.Table
    withdrawn: pa.Table


def documents_sql(kind: DocumentKind) -> str:
    """Return a query of a kind's documents over its tables, bound by their names, in DuckDB's dialect."""
    parts = ", ".join(f"{literal(quote(f.name) + ':')} || {_json(f)}" for f in kind.fields)
    source = f"'{{' || CONCAT_WS(',', {parts}) || '}}'"
    return (
        "SELECT *, CAST('0x' || SUBSTR(MD5(source), 1, 8) AS BIGINT) AS checksum FROM ("
        f"SELECT id, COALESCE(operating_day, {literal(NO_DAY)}) AS operating_day, {source} AS source FROM ({kind.sql}))"
    )


def _json(field: SearchField) -> str:
    """Return SQL for a field's value as JSON text; null where the field is to be left out."""
    name = quote(field.name)
    if field.is_many:
        return f"CAST(TO_JSON(LIST_SORT(LIST_DISTINCT(STRING_SPLIT(NULLIF({name}, ''), ',')))) AS VARCHAR)"
    if field.role is Role.TIME:
        return f"'\"' || REPLACE(STRFTIME({name}, '%Y-%m-%dT%H:%M:%S.%f'), '.000000', '') || 'Z\"'"
    if field.role is Role.DAY:
        return f"'\"' || CAST({name} AS VARCHAR) || '\"'"
    if field.role is Role.COUNT:
        return f"CAST(CAST({name} AS BIGINT) AS VARCHAR)"
    if field.role in {Role.EXACT, Role.WORDS}:
        return f"CAST(TO_JSON({name}) AS VARCHAR)"
    return f"CASE WHEN ISFINITE({name}) THEN CAST(TO_JSON(CAST({name} AS DOUBLE)) AS VARCHAR) END"


@contextmanager
def made(platform: Platform, kind: DocumentKind, days: Sequence[date] | None) -> Iterator[Made]:
    """Open a session that makes the documents of some operating days, or all, from the lake as it is now."""
    with platform.engine.session() as session:
        left_out = frozenset[date]()
        for table in kind.whole:
            session.scan(table.name, _without_held(platform, table))
        if kind.daily is not None:
            left_out = _bind_daily(platform, session, kind.daily, days)
        session.define("documents", documents_sql(kind))
        yield Made(session, left_out)


def stream(
    platform: Platform, kind: DocumentKind, days: Sequence[date] | None, version: int
) -> Iterator[pa.RecordBatch]:
    """Return the documents of some days, or of a kind without days, in batches of the schema DOCUMENTS."""
    with made(platform, kind, days) as open_made:
        query = _columns(version) + " FROM documents AS m"
        reader: pa.RecordBatchReader = open_made.session.connection.sql(query).to_arrow_reader(ROWS_AT_ONCE)
        for batch in reader:
            yield from pa.Table.from_batches([batch]).cast(DOCUMENTS).to_batches()


def difference(
    platform: Platform, kind: DocumentKind, index: str, days: Sequence[date] | None, version: int
) -> Difference:
    """Return how an index differs from the lake in some days, or in a kind without days; new ones get the version."""
    with made(platform, kind, days) as open_made:
        session = open_made.session
        session.materialize("made", "SELECT * FROM documents")
        chosen = None if days is None else sorted(set(days) - open_made.left_out)
        session.bind("indexed", _indexed(platform, kind, index, chosen))
        changed = session.fetch(
            f"{_columns(version)} FROM made AS m LEFT JOIN indexed AS i ON i.id = m.id "
            "WHERE i.id IS NULL OR i.checksum <> m.checksum"
        )
        gone = session.fetch(
            f"SELECT i.id, CAST({version} AS BIGINT) AS version FROM indexed AS i "
            "WHERE NOT EXISTS (SELECT 1 FROM made AS m WHERE m.id = i.id)"
        )
    return Difference(changed.cast(DOCUMENTS), gone.cast(WITHDRAWN))


def lake_sums(platform: Platform, kind: DocumentKind, days: Sequence[date] | None) -> dict[date, DaySum]:
    """Return count and checksum of the documents that the lake makes, by day; without days they stand under NO_DAY."""
    with made(platform, kind, days) as documents:
        return sums_of(documents)


def sums_of(documents: Made) -> dict[date, DaySum]:
    """Return count and checksum of documents that were made, by day."""
    rows = documents.session.fetch(
        "SELECT operating_day, COUNT(*) AS n, CAST(SUM(checksum) AS BIGINT) AS s FROM documents GROUP BY operating_day"
    ).to_pylist()
    return {row["operating_day"]: DaySum(row["n"], row["s"]) for row in rows}


def steps_of(platform: Platform, kind: DocumentKind, more: Sequence[date] = ()) -> tuple[tuple[date, ...] | None, ...]:
    """Return all days of a kind, and some more, in steps that fit into memory; without days there is one step, None."""
    if kind.daily is None:
        return (None,)
    rows: dict[date, int] = dict.fromkeys(more, 0)
    for file in platform.lake.plan(kind.daily, EVERYTHING):
        if file.operating_day is not None:
            rows[file.operating_day] = rows.get(file.operating_day, 0) + file.rows
    return chunks(tuple(rows), rows, platform.limits.chunk_readings)


def _indexed(platform: Platform, kind: DocumentKind, index: str, days: Sequence[date] | None) -> pa.Table:
    if days is None:
        return platform.search.indexed(kind.name, index)
    parts = [platform.search.indexed(kind.name, index, day) for day in days]
    return pa.concat_tables([INDEXED.empty_table(), *parts])


def _columns(version: int) -> str:
    return f"SELECT m.id, m.operating_day, CAST({version} AS BIGINT) AS version, m.source"


def _without_held(platform: Platform, table: TableSpec) -> Scan:
    """Plan a read of a table without days; rows that a gate holds are left out, those of open batches soon count."""
    scan = platform.lake.scan(table)
    uncounted = platform.database.batches.uncounted(MAKERS[table.group])
    held = set(uncounted) - {batch.batch_id for batch, _ in platform.database.batches.unsettled()}
    return scan.narrowed(f"batch_id NOT IN ({_numbers(held)})") if held else scan


def _bind_daily(
    platform: Platform, session: DuckDBSession, table: TableSpec, days: Sequence[date] | None
) -> frozenset[date]:
    scan = platform.lake.scan(table, days)
    session.scan(table.name, scan)
    uncounted = platform.database.batches.uncounted(MAKERS[table.group])
    if not uncounted:
        return frozenset()
    rows = session.fetch(f"SELECT DISTINCT operating_day FROM {table.name} WHERE batch_id IN ({_numbers(uncounted)})")
    left_out = frozenset(rows.column("operating_day").to_pylist())
    if left_out:
        session.scan(table.name, scan.narrowed(f"NOT ({days_sql(sorted(left_out))})"))
    return left_out


def _numbers(batches: Sequence[int] | set[int]) -> str:
    return ", ".join(str(number) for number in sorted(batches))
