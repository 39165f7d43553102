"""split_new: repeated readings are stored once, changed ones again, and every file's counts add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.pipeline.ingest.relations import ACCEPTED
from tests.properties import examples
from tests.unit.pipeline.ingest.world import World, store, utc, world

A = "a,2016-01-01T00:00:00Z,1"
B = "a,2016-01-01T00:00:00Z,2"
OTHER = "b,2016-01-01T00:00:00Z,1"


def _new(of: World, stored: str | None = None) -> list[tuple[object, ...]]:
    split = of.split(stored) if stored else of.split()
    return of.rows(split.new_rows, "source_file, source_row, value")


def test_split_new__keeps_first_and_changed(ingest: World) -> None:
    ingest.csv(A, A, B, B, A, OTHER)
    assert _new(ingest) == [("file.csv", 2, 1), ("file.csv", 4, 2), ("file.csv", 6, 1), ("file.csv", 7, 1)]


def test_split_new__goes_by_arrival_and_not_by_name(ingest: World) -> None:
    ingest.csv(A, name="z.csv")
    ingest.csv(B, name="m.csv")
    ingest.csv(B, name="a.csv")
    assert _new(ingest) == [("m.csv", 2, 2), ("z.csv", 2, 1)]


def test_split_new__compares_the_first_with_the_newest_stored(ingest: World) -> None:
    ingest.csv(A, B, name="1.csv")
    stored = store(ingest, 1, ingest.split())
    ingest.files.clear()
    ingest.csv(B, A, B, name="2.csv")
    assert _new(ingest, stored) == [("2.csv", 3, 1), ("2.csv", 4, 2)]


def test_split_new__same_file_again_stores_nothing(ingest: World) -> None:
    ingest.csv(A, OTHER, "a,2016-01-01T00:15:00Z,3")
    stored = store(ingest, 1, ingest.split())
    split = ingest.split(stored)
    assert ingest.rows(split.new_rows, "value") == []
    assert [(c.received, c.stored, c.duplicate, c.quarantined) for c in split.counts] == [(3, 0, 3, 0)]


def test_split_new__unit_quality_channel_and_interval_make_a_difference(ingest: World) -> None:
    header = "sensor_id,timestamp,value,unit,quality,channel,interval_minutes"
    ingest.csv(
        f"{A},kWh,measured,,",
        f"{A},,,,",
        f"{A},Wh,measured,,",
        f"{A},Wh,revised,,",
        f"{A},Wh,revised,main,",
        f"{A},Wh,revised,main,15",
        f"{A},Wh,revised,main,15",
        header=header,
    )
    assert [row[1] for row in _new(ingest)] == [2, 4, 5, 6, 7]


def test_split_new__rows_off_the_quarter_hours(ingest: World) -> None:
    off = "a,2016-01-01T00:07:31Z"
    ingest.csv(f"{off},1", f"{off},1", f"{off},2", "a,2016-01-01T00:07:32Z,2", "a,2016-01-01T00:05:00Z,2")
    assert [row[1] for row in _new(ingest)] == [2, 4, 5, 6]


def test_split_new__same_instant_written_in_two_ways(ingest: World) -> None:
    ingest.csv("a,2016-01-01T01:00:00+01:00,1", A)
    assert [row[1] for row in _new(ingest)] == [2]


def test_split_new__counts_unreadable_files_as_one_row(ingest: World) -> None:
    ingest.land("empty.csv", "")
    (counts,) = ingest.split().counts
    assert (counts.received, counts.stored, counts.duplicate, counts.quarantined) == (1, 0, 0, 1)


def test_split_new__new_rows_have_the_shape_of_accepted(ingest: World) -> None:
    ingest.csv(A)
    split = ingest.split()
    shape = [ingest.connection.execute(f"DESCRIBE {name}").fetchall() for name in (ACCEPTED, split.new_rows)]
    assert shape[0] == shape[1]
    assert ingest.rows(split.new_rows, "interval_start_utc") == [(utc("2016-01-01"),)]


LINES = st.lists(
    st.sampled_from(
        [A, B, OTHER, "a,2016-01-01T00:15:00Z,1", "a,2016-01-01T00:07:00Z,1", "nobody,x,1", "a,b", "", "a,,"]
    ),
    max_size=12,
)


def _expected(files: list[list[str]], stored: dict[str, str]) -> list[tuple[int, int, int]]:
    """Return stored, duplicate and quarantined of each file by a plain reading of the rule, row by row."""
    newest = dict(stored)
    counts = []
    for lines in files:
        new = duplicate = bad = 0
        for line in filter(None, lines):
            key, _, value = line.rpartition(",")
            if line.count(",") != 2 or not value or line.startswith("nobody"):
                bad += 1
            elif newest.get(key) == value:
                duplicate += 1
            else:
                new += 1
                newest[key] = value
        counts.append((new, duplicate, bad))
    stored.update(newest)
    return counts


@examples(25)
@given(first=st.lists(LINES, min_size=1, max_size=3), second=st.lists(LINES, min_size=1, max_size=3))
def test_split_new__counts_add_up_and_follow_the_rule(
    tmp_path_factory: pytest.TempPathFactory, first: list[list[str]], second: list[list[str]]
) -> None:
    here = world(tmp_path_factory.mktemp("landing"))
    facts: dict[str, str] = {}
    stored = None
    for batch, files in enumerate((first, second), start=1):
        here.files.clear()
        for number, lines in enumerate(files):
            here.csv(*lines, name=f"{batch}-{number}.csv")
        split = here.split(stored) if stored else here.split()
        expected = _expected(files, facts)
        assert [(c.stored, c.duplicate, c.quarantined) for c in split.counts] == expected
        assert [c.received for c in split.counts] == [sum(of) for of in expected]
        assert len(here.rows(split.new_rows, "value")) == sum(new for new, *_ in expected)
        stored = store(here, batch, split)
