"""The index of a stripe: statistics and bloom filters of its row groups, of the columns that a filter looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from grid_assets.domain.errors import MissingDataFileError
from resources.clients.engines.orc.bloom import BloomFilter, bloom_filter
from resources.clients.engines.orc.protobuf import Message, message, messages, number
from resources.clients.engines.orc.tail import OrcColumn, OrcStripe, OrcTail, decompressed

_ROW_INDEX, _BLOOM_UTF8 = 6, 8
_UTF8_BLOOMS = 1


@dataclass(frozen=True)
class RowGroup:
    """Up to 10,000 rows of a stripe, and what is known of them by column."""

    rows: int
    statistics: dict[OrcColumn, Message]
    blooms: dict[OrcColumn, BloomFilter]


@dataclass(frozen=True)
class _Stream:
    kind: int
    column: int
    start: int
    length: int


def row_groups(tail: OrcTail, stripe_number: int, columns: Sequence[OrcColumn]) -> tuple[RowGroup, ...]:
    """Return the row groups of a stripe, none where the file keeps no index of them.

    Raises:
        MissingDataFileError: If the file is gone.
        LakeError: If the index cannot be read.
    """
    stripe, stride = tail.stripes[stripe_number], tail.row_index_stride
    if not stride or not columns:
        return ()
    by_number = {column.number: column for column in columns}
    count = -(-stripe.rows // stride)
    statistics: list[dict[OrcColumn, Message]] = [{} for _ in range(count)]
    blooms: list[dict[OrcColumn, BloomFilter]] = [{} for _ in range(count)]
    for stream, data in _streams(tail, stripe, set(by_number)):
        column = by_number[stream.column]
        if stream.kind == _ROW_INDEX:
            for found, entry in zip(statistics, messages(data, 1), strict=False):
                found.update((column, one) for one in messages(entry, 2))
        else:
            for filters, entry in zip(blooms, messages(data, 1), strict=False):
                filters[column] = bloom_filter(entry)
    sizes = [min(stride, stripe.rows - n * stride) for n in range(count)]
    return tuple(map(RowGroup, sizes, statistics, blooms))


def _streams(tail: OrcTail, stripe: OrcStripe, columns: set[int]) -> list[tuple[_Stream, Message]]:
    try:
        with Path(tail.path).open("rb") as file:
            footer = message(decompressed(_footer(file, stripe), tail.codec))
            return [(s, message(decompressed(_bytes(file, s), tail.codec))) for s in _wanted(footer, stripe, columns)]
    except FileNotFoundError as error:
        raise MissingDataFileError(
            f"a planned data file is gone: {tail.path}", "the files of the planned snapshot", "read again"
        ) from error


def _wanted(footer: Message, stripe: OrcStripe, columns: set[int]) -> list[_Stream]:
    """Return the index streams of some columns; an older bloom filter, of text in any code, is none."""
    found = messages(footer, 1)
    starts = accumulate((number(stream, 3) for stream in found), initial=stripe.offset)
    encodings = [number(encoding, 3) for encoding in messages(footer, 2)]
    streams = [_Stream(number(s, 1), number(s, 2), at, number(s, 3)) for s, at in zip(found, starts, strict=False)]
    return [
        stream
        for stream in streams
        if stream.column in columns
        and (stream.kind == _ROW_INDEX or (stream.kind == _BLOOM_UTF8 and encodings[stream.column] == _UTF8_BLOOMS))
    ]


def _footer(file: BinaryIO, stripe: OrcStripe) -> bytes:
    file.seek(stripe.offset + stripe.index_length + stripe.data_length)
    return file.read(stripe.footer_length)


def _bytes(file: BinaryIO, stream: _Stream) -> bytes:
    file.seek(stream.start)
    return file.read(stream.length)
