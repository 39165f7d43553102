"""The shipped input through the readers: every row becomes what the truth that was kept aside says."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from grid_assets.pipeline.ingest.batch import read_batch
from grid_assets.pipeline.ingest.catalogue import read_catalogue
from grid_assets.pipeline.ingest.dedupe import FileCounts, split_new
from grid_assets.pipeline.ingest.land import land
from grid_assets.pipeline.ingest.landing import discover, identify
from tests.input.constants import SHIPPED_DIR, TRUTH_DIR
from tests.unit.pipeline.ingest.world import NO_STORED, ZONE, World, world

CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
REASONS = {
    "ambiguous_local_time": {"repeated_hour_incomplete"},
    "bad_json": {"broken_json"},
    "bad_timestamp": {"bad_date"},
    "bad_value": {"text_value"},
    "far_date": {"far_date"},
    "malformed_row": {"ragged_long", "ragged_short"},
    "missing_field": {"bad_date", "empty_id", "missing_key", "null_value"},
    "nonexistent_local_time": {"missing_hour"},
    "not_finite": {"infinity", "nan"},
    "unknown_sensor": {"unknown_sensor"},
}
"""The kinds of faults, as the generator calls them, that each reason may stand for."""


@pytest.fixture(name="read", scope="module")
def _read(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, FileCounts]]:
    """Land and read all shipped files, each content once, as the main job does."""
    zone = tmp_path_factory.mktemp("shipped")
    land([SHIPPED_DIR], zone)
    here = world(zone)
    files = [identify(path) for path in discover(zone).paths]
    read_catalogue(here.connection, [file for file in files if file.kind == "sensors"])
    here.connection.execute("CREATE TABLE catalogue AS SELECT * FROM ingest_catalogue_sensors")
    readings = {file.content_hash: file for file in reversed(files) if file.kind == "readings"}
    here.files = sorted(readings.values(), key=lambda file: file.mtime_ns)
    batch = read_batch(here.connection, here.files, "catalogue", ZONE, CLOCK)
    return here, {counts.source_file: counts for counts in split_new(here.connection, batch, NO_STORED).counts}


def _truth(name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(Path(TRUTH_DIR) / f"{name}.parquet").to_pylist()
    return rows


def test_shipped_input__counts_of_every_file_are_those_of_the_manifest(
    read: tuple[World, dict[str, FileCounts]],
) -> None:
    _, counts = read
    manifest = {str(row["file"]): row for row in _truth("manifest") if row["file"] in counts}
    assert len(manifest) == len(counts) > 100
    expected = {
        name: (row["rows"], row["good_rows"], row["expected_duplicate"], row["expected_quarantined"])
        for name, row in manifest.items()
    }
    assert {n: (c.received, c.stored, c.duplicate, c.quarantined) for n, c in counts.items()} == expected


def test_shipped_input__every_reject_is_a_fault_of_that_kind(read: tuple[World, dict[str, FileCounts]]) -> None:
    here, _ = read
    kinds = {(row["source_file"], row["source_row"]): str(row["kind"]) for row in _truth("faults")}
    for file, row, reason in here.rows("ingest_rejected", "source_file, source_row, reason"):
        assert kinds[file, row] in REASONS[str(reason)], (file, row, reason)
