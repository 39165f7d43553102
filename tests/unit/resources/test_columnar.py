"""The published calls: frames saved and read back, pruned, as of snapshots, through changes of their shape."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.lake.dataset_read import DatasetReader, ReadOptions, ReadPlan
from resources.columnar import list_datasets, read_from_parquet, save_to_parquet
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform
from tests.support.typed_frames import HOSTILE, NOON, READINGS, every_type, in_utc

MAP = pa.map_(pa.string(), pa.int64())


@pytest.fixture
def settings(tmp_path: Path) -> GridSettings:
    return load_settings(home=tmp_path / "grid höme", threads=2)


def files_of(settings: GridSettings, name: str) -> list[Path]:
    """Return the data files of a dataset's newest snapshot."""
    lake = make_platform(settings).lake
    files = [Path(t.file.file_path.removeprefix("file://")) for t in _table(lake.catalog, name).scan().plan_files()]
    lake.close()
    return sorted(files)


def _table(catalog: Any, name: str) -> Any:  # noqa: ANN401 - pyiceberg's own
    return catalog.load_table(f"datasets.{name}")


def rows(settings: GridSettings, name: str, **how: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - handed through
    return list(read_from_parquet(name, as_="arrow", settings=settings, **how).to_pylist())


def test_save_and_read__take_their_home_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRID_HOME", str(tmp_path / "home"))
    save_to_parquet(READINGS, "sensor_data", partition_by="sensor_type")
    found = read_from_parquet("sensor_data", filters=[("value", ">", 200)])
    assert isinstance(found, pd.DataFrame)
    assert sorted(found["value"]) == [250.0, 300.0]
    assert list_datasets() == ("sensor_data",)
    assert (tmp_path / "home" / "lake" / "datasets" / "sensor_data").is_dir()


@pytest.mark.parametrize("form", [pa.table, pl.DataFrame, pd.DataFrame])
def test_round_trip__of_every_form(settings: GridSettings, form: Callable[[Any], Any]) -> None:
    columns = {"text": ["a", "ß'\"", None], "number": [1.5, None, -0.25], "day": [date(2016, 3, 27)] * 3}
    save_to_parquet(form(columns), "d", settings=settings)
    assert rows(settings, "d") == pa.table(columns).to_pylist()
    assert read_from_parquet("d", as_="polars", settings=settings).equals(pl.DataFrame(columns))
    pd.testing.assert_frame_equal(read_from_parquet("d", settings=settings), pa.table(columns).to_pandas())


@pytest.mark.parametrize("stream", [False, True], ids=["table", "reader"])
def test_round_trip__of_every_type_keeps_the_values(settings: GridSettings, stream: bool) -> None:  # noqa: FBT001
    given = every_type()
    save_to_parquet(given.to_reader(max_chunksize=2) if stream else given, "d", settings=settings)
    found = read_from_parquet("d", as_="arrow", settings=settings)
    assert found.schema.names == given.schema.names
    for name in given.schema.names:
        assert repr(found.column(name).to_pylist()) == repr(in_utc(given.column(name)).to_pylist()), name


def test_round_trip__of_every_type_has_bounds_that_never_lose_a_row(settings: GridSettings) -> None:
    given = every_type()
    save_to_parquet(given, "d", settings=settings)
    for name in given.schema.names[:20]:
        if name != "half":
            value = in_utc(given.column(name))[0].as_py()
            assert len(rows(settings, "d", columns=["int8"], filters=[(name, "==", value)])) >= 1, name
        assert len(rows(settings, "d", columns=["int8"], filters=[(name, "is_null")])) == (name != "double"), name


@pytest.mark.parametrize("compression", ["snappy", "gzip", "brotli", "zstd"])
def test_save__compresses_as_it_is_told(settings: GridSettings, compression: Any) -> None:  # noqa: ANN401
    save_to_parquet(READINGS, "d", partition_by="sensor_type", compression=compression, settings=settings)
    files = files_of(settings, "d")
    assert len(files) == 2
    for file in files:
        group = pq.read_metadata(file).row_group(0)
        assert {group.column(n).compression for n in range(group.num_columns)} == {compression.upper()}
    assert len(rows(settings, "d")) == 6


def test_save__compresses_with_zstd_by_default_and_anew_when_overwritten(settings: GridSettings) -> None:
    save_to_parquet(READINGS, "d", settings=settings)
    save_to_parquet(READINGS, "d", compression="gzip", mode="append", settings=settings)
    codecs = {pq.read_metadata(file).row_group(0).column(0).compression for file in files_of(settings, "d")}
    assert codecs == {"ZSTD", "GZIP"}


def test_save__partitions_and_reads_only_the_files_that_matter(settings: GridSettings) -> None:
    save_to_parquet(READINGS, "d", partition_by="sensor_type", settings=settings)
    assert planned(settings, "d", [("sensor_type", "==", "energy")]) == 1
    assert planned(settings, "d", [("value", ">", 260)]) == 1
    assert planned(settings, "d", [("value", ">", 200)]) == 2
    assert planned(settings, "d", [[("value", ">", 260)], [("sensor_type", "in", ["energy"])]]) == 2
    assert planned(settings, "d", [("sensor_type", "==", "voltage")]) == 0
    assert planned(settings, "d", [("value", "is_null", True)]) == 0
    assert [r["sensor_id"] for r in rows(settings, "d", filters=[("value", ">", 260)])] == ["s5"]


def planned(settings: GridSettings, name: str, filters: list[Any]) -> int:
    """Return how many files a read with these filters opens."""
    platform = make_platform(settings)
    plan = DatasetReader(platform.lake, platform.engine).plan(name, ReadOptions(filters))
    platform.lake.close()
    return len(plan.scan.files)


def test_save__partitions_by_several_columns_of_several_types(settings: GridSettings) -> None:
    table = pa.table(
        {
            "day": [date(2016, 3, 26), date(2016, 3, 27), date(2016, 3, 27)],
            "at": pa.array([NOON, NOON, NOON + timedelta(hours=1)], pa.timestamp("us", tz="UTC")),
            "flag": [True, False, True],
            "number": pa.array([1, 2, 3], pa.int16()),
            "value": [1.0, 2.0, 3.0],
        }
    )
    save_to_parquet(table, "d", partition_by=["day", "at", "flag", "number"], settings=settings)
    assert len(files_of(settings, "d")) == 3
    for filters, expected in (
        ([("day", "==", date(2016, 3, 27))], [2.0, 3.0]),
        ([("at", ">", NOON)], [3.0]),
        ([("flag", "==", False)], [2.0]),
        ([("number", "<=", 2)], [1.0, 2.0]),
    ):
        assert sorted(r["value"] for r in rows(settings, "d", filters=filters)) == expected
        assert planned(settings, "d", filters) == len(expected)


def test_save__partitions_by_any_text_and_by_null(settings: GridSettings) -> None:
    table = pa.table({"part": HOSTILE, "value": range(len(HOSTILE))})
    save_to_parquet(table, "d", partition_by="part", settings=settings)
    assert sorted(rows(settings, "d"), key=repr) == sorted(table.to_pylist(), key=repr)
    for number, part in enumerate(HOSTILE):
        filters: list[Any] = [("part", "==", part)] if part is not None else [("part", "is_null", True)]
        assert rows(settings, "d", columns=["value"], filters=filters) == [{"value": number}]
        assert planned(settings, "d", filters) == 1


def test_save__takes_hostile_column_names(settings: GridSettings) -> None:
    names = ['say "hi"', "a.b", "größe in m²", "order", "'); DROP TABLE x; --", "x y"]
    table = pa.table({name: [n, n + 1] for n, name in enumerate(names)})
    save_to_parquet(table, "d", partition_by=names[:3], settings=settings)
    assert sorted(rows(settings, "d"), key=repr) == table.to_pylist()
    assert rows(settings, "d", columns=[names[4]], filters=[(names[0], "==", 1)]) == [{names[4]: 5}]


def test_save__keeps_the_order_of_a_frame_without_partitions(settings: GridSettings) -> None:
    numbers = pa.table({"n": pa.array(range(300_000)).take(pa.array(range(299_999, -1, -1)))})
    save_to_parquet(numbers, "d", settings=settings)
    assert read_from_parquet("d", as_="arrow", settings=settings).equals(numbers)


def test_save__takes_a_slice_of_nested_columns(settings: GridSettings) -> None:
    table = pa.table(
        {"s": [{"x": n, "y": [n]} for n in range(10)], "m": pa.array([[("k", n)] for n in range(10)], MAP)}
    )
    save_to_parquet(table.slice(7, 2), "d", settings=settings)
    assert rows(settings, "d") == table.slice(7, 2).to_pylist()


def test_save__overwrites_whole_and_keeps_what_was(settings: GridSettings) -> None:
    first = save_to_parquet(READINGS, "d", partition_by="sensor_type", settings=settings)
    second = save_to_parquet(READINGS.slice(0, 1), "d", settings=settings)
    assert len(rows(settings, "d")) == 1
    assert len(rows(settings, "d", as_of=first)) == 6
    assert len(rows(settings, "d", as_of=first, filters=[("sensor_type", "==", "power")])) == 3
    assert len(rows(settings, "d", as_of=second)) == 1


def test_save__appends(settings: GridSettings) -> None:
    for n in range(3):
        save_to_parquet(READINGS.slice(n, 1), "d", partition_by="sensor_type", mode="append", settings=settings)
    save_to_parquet(READINGS.slice(3, 1), "d", mode="append", settings=settings)
    assert sorted(r["sensor_id"] for r in rows(settings, "d")) == ["s0", "s1", "s2", "s3"]
    assert planned(settings, "d", [("sensor_type", "==", "energy")]) == 2


def test_save__of_an_empty_frame_keeps_its_columns(settings: GridSettings) -> None:
    for partition_by in (None, "sensor_type"):
        save_to_parquet(READINGS.slice(0, 0), "d", partition_by=partition_by, settings=settings)
        found = read_from_parquet("d", settings=settings)
        assert (len(found), list(found.columns)) == (0, ["sensor_id", "sensor_type", "value"])
        assert rows(settings, "d", filters=[("value", ">", 200)]) == []
    save_to_parquet(READINGS, "d", mode="append", settings=settings)
    save_to_parquet(READINGS.slice(0, 0), "d", mode="append", settings=settings)
    assert len(rows(settings, "d")) == 6


def test_save__as_append_adds_columns_widens_types_and_fills_with_null(settings: GridSettings) -> None:
    first = save_to_parquet(pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), "d", settings=settings)
    save_to_parquet(pa.table({"c": [True], "a": pa.array([2**40])}), "d", mode="append", settings=settings)
    save_to_parquet(pa.table({"a": pa.array([3], pa.int8())}), "d", mode="append", settings=settings)
    assert sorted(rows(settings, "d"), key=lambda r: r["a"]) == [
        {"a": 1, "b": "x", "c": None},
        {"a": 3, "b": None, "c": None},
        {"a": 2**40, "b": None, "c": True},
    ]
    assert rows(settings, "d", filters=[("a", "<", 3)]) == [{"a": 1, "b": "x", "c": None}]
    assert rows(settings, "d", as_of=first) == [{"a": 1, "b": "x"}]


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        (pa.array(["x"]), pa.array([1])),
        (pa.array([1]), pa.array([1.5])),
        (pa.array([1.5]), pa.array([1])),
        (pa.array(["x"]), pa.array([b"x"])),
        (pa.array([[1]]), pa.array([[1.5]])),
        (pa.array([date(2016, 1, 1)]), pa.array([NOON])),
        (pa.array([Decimal("1.50")], pa.decimal128(5, 2)), pa.array([Decimal("1.500")], pa.decimal128(8, 3))),
    ],
)
def test_save__as_append_refuses_another_type(settings: GridSettings, stored: pa.Array, given: pa.Array) -> None:
    save_to_parquet(pa.table({"a": stored}), "d", settings=settings)
    with pytest.raises(SchemaError, match=r"the column 'a' is .* in the frame, .* in datasets\.d"):
        save_to_parquet(pa.table({"a": given}), "d", mode="append", settings=settings)
    assert rows(settings, "d") == [{"a": stored[0].as_py()}]
    assert left_behind(settings) == []


def test_save__as_append_refuses_a_name_in_another_case(settings: GridSettings) -> None:
    save_to_parquet(pa.table({"Value": [1]}), "d", settings=settings)
    with pytest.raises(SchemaError, match=r"'value', while .* has 'Value'"):
        save_to_parquet(pa.table({"value": [1]}), "d", mode="append", settings=settings)


def test_save__as_append_refuses_another_partitioning(settings: GridSettings) -> None:
    save_to_parquet(READINGS, "d", partition_by="sensor_type", settings=settings)
    with pytest.raises(InputError, match="its own partitioning"):
        save_to_parquet(READINGS, "d", partition_by="sensor_id", mode="append", settings=settings)


def test_save__overwrites_with_other_columns_types_order_and_partitions(settings: GridSettings) -> None:
    first = save_to_parquet(READINGS, "d", partition_by="sensor_type", settings=settings)
    other = pa.table({"new": [1, 2], "value": ["a", "b"], "sensor_type": ["energy", "power"]})
    second = save_to_parquet(other, "d", partition_by="new", settings=settings)
    assert read_from_parquet("d", as_="arrow", settings=settings).equals(other)
    assert planned(settings, "d", [("new", "==", 1)]) == 1
    assert read_from_parquet("d", as_of=first, as_="arrow", settings=settings).schema.equals(READINGS.schema)
    assert len(rows(settings, "d", as_of=first, filters=[("value", ">", 200)])) == 2
    third = READINGS.append_column("new", pa.array(range(6)))
    save_to_parquet(third, "d", partition_by="sensor_type", settings=settings)
    assert rows(settings, "d", as_of=second) == other.to_pylist()
    assert sorted(rows(settings, "d"), key=lambda r: r["sensor_id"]) == third.to_pylist()


def test_save__overwriting_never_brings_a_dropped_column_back(settings: GridSettings) -> None:
    save_to_parquet(pa.table({"a": [1], "b": ["old"]}), "d", settings=settings)
    save_to_parquet(pa.table({"a": [2]}), "d", settings=settings)
    save_to_parquet(pa.table({"a": [3], "b": ["new"]}), "d", mode="append", settings=settings)
    assert sorted(rows(settings, "d"), key=lambda r: r["a"]) == [{"a": 2, "b": None}, {"a": 3, "b": "new"}]


def test_save__overwriting_refuses_to_drop_a_column_that_has_partitioned(settings: GridSettings) -> None:
    save_to_parquet(READINGS, "d", partition_by="sensor_type", settings=settings)
    for frame in (READINGS.drop_columns(["sensor_type"]), READINGS.set_column(1, "sensor_type", pa.array(range(6)))):
        with pytest.raises(SchemaError, match="lacks sensor_type or has another type"):
            save_to_parquet(frame, "d", settings=settings)
    assert len(rows(settings, "d")) == 6


@pytest.mark.parametrize(
    ("partition_by", "error", "said"),
    [
        ("nothing", InputError, "some of sensor_id, sensor_type, value"),
        (["sensor_type", "sensor_type"], InputError, "each once"),
        ("value", SchemaError, "text, whole numbers, booleans, dates or timestamps"),
    ],
)
def test_save__refuses_a_partition_column_that_cannot_be_one(
    settings: GridSettings, partition_by: str | list[str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        save_to_parquet(READINGS, "d", partition_by=partition_by, settings=settings)
    assert list_datasets(settings=settings) == ()


@pytest.mark.parametrize("name", ["grid.meter_readings", "grid.x"])
def test_save__refuses_the_tables_of_the_pipeline(settings: GridSettings, name: str) -> None:
    with pytest.raises(InputError, match="only the pipeline writes its tables"):
        save_to_parquet(READINGS, name, settings=settings)


@pytest.mark.parametrize(
    "name", ["", "a.b", "datasets.d", "a/b", "../x", "1a", "a b", "a'b", 'a"b', "x" * 101, "-a", 5]
)
def test_names__that_cannot_be_datasets_are_refused(settings: GridSettings, name: Any) -> None:  # noqa: ANN401
    with pytest.raises(InputError, match="a dataset named"):
        save_to_parquet(READINGS, name, settings=settings)
    with pytest.raises(InputError, match="a dataset named"):
        read_from_parquet(name, settings=settings)


@pytest.mark.parametrize("name", ["sensor_data", "größe-2", "_x", "x" * 100, "select"])
def test_names__of_letters_digits_underscores_and_hyphens_are_free(settings: GridSettings, name: str) -> None:
    save_to_parquet(READINGS, name, settings=settings)
    assert len(rows(settings, name)) == 6
    assert list_datasets(settings=settings) == (name,)


@pytest.mark.parametrize(("option", "value"), [("compression", "lz4"), ("mode", "upsert")])
def test_save__refuses_other_options(settings: GridSettings, option: str, value: str) -> None:
    with pytest.raises(InputError, match=f"the {option} '{value}'"):
        save_to_parquet(READINGS, "d", settings=settings, **{option: value})  # type: ignore[arg-type]


def test_save__tells_of_values_that_a_stream_gives_late_and_leaves_nothing(settings: GridSettings) -> None:
    good, bad = (
        pa.record_batch({"a": pa.array([1], pa.uint64())}),
        pa.record_batch({"a": pa.array([2**63], pa.uint64())}),
    )
    with pytest.raises(SchemaError, match="do not fit"):
        save_to_parquet(pa.RecordBatchReader.from_batches(good.schema, [good, bad]), "d", settings=settings)
    assert list_datasets(settings=settings) == ()
    assert left_behind(settings) == []


def left_behind(settings: GridSettings) -> list[Path]:
    """Return data files on disk that no snapshot of the dataset names."""
    there = set((settings.warehouse / "datasets").rglob("*.parquet"))
    known = set(files_of(settings, "d")) if list_datasets(settings=settings) else set()
    return sorted(there - known)


def test_read__of_an_unknown_dataset_names_those_there_are(settings: GridSettings) -> None:
    with pytest.raises(InputError, match=r"no dataset named 'nothing'.*none so far"):
        read_from_parquet("nothing", settings=settings)
    save_to_parquet(READINGS, "d", settings=settings)
    with pytest.raises(InputError, match="one of those saved: d"):
        read_from_parquet("nothing", settings=settings)
    with pytest.raises(InputError, match=r"no dataset named 'grid\.nothing'"):
        read_from_parquet("grid.nothing", settings=settings)


def test_read__as_of_an_instant_is_what_stood_then(settings: GridSettings) -> None:
    before = datetime.now(UTC)
    save_to_parquet(READINGS, "d", settings=settings)
    between = datetime.now(UTC)
    save_to_parquet(READINGS.slice(0, 1), "d", settings=settings)
    assert len(rows(settings, "d", as_of=between + timedelta(milliseconds=1))) == 6
    assert len(rows(settings, "d", as_of=datetime.now(UTC))) == 1
    for as_of in (before - timedelta(hours=1), 5):
        with pytest.raises(InputError, match="has no snapshot as of"):
            read_from_parquet("d", as_of=as_of, settings=settings)
    with pytest.raises(InputError, match="an instant with an offset"):
        read_from_parquet("d", as_of=datetime(2016, 1, 1), settings=settings)  # noqa: DTZ001 - the fault itself


def test_read__refuses_an_unknown_form_before_it_reads(settings: GridSettings) -> None:
    with pytest.raises(InputError, match="one of pandas, polars, arrow"):
        read_from_parquet("d", as_="numpy", settings=settings)  # type: ignore[call-overload]


def test_read__of_a_null_or_nan_follows_the_forms(settings: GridSettings) -> None:
    save_to_parquet(pl.DataFrame({"v": [1.0, float("nan"), None]}), "d", settings=settings)
    assert rows(settings, "d", filters=[("v", ">", 0)]) == [{"v": 1.0}]
    assert len(rows(settings, "d", filters=[("v", "is_null")])) == 1
    save_to_parquet(pd.DataFrame({"v": [1.0, float("nan"), None]}), "d", settings=settings)
    assert len(rows(settings, "d", filters=[("v", "is_null")])) == 2


def test_read__plans_once_more_when_a_file_went_in_between(
    settings: GridSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_to_parquet(READINGS, "d", settings=settings)
    (stale,) = files_of(settings, "d")
    save_to_parquet(READINGS.slice(0, 2), "d", settings=settings)
    stale.unlink()
    newest, asked = DatasetReader.plan, []

    def outdated(reader: DatasetReader, name: str, options: ReadOptions) -> ReadPlan:
        asked.append(name)
        plan = newest(reader, name, options)
        return plan if len(asked) > 1 else replace(plan, scan=replace(plan.scan, files=(str(stale),)))

    monkeypatch.setattr(DatasetReader, "plan", outdated)
    assert len(rows(settings, "d")) == 2
    assert len(asked) == 2


def test_snapshots__stay_within_twice_the_setting(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", threads=1, snapshots_kept=2)
    for _ in range(7):
        save_to_parquet(READINGS, "d", settings=settings)
    lake = make_platform(settings).lake
    assert 2 <= len(_table(lake.catalog, "d").metadata.snapshots) <= 4
    lake.close()


def test_files__are_read_by_other_readers_of_parquet(settings: GridSettings) -> None:
    save_to_parquet(READINGS, "d", settings=settings)
    (file,) = files_of(settings, "d")
    assert pq.read_table(file).equals(READINGS)
    assert duckdb.read_parquet(str(file)).to_arrow_table().num_rows == 6
    assert pl.read_parquet(file).shape == (6, 3)


def test_datasets__are_read_by_pyiceberg_itself(settings: GridSettings) -> None:
    save_to_parquet(every_type().drop_columns(["fixed"]), "d", settings=settings)
    save_to_parquet(READINGS, "e", partition_by="sensor_type", settings=settings)
    lake = make_platform(settings).lake
    assert _table(lake.catalog, "d").scan().to_arrow().num_rows == 3
    assert _table(lake.catalog, "e").scan(row_filter="value > 200").to_arrow().num_rows == 2
    lake.close()


def test_calls__say_nothing_in_the_log(settings: GridSettings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        save_to_parquet(READINGS, "d", settings=settings)
        save_to_parquet(READINGS, "d", settings=settings)
        read_from_parquet("d", settings=settings)
    assert caplog.records == []


def test_examples_of_the_docs__run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).parents[3] / "docs" / "concepts" / "lake.md"
    examples = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setenv("GRID_HOME", str(tmp_path))
    for example in examples:
        exec(compile(example, str(page), "exec"), {})  # noqa: S102 - the docs of this project
    assert len(read_from_parquet("sensor_data")) == 4
    assert list_datasets() == ("evolving", "orc_example", "sensor_data")


def test_read__compares_a_partition_that_is_null(tmp_path: Path) -> None:
    own = load_settings(home=tmp_path)
    save_to_parquet(pa.table({"text": pa.array([None, "a"], pa.string()), "n": [1, 2]}), "d", "text", settings=own)
    filters: list[list[tuple[str, str, object]]] = [[("text", ">=", "")], [("text", "is_null", True)]]
    assert sorted(read_from_parquet("d", filters, as_="arrow", settings=own)["n"].to_pylist()) == [1, 2]
