"""Header lines: where columns stand, and files that have none."""

from pathlib import Path

import pytest

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.readers.header import SENSOR_COLUMNS, read_header


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "plain"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"sensor_id,timestamp,value\n",
        b"\xef\xbb\xbfsensor_id,timestamp,value\r\n",
        b' SENSOR_ID , "Timestamp" ,"value"\r',
        b"sensor_id,timestamp,value",
    ],
)
def test_read_header__spellings(tmp_path: Path, content: bytes) -> None:
    header = read_header(_file(tmp_path, content), "x.csv")
    assert (header.positions, header.width, header.line_number) == ({"sensor_id": 1, "timestamp": 2, "value": 3}, 3, 1)


def test_read_header__after_blank_lines_and_among_other_columns(tmp_path: Path) -> None:
    header = read_header(_file(tmp_path, b"\n  \r\nremark,value,timestamp,sensor_id,unit\n"), "x.csv")
    assert header.positions == {"sensor_id": 4, "timestamp": 3, "value": 2, "unit": 5}
    assert (header.width, header.line_number) == (5, 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.EMPTY_FILE),
        (b" \r\n\n", Reason.EMPTY_FILE),
        (b"a,2016-01-01T00:00:00Z,1\n", Reason.NO_HEADER),
        (b"sensor_id;timestamp;value\n", Reason.NO_HEADER),
        (b"sensor_id,timestamp\n", Reason.NO_HEADER),
        (b"id,timestamp,value\n", Reason.NO_HEADER),
        (b"sensor_id,timestamp,value,Value\n", Reason.NO_HEADER),
        ("sensor_id,timestamp,value\n".encode("utf-16"), Reason.BAD_ENCODING),
        ("sensor_id,timestamp,value\n".encode("utf-16-le"), Reason.BAD_ENCODING),
    ],
)
def test_read_header__file_without_one(tmp_path: Path, content: bytes, reason: Reason) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_header(_file(tmp_path, content), "x.csv")
    assert caught.value.reason == reason
    assert "Expected: " in str(caught.value)


def test_read_header__of_a_catalogue(tmp_path: Path) -> None:
    header = read_header(_file(tmp_path, b"sensor_id,meter_id,sensor_type,value\n"), "x.csv", SENSOR_COLUMNS)
    assert header.positions == {"sensor_id": 1, "meter_id": 2, "sensor_type": 3}
