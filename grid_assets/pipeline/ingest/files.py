"""What a landing file is: its identity, its format by name, and the file that cannot be read.

Finding files stands in `landing.py`, putting them there in `land.py`, reading them in `readers/`.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason


class Kind(StrEnum):
    """What a landing folder holds; the value is the folder's name."""

    SENSORS = "sensors"
    READINGS = "readings"


class Container(StrEnum):
    """How the rows are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XML = "xml"


class Packing(StrEnum):
    """How the whole file is compressed."""

    NONE = "none"
    GZIP = "gz"
    ZSTD = "zst"


ENDINGS: dict[str, Container] = {
    ".csv": Container.CSV,
    ".jsonl": Container.JSONL,
    ".ndjson": Container.JSONL,
    ".json": Container.JSONL,
    ".parquet": Container.PARQUET,
    ".xml": Container.XML,
}
PACKINGS: dict[str, Packing] = {".gz": Packing.GZIP, ".zst": Packing.ZSTD}


@dataclass(frozen=True)
class FileFormat:
    """The format that a file's name promises."""

    container: Container
    packing: Packing


@dataclass(frozen=True)
class LandingFile:
    """One file of the landing zone; `content_hash` (SHA-256, hex) is its identity, whatever its name."""

    path: Path
    name: str
    kind: Kind
    size_bytes: int
    content_hash: str
    mtime_ns: int


@dataclass(frozen=True)
class UnreadableFile:
    """A file that is quarantined as one: who it is, the reason code, and what was found."""

    name: str
    kind: Kind
    content_hash: str
    reason: Reason
    detail: str

    @classmethod
    def of(cls, file: LandingFile, reason: Reason, detail: str) -> "UnreadableFile":
        """Return the unreadable file that a landing file turned out to be."""
        return cls(file.name, file.kind, file.content_hash, reason, detail)


def format_of(name: str) -> FileFormat:
    """Return the format that a file name promises, case left aside: `x.csv`, `x.jsonl.zst`, `x.xml.gz` and so on.

    Raises:
        UnreadableFileError: With reason unknown_format, if the ending is none of the known ones.
    """
    path = Path(name.lower())
    packing = PACKINGS.get(path.suffix, Packing.NONE)
    ending = Path(path.stem).suffix if packing is not Packing.NONE else path.suffix
    container = ENDINGS.get(ending)
    if container is None:
        raise UnreadableFileError(
            Reason.UNKNOWN_FORMAT,
            f"{name} has none of the known endings",
            "csv, jsonl, ndjson, json, parquet or xml, plain or with .gz or .zst behind",
            "rename or convert the file and land it again",
        )
    return FileFormat(container, packing)
