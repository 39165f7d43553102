"""Which files of the lake are named: by the snapshots of any table of the catalog, and by the tables' metadata.

Vacuum stands on this, so what is not certain counts as named: a folder whose files may belong to a table that this
catalog does not know, or knows an older state of, is left alone and reported.
"""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from sqlalchemy.exc import SQLAlchemyError

from grid_assets.domain.errors import LakeError
from resources.clients.lake.catalog import load

METADATA_SUFFIX = ".metadata.json"
_SUFFIXES = (".parquet", ".orc", ".avro", METADATA_SUFFIX, ".puffin")
_CHECKSUM = ".crc"
"""Some writers lay a hidden checksum beside each file: `.<name>.crc`."""

_UNREADABLE = (OSError, ValueError, LookupError, EOFError, TypeError, AssertionError, SystemError, SQLAlchemyError)
"""What reading a damaged manifest or asking a damaged catalog ends in, depending on where it is damaged."""


@dataclass(frozen=True)
class StoredFile:
    """A file on disk: its path with links resolved, its size, and when it was last written, in seconds since 1970."""

    path: str
    size_bytes: int
    written: float


@dataclass
class Names:
    """What the catalog's tables name: files, and by its folder the metadata of each table."""

    files: set[str] = field(default_factory=set)
    tables: dict[str, Table] = field(default_factory=dict)


def stored_files(folder: str) -> tuple[StoredFile, ...]:
    """Return the data and metadata files under a table's folder; other files and hidden folders are passed over."""
    return tuple(_stored(Path(folder) / "data")) + tuple(_stored(Path(folder) / "metadata"))


def table_folders(warehouse: Path) -> tuple[str, ...]:
    """Return the folders of tables under a warehouse, with links resolved, whether a catalog knows them or not."""
    found = (
        each.parent for kind in ("data", "metadata") for each in Path(os.path.realpath(warehouse)).glob(f"*/*/{kind}")
    )
    return tuple(sorted({str(folder) for folder in found if not folder.is_symlink()}))


def _stored(folder: Path) -> Iterator[StoredFile]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not (Path(root) / name).is_symlink()]
        for name in names:
            if not named_by(name).endswith(_SUFFIXES):
                continue
            try:
                found = (Path(root) / name).lstat()
            except FileNotFoundError:
                continue  # removed by its writer in this moment
            yield StoredFile(f"{root}/{name}", found.st_size, found.st_mtime)


def named_by(path: str) -> str:
    """Return the path under which a file would be named: its own, or for a checksum that of its file."""
    folder, _, name = path.rpartition("/")
    if name.startswith(".") and name.endswith(_CHECKSUM):
        name = name[1 : -len(_CHECKSUM)]
    return f"{folder}/{name}" if folder else name


def names(catalog: SqlCatalog) -> Names:
    """Return every file that a kept snapshot of any table names, and each table's metadata files and their log.

    Raises:
        LakeError: If a table, or a manifest of it, cannot be read: then nobody knows what it names.
    """
    found = Names()
    try:
        identifiers = [i for namespace in catalog.list_namespaces() for i in catalog.list_tables(namespace)]
        for identifier in identifiers:
            table = load(catalog, ".".join(identifier))
            if table is not None:
                found.tables[_real(table.location() + "/")] = table
                found.files.update(_real(path) for path in _named(table))
    except _UNREADABLE as error:
        raise LakeError(
            f"not every file that the lake's tables name can be read: {error}",
            "a catalog and manifests that are whole",
            "restore them from a backup; nothing was removed",
        ) from error
    return found


def _named(table: Table) -> Iterator[str]:
    yield table.metadata_location
    yield from (entry.metadata_file for entry in table.metadata.metadata_log)
    yield from (each.statistics_path for each in table.metadata.statistics)
    yield from (each.statistics_path for each in table.metadata.partition_statistics)
    seen: set[str] = set()
    for snapshot in table.metadata.snapshots:
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path in seen:
                continue
            seen.add(manifest.manifest_path)
            yield manifest.manifest_path
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                yield entry.data_file.file_path


def doubt(folder: str, files: tuple[StoredFile, ...], known: Names) -> str:
    """Return why nothing of a table's folder may be removed, empty where there is no reason.

    Files of a folder without any table metadata are those of a save that died before it made its table.
    """
    unnamed = [f.path for f in files if f.path.endswith(METADATA_SUFFIX) and f.path not in known.files]
    table = known.tables.get(folder)
    if table is None:
        return "the catalog knows no table there" if unnamed else ""
    for path in unnamed:
        metadata = _metadata(path)
        log = [int(entry["timestamp-ms"]) for entry in metadata.get("metadata-log") or ()]
        if metadata.get("table-uuid") != str(table.metadata.table_uuid):
            if log:
                return "another table has lived there"
        elif log and max(log) > table.metadata.last_updated_ms:
            return "the catalog is older than the table's files"
    return ""


def _metadata(path: str) -> dict[str, Any]:
    try:
        raw = Path(path).read_bytes()
        found = json.loads(gzip.decompress(raw) if path.endswith(f".gz{METADATA_SUFFIX}") else raw)
    except (OSError, ValueError, EOFError):
        return {}  # cut off when its writer died: no table was ever made of it
    return found if isinstance(found, dict) else {}


def _real(location: str) -> str:
    """Return the path of a file location with the links of its folder resolved, as files on disk are listed."""
    if "://" in location and not location.startswith("file:"):
        return location
    folder, _, name = ("/" + location.removeprefix("file:").lstrip("/")).rpartition("/")
    return f"{_real_folder(folder)}/{name}" if name else _real_folder(folder)


@lru_cache(maxsize=100_000)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)
