"""Registry to Dagster: what an asset says before anything ran: columns with units, group, kinds, owner, tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import dagster as dg

from grid_assets.domain.columns import Column, TableSpec
from grid_assets.domain.tables import BY_NAME, LOAD_DAILY, METER_READINGS

LANDING_FILES = "landing_files"
"""The landing zone as an asset: files come from outside, Dagster never makes them."""
KINDS = frozenset({"iceberg", "parquet", "duckdb"})
OWNERS = {"ingest": "team:meter-data", "verify": "team:meter-data", "aggregate": "team:grid-analytics"}
STAGE_TAG = "grid/stage"

FRESH_WITHIN = timedelta(hours=30)
STALE_AFTER = timedelta(hours=54)
FRESHNESS: Mapping[str, dg.FreshnessPolicy] = {
    table.name: dg.FreshnessPolicy.time_window(fail_window=STALE_AFTER, warn_window=FRESH_WITHIN)
    for table in (METER_READINGS, LOAD_DAILY)
}
"""Meters deliver once a day: a day and a night without news is worth a look, two days are a fault."""


@dataclass(frozen=True)
class Lineage:
    """A table, the assets that its rows are made from, and those that only describe them.

    A change of the latter restates nothing, so the graph shows no edge for it; the asset names them.
    """

    table: TableSpec
    reads: Sequence[str]
    looks_up: Sequence[str] = ()


def asset_spec(lineage: Lineage) -> dg.AssetSpec:
    """Return a table's asset: everything but its partitions, which depend on settings."""
    table = lineage.table
    return dg.AssetSpec(
        key=table.name,
        deps=list(lineage.reads),
        description=describe(table),
        group_name=table.group,
        kinds=set(KINDS),
        owners=[OWNERS[table.group]],
        tags={STAGE_TAG: table.group},
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.identifier,
            "key": ", ".join(table.key),
            "partitioned by": ", ".join(table.partition_by) or "nothing, replaced whole or appended to",
            **({"looks up": ", ".join(lineage.looks_up)} if lineage.looks_up else {}),
        },
        freshness_policy=FRESHNESS.get(table.name),
    )


def landing_spec() -> dg.AssetSpec:
    """Return the landing zone's asset, which has no table and nothing upstream."""
    return dg.AssetSpec(
        key=LANDING_FILES,
        description="Files as they were delivered: the sensor catalogue and readings as CSV, JSON lines, Parquet or "
        "Green Button XML, plain or compressed. Known by content, so that the same file twice changes nothing.",
        group_name="landing",
        kinds={"csv", "json", "xml"},
        owners=[OWNERS["ingest"]],
        tags={STAGE_TAG: "landing"},
    )


def describe(table: TableSpec) -> str:
    """Return a table's description with its key and units, as markdown."""
    units = [f"`{c.name}` in {c.unit}" for c in table.columns if c.unit and c.unit not in {"varies", "1"}]
    said = f"{table.description}\n\nOne row per {', '.join(f'`{name}`' for name in table.key)}."
    return f"{said}\n\nUnits: {', '.join(units)}." if units else said


def column_schema(table: TableSpec) -> dg.TableSchema:
    """Return the columns with types, units, descriptions and constraints."""
    return dg.TableSchema(columns=[_column(column, is_key=column.name in table.key) for column in table.columns])


def table_of(asset_key: dg.AssetKey) -> TableSpec | None:
    """Return the table behind an asset; the landing zone has none."""
    return BY_NAME.get(asset_key.path[-1])


def _column(column: Column, *, is_key: bool) -> dg.TableColumn:
    notes = (["key"] if is_key else []) + ([f"unit: {column.unit}"] if column.unit else [])
    return dg.TableColumn(
        name=column.name,
        type=column.type.value,
        description=column.description,
        constraints=dg.TableColumnConstraints(nullable=column.is_nullable, other=notes),
    )
