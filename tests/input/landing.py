"""The landing files of a case: which reading goes into which file, in what order, and what became of each row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tests.input.espi import feed
from tests.input.faults.case import Case, Rows
from tests.input.readings import CORRECTED, DUPLICATE, LATE, LOST, OVERLAP, QUARANTINED, REGULAR, STORED, Readings
from tests.input.sensors import Sensor
from tests.input.streams import STREAMS, Slices, Stream
from tests.input.writers import SMALL, Effort, csv_payload, json_payload, parquet_rows, write_bytes, write_parquet_file

BATCHES: Final = {REGULAR: "", LATE: "-late", CORRECTED: "-corrected", OVERLAP: "-again"}
COPY: Final = 4
HEADER_LINES: Final = {"csv": 1, "jsonl": 0, "parquet": 0, "xml": 0}


@dataclass(frozen=True)
class LandingFile:
    """One file: its name and how many of its rows meet which fate."""

    name: str
    rows: int
    stored: int
    duplicate: int
    quarantined: int


@dataclass(frozen=True)
class Landed:
    """All files of a case; ``file`` (-1: not delivered) and ``row`` say where each reading of the case stands.

    ``row`` is the 1-based line of a text file (the header is line 1), the 1-based row of a Parquet file, or the
    1-based ordinal of the IntervalReading in an XML file.
    """

    files: list[LandingFile]
    file: npt.NDArray[np.int32]
    row: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Where and how to write: ``first_slot`` numbers the first period, ``copies`` are labels of files sent twice."""

    folder: Path
    slices: Slices
    first_slot: int = 0
    is_plain: bool = False
    copies: frozenset[tuple[str, str]] = frozenset()
    effort: Effort = SMALL


def write(case: Case, sensors: list[Sensor], layout: Layout) -> Landed:
    """Write every file of the case and say where each reading went."""
    readings = case.readings
    slot = layout.slices.of(readings.start)
    stream = np.array([[s.name for s in STREAMS].index(sensor.stream) for sensor in sensors])[readings.sensor]
    delivered = readings.fate != LOST
    key = ((slot * len(BATCHES)) + readings.batch) * len(STREAMS) + stream
    files: list[LandingFile] = []
    file_of, row_of = np.full(len(readings), -1, np.int32), np.zeros(len(readings), np.int64)
    for code in np.unique(key[delivered]).tolist():
        rows = _ordered(readings, np.flatnonzero(delivered & (key == code)))
        kind, chosen = STREAMS[code % len(STREAMS)], readings.take(rows)
        period, batch = divmod(code // len(STREAMS), len(BATCHES))
        path = layout.folder / _name(layout, period, batch, kind)
        _write_file(chosen, sensors, kind, path, layout.effort)
        file_of[rows] = len(files)
        row_of[rows] = np.arange(1, rows.size + 1) + HEADER_LINES[_format(kind)]
        files.append(_counted(path.name, chosen))
        if batch == REGULAR and (kind.name, layout.slices.labels[period]) in layout.copies:
            files.append(_copy(path, _name(layout, period, COPY, kind), rows.size))
    return Landed(files, file_of, row_of)


def _ordered(readings: Readings, rows: Rows) -> Rows:
    """Rows by sensor and true time; the order of equal keys is kept."""
    return rows[np.lexsort((readings.start[rows], readings.sensor[rows]))]


def _name(layout: Layout, period: int, batch: int, stream: Stream) -> str:
    """Names sort in the order of delivery: what is not regular comes with the next period, after its regular files."""
    slot = layout.first_slot + period + (batch != REGULAR)
    sequence = slot * 100 + batch * 10 + STREAMS.index(stream) + 1
    suffix = stream.suffix.split(".")[0] if layout.is_plain else stream.suffix
    label = layout.slices.labels[period] + BATCHES.get(batch, "-copy")
    return f"{sequence:04d}_{stream.name}_{label}.{suffix}"


def _format(stream: Stream) -> str:
    return stream.suffix.split(".")[0]


def _write_file(readings: Readings, sensors: list[Sensor], stream: Stream, path: Path, effort: Effort) -> None:
    kind = _format(stream)
    if kind == "parquet":
        write_parquet_file(parquet_rows(readings, sensors, stream), path, effort)
    elif kind == "csv":
        write_bytes(csv_payload(readings, sensors, stream), path, effort)
    elif kind == "jsonl":
        write_bytes(json_payload(readings, sensors, stream), path, effort)
    else:
        write_bytes(feed(readings, sensors, f"Interval energy {path.name.split('.')[0]}"), path, effort)


def _counted(name: str, readings: Readings) -> LandingFile:
    fates = {fate: int((readings.fate == fate).sum()) for fate in (STORED, DUPLICATE, QUARANTINED)}
    return LandingFile(name, len(readings), fates[STORED], fates[DUPLICATE], fates[QUARANTINED])


def _copy(path: Path, name: str, rows: int) -> LandingFile:
    """The same bytes under another name: a file known by its content is a duplicate as a whole."""
    (path.parent / name).write_bytes(path.read_bytes())
    return LandingFile(name, rows, stored=0, duplicate=rows, quarantined=0)
