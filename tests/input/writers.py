"""Landing files of readings: CSV, JSON lines and Parquet. Green Button XML has its own module."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

from tests.input.forms import NAMES, csv_line, json_line, parquet_columns
from tests.input.readings import MISROUTED, MISSING_HOUR, QUALITIES, UNITS, UNKNOWN_IDS, Readings
from tests.input.sensors import Sensor
from tests.input.streams import Stream
from tests.input.timeaxis import texts


@dataclass(frozen=True)
class Effort:
    """Compression levels."""

    gzip: int
    zstd: int


SMALL: Final = Effort(gzip=9, zstd=19)
QUICK: Final = Effort(gzip=4, zstd=3)
OBIS: Final = {"consumption": "1-0:1.8.0", "production": "1-0:2.8.0", "exchange": "1-0:16.8.0"}


def table(readings: Readings, sensors: list[Sensor], stream: Stream) -> pa.Table:
    """Canonical columns of the stream as Arrow: sensor_id, timestamp, value and the stream's optional columns."""
    known = pa.array(readings.sensor)
    stranger = readings.form >= MISROUTED
    position = np.where(stranger, len(sensors) + readings.form.astype(np.int32) - MISROUTED, readings.sensor)
    columns = {
        "sensor_id": pa.array([*(s.sensor_id for s in sensors), *UNKNOWN_IDS]).take(pa.array(position)),
        "timestamp": _timestamps(readings, stream),
        "value": pa.array(readings.value),
        "unit": pa.array(UNITS).take(pa.array(readings.unit)),
        "quality": pa.array(QUALITIES).take(pa.array(readings.quality)),
        "channel": pa.array([OBIS[s.point_type] for s in sensors]).take(known),
        "interval_minutes": pa.array([s.interval_minutes for s in sensors], pa.int32()).take(known),
    }
    return pa.table({name: columns[name] for name in ("sensor_id", "timestamp", "value", *stream.columns)})


def _timestamps(readings: Readings, stream: Stream) -> pa.Array:
    if stream.time_style == "instant":
        return pa.array(readings.stamp, pa.timestamp("us", "UTC"))
    written = texts(readings.stamp, stream.time_style)
    return pc.if_else(
        pa.array(readings.form == MISSING_HOUR),
        pc.replace_substring(written, "T03:", "T02:", max_replacements=1),
        written,
    )


def csv_payload(readings: Readings, sensors: list[Sensor], stream: Stream) -> bytes:
    """CSV with a header line and LF line ends, malformed rows included."""
    rows = table(readings, sensors, stream)
    lines = pc.binary_join_element_wise(*[_text(column) for column in rows.columns], ",")
    spelled = _spell(lines, readings, lambda line, form, number: csv_line(line.split(","), form, number))
    return ("\n".join([",".join(rows.column_names), *spelled]) + "\n").encode()


def json_payload(readings: Readings, sensors: list[Sensor], stream: Stream) -> bytes:
    """One JSON object per line, keys in column order, malformed rows included."""
    rows = table(readings, sensors, stream)
    parts: list[object] = []
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        quote = '"' if pa.types.is_string(column.type) else ""
        parts += [f'{"," if parts else "{"}"{name}":{quote}', _text(column), quote]
    lines = pc.binary_join_element_wise(*parts, "}", "")
    return ("\n".join(_spell(lines, readings, json_line)) + "\n").encode()


def parquet_rows(readings: Readings, sensors: list[Sensor], stream: Stream) -> pa.Table:
    """The rows of a Parquet file, malformed ones included."""
    return parquet_columns(table(readings, sensors, stream), readings)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _spell(lines: pa.ChunkedArray, readings: Readings, spell: Callable[[str, str, int], str]) -> list[str]:
    """The lines as Python text, with the few malformed ones spelled wrongly."""
    written: list[str] = lines.to_pylist()
    malformed = np.flatnonzero((readings.form > 0) & (readings.form < MISSING_HOUR))
    for number, row in enumerate(malformed.tolist()):
        written[row] = spell(written[row], NAMES[int(readings.form[row])], number)
    return written


def write_bytes(payload: bytes, path: Path, effort: Effort) -> None:
    """Write ``payload`` compressed as the name of ``path`` says; the same payload gives the same bytes."""
    if path.suffix == ".gz":
        payload = gzip.compress(payload, compresslevel=effort.gzip, mtime=0)
    elif path.suffix == ".zst":
        payload = zstandard.ZstdCompressor(level=effort.zstd).compress(payload)
    path.write_bytes(payload)


def write_parquet_file(rows: pa.Table, path: Path, effort: Effort) -> None:
    """Write rows small: dictionary and delta encodings, zstd."""
    texts_only = [name for name in rows.column_names if pa.types.is_string(rows.schema.field(name).type)]
    pq.write_table(
        rows,
        path,
        compression="zstd",
        compression_level=effort.zstd,
        use_dictionary=[*texts_only, "value"],
        column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
        dictionary_pagesize_limit=4_000_000,
    )
