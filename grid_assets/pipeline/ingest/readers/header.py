"""The columns that a file has to name and may name, and the header line of a CSV file: which column stands where.

Names are matched whole, case and outer spaces left aside; other spellings of a name are not guessed.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.tables import CATALOGUE_COLUMNS

HEAD_BYTES = 1 << 16
LINE_END = re.compile(r"\r\n|\n|\r")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class ColumnSet:
    """The columns that a kind of file must have, and all that are known of it; others are passed over."""

    required: tuple[str, ...]
    known: tuple[str, ...]

    def positions(self, names: Sequence[str]) -> dict[str, int]:
        """Return where known columns stand among a file's own names, from 0.

        Raises:
            UnreadableFileError: With reason no_header, if a required column is missing or a known one is there twice.
        """
        spelled = [name.strip().lower() for name in names]
        missing = [name for name in self.required if name not in spelled]
        repeated = [name for name in self.known if spelled.count(name) > 1]
        if missing or repeated:
            problem = f"no column {', '.join(missing)}" if missing else f"column {', '.join(repeated)} twice"
            raise UnreadableFileError(
                Reason.NO_HEADER, f"found {problem} among {', '.join(names)[:200]!r}", ", ".join(self.required)
            )
        return {name: spelled.index(name) for name in self.known if name in spelled}


READING_COLUMNS = ColumnSet(
    ("sensor_id", "timestamp", "value"),
    ("sensor_id", "timestamp", "value", "unit", "quality", "channel", "interval_minutes"),
)
SENSOR_COLUMNS = ColumnSet(("sensor_id", "sensor_type", "meter_id"), tuple(column.name for column in CATALOGUE_COLUMNS))


@dataclass(frozen=True)
class Header:
    """Where the known columns stand (from 1), how many fields a line has, and which line the header is."""

    positions: dict[str, int] = field(hash=False)
    width: int
    line_number: int

    @property
    def signature(self) -> tuple[object, ...]:
        """Return what two files must share to be read by one query."""
        return (self.width, *sorted(self.positions.items()))


def read_header(path: Path, name: str, columns: ColumnSet = READING_COLUMNS) -> Header:
    """Return the header of a plain CSV file: its first line that is not blank. `name` is the file's, for messages.

    Raises:
        UnreadableFileError: With reason empty_file, bad_encoding or no_header.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head.strip():
        raise UnreadableFileError(Reason.EMPTY_FILE, f"{name} holds no line", "a header and rows")
    if head.startswith(UTF16_MARKS) or b"\0" in head.lstrip().splitlines()[0]:
        raise UnreadableFileError(
            Reason.BAD_ENCODING, f"{name} looks like UTF-16", "UTF-8", "convert it and land it again"
        )
    lines = LINE_END.split(head.decode("utf-8-sig", errors="replace"))
    number = next(n for n, line in enumerate(lines, start=1) if line.strip())
    names = next(csv.reader([lines[number - 1]], skipinitialspace=True))
    positions = columns.positions(names)
    return Header({known: position + 1 for known, position in positions.items()}, len(names), number)
