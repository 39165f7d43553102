"""The truth kept aside: which faults were seeded, the true values behind them and what each file should come to."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.input.faults.case import Case, Mask, Rows
from tests.input.landing import Landed
from tests.input.readings import (
    CORRECTED,
    DUPLICATE,
    LOST,
    MISROUTED,
    QUALITIES,
    QUARANTINED,
    STORED,
    UNITS,
    UNKNOWN_IDS,
)
from tests.input.timeaxis import MINUTE_US


def fault_table(case: Case, landed: Landed) -> pa.Table:
    """One row per seeded episode; readings that ingest must quarantine have a row each.

    Columns: kind, sensor_id, start_utc, end_utc (exclusive), readings (count), source_file and source_row of its first
    reading (null if never delivered), detail.
    """
    readings, log = case.readings, case.log
    claimed = np.flatnonzero(readings.fault >= 0)
    first, count = _episodes(case, claimed)
    entry = readings.fault[first]
    ends = np.where(readings.fate[first] == QUARANTINED, _end(case, first), np.array(log.end, np.int64)[entry])
    names = pa.array([file.name for file in landed.files], pa.string())
    gone = landed.file[first] < 0
    return pa.table(
        {
            "kind": pa.array(log.kind, pa.string()).take(pa.array(entry)),
            "sensor_id": _ids(case, first),
            "start_utc": _instants(readings.start[first]),
            "end_utc": _instants(ends),
            "readings": pa.array(count, pa.int32()),
            "source_file": names.take(pa.array(landed.file[first], mask=gone)),
            "source_row": pa.array(landed.row[first], mask=gone),
            "detail": pa.array(log.detail, pa.string()).take(pa.array(entry)),
        }
    ).sort_by([("kind", "ascending"), ("sensor_id", "ascending"), ("start_utc", "ascending")])


def _episodes(case: Case, claimed: Rows) -> tuple[Rows, Rows]:
    """First row and number of rows of each entry, quarantined rows one by one.

    Of what was delivered twice the second delivery counts for overlaps and repeats, the first for corrections.
    """
    readings = case.readings
    entry, fate = readings.fault[claimed], readings.fate[claimed]
    has_copy = np.isin(entry, entry[fate == DUPLICATE])
    single = fate == QUARANTINED
    whole = ~single & (readings.batch[claimed] != CORRECTED) & (~has_copy | (fate == DUPLICATE))
    _, starts, counts = np.unique(entry[whole], return_index=True, return_counts=True)
    first = np.concatenate([claimed[whole][starts], claimed[single]])
    return first, np.concatenate([counts, np.ones(int(single.sum()), np.int64)])


def true_values(case: Case) -> pa.Table:
    """sensor_id, interval_start_utc and true_value of every slot that is missing or wrong after all deliveries."""
    rows = np.flatnonzero(_wrong(case))
    return pa.table(
        {
            "sensor_id": _ids(case, rows),
            "interval_start_utc": _instants(case.readings.start[rows]),
            "true_value": pa.array(case.readings.true[rows]),
        }
    ).sort_by([("sensor_id", "ascending"), ("interval_start_utc", "ascending")])


def _wrong(case: Case) -> Mask:
    readings = case.readings
    is_ours = (readings.fault >= 0) & (readings.form < MISROUTED)
    absent = np.isin(readings.fate, (LOST, QUARANTINED))
    in_wh = readings.unit == UNITS.index("Wh")
    estimated = readings.quality == QUALITIES.index("estimated")
    other_unit = (readings.unit != case.fleet.units[readings.sensor]) & ~in_wh
    off_value = (readings.value != readings.true) & ~in_wh & ~estimated
    differs = off_value | other_unit | (readings.stamp != readings.start)
    wrong: Mask = is_ours & (absent | ((readings.fate == STORED) & differs))
    return wrong


def manifest(landed: Landed) -> pa.Table:
    """file, rows, good_rows, expected_quarantined, expected_duplicate; rows is the sum of the other three."""
    files = landed.files
    return pa.table(
        {
            "file": [file.name for file in files],
            "rows": pa.array([file.rows for file in files], pa.int64()),
            "good_rows": pa.array([file.stored for file in files], pa.int64()),
            "expected_quarantined": pa.array([file.quarantined for file in files], pa.int64()),
            "expected_duplicate": pa.array([file.duplicate for file in files], pa.int64()),
        }
    ).sort_by("file")


def tables(case: Case, landed: Landed) -> dict[str, pa.Table]:
    """The three tables of a case by name."""
    return {
        "faults": fault_table(case, landed),
        "true_values": true_values(case),
        "manifest": manifest(landed),
    }


def write(parts_of: dict[str, list[pa.Table]], folder: Path) -> None:
    """Write each named table, its parts joined, as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in parts_of.items():
        pq.write_table(
            pa.concat_tables(parts).combine_chunks(),
            folder / f"{name}.parquet",
            compression="zstd",
            compression_level=19,
        )


def _ids(case: Case, rows: Rows) -> pa.Array:
    names = np.concatenate([case.fleet.ids, np.array(UNKNOWN_IDS)])
    form = case.readings.form[rows].astype(np.int64)
    position = np.where(form >= MISROUTED, case.fleet.ids.size + form - MISROUTED, case.readings.sensor[rows])
    return pa.array(names[position].tolist(), pa.string())


def _end(case: Case, rows: Rows) -> Rows:
    end: Rows = case.readings.start[rows] + case.fleet.minutes[case.readings.sensor[rows]] * MINUTE_US
    return end


def _instants(values: Rows) -> pa.Array:
    return pa.array(values, pa.timestamp("us", "UTC"))
