"""Landing files of readings: CSV, JSON lines and Parquet. Green Button XML has its own module."""

import gzip
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

from tests.input.readings import QUALITIES, UNITS, Readings
from tests.input.sensors import Sensor
from tests.input.streams import Stream
from tests.input.timeaxis import texts

ZSTD_LEVEL: Final = 19
OBIS: Final = {"consumption": "1-0:1.8.0", "production": "1-0:2.8.0", "exchange": "1-0:16.8.0"}


def table(readings: Readings, sensors: list[Sensor], stream: Stream) -> pa.Table:
    """Canonical columns of the stream as Arrow: sensor_id, timestamp, value and the stream's optional columns."""
    index = pa.array(readings.sensor)
    columns = {
        "sensor_id": pa.array([s.sensor_id for s in sensors]).take(index),
        "timestamp": _timestamps(readings, stream),
        "value": pa.array(readings.value),
        "unit": pa.array(UNITS).take(pa.array(readings.unit)),
        "quality": pa.array(QUALITIES).take(pa.array(readings.quality)),
        "channel": pa.array([OBIS[s.point_type] for s in sensors]).take(index),
        "interval_minutes": pa.array([s.interval_minutes for s in sensors], pa.int32()).take(index),
    }
    return pa.table({name: columns[name] for name in ("sensor_id", "timestamp", "value", *stream.columns)})


def _timestamps(readings: Readings, stream: Stream) -> pa.Array:
    if stream.time_style == "instant":
        return pa.array(readings.stamp, pa.timestamp("us", "UTC"))
    return texts(readings.stamp, stream.time_style)


def csv_lines(rows: pa.Table) -> pa.Array:
    """One comma separated line per row; no field here needs quotes."""
    return pc.binary_join_element_wise(*[_text(column) for column in rows.columns], ",")


def json_lines(rows: pa.Table) -> pa.Array:
    """One JSON object per row, keys in column order."""
    parts: list[object] = []
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        quote = '"' if pa.types.is_string(column.type) else ""
        parts += [f'{"," if parts else "{"}"{name}":{quote}', _text(column), quote]
    return pc.binary_join_element_wise(*parts, "}", "")


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def text_bytes(lines: pa.Array, header: str = "") -> bytes:
    """Lines, each ended by a line feed, in UTF-8; ``header`` is the first line if not empty."""
    body = "\n".join(lines.to_pylist())
    return (f"{header}\n{body}\n" if header else f"{body}\n").encode()


def write_bytes(payload: bytes, path: Path) -> None:
    """Write ``payload`` compressed as the name of ``path`` says; the same payload gives the same bytes."""
    if path.suffix == ".gz":
        payload = gzip.compress(payload, compresslevel=9, mtime=0)
    elif path.suffix == ".zst":
        payload = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(payload)
    path.write_bytes(payload)


def write_parquet(rows: pa.Table, path: Path) -> None:
    """Write sorted rows small: dictionary and delta encodings, zstd."""
    texts_only = [name for name in rows.column_names if pa.types.is_string(rows.schema.field(name).type)]
    pq.write_table(
        rows,
        path,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[*texts_only, "value"],
        column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
        dictionary_pagesize_limit=4_000_000,
        write_statistics=True,
    )


def ordered(readings: Readings) -> Readings:
    """Rows by sensor and true time, as files hold them; the order of equal keys is kept."""
    return readings.take(np.lexsort((readings.start, readings.sensor)))
