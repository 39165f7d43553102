"""Finding the files of a landing zone in their arrival order, and their identity.

A zone has the folders `sensors/` and `readings/`; nothing here opens a file for its rows.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import Kind, LandingFile, UnreadableFile
from grid_assets.pipeline.ingest.spool import refuse_unreadable

UNFINISHED = (".part", ".tmp")
"""Endings of files that somebody is still writing."""


@dataclass(frozen=True)
class Discovery:
    """What a landing zone holds: readable candidates in arrival order, and what can never be read."""

    paths: tuple[Path, ...]
    unreadable: tuple[UnreadableFile, ...]


def discover(root: Path) -> Discovery:
    """Return the files of a landing zone: catalogues first, each kind by modification time, then by name.

    Hidden and unfinished files are left out. A folder where a file belongs and a link out of the zone are reported.
    """
    paths: list[Path] = []
    unreadable: list[UnreadableFile] = []
    for kind in Kind:
        entries = [path for path in _entries(root / kind) if _is_finished(path)]
        for path in sorted(entries, key=lambda p: (p.lstat().st_mtime_ns, p.name)):
            problem = _problem(path, root)
            if problem is None:
                paths.append(path)
            else:
                unreadable.append(_unreadable(path, kind, *problem))
    return Discovery(tuple(paths), tuple(unreadable))


def identify(path: Path) -> LandingFile:
    """Return a landing file with the hash of its content; its kind is the folder that it lies in.

    Raises:
        UnreadableFileError: With reason no_permission or unreadable, if the file cannot be opened.
    """
    refuse_unreadable(path)
    digest = hash_file(path)
    status = path.stat()
    return LandingFile(path, path.name, Kind(path.parent.name), status.st_size, digest, status.st_mtime_ns)


def inspect(path: Path) -> LandingFile | UnreadableFile:
    """Return a landing file with its identity, or what it is instead where it cannot be read."""
    try:
        return identify(path)
    except UnreadableFileError as error:
        return _unreadable(path, Kind(path.parent.name), Reason(error.reason), str(error))


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex, read as a stream."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_finished(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(UNFINISHED)


def _problem(path: Path, root: Path) -> tuple[Reason, str] | None:
    if path.is_symlink() and not (path.exists() and path.resolve().is_relative_to(root.resolve())):
        return Reason.FORBIDDEN_LINK, f"{path.name} is a link to {path.readlink()}; land the file itself"
    if path.is_dir():
        return Reason.IS_DIRECTORY, f"{path.name} is a folder; land the files in it one by one"
    if not path.is_file():
        return Reason.UNREADABLE, f"{path.name} is neither a file nor a folder; land a regular file"
    return None


def _unreadable(path: Path, kind: Kind, reason: Reason, detail: str) -> UnreadableFile:
    """Return it with a hash of its name and reason, since it has no content: the same finding is the same file."""
    marker = hashlib.sha256(f"{reason}\0{kind}\0{path.name}".encode()).hexdigest()
    return UnreadableFile(path.name, kind, marker, reason, detail)
