"""The header line of a CSV file: which column stands where.

Names are matched whole, case and outer spaces left aside; other spellings of a name are not guessed.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason

REQUIRED = ("sensor_id", "timestamp", "value")
KNOWN = (*REQUIRED, "unit", "quality", "channel", "interval_minutes")
HEAD_BYTES = 1 << 16
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


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


def read_header(path: Path) -> Header:
    """Return the header of a plain CSV file: its first line that is not blank.

    Raises:
        UnreadableFileError: With reason empty_file, bad_encoding or no_header.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head.strip():
        raise UnreadableFileError(Reason.EMPTY_FILE, f"{path.name} holds no line", "a header and readings")
    if head.startswith(UTF16_MARKS) or b"\0" in head.splitlines()[0]:
        raise UnreadableFileError(
            Reason.BAD_ENCODING, f"{path.name} looks like UTF-16", "UTF-8", "convert it and land it again"
        )
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if line.strip())
    return parse_header(lines[number - 1], number)


def parse_header(line: str, line_number: int) -> Header:
    """Return what a header line says.

    Raises:
        UnreadableFileError: With reason no_header, if a required column is missing or a known one is named twice.
    """
    names = [name.strip().lower() for name in next(csv.reader([line], skipinitialspace=True))]
    missing = [name for name in REQUIRED if name not in names]
    repeated = [name for name in KNOWN if names.count(name) > 1]
    if missing or repeated:
        problem = f"lacks {', '.join(missing)}" if missing else f"names {', '.join(repeated)} twice"
        raise UnreadableFileError(
            Reason.NO_HEADER,
            f"line {line_number} {problem}: {line[:200]!r}",
            "a header with sensor_id, timestamp and value, separated by commas",
        )
    return Header({name: names.index(name) + 1 for name in KNOWN if name in names}, len(names), line_number)
