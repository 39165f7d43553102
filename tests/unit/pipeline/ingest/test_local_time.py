"""Local times: the missing hour, the repeated hour, sensors without a zone."""

from datetime import date

from grid_assets.domain.ingest_reasons import Reason
from tests.unit.pipeline.ingest.world import World, sensor, utc

REPEATED = ("2016-10-30T02:00:00", "2016-10-30T02:15:00", "2016-10-30T02:30:00", "2016-10-30T02:45:00")


def test_local_time__takes_the_offset_of_the_day(ingest: World) -> None:
    ingest.csv("local,2016-01-15T12:00:00,1", "local,2016-07-15T12:00:00,2", "local,2016-07-15 12:00,3")
    assert ingest.accepted("interval_start_utc") == [
        (utc("2016-01-15T11:00"),),
        (utc("2016-07-15T10:00"),),
        (utc("2016-07-15T10:00"),),
    ]


def test_local_time__around_the_missing_hour(ingest: World) -> None:
    ingest.csv(
        "local,2016-03-27T01:59:59,1",
        "local,2016-03-27T02:00:00,2",
        "local,2016-03-27T02:59:59,3",
        "local,2016-03-27T03:00:00,4",
    )
    assert ingest.accepted("interval_start_utc") == [(utc("2016-03-27T00:59:59"),), (utc("2016-03-27T01:00"),)]
    assert ingest.rejected("source_row, reason, raw_text") == [
        (3, Reason.NONEXISTENT_LOCAL_TIME, "local,2016-03-27T02:00:00,2"),
        (4, Reason.NONEXISTENT_LOCAL_TIME, "local,2016-03-27T02:59:59,3"),
    ]


def test_local_time__repeated_hour_that_is_complete(ingest: World) -> None:
    before, after = "local,2016-10-30T01:45:00,0", "local,2016-10-30T03:00:00,9"
    summer = [f"local,{time},{number}" for number, time in enumerate(REPEATED, start=1)]
    winter = [f"local,{time},{number}" for number, time in enumerate(REPEATED, start=5)]
    ingest.csv(before, *summer, *winter, after)
    starts = [start for (start,) in ingest.accepted("interval_start_utc")]
    assert starts[0] == utc("2016-10-29T23:45")
    assert starts[1:5] == [utc(f"2016-10-30T00:{minute}") for minute in ("00", "15", "30", "45")]
    assert starts[5:9] == [utc(f"2016-10-30T01:{minute}") for minute in ("00", "15", "30", "45")]
    assert starts[9] == utc("2016-10-30T02:00")
    assert {row[0] for row in ingest.accepted("operating_day")} == {date(2016, 10, 30)}


def test_local_time__repeated_hour_once_or_thrice_stays_ambiguous(ingest: World) -> None:
    ingest.csv("local,2016-10-30T02:00:00,1", *["local,2016-10-30T02:15:00,1"] * 3)
    assert ingest.accepted() == []
    assert ingest.rejected() == [(row, Reason.AMBIGUOUS_LOCAL_TIME) for row in (2, 3, 4, 5)]


def test_local_time__repeated_hour_is_paired_within_a_file_and_a_sensor_only(ingest: World) -> None:
    zone = {"time_zone": "Europe/Berlin"}
    rows = (sensor("one", **zone), sensor("two", **zone))
    ingest.csv("one,2016-10-30T02:00:00,1", "two,2016-10-30T02:00:00,1", name="1.csv")
    ingest.csv("one,2016-10-30T02:00:00,1", name="2.csv")
    read = ingest.read(rows)
    assert ingest.rows(read.rejected, "reason") == [(Reason.AMBIGUOUS_LOCAL_TIME,)] * 3


def test_local_time__bad_row_of_the_repeated_hour_does_not_pair(ingest: World) -> None:
    ingest.csv("local,2016-10-30T02:00:00,abc", "local,2016-10-30T02:00:00,1")
    assert ingest.rejected() == [(2, Reason.BAD_VALUE), (3, Reason.AMBIGUOUS_LOCAL_TIME)]


def test_local_time__offset_wins_over_the_zone_of_the_sensor(ingest: World) -> None:
    ingest.csv("local,2016-10-30T02:00:00+01:00,1", "local,2016-03-27T02:30:00Z,1")
    assert ingest.accepted("interval_start_utc") == [(utc("2016-10-30T01:00"),), (utc("2016-03-27T02:30"),)]


def test_local_time__without_a_zone(ingest: World) -> None:
    ingest.csv("a,2016-01-15T12:00:00,1", "local,2016-01-15T12:00:00,1")
    assert ingest.rejected("source_row, reason, detail, raw_text") == [
        (
            2,
            Reason.NO_OFFSET,
            "found local time 2016-01-15 12:00:00; expected an offset, or a time_zone of the sensor in the catalogue",
            "a,2016-01-15T12:00:00,1",
        )
    ]


def test_local_time__zones_of_their_own(ingest: World) -> None:
    rows = (
        sensor("india", time_zone="Asia/Kolkata"),
        sensor("new york", time_zone="America/New_York"),
        sensor("midnight", time_zone="America/Sao_Paulo"),
        sensor("lord howe", time_zone="Australia/Lord_Howe"),
    )
    ingest.csv(
        "india,2016-06-01T05:30:00,1",
        "new york,2016-03-13T02:30:00,1",
        "new york,2016-03-13T03:00:00,1",
        "midnight,2016-10-16T00:30:00,1",
        "midnight,2016-02-20T23:30:00,1",
        "midnight,2016-02-20T23:30:00,2",
        "lord howe,2016-10-02T02:15:00,1",
        "lord howe,2016-10-02T02:30:00,1",
    )
    read = ingest.read(rows)
    assert ingest.rows(read.accepted, "source_row, interval_start_utc") == [
        (2, utc("2016-06-01T00:00")),
        (4, utc("2016-03-13T07:00")),
        (6, utc("2016-02-21T01:30")),
        (7, utc("2016-02-21T02:30")),
        (9, utc("2016-10-01T15:30")),
    ]
    assert ingest.rows(read.rejected, "source_row, reason") == [
        (3, Reason.NONEXISTENT_LOCAL_TIME),
        (5, Reason.NONEXISTENT_LOCAL_TIME),
        (8, Reason.NONEXISTENT_LOCAL_TIME),
    ]


def test_local_time__far_dates_and_validity(ingest: World) -> None:
    rows = (sensor("local", time_zone="Europe/Berlin", valid_from_utc=utc("2016-02-01T00:00")),)
    ingest.csv(
        "local,0001-01-01T00:00:00,1",
        "local,9999-12-31T23:45:00,1",
        "local,2000-01-01T00:30:00,1",
        "local,2016-02-01T00:59:59,1",
        "local,2016-02-01T01:00:00,1",
    )
    assert ingest.rows(ingest.read(rows).rejected, "source_row, reason") == [
        (2, Reason.FAR_DATE),
        (3, Reason.FAR_DATE),
        (4, Reason.FAR_DATE),
        (5, Reason.OUTSIDE_VALIDITY),
    ]
