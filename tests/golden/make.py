"""Making golden tables of today's version: `python -m tests.golden.make NAME` writes tests/golden/NAME.

They are made once for a version and never again: what they prove is that later versions read them.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from grid_assets.domain.tables import METER_READINGS
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.filters import days_predicate
from resources.columnar import evolve_dataset, save_to_orc, save_to_parquet
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform
from tests.golden.tables import ANSWERS, HERE, PLACE, read
from tests.support.lakes import readings
from tests.support.publications import DAY, NEXT_DAY
from tests.support.relocation import relocate
from tests.support.typed_frames import every_type, every_type_of_orc

FIRST = datetime(2016, 3, 27, tzinfo=UTC)
Questions = list[dict[str, Any]]


def main(version: str) -> None:
    """Make the tables in a new home, ask everything of them, and keep both."""
    target = HERE / version
    target.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder) / "home", threads=1)
        questions = [
            *_types(settings, "types_parquet", save_to_parquet, every_type()),
            *_types(settings, "types_orc", save_to_orc, every_type_of_orc()),
            *_evolved(settings, "evolved_parquet", save_to_parquet),
            *_evolved(settings, "evolved_orc", save_to_orc),
            *_registered(settings),
        ]
        answered = [{**question, "rows": read(settings, question)} for question in questions]
        tables = _metadata(settings)
        shutil.copytree(settings.warehouse, target / "lake")
        relocate(target / "lake", f"file://{settings.warehouse}", PLACE)
    _drop_older_metadata(target / "lake", tables)
    text = json.dumps({"tables": tables, "questions": answered}, indent=1, ensure_ascii=False)
    (target / ANSWERS).write_text(text + "\n", encoding="utf-8")


def _types(settings: GridSettings, name: str, save: Callable[..., int], table: pa.Table) -> Questions:
    save(table, name, "flag", settings=settings)
    return [
        _question(name),
        _question(name, [["flag", "==", True]]),
        _question(name, [["money", "<", 0]], ["money", "struct", "instant"]),
        _question(name, [["text", "is_null", True]], ["kind", "map"]),
    ]


def _evolved(settings: GridSettings, name: str, save: Callable[..., int]) -> Questions:
    first = save(_rows(0, pa.int32(), pa.float32(), pa.decimal128(6, 2)), name, "part", settings=settings)
    evolve_dataset(
        name,
        add={"note": pa.list_(pa.string()), "gone": pa.string()},
        rename={"value": "amount", "part": "day"},
        widen={"id": pa.int64(), "value": pa.float64(), "money": pa.decimal128(20, 2)},
        drop=["gone"],
        reorder=["day", "id", "amount", "money", "at", "note", "gone"],
        settings=settings,
    )
    wide = _rows(10, pa.int64(), pa.float64(), pa.decimal128(20, 2)).rename_columns(
        {"value": "amount", "part": "day", "gone": "gone"}
    )
    second = save(wide, name, mode="append", settings=settings)
    evolve_dataset(name, rename={"id": "number", "gone": "id"}, settings=settings)
    third = save(wide.rename_columns({"id": "number", "gone": "id"}), name, mode="append", settings=settings)
    return [
        *(_question(name, as_of=snapshot) for snapshot in (first, second, third, None)),
        _question(name, [["day", "==", "2016-03-28"]]),
        _question(name, [["number", "<", 10]], ["number", "amount", "note"]),
        _question(name, [["id", "==", "text 11"]], ["number", "id"]),
        _question(name, [["gone", "==", "text 1"], ["id", "==", 1]], ["id", "gone"], first),
    ]


def _rows(start: int, whole: pa.DataType, number: pa.DataType, money: pa.DataType) -> pa.Table:
    count = range(start, start + 4)
    return pa.table(
        {
            "id": pa.array(count, whole),
            "gone": [f"text {n}" for n in count],
            "value": pa.array([n / 2 if n % 3 else None for n in count], number),
            "money": pa.array([Decimal(n) / 4 for n in count], pa.decimal128(6, 2)).cast(money),
            "at": pa.array([FIRST.replace(minute=n) for n in count], pa.timestamp("us", tz="UTC")),
            "part": [date(2016, 3, 27 + n % 2) for n in count],
        }
    )


def _registered(settings: GridSettings) -> Questions:
    platform = make_platform(settings)
    snapshots = []
    for batch, (days, value) in enumerate((([DAY, NEXT_DAY], 1.0), ([DAY], 2.0)), start=1):
        with platform.engine.session() as session:
            session.register("given", readings(days, value, batch))
            folder = platform.lake.folder(METER_READINGS, batch)
            files = session.write("SELECT * FROM given", METER_READINGS, folder)
        where = days_predicate(days)
        snapshots.append(platform.lake.replace(METER_READINGS, where, files, {BATCH_PROPERTY: str(batch)}))
    platform.close()
    name, columns = METER_READINGS.identifier, list(METER_READINGS.column_names)
    return [
        _question(name, None, columns, snapshots[0]),
        _question(name, None, columns),
        _question(name, [["operating_day", "==", DAY.isoformat()]], ["sensor_id", "value"]),
    ]


def _question(
    name: str, filters: list[list[Any]] | None = None, columns: list[str] | None = None, as_of: int | None = None
) -> dict[str, Any]:
    return {"name": name, "filters": filters, "columns": columns, "as_of": as_of}


def _metadata(settings: GridSettings) -> dict[str, str]:
    """Return where the newest metadata of each table lie, under the warehouse."""
    platform = make_platform(settings)
    catalog, prefix = platform.lake.catalog, f"file://{settings.warehouse}/"
    tables = [table for space in catalog.list_namespaces() for table in catalog.list_tables(space)]
    found = {".".join(t): catalog.load_table(t).metadata_location.removeprefix(prefix) for t in sorted(tables)}
    platform.close()
    return found


def _drop_older_metadata(lake: Path, tables: dict[str, str]) -> None:
    newest = {lake / metadata for metadata in tables.values()}
    for path in lake.rglob("*.metadata.json"):
        if path not in newest:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1])
