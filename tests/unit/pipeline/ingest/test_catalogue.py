"""Catalogue files: defaults, who wins, bad rows, files of every format."""

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import CATALOGUE_COLUMNS, SENSORS
from grid_assets.pipeline.ingest.catalogue import CatalogueRelations, read_catalogue
from grid_assets.pipeline.ingest.files import Kind, LandingFile
from grid_assets.pipeline.ingest.landing import hash_file
from tests.unit.pipeline.ingest.world import utc

HEADER = "sensor_id,sensor_type,meter_id"
REST = "unit,interval_minutes,latitude,longitude,rated_min,rated_max,point_type,valid_from_utc,valid_to_utc,time_zone"


@pytest.fixture(name="connection")
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _file(folder: Path, name: str, content: str | bytes) -> LandingFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return LandingFile(path, name, Kind.SENSORS, path.stat().st_size, hash_file(path), 0)


def _rows(connection: duckdb.DuckDBPyConnection, relation: str, columns: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(f"SELECT {columns} FROM {relation} ORDER BY 1, 2").fetchall()]


def _read(connection: duckdb.DuckDBPyConnection, folder: Path, *contents: str) -> CatalogueRelations:
    return read_catalogue(connection, [_file(folder, f"{n}.csv", text) for n, text in enumerate(contents)])


def test_read_catalogue__columns_and_types_are_the_registrys(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    read = _read(connection, tmp_path, f"{HEADER}\na,energy,m\n")
    schema = connection.sql(f"SELECT * FROM {read.sensors}").to_arrow_table().schema
    expected = arrow_schema(SENSORS)
    assert schema.names == [column.name for column in CATALOGUE_COLUMNS]
    assert [schema.field(name).type for name in schema.names] == [expected.field(name).type for name in schema.names]


def test_read_catalogue__defaults(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    read = _read(connection, tmp_path, f"{HEADER}\na,energy,m\nb, Voltage ,m\n")
    columns = "sensor_id, sensor_type, unit, interval_minutes, point_type, rated_max, time_zone, valid_from_utc"
    assert _rows(connection, read.sensors, columns) == [
        ("a", "energy", "kWh", 15, "consumption", None, None, None),
        ("b", "voltage", "V", 15, "consumption", None, None, None),
    ]


def test_read_catalogue__everything_stated(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    text = (
        f"description,{HEADER},{REST},colour\n"
        '"Bakery, with ""oven""",a,energy,m,MWh,60,53.5,-11.4,-1,2.5,Exchange,2016-01-01T00:00:00+01:00,'
        "2017-01-01T00:00:00Z,Europe/Berlin,red\n"
    )
    read = _read(connection, tmp_path, text)
    columns = (
        "description, unit, interval_minutes, latitude, longitude, rated_min, rated_max, point_type, valid_from_utc,"
        " valid_to_utc, time_zone"
    )
    stated = ('Bakery, with "oven"', "MWh", 60, 53.5, -11.4, -1.0, 2.5, "exchange")
    validity = (utc("2015-12-31T23:00"), utc("2017-01-01T00:00"))
    assert _rows(connection, read.sensors, columns) == [(*stated, *validity, "Europe/Berlin")]


def test_read_catalogue__later_file_and_later_row_win(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    read = _read(
        connection, tmp_path, f"{HEADER}\na,energy,old\nb,energy,old\nb,energy,new\n", f"{HEADER}\na,power,new\n"
    )
    assert _rows(connection, read.sensors, "sensor_id, sensor_type, meter_id") == [
        ("a", "power", "new"),
        ("b", "energy", "new"),
    ]
    assert [(c.received, c.stored, c.quarantined) for c in read.counts] == [(3, 3, 0), (1, 1, 0)]


def test_read_catalogue__bad_later_row_takes_nothing_away(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    read = _read(connection, tmp_path, f"{HEADER}\na,energy,m\n", f"{HEADER}\na,magic,m\n")
    assert _rows(connection, read.sensors, "sensor_id, sensor_type") == [("a", "energy")]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sensor_id": ""}, Reason.MISSING_FIELD),
        ({"meter_id": " "}, Reason.MISSING_FIELD),
        ({"sensor_type": "magic"}, Reason.BAD_SENSOR_TYPE),
        ({"unit": "parsec"}, Reason.UNIT_UNKNOWN),
        ({"unit": "kW"}, Reason.UNIT_UNKNOWN),
        ({"point_type": "both"}, Reason.BAD_POINT_TYPE),
        ({"latitude": "91"}, Reason.BAD_COORDINATE),
        ({"longitude": "x"}, Reason.BAD_COORDINATE),
        ({"latitude": ""}, Reason.BAD_COORDINATE),
        ({"interval_minutes": "0"}, Reason.BAD_INTERVAL),
        ({"interval_minutes": "a while"}, Reason.BAD_INTERVAL),
        ({"rated_max": "much"}, Reason.BAD_LIMIT),
        ({"rated_max": "nan"}, Reason.BAD_LIMIT),
        ({"rated_max": "1e999"}, Reason.BAD_LIMIT),
        ({"rated_min": "3", "rated_max": "2"}, Reason.BAD_LIMIT),
        ({"valid_from_utc": "2016-01-01T00:00:00"}, Reason.BAD_VALIDITY),
        ({"valid_from_utc": "2016-02-30T00:00:00Z"}, Reason.BAD_VALIDITY),
        ({"valid_to_utc": "2015-01-01T00:00:00Z"}, Reason.BAD_VALIDITY),
        ({"time_zone": "Middle/Earth"}, Reason.BAD_TIME_ZONE),
        ({"time_zone": "Europe"}, Reason.BAD_TIME_ZONE),
        ({"time_zone": "../../etc/passwd"}, Reason.BAD_TIME_ZONE),
    ],
)
def test_read_catalogue__bad_row(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, values: dict[str, str], reason: Reason
) -> None:
    good = {"sensor_id": "a", "sensor_type": "energy", "meter_id": "m", "latitude": "53", "longitude": "11"}
    good |= {"valid_from_utc": "2016-01-01T00:00:00Z", "valid_to_utc": "2017-01-01T00:00:00Z"}
    names = f"{HEADER},{REST}".split(",")
    lines = [",".join(row.get(name, "") for name in names) for row in (good, good | values)]
    read = _read(connection, tmp_path, "\n".join((",".join(names), *lines)))
    assert _rows(connection, read.rejected, "source_row, reason, raw_text") == [(3, reason, lines[1])]
    assert [(c.received, c.stored, c.quarantined) for c in read.counts] == [(2, 1, 1)]
    (detail,) = connection.execute(f"SELECT detail FROM {read.rejected}").fetchall()[0]
    assert "; expected " in detail


def test_read_catalogue__jsonl_and_parquet(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = {"sensor_id": "a", "sensor_type": "energy", "meter_id": 7, "rated_max": 2.5, "interval_minutes": 30}
    first = _file(tmp_path, "1.jsonl", json.dumps(row) + "\n{\n")
    table = pa.table({name: [value] for name, value in (row | {"sensor_id": "b"}).items()})
    pq.write_table(table.append_column("valid_from_utc", pa.array([utc("2016-01-01T00:00")])), tmp_path / "2.parquet")
    second = _file(tmp_path, "2.parquet", (tmp_path / "2.parquet").read_bytes())
    read = read_catalogue(connection, [first, second])
    assert _rows(connection, read.sensors, "sensor_id, meter_id, rated_max, interval_minutes, valid_from_utc") == [
        ("a", "7", 2.5, 30, None),
        ("b", "7", 2.5, 30, utc("2016-01-01T00:00")),
    ]
    assert _rows(connection, read.rejected, "source_file, source_row, reason") == [("1.jsonl", 2, Reason.BAD_JSON)]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.csv", b"", Reason.EMPTY_FILE),
        ("x.csv", b"sensor_id,meter_id\na,m\n", Reason.NO_HEADER),
        ("x.csv.gz", b"none", Reason.TRUNCATED_FILE),
        ("x.parquet", b"none", Reason.NOT_PARQUET),
        ("x.xml", b"<feed/>", Reason.UNKNOWN_FORMAT),
        ("x.txt", b"hello", Reason.UNKNOWN_FORMAT),
    ],
)
def test_read_catalogue__file_that_cannot_be_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, content: bytes, reason: Reason
) -> None:
    files = [_file(tmp_path, name, content), _file(tmp_path, "good.csv", f"{HEADER}\na,energy,m\n")]
    read = read_catalogue(connection, files)
    assert _rows(connection, read.rejected, "source_file, source_row, reason") == [(name, 0, reason)]
    assert [file.reason for file in read.unreadable] == [reason]
    assert [(c.received, c.stored, c.quarantined) for c in read.counts] == [(1, 0, 1), (1, 1, 0)]


def test_read_catalogue__line_that_is_not_utf_8(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    content = f"{HEADER}\na,energy,m\n".encode() + "bö,energy,m\n".encode("latin-1") + b"c,energy,m\n"
    read = read_catalogue(connection, [_file(tmp_path, "x.csv", content)])
    assert _rows(connection, read.sensors, "sensor_id, unit") == [("a", "kWh"), ("c", "kWh")]
    assert _rows(connection, read.rejected, "source_row, reason") == [(3, Reason.BAD_ENCODING)]


def test_read_catalogue__no_file(connection: duckdb.DuckDBPyConnection) -> None:
    read = read_catalogue(connection, [])
    assert _rows(connection, read.sensors, "sensor_id, unit") == []
    assert read.counts == ()
