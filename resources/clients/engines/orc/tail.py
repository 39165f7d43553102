"""The end of an ORC file: its columns, stripes and statistics, read without touching the rows."""

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from grid_assets.domain.errors import LakeError, MissingDataFileError
from resources.clients.engines.orc.protobuf import Message, blobs, message, messages, number, packed, text_of

FIELD_ID = "iceberg.id"
LONG_TYPE = "iceberg.long-type"
TIME = "TIME"
_MAGIC = b"ORC"
_FIRST_READ = 16 * 1024
_CODECS = {0: "none", 1: "zlib", 2: "snappy", 5: "zstd"}
_IS_STORED = 1
_HEADER = 3


@dataclass(frozen=True)
class OrcColumn:
    """A top-level column: its number in the file, its name, kind and scale, and Iceberg's id, None without one."""

    number: int
    name: str
    kind: int
    field_id: int | None
    is_time: bool


@dataclass(frozen=True)
class OrcStripe:
    """Where a stripe lies, in bytes, and how many rows it has."""

    offset: int
    index_length: int
    data_length: int
    footer_length: int
    rows: int


@dataclass(frozen=True)
class OrcTail:
    """What the end of a file says; `statistics` and `stripe_statistics` are raw messages by column number."""

    path: str
    codec: str
    rows: int
    row_index_stride: int
    columns: tuple[OrcColumn, ...]
    stripes: tuple[OrcStripe, ...]
    statistics: tuple[Message, ...]
    stripe_statistics: tuple[tuple[Message, ...], ...]


def read_tail(path: str) -> OrcTail:
    """Read the end of a file.

    Raises:
        MissingDataFileError: If the file is gone.
        LakeError: If it is no whole ORC file, or compressed in a way that is not known here.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = _last(file.fileno(), size, _FIRST_READ)
            wanted = _lengths(path, data)
            if sum(wanted) > len(data):
                data = _last(file.fileno(), size, sum(wanted))
    except FileNotFoundError as error:
        raise MissingDataFileError(
            f"a planned data file is gone: {path}", "the files of the planned snapshot", "read again"
        ) from error
    try:
        return _tail(path, data, wanted)
    except (zlib.error, pa.ArrowException, OSError, IndexError, KeyError) as error:
        raise _no_orc(path, str(error)) from error


def decompressed(data: bytes, codec: str) -> bytes:
    """Return a stream of an ORC file as it was before compression.

    Raises:
        LakeError: If the codec is not known here.
    """
    if codec == "none":
        return data
    expand, position, parts = _expander(codec), 0, []
    while position < len(data):
        header = int.from_bytes(data[position : position + _HEADER], "little")
        start, position = position + _HEADER, position + _HEADER + (header >> 1)
        chunk = data[start:position]
        parts.append(chunk if header & _IS_STORED else expand(chunk))
    return b"".join(parts)


def _last(descriptor: int, size: int, count: int) -> bytes:
    return os.pread(descriptor, min(count, size), max(size - count, 0))


def _postscript(path: str, data: bytes) -> Message:
    length = data[-1] if data else 0
    if not data or len(data) <= length or data[-1 - len(_MAGIC) : -1] != _MAGIC:
        raise _no_orc(path, "the last bytes are not those of ORC")
    return message(data[-1 - length : -1])


def _lengths(path: str, data: bytes) -> tuple[int, int, int]:
    """Return the lengths of the stripes' statistics, of the footer, and of the postscript with its length."""
    postscript = _postscript(path, data)
    return number(postscript, 5), number(postscript, 1), data[-1] + 1


def _tail(path: str, data: bytes, lengths: tuple[int, int, int]) -> OrcTail:
    metadata, footer, post = lengths
    if sum(lengths) > len(data):
        raise _no_orc(path, f"its end should be {sum(lengths)} bytes long, and {len(data)} are there")
    kind = number(_postscript(path, data), 2)
    codec = _CODECS.get(kind, f"number {kind}")
    end = len(data) - post
    foot = message(decompressed(data[end - footer : end], codec))
    meta = message(decompressed(data[end - footer - metadata : end - footer], codec))
    return OrcTail(
        path,
        codec,
        number(foot, 6),
        number(foot, 8),
        _columns(messages(foot, 4)),
        tuple(OrcStripe(*(number(stripe, field) for field in range(1, 6))) for stripe in messages(foot, 3)),
        tuple(messages(foot, 7)),
        tuple(tuple(messages(stripe, 1)) for stripe in messages(meta, 1)),
    )


def _columns(types: list[Message]) -> tuple[OrcColumn, ...]:
    root = types[0]
    names = [name.decode() for name in blobs(root, 3)]
    return tuple(_column(n, name, types[n]) for n, name in zip(packed(root, 2), names, strict=True))


def _column(position: int, name: str, kind: Message) -> OrcColumn:
    attributes = {text_of(pair, 1): text_of(pair, 2) for pair in messages(kind, 7)}
    field_id = attributes.get(FIELD_ID)
    is_time = attributes.get(LONG_TYPE) == TIME
    return OrcColumn(position, name, number(kind, 1), int(field_id) if field_id else None, is_time)


def _expander(codec: str) -> Callable[[bytes], bytes]:
    known = {"zlib": _inflated, "snappy": _unsnapped, "zstd": _unzstd}
    if codec not in known:
        raise LakeError(
            f"an ORC file compressed by {codec}", "zlib, snappy, zstd or none", "write it with one of these"
        )
    return known[codec]


def _inflated(chunk: bytes) -> bytes:
    return zlib.decompress(chunk, wbits=-zlib.MAX_WBITS)


def _unsnapped(chunk: bytes) -> bytes:
    length = shift = 0
    for byte in chunk:
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
            break
    return bytes(pa.Codec("snappy").decompress(chunk, decompressed_size=length))


def _unzstd(chunk: bytes) -> bytes:
    return bytes(pa.CompressedInputStream(pa.BufferReader(chunk), "zstd").read())


def _no_orc(path: str, why: str) -> LakeError:
    return LakeError(f"{path} is no whole ORC file: {why}", "the file as it was written", "restore it from a backup")
