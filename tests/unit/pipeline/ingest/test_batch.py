"""read_batch over CSV and JSON lines: what is accepted, with which types, and what is rejected, with which reason."""

from datetime import date, datetime

import pyarrow as pa
import pytest

from grid_assets.domain.errors import InputError
from grid_assets.domain.ingest_reasons import REASONS, Reason
from grid_assets.pipeline.ingest.batch import read_batch
from grid_assets.pipeline.ingest.relations import ACCEPTED
from tests.unit.pipeline.ingest.world import NOW, ZONE, World, catalogue, utc

GOOD = "a,2016-01-01T00:00:00Z,1.5"


def test_read_batch__gives_sensor_data_columns_and_types(ingest: World) -> None:
    ingest.csv(GOOD)
    ingest.read()
    described = ingest.connection.execute(f"DESCRIBE {ACCEPTED}").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [
        ("sensor_id", "VARCHAR"),
        ("sensor_type", "VARCHAR"),
        ("interval_start_utc", "TIMESTAMP WITH TIME ZONE"),
        ("value", "DOUBLE"),
        ("unit", "VARCHAR"),
        ("quality", "VARCHAR"),
        ("channel", "VARCHAR"),
        ("interval_minutes", "INTEGER"),
        ("source_file", "VARCHAR"),
        ("source_row", "BIGINT"),
        ("source_order", "INTEGER"),
        ("operating_day", "DATE"),
    ]


def test_read_batch__fills_unit_from_catalogue_and_quality(ingest: World) -> None:
    ingest.csv(GOOD, "volt,2016-01-01T00:00:00Z,230")
    assert ingest.accepted("unit, quality, channel, interval_minutes, sensor_type") == [
        ("kWh", "measured", None, None, "energy"),
        ("V", "measured", None, None, "voltage"),
    ]


def test_read_batch__keeps_what_was_sent(ingest: World) -> None:
    ingest.csv(
        "Wh,a,revised,main,2016-01-01T00:00:00Z,1.5,30,x",
        "MWh,a, Estimated ,,2016-01-01T00:30:00Z,1.5, 60 ,y",
        header="UNIT,sensor_id,quality,channel,TimeStamp,value,interval_minutes,remark",
    )
    assert ingest.accepted("unit, quality, channel, interval_minutes, source_row") == [
        ("Wh", "revised", "main", 30, 2),
        ("MWh", "estimated", None, 60, 3),
    ]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2016-01-01T00:00:00Z", "2016-01-01T00:00"),
        ("2016-01-01T00:00:00+01:00", "2015-12-31T23:00"),
        ("2016-01-01T00:00:00-0530", "2016-01-01T05:30"),
        ("2016-01-01T00:00:00+14", "2015-12-31T10:00"),
        ("2016-01-01 00:00:00+02:30", "2015-12-31T21:30"),
        ("2016-01-01T00:00Z", "2016-01-01T00:00"),
        ("2016-01-01T00:00:00.250Z", "2016-01-01T00:00:00.250000"),
        ("2016-02-29T23:59:59Z", "2016-02-29T23:59:59"),
        ("  2016-01-01T00:00:00Z  ", "2016-01-01T00:00"),
    ],
)
def test_read_batch__timestamp_with_offset(ingest: World, text: str, instant: str) -> None:
    ingest.csv(f"a,{text},1")
    assert ingest.accepted("interval_start_utc") == [(utc(instant),)]


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("2016-01-01", Reason.BAD_TIMESTAMP),
        ("2016-13-01T00:00:00Z", Reason.BAD_TIMESTAMP),
        ("2016-02-30T00:00:00Z", Reason.BAD_TIMESTAMP),
        ("2016-01-01T25:00:00Z", Reason.BAD_TIMESTAMP),
        ("2016-01-01T00:00:00+99:00", Reason.BAD_TIMESTAMP),
        ("2016-01-01T00:00:00+09:99", Reason.BAD_TIMESTAMP),
        ("2016-01-01T00:00:00 Europe/Berlin", Reason.BAD_TIMESTAMP),
        ("31.12.2016 00:00", Reason.BAD_TIMESTAMP),
        ("now", Reason.BAD_TIMESTAMP),
        ("infinity", Reason.BAD_TIMESTAMP),
        ("1451606400", Reason.BAD_TIMESTAMP),
        ("99999-01-01T00:00:00Z", Reason.BAD_TIMESTAMP),
        ("", Reason.MISSING_FIELD),
        ("   ", Reason.MISSING_FIELD),
        ("2016-01-01T00:00:00", Reason.NO_OFFSET),
        ("1999-12-31T23:59:59Z", Reason.FAR_DATE),
        ("1970-01-01T00:00:00Z", Reason.FAR_DATE),
        ("0001-01-01T00:00:00Z", Reason.FAR_DATE),
        ("2017-01-02T00:00:00Z", Reason.FAR_DATE),
        ("9999-12-31T23:59:59Z", Reason.FAR_DATE),
    ],
)
def test_read_batch__timestamp_that_is_none(ingest: World, timestamp: str, reason: Reason) -> None:
    ingest.csv(f"a,{timestamp},1", GOOD)
    assert ingest.rejected() == [(2, reason)]


def test_read_batch__dates_at_the_limits(ingest: World) -> None:
    ingest.csv("a,2000-01-01T00:00:00Z,1", "a,2017-01-01T23:59:59Z,1")
    assert [row[0] for row in ingest.accepted("operating_day")] == [date(2000, 1, 1), date(2017, 1, 2)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", Reason.MISSING_FIELD),
        ("abc", Reason.BAD_VALUE),
        ("0.42 kWh", Reason.BAD_VALUE),
        ("1_000", Reason.BAD_VALUE),
        ("0x10", Reason.BAD_VALUE),
        ("NaN", Reason.NOT_FINITE),
        ("nan", Reason.NOT_FINITE),
        ("inf", Reason.NOT_FINITE),
        ("-Infinity", Reason.NOT_FINITE),
        ("1e999", Reason.NOT_FINITE),
        ("-1e999", Reason.NOT_FINITE),
    ],
)
def test_read_batch__value_that_is_no_finite_number(ingest: World, value: str, reason: Reason) -> None:
    ingest.csv(f"a,2016-01-01T00:00:00Z,{value}", GOOD)
    assert ingest.rejected() == [(2, reason)]


@pytest.mark.parametrize(
    ("value", "number"), [("1e3", 1000.0), ("+2", 2.0), (".5", 0.5), ("1e-999", 0.0), (" 7 ", 7.0), ("-0.25", -0.25)]
)
def test_read_batch__value_that_is_a_number(ingest: World, value: str, number: float) -> None:
    ingest.csv(f"a,2016-01-01T00:00:00Z,{value}")
    assert ingest.accepted("value") == [(number,)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("parsec,measured,15", Reason.UNIT_UNKNOWN),
        ("kWh,guessed,15", Reason.QUALITY_UNKNOWN),
        ("kWh,measured,0", Reason.BAD_INTERVAL),
        ("kWh,measured,1441", Reason.BAD_INTERVAL),
        ("kWh,measured,7.5", Reason.BAD_INTERVAL),
        ("kWh,measured,quarter", Reason.BAD_INTERVAL),
    ],
)
def test_read_batch__optional_field_that_nobody_knows(ingest: World, fields: str, reason: Reason) -> None:
    ingest.csv(f"{GOOD},{fields}", f"{GOOD},,,", header="sensor_id,timestamp,value,unit,quality,interval_minutes")
    assert ingest.rejected() == [(2, reason)]


def test_read_batch__detail_names_what_was_found_and_expected(ingest: World) -> None:
    ingest.csv("nobody,2016-01-01T00:00:00Z,1", ",2016-01-01T00:00:00Z,", "a,2016-01-01T00:00:00Z,abc")
    assert ingest.rejected("detail, raw_text") == [
        ("found 'nobody'; expected a sensor of the catalogue", "nobody,2016-01-01T00:00:00Z,1"),
        ("found nothing for sensor_id, value; expected all three", ",2016-01-01T00:00:00Z,"),
        ("found 'abc'; expected a number with a decimal point", "a,2016-01-01T00:00:00Z,abc"),
    ]


def test_read_batch__validity_is_half_open(ingest: World) -> None:
    ingest.csv(
        "short,2016-01-31T23:59:59Z,1",
        "short,2016-02-01T00:00:00Z,1",
        "short,2016-02-29T23:45:00Z,1",
        "short,2016-03-01T00:00:00Z,1",
    )
    assert ingest.rejected("source_row, reason, raw_text") == [
        (2, Reason.OUTSIDE_VALIDITY, "short,2016-01-31T23:59:59Z,1"),
        (5, Reason.OUTSIDE_VALIDITY, "short,2016-03-01T00:00:00Z,1"),
    ]


def test_read_batch__quoted_fields(ingest: World) -> None:
    ingest.csv(
        '"a","2016-01-01T00:00:00Z","1.5","the ""main"" one, in the cellar"',
        'a, "2016-01-01T00:15:00Z" ,2,',
        'a,2016-01-01T00:30:00Z,3,"never ends',
        'a,2016-01-01T00:45:00Z,4,"ends" early',
        header='"sensor_id","timestamp","value","channel"',
    )
    assert ingest.accepted("value, channel") == [(1.5, 'the "main" one, in the cellar'), (2.0, None)]
    assert ingest.rejected() == [(4, Reason.MALFORMED_ROW), (5, Reason.MALFORMED_ROW)]


def test_read_batch__spaces_around_fields(ingest: World) -> None:
    ingest.csv(" a , 2016-01-01T00:00:00Z , 1.5 ", header=" sensor_id , timestamp , value ")
    assert ingest.accepted() == [("a", utc("2016-01-01"), 1.5)]


def test_read_batch__json_lines(ingest: World) -> None:
    ingest.land(
        "file.jsonl",
        '{"value": 1.5, "sensor_id": "a", "timestamp": "2016-01-01T00:00:00Z", "more": [1, {"x": null}]}\n'
        '{"sensor_id":"a","timestamp":"2016-01-01T00:15:00Z","value":"2.5","unit":"Wh","interval_minutes":15}\n'
        "\n"
        '{"sensor_id": "a", "timestamp": "2016-01-01T00:30:00Z"}\n'
        '{"sensor_id": "a", "timestamp": "2016-01-01T00:30:00Z", "value": NaN}\n'
        '{"sensor_id": "a", "timestamp": "2016-01-01T00:30:00Z", "value": 1e999}\n'
        '{"sensor_id": "a", "timestamp": "2016-01-01T00:30:00Z", "value": {"kWh": 1}}\n'
        '{"sensor_id": "a", "timest\n'
        "[1, 2]\n"
        "null\n",
    )
    assert ingest.accepted("value, unit, interval_minutes, source_row") == [(1.5, "kWh", None, 1), (2.5, "Wh", 15, 2)]
    assert ingest.rejected() == [
        (4, Reason.MISSING_FIELD),
        (5, Reason.NOT_FINITE),
        (6, Reason.NOT_FINITE),
        (7, Reason.BAD_VALUE),
        (8, Reason.BAD_JSON),
        (9, Reason.BAD_JSON),
        (10, Reason.BAD_JSON),
    ]


def test_read_batch__operating_day_is_the_civil_day(ingest: World) -> None:
    starts = ["2016-03-26T22:59Z", "2016-03-26T23:00Z", "2016-03-27T21:59Z", "2016-03-27T22:00Z", "2016-10-30T22:59Z"]
    ingest.csv(*(f"a,{start},1" for start in starts))
    days = [date(2016, 3, 26), date(2016, 3, 27), date(2016, 3, 27), date(2016, 3, 28), date(2016, 10, 30)]
    assert [row[0] for row in ingest.accepted("operating_day")] == days


def test_read_batch__counts_rows_of_each_file(ingest: World) -> None:
    ingest.csv(GOOD, "", "nobody,2016-01-01T00:00:00Z,1", name="one.csv")
    ingest.csv(name="two.csv")
    ingest.land("three.txt", "hello")
    read = ingest.read()
    assert [(rows.source_file, rows.received) for rows in read.received] == [
        ("one.csv", 2),
        ("two.csv", 0),
        ("three.txt", 1),
    ]
    assert [(file.name, file.reason) for file in read.unreadable] == [("three.txt", Reason.UNKNOWN_FORMAT)]


def test_read_batch__again_in_the_same_connection_starts_anew(ingest: World) -> None:
    ingest.csv(GOOD)
    assert ingest.accepted() == ingest.accepted()


def test_read_batch__no_file_and_no_sensor(ingest: World) -> None:
    read = read_batch(ingest.connection, [], catalogue(()), ZONE, NOW)
    assert ingest.rows(read.accepted, "sensor_id") == []
    ingest.csv(GOOD)
    assert ingest.rows(ingest.read(rows=()).rejected, "reason") == [(Reason.UNKNOWN_SENSOR,)]


def test_read_batch__catalogue_by_relation_name(ingest: World) -> None:
    ingest.csv(GOOD)
    ingest.connection.register("known", catalogue())
    read = read_batch(ingest.connection, ingest.files, "known", ZONE, NOW)
    assert ingest.rows(read.accepted, "sensor_id") == [("a",)]


def test_read_batch__clock_without_offset(ingest: World) -> None:
    with pytest.raises(InputError, match="no offset"):
        read_batch(ingest.connection, [], catalogue(), ZONE, datetime(2017, 1, 1))  # noqa: DTZ001 - that is the point


def test_read_batch__many_small_files_with_one_that_is_broken(ingest: World) -> None:
    for number in range(60):
        ingest.csv(f"a,2016-01-01T00:{number:02d}:00Z,{number}", name=f"{number:03d}.csv")
    ingest.land("007.csv", f"{GOOD}\n".encode() + b"a,2016-01-01T00:00:00Z,\xff\n")
    ingest.files = [file for file in ingest.files if file.name != "007.csv"] + ingest.files[-1:]
    ingest.land("bad.csv", f"sensor_id,timestamp,value\n{GOOD}\n".encode() + b"a,2016-01-01T00:00:00Z,\xff\n")
    read = ingest.read()
    assert len(ingest.rows(read.accepted, "value")) == 60
    assert ingest.rows(read.rejected, "source_file, source_row, reason") == [
        ("007.csv", 0, Reason.NO_HEADER),
        ("bad.csv", 3, Reason.BAD_ENCODING),
    ]


def test_reasons__each_has_a_meaning() -> None:
    assert set(REASONS) == set(Reason)
    assert all(text.endswith(".") for text in REASONS.values())


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_read_batch__many_files_most_of_them_spoilt(ingest: World, ending: str) -> None:
    for number in range(300):
        spoilt = b"\xff\n" if number % 3 else b""
        row = f"a,2016-01-01T{number // 60:02d}:{number % 60:02d}:00Z,1\n".encode()
        ingest.land(f"{number:03d}.{ending}", b"sensor_id,timestamp,value\n" + spoilt + row)
    read = ingest.read()
    assert len(ingest.rows(read.accepted, "value")) == 300
    assert ingest.rows(read.rejected, "source_row, reason") == [(2, Reason.BAD_ENCODING)] * 200


def test_read_batch__many_parquet_files_most_of_them_damaged(ingest: World) -> None:
    table = pa.table({"sensor_id": ["a"], "timestamp": ["2016-01-01T00:00:00Z"], "value": [1.0]})
    whole = ingest.land("000.parquet", table).path.read_bytes()
    for number in range(1, 40):
        damage = bytes(60) if number % 3 else whole[4:64]
        ingest.land(f"{number:03d}.parquet", whole[:4] + damage + whole[64:])
    read = ingest.read()
    assert len(ingest.rows(read.accepted, "value")) == 14
    assert len(read.unreadable) == 26


def test_read_batch__line_numbers_of_large_files_read_in_parallel(ingest: World) -> None:
    ingest.connection.execute("SET threads = 4")
    ingest.connection.execute("SET preserve_insertion_order = false")
    sizes = [("1.csv", 900_000), ("2.csv", 1), ("3.csv", 900_000)]
    for name, rows in sizes:
        file = ingest.csv(name=name)
        lines = f"SELECT 'a' AS sensor_id, '2016-01-01T00:00:00Z' AS timestamp, i + 2 AS value FROM range({rows}) t(i)"
        ingest.connection.execute(f"COPY ({lines} ORDER BY i) TO '{file.path}' (HEADER)")
    accepted = ingest.read().accepted
    counts = "source_file, COUNT(*), COUNT(*) FILTER (source_row <> value)"
    found = ingest.connection.execute(f"SELECT {counts} FROM {accepted} GROUP BY 1 ORDER BY 1").fetchall()
    assert found == [(name, rows, 0) for name, rows in sizes]


def test_read_batch__source_order_is_the_order_of_arrival(ingest: World) -> None:
    for name in ("z.csv", "a.csv"):
        ingest.csv(GOOD, name=name)
    assert ingest.accepted("source_file, source_order") == [("a.csv", 1), ("z.csv", 0)]
