"""Unpacking compressed files into plain ones that an engine can read in parallel, and proving them whole on the way.

DuckDB reads truncated zstd and damaged gzip without complaint, so it is never given either: what ends early or fails
its checksum is refused here, before one row of it is seen.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import Packing

CHUNK_BYTES = 1 << 20
MAX_PLAIN_BYTES = 64 << 30
"""A file that unpacks to more than this is refused; a year of a large city's quarters is a tenth of it."""
GZIP_WINDOW = 31


def refuse_unreadable(path: Path) -> None:
    """Open a file to see that it can be.

    Raises:
        UnreadableFileError: With reason no_permission or unreadable.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        reason = Reason.NO_PERMISSION if isinstance(error, PermissionError) else Reason.UNREADABLE
        raise UnreadableFileError(
            reason, f"{path.name} cannot be read: {error.strerror}", action="make it readable and run again"
        ) from error


def unpack(source: Path, packing: Packing, target: Path) -> None:
    """Write a compressed file's plain content to `target`.

    Raises:
        UnreadableFileError: With reason truncated_file or too_large.
        OSError: If the target cannot be written, for instance because the disk is full.
    """
    written = 0
    with target.open("wb") as plain:
        for chunk in plain_chunks(source, packing):
            written += len(chunk)
            if written > MAX_PLAIN_BYTES:
                raise UnreadableFileError(
                    Reason.TOO_LARGE,
                    f"{source.name} unpacks to more than {MAX_PLAIN_BYTES} bytes",
                    action="split the file",
                )
            plain.write(chunk)


def plain_chunks(source: Path, packing: Packing) -> Iterator[bytes]:
    """Yield a file's plain content in chunks, unpacked by its packing.

    Raises:
        UnreadableFileError: With reason truncated_file, where the packing is damaged.
    """
    with source.open("rb") as stream:
        if packing is Packing.NONE:
            yield from iter(lambda: stream.read(CHUNK_BYTES), b"")
            return
        try:
            yield from _gunzip(stream) if packing is Packing.GZIP else _unzstd(stream)
        except (zlib.error, EOFError, OSError, pa.ArrowException) as error:
            raise UnreadableFileError(
                Reason.TRUNCATED_FILE,
                f"{source.name} is not whole: {error}",
                f"a complete .{packing} file",
                "deliver the file again",
            ) from error


def _gunzip(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the content of every member; zlib checks length and checksum at each member's end."""
    inflate = zlib.decompressobj(GZIP_WINDOW)
    data = stream.read(CHUNK_BYTES)
    while data:
        plain = inflate.decompress(data, 4 * CHUNK_BYTES)
        if plain:
            yield plain
        data = inflate.unconsumed_tail
        if inflate.eof:
            data = inflate.unused_data.lstrip(b"\0") or stream.read(CHUNK_BYTES).lstrip(b"\0")
            if not data:
                return
            inflate = zlib.decompressobj(GZIP_WINDOW)
        elif not data:
            data = stream.read(CHUNK_BYTES)
    raise EOFError("the gzip stream ends early")


def _unzstd(stream: BinaryIO) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd") as plain:
        yield from iter(lambda: plain.read(4 * CHUNK_BYTES), b"")
