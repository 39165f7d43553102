"""Finding files of a landing zone: arrival order, what is left out, what can never be read."""

import hashlib
import os
from pathlib import Path

import pytest

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.files import (
    Container,
    FileFormat,
    Kind,
    LandingFile,
    Packing,
    UnreadableFile,
    format_of,
)
from grid_assets.pipeline.ingest.landing import discover, identify, inspect


def _put(path: Path, content: str = "x", mtime: int = 1_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (mtime, mtime))
    return path


def test_discover__arrival_order_is_time_then_name_with_catalogues_first(tmp_path: Path) -> None:
    _put(tmp_path / "readings" / "b.csv", mtime=2)
    _put(tmp_path / "readings" / "a.csv", mtime=2)
    _put(tmp_path / "readings" / "z.csv", mtime=1)
    _put(tmp_path / "sensors" / "s.csv", mtime=9)
    assert [path.name for path in discover(tmp_path).paths] == ["s.csv", "z.csv", "a.csv", "b.csv"]


def test_discover__leaves_out_hidden_and_unfinished_files(tmp_path: Path) -> None:
    for name in (".hidden.csv", "x.csv.part", "x.csv.tmp", "x.csv"):
        _put(tmp_path / "readings" / name)
    assert [path.name for path in discover(tmp_path).paths] == ["x.csv"]


def test_discover__empty_or_missing_zone(tmp_path: Path) -> None:
    assert discover(tmp_path / "nowhere").paths == ()


def test_discover__reports_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "readings" / "day.csv").mkdir(parents=True)
    first, second = discover(tmp_path), discover(tmp_path)
    assert [(file.name, file.reason) for file in first.unreadable] == [("day.csv", Reason.IS_DIRECTORY)]
    assert first == second


def test_discover__refuses_links_out_of_the_zone(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    inside = _put(zone / "readings" / "a.csv")
    outside = _put(tmp_path / "secret.csv")
    (zone / "readings" / "inside.csv").symlink_to(inside)
    (zone / "readings" / "outside.csv").symlink_to(outside)
    (zone / "readings" / "nothing.csv").symlink_to(tmp_path / "nothing")
    found = discover(zone)
    assert {path.name for path in found.paths} == {"a.csv", "inside.csv"}
    assert {(f.name, f.reason) for f in found.unreadable} == {
        ("outside.csv", Reason.FORBIDDEN_LINK),
        ("nothing.csv", Reason.FORBIDDEN_LINK),
    }


def test_discover__reports_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "readings").mkdir()
    os.mkfifo(tmp_path / "readings" / "pipe.csv")
    assert [file.reason for file in discover(tmp_path).unreadable] == [Reason.UNREADABLE]


def test_identify__is_the_hash_of_the_content(tmp_path: Path) -> None:
    file = identify(_put(tmp_path / "sensors" / "a.csv", "hello"))
    assert (file.content_hash, file.size_bytes) == (hashlib.sha256(b"hello").hexdigest(), 5)
    assert (file.name, file.kind, file.mtime_ns) == ("a.csv", Kind.SENSORS, 1_000_000_000_000)


def test_identify__file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read") as caught:
        identify(tmp_path / "readings" / "gone.csv")
    assert caught.value.reason == Reason.UNREADABLE


def test_inspect__gives_the_file_or_why_not(tmp_path: Path) -> None:
    assert isinstance(inspect(_put(tmp_path / "readings" / "a.csv")), LandingFile)
    gone = inspect(tmp_path / "readings" / "gone.csv")
    assert isinstance(gone, UnreadableFile)
    assert gone.kind is Kind.READINGS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", FileFormat(Container.CSV, Packing.NONE)),
        ("a.b.CSV.GZ", FileFormat(Container.CSV, Packing.GZIP)),
        ("a.ndjson.zst", FileFormat(Container.JSONL, Packing.ZSTD)),
        ("a.json", FileFormat(Container.JSONL, Packing.NONE)),
        ("a.parquet", FileFormat(Container.PARQUET, Packing.NONE)),
        ("a.xml.gz", FileFormat(Container.XML, Packing.GZIP)),
    ],
)
def test_format_of__known_endings(name: str, expected: FileFormat) -> None:
    assert format_of(name) == expected


@pytest.mark.parametrize("name", ["a.txt", "a", "csv", "a.gz", "a.csv.bz2", "a.xlsx"])
def test_format_of__unknown_endings(name: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        format_of(name)
    assert caught.value.reason == Reason.UNKNOWN_FORMAT
