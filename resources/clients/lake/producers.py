"""How a commit writes its manifests: appends and overwrites that keep the list of manifests short, and cheaply so.

pyiceberg's own overwrite never merges manifests and carries on those whose entries are all deleted, so a table whose
days are restated again and again would gain two manifests with each commit for ever. Its own merging append writes
the same manifest again with each commit once the bins are nearly full. Here small manifests are merged when there are
many of them, and large ones are left alone.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.table import Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import (
    _FastAppendFiles,
    _ManifestMergeManager,
    _OverwriteFiles,
    _SnapshotProducer,
)
from pyiceberg.types import PrimitiveType
from pyiceberg.utils.bin_packing import ListPacker

LARGE_MANIFEST_BYTES = 64 * 1024
"""A plan reads whole manifests: about 170 data files each keep both their list and the reading of one short."""
MANY_SMALL = 40
"""A commit that finds so many manifests of less than half that size merges them."""


class CompactAppend(_FastAppendFiles):
    """An append that never conflicts, and merges small manifests where there are many."""

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        return _merged(self, manifests)


class CompactOverwrite(_OverwriteFiles):
    """An overwrite that drops manifests without live files, and merges small ones where there are many."""

    def _existing_manifests(self) -> list[ManifestFile]:
        return [m for m in super()._existing_manifests() if m.has_added_files() or m.has_existing_files()]

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        return _merged(self, manifests)


def compact_append(transaction: Transaction, properties: dict[str, str]) -> CompactAppend:
    """Return an append to be filled with files and committed with its transaction."""
    return CompactAppend(
        operation=Operation.APPEND,
        transaction=transaction,
        io=transaction._table.io,  # noqa: SLF001
        snapshot_properties=properties,
    )


def compact_overwrite(transaction: Transaction, properties: dict[str, str]) -> CompactOverwrite:
    """Return an overwrite to be filled with files and committed with its transaction."""
    is_first = transaction.table_metadata.current_snapshot() is None
    return CompactOverwrite(
        operation=Operation.APPEND if is_first else Operation.OVERWRITE,
        transaction=transaction,
        io=transaction._table.io,  # noqa: SLF001
        snapshot_properties=properties,
    )


def _merged(producer: _SnapshotProducer, manifests: Sequence[ManifestFile]) -> list[ManifestFile]:  # type: ignore[type-arg]
    small = [m for m in manifests if _is_small(m)]
    if len(small) < MANY_SMALL:
        return list(manifests)
    kept = [m for m in manifests if not _is_small(m)]
    for spec_id in sorted({m.partition_spec_id for m in small}):
        # Neighbours in the first partition column, the day, come together, so that a plan for a day reads few.
        near = sorted((m for m in small if m.partition_spec_id == spec_id), key=partial(_first_bound, producer))
        packer: ListPacker[ManifestFile] = ListPacker(LARGE_MANIFEST_BYTES, lookback=1, largest_bin_first=False)
        kept.extend(_one(producer, spec_id, together) for together in packer.pack(near, lambda m: m.manifest_length))
    return kept


def _first_bound(producer: _SnapshotProducer, manifest: ManifestFile) -> tuple[bool, Any]:  # type: ignore[type-arg]
    """Return a key that sorts manifests by their least value of the first partition column, without one last."""
    lower = manifest.partitions[0].lower_bound if manifest.partitions else None
    if lower is None:
        return True, 0
    spec = producer.spec(manifest.partition_spec_id)
    kind = spec.partition_type(producer.schema()).fields[0].field_type
    return False, from_bytes(cast("PrimitiveType", kind), lower)


def _is_small(manifest: ManifestFile) -> bool:
    return manifest.content == ManifestContent.DATA and manifest.manifest_length < LARGE_MANIFEST_BYTES // 2


def _one(producer: _SnapshotProducer, spec_id: int, manifests: list[ManifestFile]) -> ManifestFile:  # type: ignore[type-arg]
    if len(manifests) == 1:
        return manifests[0]
    merging = _ManifestMergeManager(LARGE_MANIFEST_BYTES, MANY_SMALL, merge_enabled=True, snapshot_producer=producer)
    return merging._create_manifest(spec_id, manifests)  # noqa: SLF001
