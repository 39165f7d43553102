"""The tables that the main job made, row by row against those of the plain script: `compare HOME OUT`."""

import sys
from pathlib import Path

import duckdb

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.tables import (
    EVENTS,
    FEEDER_BALANCE,
    LOAD_BY_ASSET,
    LOAD_DAILY,
    LOAD_HOURLY,
    METER_READINGS,
    SENSOR_DATA,
    SENSOR_LATEST,
    VOLTAGE_DAILY,
)
from resources.clients.engines.duckdb_engine import scan_sql
from resources.settings import load_settings
from resources.wiring import make_platform

COMPARED = (
    SENSOR_DATA,
    METER_READINGS,
    LOAD_HOURLY,
    LOAD_DAILY,
    LOAD_BY_ASSET,
    FEEDER_BALANCE,
    VOLTAGE_DAILY,
    EVENTS,
    SENSOR_LATEST,
)


def compare(home: Path, out: Path) -> None:
    """Print for each table how many rows each side has and how many differ; doubles may differ by rounding."""
    platform = make_platform(load_settings(home=home))
    connection = duckdb.connect(config={"memory_limit": "4GiB", "temp_directory": str(home / "tmp")})
    connection.execute("SET TimeZone = 'UTC'")
    for table in COMPARED:
        ours = scan_sql(platform.lake.scan(table))
        theirs = _script_rows(table, out)
        rows = connection.execute(
            f"SELECT (SELECT COUNT(*) FROM ({ours})), (SELECT COUNT(*) FROM ({theirs}))"
        ).fetchall()[0]
        differing = connection.execute(_differing_sql(table, ours, theirs)).fetchall()[0][0]
        print(f"  {table.name:<16} {rows[0]:>11,} rows, script {rows[1]:>11,}, differing {differing:,}")


def _script_rows(table: TableSpec, out: Path) -> str:
    if table is SENSOR_LATEST:
        newest = max(out.glob(f"{table.name}-*.parquet"), key=lambda p: int(p.stem.rsplit("-", 1)[1]))
        return f"SELECT * FROM read_parquet('{newest}')"
    return f"SELECT * FROM read_parquet('{out}/{table.name}/**/*.parquet', hive_partitioning = false)"


def _differing_sql(table: TableSpec, ours: str, theirs: str) -> str:
    # The batch's own values are the script's constants: keys and content are what has to agree.
    key = [name for name in table.key if name != "batch_id"]
    joined = " AND ".join(f"a.{name} = b.{name}" for name in key)
    same = []
    for name in table.content_names:
        if name in key or name == "source_order":  # numbers of files, which each side gives in its own way
            continue
        if table.column_index[name].type is ColumnType.DOUBLE:
            close = f"ABS(a.{name} - b.{name}) <= 1e-9 * GREATEST(1, ABS(a.{name}))"
            same.append(f"((a.{name} IS NULL AND b.{name} IS NULL) OR COALESCE({close}, FALSE))")
        else:
            same.append(f"a.{name} IS NOT DISTINCT FROM b.{name}")
    return (
        f"SELECT COUNT(*) FROM ({ours}) a FULL JOIN ({theirs}) b ON {joined} "
        f"WHERE NOT COALESCE({' AND '.join(same)}, FALSE)"
    )


if __name__ == "__main__":
    compare(Path(sys.argv[1]), Path(sys.argv[2]))
