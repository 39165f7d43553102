"""Footers of ORC files: read as pyorc reads them, whatever the codec; damage is named; hashes are every writer's."""

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyorc
import pytest
from pyarrow import orc

from grid_assets.domain.errors import LakeError, MissingDataFileError
from resources.clients.engines.ahead import made_ahead
from resources.clients.engines.orc.bloom import BloomFilter, hash_of_text, hash_of_whole
from resources.clients.engines.orc.index import row_groups
from resources.clients.engines.orc.protobuf import message, number, packed, signed
from resources.clients.engines.orc.sink import Sink
from resources.clients.engines.orc.tail import read_tail

TABLE = pa.table({"text": [f"t{n}" for n in range(25_000)], "number": range(-5, 24_995)})


def written(path: Path, compression: str) -> str:
    orc.write_table(TABLE, str(path), compression=compression, bloom_filter_columns=[1, 2])
    return str(path)


@pytest.mark.parametrize("compression", ["zstd", "zlib", "snappy", "uncompressed"])
def test_tail__says_what_pyorc_says(tmp_path: Path, compression: str) -> None:
    tail = read_tail(written(tmp_path / "a.orc", compression))
    assert (tail.rows, tail.row_index_stride, [c.name for c in tail.columns]) == (25_000, 10_000, ["text", "number"])
    with (tmp_path / "a.orc").open("rb") as file:
        reader = pyorc.Reader(file)
        stripes = [reader.read_stripe(n) for n in range(reader.num_of_stripes)]
        assert [(s.offset, s.rows) for s in tail.stripes] == [(s.bytes_offset, len(s)) for s in stripes]
        least = reader[2].statistics["minimum"]
    (found,) = tail.statistics[2][2]
    assert isinstance(found, bytes)
    assert signed(message(found), 1) == least == -5


@pytest.mark.parametrize("compression", ["zstd", "zlib", "snappy", "uncompressed"])
def test_row_groups__have_filters_that_know_their_values(tmp_path: Path, compression: str) -> None:
    tail = read_tail(written(tmp_path / "a.orc", compression))
    text, whole = tail.columns
    groups = row_groups(tail, 0, tail.columns)
    assert [group.rows for group in groups] == [10_000, 10_000, 5_000]
    for position, group in enumerate(groups):
        rows = range(position * 10_000, position * 10_000 + group.rows)
        assert all(group.blooms[text].can_contain(hash_of_text(f"t{n}")) for n in rows)
        assert all(group.blooms[whole].can_contain(hash_of_whole(n - 5)) for n in rows)
        wrong = sum(group.blooms[text].can_contain(hash_of_text(f"u{n}")) for n in range(2000))
        wrong += sum(group.blooms[whole].can_contain(hash_of_whole(n + 10**6)) for n in range(2000))
        assert wrong < 0.08 * 4000


def test_bloom_filter__without_bits_denies_nothing() -> None:
    assert BloomFilter(3, 0, ()).can_contain(hash_of_text("a"))


def test_hashes__take_text_of_any_length_and_negative_numbers() -> None:
    assert len({hash_of_text("x" * n) for n in range(40)}) == 40
    assert len({hash_of_whole(n) for n in range(-20, 20)}) == 40
    assert all(0 <= hash_of_whole(n) < 2**64 for n in (-(2**63), -1, 0, 2**63 - 1))


@pytest.mark.parametrize("kept", [0, 1, 10, 100, -1, -20])
def test_tail__of_a_damaged_file_names_it(tmp_path: Path, kept: int) -> None:
    path = Path(written(tmp_path / "a.orc", "zstd"))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(LakeError, match=r"a\.orc is no whole ORC file|the footer of an ORC file, whole"):
        read_tail(str(path))


def test_tail__of_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingDataFileError, match="gone"):
        read_tail(str(tmp_path / "a.orc"))


def test_tail__of_an_unknown_codec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="compressed by number 4"):
        read_tail(written(tmp_path / "a.orc", "lz4"))


@pytest.mark.parametrize("data", [b"\x08", b"\x0a\x05ab", b"\x0b", b"\x08" + b"\xff" * 11, b"\x09\x01"])
def test_message__of_broken_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(LakeError, match="no message"):
        message(data)


def test_message__keeps_every_kind_of_field() -> None:
    found = message(
        b"\x08\x96\x01" + b"\x12\x03abc" + b"\x19" + b"\x01" + b"\x00" * 7 + b"\x25\x02\x00\x00\x00" + b"\x08\x05"
    )
    assert found == {1: [150, 5], 2: [b"abc"], 3: [1], 4: [2]}
    assert (number(found, 1), packed(found, 1), signed(found, 9), signed({1: [3]}, 1)) == (5, [150, 5], None, -2)


def test_sink__keeps_an_error_until_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Sink(tmp_path / "a")
    assert sink.write(b"ab") == 2
    sink.check()
    sink.close()
    written_before = io.BytesIO()
    monkeypatch.setattr(sink, "_file", Full(written_before))
    assert [sink.write(b"cdef"), sink.write(b"gh")] == [4, 2]
    assert written_before.getvalue() == b"cd"
    for ask in (sink.check, sink.finish):
        with pytest.raises(OSError, match="no space"):
            ask()


class Full:
    """A file on a disk that takes two bytes more."""

    def __init__(self, taken: io.BytesIO) -> None:
        self._taken = taken

    def write(self, data: memoryview) -> int:
        if self._taken.tell():
            raise OSError("no space left")
        return self._taken.write(data[:2])


def test_made_ahead__gives_items_in_order_and_errors_in_their_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("here")

    found = made_ahead(items())
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(OSError, match="here"):
        next(found)
    assert list(made_ahead(iter([]))) == []
