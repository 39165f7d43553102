"""What the cache holds of the lake: which tables, by which members, and each member's JSON text as SQL.

A table of operating days becomes one generation for each day, its members named by `member` and given by `value`. The
latest values become versioned keys. Values are JSON objects whose names are the columns'; instants are ISO 8601 in UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.projections.sql import literal, quote
from grid_assets.domain.tables import (
    EVENTS,
    FEEDER_BALANCE,
    LOAD_BY_ASSET,
    LOAD_DAILY,
    LOAD_HOURLY,
    METER_READINGS,
    SENSOR_LATEST,
)

SEPARATOR = "|"
"""Between the parts of a member's name, such as `M1|consumption`."""


@dataclass(frozen=True)
class Members:
    """How a day of a table is cut into members: by which columns, and a query over its rows.

    `sql` reads a relation `lake` and gives `operating_day`, `member` and `value` (JSON text), one row for each member.
    """

    table: TableSpec
    by: tuple[str, ...]
    sql: str

    @property
    def name_sql(self) -> str:
        """Return the expression of a member's name."""
        return member_sql(self.by)


def member_sql(by: Sequence[str]) -> str:
    """Return the expression that names a row's member."""
    return f" || {literal(SEPARATOR)} || ".join(quote(name) for name in by)


def member_of(*parts: str) -> str:
    """Return a member's name, its parts in the order of the table's member columns."""
    return SEPARATOR.join(parts)


def object_sql(table: TableSpec, names: Sequence[str]) -> str:
    """Return an expression for a row's columns as one JSON object, with null where a column is null."""
    pairs = ", ".join(f"{literal(name)}, {_json_sql(table, name)}" for name in names)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _json_sql(table: TableSpec, name: str) -> str:
    column = table.column_index[name]
    if column.type is ColumnType.TIMESTAMP_UTC:
        return instant_sql(quote(name))
    return f"CAST({quote(name)} AS VARCHAR)" if column.type is ColumnType.DATE else quote(name)


def instant_sql(expression: str) -> str:
    """Return an expression for an instant as text, such as 2016-03-27T01:00:00Z."""
    return f"strftime(make_timestamp(epoch_us({expression})), '%Y-%m-%dT%H:%M:%SZ')"


def _one_row(table: TableSpec, by: tuple[str, ...]) -> Members:
    value = object_sql(table, table.content_names)
    return Members(table, by, f"SELECT operating_day, {member_sql(by)} AS member, {value} AS value FROM lake")


def _rows(table: TableSpec, by: tuple[str, ...], names: tuple[str, ...], order: str) -> Members:
    """Return members of several rows each, as the names of the columns and the rows in order."""
    row = ", ".join(_json_sql(table, name) for name in names)
    head = '{"columns":[' + ",".join(f'"{name}"' for name in names) + '],"rows":['
    return Members(
        table,
        by,
        f"SELECT operating_day, {member_sql(by)} AS member, "
        f"{literal(head)} || string_agg(CAST(json_array({row}) AS VARCHAR), ',' ORDER BY {order}) || ']}}' AS value "
        "FROM lake GROUP BY ALL",
    )


_MINUTE = 60_000_000
"""Microseconds."""
_READINGS_SQL = f"""
SELECT
    operating_day,
    sensor_id AS member,
    '{{"unit":' || to_json(unit) || ',"start":"' || {instant_sql("make_timestamptz(first)")} || '",'
    || CASE WHEN is_regular THEN '"every_minutes":' || minutes
            ELSE '"minutes":' || to_json(list_transform(list_sort(moments), lambda each: each - first // {_MINUTE})) END
    -- Rows come in order but where two threads share a sensor; sorting those alone takes a third less time.
    || ',"values":' || to_json(CASE WHEN moments = list_sort(moments) THEN "values"
            ELSE list_transform(list_sort(list_zip(moments, "values")), lambda pair: pair[2]) END)
    || ',"not_measured":{{' || COALESCE(array_to_string(list_transform(others, lambda other:
        '"' || (other.moment - first // {_MINUTE}) || '":' || to_json(other.quality)), ','), '')
    || '}}}}' AS value
FROM (
    SELECT
        operating_day,
        sensor_id,
        any_value(unit) AS unit,
        min(epoch_us(interval_start_utc)) AS first,
        min(interval_minutes) AS minutes,
        -- Starts are a key: where as many fit between the first and the last on one raster, none is missing.
        min(interval_minutes) = max(interval_minutes)
            AND min(moment % interval_minutes) = max(moment % interval_minutes)
            AND max(moment) - min(moment) = (count(*) - 1) * min(interval_minutes) AS is_regular,
        list(moment) AS moments,
        list(CASE WHEN isfinite(value) THEN value END) AS "values",
        list_sort(list({{'moment': moment, 'quality': quality}}) FILTER (quality <> 'measured')) AS others
    FROM (SELECT *, CAST(epoch_us(interval_start_utc) // {_MINUTE} AS INTEGER) AS moment FROM lake)
    GROUP BY operating_day, sensor_id
)
"""
"""A sensor's day, as short as it can be read: readings are by far the largest part of the cache."""
COUNTS = ("measured_intervals", "edited_intervals", "estimated_intervals", "missing_intervals")
MEMBERS: dict[str, Members] = {
    members.table.name: members
    for members in (
        Members(METER_READINGS, ("sensor_id",), _READINGS_SQL),
        _rows(
            LOAD_HOURLY,
            ("meter_id", "point_type"),
            ("hour_start_utc", "energy_kwh", "peak_kw", *COUNTS),
            "hour_start_utc",
        ),
        _one_row(LOAD_DAILY, ("meter_id", "point_type")),
        _rows(
            LOAD_BY_ASSET,
            ("asset_type", "asset_id"),
            (
                "grain",
                "period_start_utc",
                "consumption_kwh",
                "production_kwh",
                "net_kwh",
                "peak_kw",
                "load_factor",
                "coincidence_factor",
                "meters",
                *COUNTS,
            ),
            "grain, period_start_utc",
        ),
        _one_row(FEEDER_BALANCE, ("asset_type", "asset_id")),
        _one_row(EVENTS, ("event_id",)),
    )
}
"""How days become generations, by the table's name."""
WARMED: tuple[TableSpec, ...] = (*(members.table for members in MEMBERS.values()), SENSOR_LATEST)
"""Every table that the cache holds something of."""
LATEST_SQL = f"SELECT sensor_id, batch_id, {object_sql(SENSOR_LATEST, SENSOR_LATEST.column_names)} AS value FROM lake"
"""The latest values as JSON, each with its version."""
