"""Counting what became of each landing file's rows: received = stored + duplicate + quarantined, file by file."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from grid_assets.pipeline.ingest import dedupe
from grid_assets.pipeline.ingest.files import LandingFile, UnreadableFile
from resources.clients.database.files import FileIdentity


@dataclass(frozen=True)
class FileCounts:
    """One file's rows; a file that could not be read counts as one quarantined row."""

    content_hash: str
    name: str
    state: str
    received: int
    stored: int
    duplicate: int
    quarantined: int


def identities(files: Sequence[LandingFile], unreadable: Sequence[UnreadableFile]) -> tuple[FileIdentity, ...]:
    """Return the identities that a batch claims; a file that could not be opened has no size."""
    readable = (FileIdentity(f.content_hash, f.name, f.size_bytes, f.kind.value) for f in files)
    return (*readable, *(FileIdentity(u.content_hash, u.name, 0, u.kind.value) for u in unreadable))


def counts_of(
    counts: Sequence[dedupe.FileCounts], unreadable: Sequence[UnreadableFile], never_opened: Sequence[UnreadableFile]
) -> tuple[FileCounts, ...]:
    """Return the counts of every file of a batch, those that could not be opened at all included."""
    bad = {file.content_hash for file in unreadable}
    read = (
        FileCounts(
            c.content_hash,
            c.source_file,
            "quarantined" if c.content_hash in bad else "ingested",
            c.received,
            c.stored,
            c.duplicate,
            c.quarantined,
        )
        for c in counts
    )
    return (*read, *(FileCounts(u.content_hash, u.name, "quarantined", 1, 0, 0, 1) for u in never_opened))


def total(counts: Sequence[FileCounts]) -> dict[str, int]:
    """Return the sums over files of received, stored, duplicate and quarantined rows."""
    names = ("received", "stored", "duplicate", "quarantined")
    return {name: sum(getattr(count, name) for count in counts) for name in names}


def unreadable_rows(files: Sequence[UnreadableFile]) -> pa.Table:
    """Return one quarantine row, with row number 0, for each file that cannot be read; without provenance."""
    return pa.table(
        {
            "source_file": pa.array([f.name for f in files], pa.string()),
            "source_row": pa.array([0] * len(files), pa.int64()),
            "reason": pa.array([f.reason.value for f in files], pa.string()),
            "detail": pa.array([f.detail for f in files], pa.string()),
            "raw_text": pa.nulls(len(files), pa.string()),
            "content_hash": pa.array([f.content_hash for f in files], pa.string()),
        }
    )
