"""Cutting a batch into groups of files that are read together: few queries for many small files, bounded memory.

A group holds files of one container and at most `GROUP_BYTES` of estimated plain content; a larger file is a group
by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grid_assets.pipeline.ingest.files import Container, FileFormat, LandingFile, Packing

GROUP_BYTES = 128 << 20
GROUP_FILES = 2000
PLAIN_FACTOR: dict[Packing, int] = {Packing.NONE: 1, Packing.GZIP: 9, Packing.ZSTD: 15}
PARQUET_FACTOR = 25


@dataclass(frozen=True)
class NumberedFile:
    """A file of the batch with its arrival number and the format that its name promises."""

    number: int
    file: LandingFile
    format: FileFormat

    @property
    def plain_bytes(self) -> int:
        """Return an estimate of the size of the content as plain text."""
        factor = PARQUET_FACTOR if self.format.container is Container.PARQUET else PLAIN_FACTOR[self.format.packing]
        return self.file.size_bytes * factor


def groups_of(files: Sequence[NumberedFile]) -> Iterator[tuple[NumberedFile, ...]]:
    """Yield the files in groups of one container each, in arrival order within a container."""
    for container in Container:
        group: list[NumberedFile] = []
        size = 0
        for file in (f for f in files if f.format.container is container):
            if group and (size + file.plain_bytes > GROUP_BYTES or len(group) >= GROUP_FILES):
                yield tuple(group)
                group, size = [], 0
            group.append(file)
            size += file.plain_bytes
        if group:
            yield tuple(group)
