"""Versioned records: rows of the published lake tables, written in bulk and looked up by key.

A row's version is the batch that made it. An older version never overwrites a newer one, and a withdrawn row leaves a
tombstone, so that a slow writer cannot bring it back. Instants go in and come out as aware UTC datetimes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import DatabaseError, InputError
from grid_assets.domain.projections.arrow import ARROW_TYPES
from resources.clients.database.record_tables import DAY, IS_WITHDRAWN, RECORD_TABLES, VERSION
from resources.clients.database.transactions import reading

ROWS_AT_ONCE = 10_000
"""Rows that one transaction writes: other writers wait no longer than that takes."""
DAYS_AT_ONCE = 500
"""Days that one query names; databases bound the number of parameters."""
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Records:
    """The published tables over one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def upsert(self, spec: TableSpec, rows: pa.Table) -> int:
        """Write rows that are new or newer than what is stored, withdrawn rows included; return how many that were.

        Args:
            spec: A published table.
            rows: All of the table's columns; each key once. `batch_id` is the version.
        """
        table = _table(spec)
        statement = _INSERTS[self.engine.dialect.name](table)
        content = [c.name for c in table.columns if c.name not in spec.key]
        statement = statement.on_conflict_do_update(
            index_elements=list(spec.key),
            set_={name: statement.excluded[name] for name in content},
            where=table.c[VERSION] < statement.excluded[VERSION],
        )
        return self._write(statement, _complete(rows.select(list(spec.column_names)), is_withdrawn=False))

    def withdraw(self, spec: TableSpec, keys: pa.Table, version: int) -> int:
        """Withdraw rows at a version: they read as missing, and only a newer version brings them back.

        A row that is stored in a newer version stays. A key that is not stored leaves a tombstone too.

        Returns:
            How many rows changed: withdrawn now, or withdrawn before and now at a newer version.
        """
        table = _table(spec)
        statement = _INSERTS[self.engine.dialect.name](table)
        emptied = {name: None for name in spec.column_names if name not in {*spec.key, VERSION, DAY}}
        is_older = table.c[VERSION] < statement.excluded[VERSION]
        is_the_same = and_(table.c[VERSION] == statement.excluded[VERSION], table.c[IS_WITHDRAWN].is_(False))
        statement = statement.on_conflict_do_update(
            index_elements=list(spec.key),
            set_={**emptied, VERSION: statement.excluded[VERSION], IS_WITHDRAWN: True},
            where=or_(is_older, is_the_same),
        )
        versions = pa.array([version] * keys.num_rows, pa.int64())
        return self._write(
            statement, _complete(keys.select(list(spec.key)).append_column(VERSION, versions), is_withdrawn=True)
        )

    def live_keys(self, spec: TableSpec, days: Sequence[date] | None = None) -> pa.Table:
        """Return key, operating day and `batch_id` of the rows that are not withdrawn; of some days, or of all."""
        table = _table(spec)
        names = list(dict.fromkeys([*spec.key, DAY, VERSION]))
        query = select(*(table.c[name] for name in names)).where(table.c[IS_WITHDRAWN].is_(False))
        parts = [query] if days is None else [query.where(table.c[DAY].in_(part)) for part in _parts(sorted(set(days)))]
        found: list[Sequence[Any]] = []
        with reading(self.engine) as connection:
            for part in parts:
                found.extend(connection.execute(part).all())
        return _arrow(spec, names, found)

    def get(self, spec: TableSpec, *key: object) -> dict[str, Any] | None:
        """Return the row of a key, its values in the order of the table's key, or None.

        Raises:
            InputError: If the key does not have as many values as the table's.
        """
        if len(key) != len(spec.key):
            raise InputError(f"a key of {len(key)} values for {spec.name}", f"{len(spec.key)}: {', '.join(spec.key)}")
        found = self.fetch(spec, dict(zip(spec.key, key, strict=True)), 1)
        return found[0] if found else None

    def fetch(
        self, spec: TableSpec, where: Mapping[str, object] | None = None, limit: int = 1_000
    ) -> list[dict[str, Any]]:
        """Return rows in the order of their key.

        Args:
            spec: A published table.
            where: Column and value; a list or tuple of values means any of them.
            limit: Most rows to return.

        Raises:
            InputError: If the table has no such column.
        """
        table = _table(spec)
        query = select(*(table.c[name] for name in spec.column_names)).where(*_conditions(spec, table, where or {}))
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(*(table.c[name] for name in spec.key)).limit(limit)).mappings()
            return [{name: _aware(value) for name, value in row.items()} for row in rows]

    def count(self, spec: TableSpec, where: Mapping[str, object] | None = None) -> int:
        """Return how many rows there are that are not withdrawn.

        Raises:
            InputError: If the table has no such column.
        """
        table = _table(spec)
        query = select(func.count()).select_from(table).where(*_conditions(spec, table, where or {}))
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def _write(self, statement: Any, rows: pa.Table) -> int:  # noqa: ANN401 - an insert of either dialect
        changed = 0
        for start in range(0, rows.num_rows, ROWS_AT_ONCE):
            with self.engine.begin() as connection:
                changed += _execute(connection, statement, rows.slice(start, ROWS_AT_ONCE).to_pylist())
        return changed


def _execute(connection: Connection, statement: Any, values: list[dict[str, Any]]) -> int:  # noqa: ANN401 - as above
    result = connection.execution_options(preserve_rowcount=True).execute(statement, values)
    return int(result.rowcount)


def _table(spec: TableSpec) -> Table:
    found = RECORD_TABLES.get(spec.name)
    if found is None:
        raise DatabaseError(f"the table {spec.name} has no copy in the database", f"one of {', '.join(RECORD_TABLES)}")
    return found


def _conditions(spec: TableSpec, table: Table, where: Mapping[str, object]) -> Iterator[ColumnElement[bool]]:
    yield table.c[IS_WITHDRAWN].is_(False)
    for name, value in where.items():
        if name not in spec.column_index:
            raise InputError(f"{spec.name} has no column {name!r}", f"one of {', '.join(spec.column_names)}")
        column = table.c[name]
        if isinstance(value, list | tuple):
            yield column.in_([_naive(each) for each in value])
        else:
            yield column.is_(None) if value is None else column == _naive(value)


def _complete(rows: pa.Table, *, is_withdrawn: bool) -> pa.Table:
    """Return rows as they are stored: instants without their offset, and the mark."""
    plain = pa.schema([pa.field(f.name, _plain(f.type)) for f in rows.schema])
    return rows.cast(plain).append_column(IS_WITHDRAWN, pa.array([is_withdrawn] * rows.num_rows, pa.bool_()))


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _arrow(spec: TableSpec, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    arrays = []
    for name, values in zip(names, columns, strict=True):
        kind = ARROW_TYPES[spec.column_index[name].type]
        arrays.append(pa.array(values, _plain(kind)).cast(kind))
    return pa.table(arrays, names=list(names))


def _parts(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for start in range(0, len(days), DAYS_AT_ONCE):
        yield days[start : start + DAYS_AT_ONCE]


def _aware(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _naive(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
