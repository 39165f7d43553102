"""Unpacking: whole files come through, cut or damaged ones are refused before a row of them is seen."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import Packing
from grid_assets.pipeline.ingest.spool import plain_chunks, unpack

PLAIN = b"".join(b"%d,line\n" % number for number in range(200_000))


def _zstd(plain: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(plain, asbytes=True))


def _packed(packing: Packing) -> bytes:
    return gzip.compress(PLAIN) if packing is Packing.GZIP else _zstd(PLAIN)


def _unpacked(folder: Path, content: bytes, packing: Packing) -> bytes:
    source = folder / f"file.csv.{packing}"
    source.write_bytes(content)
    unpack(source, packing, folder / "plain")
    return (folder / "plain").read_bytes()


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
def test_unpack__gives_the_content(tmp_path: Path, packing: Packing) -> None:
    assert _unpacked(tmp_path, _packed(packing), packing) == PLAIN


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
def test_unpack__several_members(tmp_path: Path, packing: Packing) -> None:
    assert _unpacked(tmp_path, _packed(packing) * 2, packing) == PLAIN * 2


def test_unpack__gzip_padded_with_zeros(tmp_path: Path) -> None:
    assert _unpacked(tmp_path, _packed(Packing.GZIP) + bytes(512), Packing.GZIP) == PLAIN


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
@pytest.mark.parametrize("kept", [0.01, 0.5, 0.999])
def test_unpack__cut_file_is_refused(tmp_path: Path, packing: Packing, kept: float) -> None:
    content = _packed(packing)
    with pytest.raises(UnreadableFileError) as caught:
        _unpacked(tmp_path, content[: int(len(content) * kept)], packing)
    assert caught.value.reason == Reason.TRUNCATED_FILE
    assert "not whole" in str(caught.value)


@pytest.mark.parametrize("tail", [b"garbage", b"\x1f\x8b"])
def test_unpack__gzip_with_a_tail_is_refused(tmp_path: Path, tail: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="not whole"):
        _unpacked(tmp_path, _packed(Packing.GZIP) + tail, Packing.GZIP)


def test_unpack__gzip_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(_packed(Packing.GZIP))
    content[-6] ^= 1
    with pytest.raises(UnreadableFileError, match="incorrect data check"):
        _unpacked(tmp_path, bytes(content), Packing.GZIP)


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
def test_unpack__plain_file_under_a_packed_name_is_refused(tmp_path: Path, packing: Packing) -> None:
    with pytest.raises(UnreadableFileError, match="not whole"):
        _unpacked(tmp_path, PLAIN, packing)


def test_plain_chunks__are_bounded(tmp_path: Path) -> None:
    source = tmp_path / "bomb.gz"
    source.write_bytes(gzip.compress(bytes(64 << 20)))
    sizes = [len(chunk) for chunk in plain_chunks(source, Packing.GZIP)]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 4 << 20


def test_unpack__beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grid_assets.pipeline.ingest.spool.MAX_PLAIN_BYTES", 1 << 20)
    with pytest.raises(UnreadableFileError) as caught:
        _unpacked(tmp_path, gzip.compress(bytes(8 << 20)), Packing.GZIP)
    assert caught.value.reason == Reason.TOO_LARGE


def test_unpack__full_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    source = tmp_path / "file.csv.gz"
    source.write_bytes(_packed(Packing.GZIP))
    with pytest.raises(OSError, match="No space left"):
        unpack(source, Packing.GZIP, Path("/dev/full"))
