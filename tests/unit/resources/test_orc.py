"""ORC datasets by the published calls: the same promises as Parquet, read alike by others, pruned stripe by stripe."""

import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyorc
import pytest
from pyarrow import orc

from grid_assets.domain.errors import InputError, LakeError, SchemaError
from resources.clients.engines.orc import read as orc_read
from resources.clients.engines.orc import write as orc_write
from resources.clients.lake.dataset_read import DatasetReader, ReadOptions, ReadPlan
from resources.columnar import list_datasets, read_from_orc, read_from_parquet, save_to_orc, save_to_parquet
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform
from tests.support.typed_frames import HOSTILE, NOON, READINGS, every_type, every_type_of_orc, in_utc


@pytest.fixture
def settings(tmp_path: Path) -> GridSettings:
    return load_settings(home=tmp_path / "grid höme", threads=2)


@pytest.fixture
def small_stripes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every thousand rows be a stripe, so that small frames have many."""
    monkeypatch.setattr(orc_write, "STRIPE_BYTES", 1)
    monkeypatch.setattr(orc_write, "WRITER_ROWS", 1000)
    monkeypatch.setattr(orc_write, "ROW_GROUP_ROWS", 1000)


def noise(count: int) -> list[bytes]:
    """Return bytes that nothing compresses: a stripe ends by its size."""
    source = random.Random(1)
    return [source.randbytes(140) for _ in range(count)]


@pytest.fixture
def stripes_read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return a list that grows by each stripe that is decoded."""
    seen: list[tuple[str, int]] = []
    read = orc_read.read_stripe

    def counted(layout: Any, schema: Any, path: str, number: int) -> pa.RecordBatch:  # noqa: ANN401 - handed through
        seen.append((path, number))
        return read(layout, schema, path, number)

    monkeypatch.setattr(orc_read, "read_stripe", counted)
    return seen


def table_of(settings: GridSettings, name: str) -> Any:  # noqa: ANN401 - pyiceberg's own
    lake = make_platform(settings).lake
    table = lake.catalog.load_table(f"datasets.{name}")
    lake.close()
    return table


def files_of(settings: GridSettings, name: str) -> list[Path]:
    """Return the data files of a dataset's newest snapshot."""
    tasks = table_of(settings, name).scan().plan_files()
    return sorted(Path(task.file.file_path.removeprefix("file://")) for task in tasks)


def rows(settings: GridSettings, name: str, **how: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - handed through
    return list(read_from_orc(name, as_="arrow", settings=settings, **how).to_pylist())


def plan(settings: GridSettings, name: str, filters: list[Any]) -> ReadPlan:
    platform = make_platform(settings)
    found = DatasetReader(platform.lake, platform.engine).plan(name, ReadOptions(filters))
    platform.lake.close()
    return found


@pytest.mark.parametrize("form", [pa.table, pl.DataFrame, pd.DataFrame])
def test_round_trip__of_every_form(settings: GridSettings, form: Callable[[Any], Any]) -> None:
    columns = {"text": ["a", "ß'\"", None], "number": [1.5, None, -0.25], "day": [date(2016, 3, 27)] * 3}
    save_to_orc(form(columns), "d", settings=settings)
    assert rows(settings, "d") == pa.table(columns).to_pylist()
    assert read_from_orc("d", as_="polars", settings=settings).equals(pl.DataFrame(columns))
    pd.testing.assert_frame_equal(read_from_orc("d", settings=settings), pa.table(columns).to_pandas())


@pytest.mark.parametrize("stream", [False, True], ids=["table", "reader"])
def test_round_trip__of_every_type_is_that_of_parquet(settings: GridSettings, *, stream: bool) -> None:
    given = every_type_of_orc()
    save_to_orc(given.to_reader(max_chunksize=2) if stream else given, "d", settings=settings)
    save_to_parquet(given, "p", settings=settings)
    found = read_from_orc("d", as_="arrow", settings=settings)
    assert found.schema.equals(read_from_parquet("p", as_="arrow", settings=settings).schema)
    for name in given.schema.names:
        assert repr(found.column(name).to_pylist()) == repr(in_utc(given.column(name)).to_pylist()), name


def test_round_trip__of_every_type_has_bounds_that_never_lose_a_row(settings: GridSettings) -> None:
    given = every_type_of_orc()
    save_to_orc(given, "d", settings=settings)
    for name in given.schema.names[:20]:
        if name != "half":
            value = in_utc(given.column(name))[0].as_py()
            assert len(rows(settings, "d", columns=["int8"], filters=[(name, "==", value)])) >= 1, name
        assert len(rows(settings, "d", columns=["int8"], filters=[(name, "is_null")])) == (name != "double"), name


def test_entries__have_the_bounds_and_counts_of_parquet(settings: GridSettings) -> None:
    given = every_type_of_orc()
    save_to_orc(given, "d", settings=settings)
    save_to_parquet(given, "p", settings=settings)
    ours, theirs = (next(iter(table_of(settings, name).scan().plan_files())).file for name in ("d", "p"))
    assert (ours.file_format.value, ours.record_count) == ("ORC", 3)
    assert ours.null_value_counts == theirs.null_value_counts
    assert ours.nan_value_counts == theirs.nan_value_counts
    assert ours.lower_bounds == theirs.lower_bounds
    assert ours.upper_bounds == theirs.upper_bounds


@pytest.mark.parametrize("compression", ["zstd", "zlib", "snappy"])
def test_save__compresses_as_it_is_told(settings: GridSettings, compression: Any) -> None:  # noqa: ANN401
    save_to_orc(READINGS, "d", partition_by="sensor_type", compression=compression, settings=settings)
    assert {orc.ORCFile(file).compression for file in files_of(settings, "d")} == {compression.upper()}
    assert len(rows(settings, "d", filters=[("sensor_id", "==", "s3")])) == 1
    properties = table_of(settings, "d").properties
    assert properties["write.format.default"] == "orc"
    assert properties["write.orc.compression-codec"] == compression
    assert properties["write.orc.bloom.filter.columns"] == "sensor_id"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"compression": "gzip"}, "the compression 'gzip'.*zstd, zlib, snappy for ORC"),
        ({"mode": "upsert"}, "the mode 'upsert'"),
        ({"bloom_filters": ["value"]}, r"bloom_filters \['value'\].*sensor_id, sensor_type"),
        ({"bloom_filters": "nothing"}, r"bloom_filters \['nothing'\]"),
    ],
)
def test_save__refuses_other_options(settings: GridSettings, how: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        save_to_orc(READINGS, "d", settings=settings, **how)
    assert list_datasets(settings=settings) == ()


def test_save__partitions_by_any_text_and_by_null(settings: GridSettings) -> None:
    table = pa.table({"part": HOSTILE, "value": range(len(HOSTILE))})
    save_to_orc(table, "d", partition_by="part", settings=settings)
    assert sorted(rows(settings, "d"), key=repr) == sorted(table.to_pylist(), key=repr)
    for number, part in enumerate(HOSTILE):
        filters: list[Any] = [("part", "==", part)] if part is not None else [("part", "is_null", True)]
        assert rows(settings, "d", columns=["value"], filters=filters) == [{"value": number}]
        assert len(plan(settings, "d", filters).scan.files) == 1


def test_save__partitions_by_several_columns_of_several_types(settings: GridSettings) -> None:
    table = pa.table(
        {
            "day": [date(2016, 3, 26), None, date(2016, 3, 27)],
            "at": pa.array([NOON, NOON, NOON + timedelta(hours=1)], pa.timestamp("us", tz="UTC")),
            "flag": [True, False, None],
            "number": pa.array([1, 2, 3], pa.int16()),
            "value": [1.0, 2.0, 3.0],
        }
    )
    save_to_orc(table, "d", partition_by=["day", "at", "flag", "number"], settings=settings)
    assert len(files_of(settings, "d")) == 3
    for filters, expected in (
        ([("day", "==", date(2016, 3, 27))], [3.0]),
        ([("at", ">", NOON)], [3.0]),
        ([("flag", "==", False)], [2.0]),
        ([("number", "<=", 2)], [1.0, 2.0]),
    ):
        assert sorted(r["value"] for r in rows(settings, "d", filters=filters)) == expected
        assert len(plan(settings, "d", filters).scan.files) == len(expected)


def test_save__takes_hostile_column_names(settings: GridSettings) -> None:
    names = ['say "hi"', "a.b", "größe in m²", "order", "'); DROP TABLE x; --", "x y", "a"]
    table = pa.table({name: [n, n + 1] for n, name in enumerate(names)})
    save_to_orc(table, "d", partition_by=names[:3], settings=settings)
    assert sorted(rows(settings, "d"), key=repr) == table.to_pylist()
    assert rows(settings, "d", columns=["a.b"], filters=[("a", "==", 7)]) == [{"a.b": 2}]


def test_save__takes_dots_in_names_unless_they_name_a_part_of_another_column(settings: GridSettings) -> None:
    save_to_orc(pa.table({"a": [{"b": 1}], "a.c": [2]}), "d", settings=settings)
    assert rows(settings, "d", columns=["a.c"]) == [{"a.c": 2}]
    assert rows(settings, "d", columns=["a"]) == [{"a": {"b": 1}}]
    with pytest.raises(SchemaError, match="cannot be told apart"):
        save_to_orc(pa.table({"a": [{"b": 1}], "a.b": [2]}), "d", settings=settings)


def test_save__keeps_the_order_of_a_frame_without_partitions(settings: GridSettings) -> None:
    numbers = pa.table({"n": pa.array(range(300_000)).take(pa.array(range(299_999, -1, -1)))})
    save_to_orc(numbers, "d", settings=settings)
    assert read_from_orc("d", as_="arrow", settings=settings).equals(numbers)


def test_save__appends_overwrites_and_keeps_what_was(settings: GridSettings) -> None:
    first = save_to_orc(READINGS, "d", partition_by="sensor_type", settings=settings)
    second = save_to_orc(READINGS.slice(0, 1), "d", mode="append", compression="snappy", settings=settings)
    third = save_to_orc(READINGS.slice(5, 1).append_column("new", pa.array([1])), "d", settings=settings)
    assert [len(rows(settings, "d", as_of=snapshot)) for snapshot in (first, second, third)] == [6, 7, 1]
    assert len(rows(settings, "d", as_of=second, filters=[("sensor_id", "==", "s0")])) == 2
    assert rows(settings, "d", filters=[("new", "==", 1)])[0]["sensor_id"] == "s5"


def test_save__of_an_empty_frame_keeps_its_columns(settings: GridSettings) -> None:
    for partition_by in (None, "sensor_type"):
        save_to_orc(READINGS.slice(0, 0), "d", partition_by=partition_by, settings=settings)
        assert list(read_from_orc("d", settings=settings).columns) == ["sensor_id", "sensor_type", "value"]
        assert rows(settings, "d", filters=[("value", ">", 200)]) == []
    save_to_orc(READINGS, "d", mode="append", settings=settings)
    assert len(rows(settings, "d")) == 6


def test_formats__of_one_dataset_do_not_mix(settings: GridSettings) -> None:
    save_to_orc(READINGS, "o", settings=settings)
    save_to_parquet(READINGS, "p", settings=settings)
    with pytest.raises(InputError, match=r"an append of Parquet files to 'o'.*ORC.*save_to_orc"):
        save_to_parquet(READINGS, "o", mode="append", settings=settings)
    with pytest.raises(InputError, match=r"an append of ORC files to 'p'.*Parquet.*save_to_parquet"):
        save_to_orc(READINGS, "p", mode="append", settings=settings)
    assert [len(rows(settings, name)) for name in list_datasets(settings=settings)] == [6, 6]


def test_formats__change_by_an_overwrite_and_both_calls_read_all_snapshots(settings: GridSettings) -> None:
    first = save_to_orc(READINGS, "d", partition_by="sensor_type", settings=settings)
    second = save_to_parquet(READINGS.slice(0, 2), "d", settings=settings)
    third = save_to_orc(READINGS.slice(0, 3), "d", settings=settings)
    for read in (read_from_orc, read_from_parquet):
        assert [len(read("d", as_of=snapshot, settings=settings)) for snapshot in (first, second, third)] == [6, 2, 3]
        assert len(read("d", [("sensor_id", "==", "s1")], as_of=first, settings=settings)) == 1


@pytest.mark.parametrize("shape", ["flat", "nested"])
def test_save__refuses_timestamps_that_readers_of_orc_cannot_take(settings: GridSettings, shape: str) -> None:
    late = pa.array([datetime(2016, 1, 1), datetime(2300, 1, 1)], pa.timestamp("us"))  # noqa: DTZ001 - local time
    column = late if shape == "flat" else pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), late)
    with pytest.raises(SchemaError, match=r"the column 'at' of datasets\.d.*1678 to 2261.*save_to_parquet"):
        save_to_orc(pa.table({"at": column}), "d", settings=settings)
    assert list_datasets(settings=settings) == ()
    assert list((settings.warehouse / "datasets").rglob("*.orc")) == []


def test_save__leaves_nothing_of_a_stream_that_goes_wrong(settings: GridSettings) -> None:
    good, bad = (pa.record_batch({"a": pa.array([n], pa.uint64())}) for n in (1, 2**63))
    with pytest.raises(SchemaError, match="do not fit"):
        save_to_orc(pa.RecordBatchReader.from_batches(good.schema, [good, bad]), "d", settings=settings)
    assert list((settings.warehouse / "datasets").rglob("*.orc")) == []


def test_files__are_read_alike_by_pyarrow_pyorc_and_pyiceberg(settings: GridSettings) -> None:
    given = every_type_of_orc()
    save_to_orc(given, "d", settings=settings)
    (file,) = files_of(settings, "d")
    ours = read_from_orc("d", as_="arrow", settings=settings)
    arrow = orc.ORCFile(file).read()
    with file.open("rb") as opened:
        reader = pyorc.Reader(opened, struct_repr=pyorc.StructRepr.DICT)
        theirs = pa.Table.from_pylist([_as_arrow(row) for row in reader.read()], schema=arrow.schema)
        schema: Any = reader.schema
        assert str(schema["instant"]) == "timestamp with local time zone"
    for name in ours.schema.names:
        assert repr(arrow.column(name).to_pylist()) == repr(theirs.column(name).to_pylist()), name
        if name not in {"clock", "local", "instant", "seconds"}:
            assert repr(arrow.column(name).to_pylist()) == repr(ours.column(name).to_pylist()), name
    for name in ("local", "instant", "seconds"):
        assert arrow.column(name).cast(ours.column(name).type).equals(ours.column(name)), name
    assert arrow.column("clock").to_pylist() == [0, None, 86_399_999_999]
    readable = [name for name in ours.schema.names if name not in {"clock", "fixed"}]
    iceberg = table_of(settings, "d").scan(selected_fields=tuple(readable)).to_arrow()
    assert repr(iceberg.to_pylist()) == repr(ours.select(readable).to_pylist())


def _as_arrow(row: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value.items()) if name == "map" and value else value for name, value in row.items()}


def test_files__carry_ids_on_every_part_of_a_column(settings: GridSettings) -> None:
    save_to_orc(every_type_of_orc(), "d", settings=settings)
    (file,) = files_of(settings, "d")
    with file.open("rb") as opened:
        schema: Any = pyorc.Reader(opened).schema
        assert schema["struct"].attributes["iceberg.id"]
        assert schema["struct"]["y z"]["deep"].type.attributes["iceberg.id"]
        assert schema["map"].key.attributes["iceberg.id"]
        assert schema["map"].value.attributes["iceberg.id"]
        assert schema["clock"].attributes == {
            **schema["clock"].attributes,
            "iceberg.long-type": "TIME",
            "iceberg.required": "false",
        }


@pytest.mark.usefixtures("small_stripes")
def test_read__decodes_only_stripes_whose_statistics_can_match(
    settings: GridSettings, stripes_read: list[tuple[str, int]]
) -> None:
    first = datetime(2016, 1, 1, tzinfo=UTC)
    table = pa.table(
        {
            "at": pa.array([first + timedelta(minutes=n) for n in range(20_000)], pa.timestamp("us", tz="UTC")),
            "value": [float(n) for n in range(20_000)],
            "noise": noise(20_000),
        }
    )
    save_to_orc(table, "d", settings=settings)
    (file,) = files_of(settings, "d")
    assert orc.ORCFile(file).nstripes == 20
    cases: list[tuple[list[Any], set[int], int]] = [
        ([("value", ">=", 18_500)], {18, 19}, 1500),
        ([("at", "<", first + timedelta(minutes=500))], {0}, 500),
        ([("value", "==", 5_500.0), ("at", "==", first + timedelta(minutes=5_500))], {5}, 1),
        ([[("value", "<", 10)], [("value", ">", 19_990)]], {0, 19}, 19),
        ([("value", "is_null")], set(), 0),
        ([("value", ">", 10**6)], set(), 0),
    ]
    for filters, stripes, count in cases:
        stripes_read.clear()
        assert len(rows(settings, "d", filters=filters)) == count
        assert {number for _, number in stripes_read} == stripes
    stripes_read.clear()
    assert len(rows(settings, "d")) == 20_000
    assert len(stripes_read) == 20


@pytest.mark.usefixtures("small_stripes")
def test_read__decodes_only_stripes_whose_bloom_filters_can_match(
    settings: GridSettings, stripes_read: list[tuple[str, int]]
) -> None:
    texts = [f"meter-{(n * 7919) % 20_011:05}" for n in range(20_000)]
    table = pa.table({"meter": texts, "number": [int(text[-5:]) for text in texts], "noise": noise(20_000)})
    save_to_orc(table, "with", bloom_filters=["meter", "number"], settings=settings)
    save_to_orc(table, "without", bloom_filters=[], settings=settings)
    for filters in ([("meter", "==", texts[12_345])], [("number", "in", [int(texts[12_345][-5:])])]):
        counts = []
        for name in ("without", "with"):
            stripes_read.clear()
            assert rows(settings, name, filters=filters) == [table.slice(12_345, 1).to_pylist()[0]]
            assert 12 in {number for _, number in stripes_read}
            counts.append(len(stripes_read))
        assert counts[0] > 15
        assert counts[1] <= 4


@pytest.mark.usefixtures("small_stripes")
def test_read__loses_no_row_to_statistics_that_a_nan_has_spoilt(settings: GridSettings) -> None:
    values = [5.0] * 1000 + [float("nan"), 1.0, *[5.0] * 998] + [float("nan")] * 1000 + [9.0] * 1000
    save_to_orc(pa.table({"v": values, "noise": noise(4000)}), "d", settings=settings)
    for filters, count in (([("v", "<", 2)], 1), ([("v", ">", 8)], 1000), ([("v", "!=", 5.0)], 2002)):
        assert len(rows(settings, "d", filters=filters)) == count
    entry = next(iter(table_of(settings, "d").scan().plan_files())).file
    assert entry.nan_value_counts == {1: 1001}
    assert orc.ORCFile(files_of(settings, "d")[0]).nstripes == 4


def test_append__goes_on_with_the_bloom_filters_that_the_dataset_has(settings: GridSettings) -> None:
    save_to_orc(READINGS, "d", bloom_filters=["sensor_type"], settings=settings)
    save_to_orc(READINGS, "d", mode="append", settings=settings)
    for file in files_of(settings, "d"):
        with file.open("rb") as opened:
            assert pyorc.Reader(opened).read_stripe(0).bloom_filter_columns == (2,)
    save_to_orc(READINGS, "d", settings=settings)
    (file,) = files_of(settings, "d")
    with file.open("rb") as opened:
        assert pyorc.Reader(opened).read_stripe(0).bloom_filter_columns == (1, 2)


def test_read__plans_once_more_when_a_file_went_in_between(
    settings: GridSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_to_orc(READINGS, "d", settings=settings)
    (stale,) = files_of(settings, "d")
    save_to_orc(READINGS.slice(0, 2), "d", settings=settings)
    stale.unlink()
    newest, asked = DatasetReader.plan, []

    def outdated(reader: DatasetReader, name: str, options: ReadOptions) -> ReadPlan:
        asked.append(name)
        found = newest(reader, name, options)
        return found if len(asked) > 1 else replace(found, scan=replace(found.scan, files=(str(stale),), stripes={}))

    monkeypatch.setattr(DatasetReader, "plan", outdated)
    assert len(rows(settings, "d")) == 2
    assert len(asked) == 2


@pytest.mark.parametrize("filters", [None, [("value", ">", 1)]], ids=["all rows", "filtered"])
@pytest.mark.parametrize("damage", ["gone", "truncated", "empty"])
def test_read__names_a_file_that_is_gone_or_damaged(settings: GridSettings, damage: str, filters: Any) -> None:  # noqa: ANN401
    save_to_orc(READINGS, "d", settings=settings)
    (file,) = files_of(settings, "d")
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: 0 if damage == "empty" else -40])
    with pytest.raises(LakeError, match=file.name):
        rows(settings, "d", filters=filters)


def test_calls__say_nothing_in_the_log(settings: GridSettings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        save_to_orc(READINGS, "d", settings=settings)
        save_to_orc(READINGS, "d", settings=settings)
        read_from_orc("d", settings=settings)
    assert caplog.records == []


def test_save__refuses_the_years_of_the_whole_calendar_by_name(settings: GridSettings) -> None:
    with pytest.raises(SchemaError, match="the column 'local'"):
        save_to_orc(every_type(), "d", settings=settings)
