"""Vacuum in two steps: files that no snapshot names are remembered, and removed when a later run finds them so still.

A file goes when it is older than the grace, was seen without a name a grace ago, and has none now. So a reader has at
least the grace to end a read that it planned, and a writer to commit what it wrote. Files of open batches stay.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from resources.clients.failpoints import reach
from resources.clients.lake.garbage import StoredFile, doubt, named_by, names, stored_files, table_folders
from resources.clients.platform import Platform

VACUUM_POINTS = ("vacuum.listed", "vacuum.remembered", "vacuum.file.removed", "vacuum.removed")
"""The steps of a vacuum, in order; after the last of them what was removed is forgotten."""
LONGEST_PATH = 1024
"""Files of a longer path are not remembered, and so stay."""


@dataclass(frozen=True)
class VacuumReport:
    """What a vacuum found and did: files and bytes on disk, without a name, due and removed.

    `due` files are those that were removed, or would be in a dry run; `left` says of folders that were left alone why.
    """

    files: int
    unnamed: int
    unnamed_bytes: int
    due: int
    due_bytes: int
    removed: int
    removed_bytes: int
    left: dict[str, str]


def vacuum(platform: Platform, *, is_dry: bool = False) -> VacuumReport:
    """Remember the files that nobody names, and remove those that have been without a name for the grace.

    Safe beside readers and writers, and beside another vacuum; one that was killed is simply run again.

    Raises:
        LakeError: If not every table's metadata can be read; nothing is removed then.
    """
    now = platform.clock()
    found, total, left = _unnamed(platform)
    candidates = platform.database.vacuum_candidates
    known = candidates.listing() if is_dry else candidates.keep(found, now)
    reach("vacuum.remembered")
    due = [path for path in found if path in known and known[path] <= now - platform.limits.vacuum_grace]
    removed = () if is_dry else _remove(platform, due)
    return VacuumReport(
        files=total,
        unnamed=len(found),
        unnamed_bytes=sum(file.size_bytes for file in found.values()),
        due=len(due),
        due_bytes=sum(found[path].size_bytes for path in due),
        removed=len(removed),
        removed_bytes=sum(found[path].size_bytes for path in removed),
        left=left,
    )


def _unnamed(platform: Platform) -> tuple[dict[str, StoredFile], int, dict[str, str]]:
    """Return the files without a name by their path below the lake's folder, how many there are, and what was left.

    The order is what makes it safe: files first, then open batches, then names. A batch that was open after its files
    were listed keeps them; one that had ended before has its commit among the names.
    """
    warehouse = os.path.realpath(platform.lake.settings.warehouse)
    folders = {folder: stored_files(folder) for folder in table_folders(Path(warehouse))}
    reach("vacuum.listed")
    open_batches = {str(batch.batch_id) for batch, _ in platform.database.batches.unsettled()}
    known = names(platform.lake.catalog)
    oldest = (platform.clock() - platform.limits.vacuum_grace).timestamp()
    found: dict[str, StoredFile] = {}
    left: dict[str, str] = {}
    for folder, files in folders.items():
        if why := doubt(folder, files, known):
            left[os.path.relpath(folder, warehouse)] = why
            continue
        for file in files:
            path = os.path.relpath(file.path, warehouse)
            is_kept = named_by(file.path) in known.files or _batch_of(path) in open_batches
            if not is_kept and file.written <= oldest and len(path) <= LONGEST_PATH:
                found[path] = file
    return found, sum(len(files) for files in folders.values()), left


def _batch_of(path: str) -> str:
    """Return the batch in whose folder a file of the pipeline's tables lies, empty for other files."""
    namespace, _, kind, *rest = path.split("/")
    return rest[0] if namespace == "grid" and kind == "data" and rest else ""


def _remove(platform: Platform, due: Iterable[str]) -> tuple[str, ...]:
    warehouse = Path(os.path.realpath(platform.lake.settings.warehouse))
    removed = []
    for path in due:
        try:
            (warehouse / path).unlink()
        except FileNotFoundError:
            continue  # another vacuum, or a repair, was faster
        removed.append(path)
        _remove_empty_folders(warehouse / path)
        reach("vacuum.file.removed")
    reach("vacuum.removed")
    platform.database.vacuum_candidates.forget(removed)
    return tuple(removed)


def _remove_empty_folders(file: Path) -> None:
    """Remove the folders of a batch or a save that have become empty; those of the table itself stay."""
    for folder in file.parents:
        if folder.name in {"data", "metadata"}:
            return
        try:
            folder.rmdir()
        except OSError:
            return
