"""What the tables of a home name, found by planning every snapshot: an oracle that shares no code with vacuum."""

import os
from pathlib import Path

from pyiceberg.table import Table

from resources.clients.platform import Platform


def tables_of(platform: Platform) -> tuple[Table, ...]:
    """Return every table of the catalog as it is now."""
    catalog = platform.lake.catalog
    identifiers = [i for namespace in catalog.list_namespaces() for i in catalog.list_tables(namespace)]
    return tuple(catalog.load_table(identifier) for identifier in identifiers)


def named(platform: Platform) -> set[str]:
    """Return the paths of all files that the tables name: data, manifests, their lists and metadata."""
    found: set[str] = set()
    for table in tables_of(platform):
        metadata = table.metadata
        found |= {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
        for snapshot in metadata.snapshots:
            found |= {snapshot.manifest_list, *(m.manifest_path for m in snapshot.manifests(table.io))}
            found |= {t.file.file_path for t in table.scan(snapshot_id=snapshot.snapshot_id).plan_files()}
    return {path.removeprefix("file://") for path in found}


def on_disk(platform: Platform) -> set[str]:
    """Return the paths of all files under the lake's folder."""
    warehouse = platform.lake.settings.warehouse.absolute()
    return {str(path) for path in warehouse.rglob("*") if path.is_file()}


def assert_all_there(platform: Platform) -> None:
    """Assert that every file that a table names is on disk."""
    assert sorted(path for path in named(platform) if not Path(path).exists()) == []


def aged(path: Path, seconds: float) -> None:
    """Make a file, or the files below a folder, look as if written at an instant, in seconds since 1970."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        os.utime(each, (seconds, seconds))
