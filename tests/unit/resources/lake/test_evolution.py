"""Evolving datasets of both formats: columns added, renamed, widened, dropped, reordered; what is refused; races."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from grid_assets.domain.errors import CommitConflictError, InputError, LakeError, SchemaError
from resources.clients.lake import dataset_evolve, producers, races
from resources.clients.lake.commit import told_apart
from resources.clients.lake.evolution import stage_evolution
from resources.columnar import evolve_dataset, read_from_orc, save_to_orc, save_to_parquet
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform

FIRST = pa.table(
    {
        "id": pa.array([1, 2], pa.int32()),
        "name": ["a", "b"],
        "value": pa.array([1.5, None], pa.float32()),
        "money": pa.array([Decimal("1.50"), Decimal("-2.25")], pa.decimal128(5, 2)),
        "part": [date(2016, 3, 26), date(2016, 3, 27)],
    }
)
Save = Callable[..., int]


@pytest.fixture(params=[save_to_parquet, save_to_orc], ids=["parquet", "orc"])
def save(request: pytest.FixtureRequest) -> Save:
    """Return the call that saves one of the two formats."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def settings(tmp_path: Path) -> GridSettings:
    return load_settings(home=tmp_path / "home", threads=1)


def rows(settings: GridSettings, *args: Any, **how: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - handed through
    found = read_from_orc("d", *args, as_="arrow", settings=settings, **how)
    return sorted(found.to_pylist(), key=lambda row: repr(row.get("id")))


def test_evolve__of_every_kind_in_one_call_keeps_old_rows_and_snapshots(settings: GridSettings, save: Save) -> None:
    first = save(FIRST, "d", "part", settings=settings)
    after = evolve_dataset(
        "d",
        add={"note": pa.string(), "value": pa.int64()},
        rename={"name": "title", "part": "day"},
        widen={"id": pa.int64(), "money": pa.decimal128(12, 2)},
        drop=["value"],
        reorder=["day", "id", "title", "money", "value", "note"],
        settings=settings,
    )
    assert after == ("day", "id", "title", "money", "value", "note")
    blank = {"value": None, "note": None}
    old = [
        {"day": date(2016, 3, 26), "id": 1, "title": "a", "money": Decimal("1.50"), **blank},
        {"day": date(2016, 3, 27), "id": 2, "title": "b", "money": Decimal("-2.25"), **blank},
    ]
    assert rows(settings) == old
    assert list(rows(settings)[0]) == list(after)
    assert rows(settings, as_of=first) == FIRST.to_pylist()
    row = {"day": date(2016, 3, 27), "id": 2**40, "title": "c", "money": Decimal("9999999999.99"), "value": 7}
    frame = pa.Table.from_pylist([{**row, "note": "n"}])
    save(
        frame.set_column(3, "money", frame.column("money").cast(pa.decimal128(12, 2))),
        "d",
        None,
        settings=settings,
        mode="append",
    )
    assert rows(settings) == [old[0], {**row, "note": "n"}, old[1]]
    for filters, count in (
        ([("title", "==", "a")], 1),
        ([("id", "<", 3)], 2),
        ([("id", ">", 3)], 1),
        ([("day", "==", date(2016, 3, 27))], 2),
        ([("value", "is_null")], 2),
        ([("value", "==", 7)], 1),
        ([("money", "<=", Decimal("1.50"))], 2),
    ):
        assert len(rows(settings, filters)) == count, filters
    assert len(rows(settings, [("name", "==", "b"), ("part", "==", date(2016, 3, 27))], as_of=first)) == 1


def test_evolve__lets_columns_take_each_others_names(settings: GridSettings, save: Save) -> None:
    save(pa.table({"id": [1, 2], "a": ["x", None], "b": ["y", "z"]}), "d", settings=settings)
    assert rows(settings, [("a", "==", "x")]) == [{"id": 1, "a": "x", "b": "y"}]
    assert evolve_dataset("d", rename={"a": "b", "b": "a"}, settings=settings) == ("id", "b", "a")
    assert rows(settings) == [{"id": 1, "b": "x", "a": "y"}, {"id": 2, "b": None, "a": "z"}]
    assert rows(settings, [("a", "==", "x")]) == []
    assert rows(settings, [("b", "==", "x")], ["id"]) == [{"id": 1}]


def test_evolve__never_brings_dropped_values_back(settings: GridSettings, save: Save) -> None:
    save(pa.table({"id": [1], "a": [10]}), "d", settings=settings)
    evolve_dataset("d", drop="a", settings=settings)
    assert rows(settings) == [{"id": 1}]
    evolve_dataset("d", add={"a": pa.int64()}, settings=settings)
    save(pa.table({"id": [2], "a": [20]}), "d", mode="append", settings=settings)
    assert rows(settings) == [{"id": 1, "a": None}, {"id": 2, "a": 20}]
    assert rows(settings, [("a", "==", 10)]) == []
    assert rows(settings, [("a", "is_null")]) == [{"id": 1, "a": None}]
    evolve_dataset("d", drop=["a"], add={"a": pa.string()}, settings=settings)
    assert rows(settings) == [{"id": 1, "a": None}, {"id": 2, "a": None}]


def test_evolve__of_columns_that_no_file_has_reads_their_nulls(settings: GridSettings, save: Save) -> None:
    save(pa.table({"id": [1, 2]}), "d", settings=settings)
    evolve_dataset("d", add={"new": pa.list_(pa.struct({"x": pa.int32()}))}, settings=settings)
    assert rows(settings, None, ["new"]) == [{"new": None}] * 2
    save(
        pa.table(
            {"id": [3], "new": [[{"x": 1}]]},
            schema=pa.schema({"id": pa.int64(), "new": pa.list_(pa.struct({"x": pa.int32()}))}),
        ),
        "d",
        mode="append",
        settings=settings,
    )
    assert rows(settings)[2] == {"id": 3, "new": [{"x": 1}]}


def test_evolve__renames_a_partition_column_and_goes_on_pruning(settings: GridSettings, save: Save) -> None:
    save(FIRST.select(["id", "part"]), "d", "part", settings=settings)
    evolve_dataset("d", rename={"part": "day"}, settings=settings)
    save(
        pa.table({"id": pa.array([3], pa.int32()), "day": [date(2016, 3, 28)]}),
        "d",
        "day",
        mode="append",
        settings=settings,
    )
    platform = make_platform(settings)
    table = platform.lake.catalog.load_table("datasets.d")
    assert len(list(table.scan(row_filter="day = '2016-03-28'").plan_files())) == 1
    platform.lake.close()
    assert rows(settings, [("day", ">", date(2016, 3, 26))], ["id"]) == [{"id": 2}, {"id": 3}]
    for parts in (None, "id", "day"):
        save(pa.table({"id": pa.array([4], pa.int32()), "day": [date(2016, 3, 29)]}), "d", parts, settings=settings)
        assert rows(settings, [("day", "==", date(2016, 3, 29))], ["id"]) == [{"id": 4}]


def test_evolve__widens_a_partition_column(settings: GridSettings, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers, "MANY_SMALL", 2)  # so that manifests of both types are merged
    save(pa.table({"id": pa.array([1, 2], pa.int32())}), "d", "id", settings=settings)
    evolve_dataset("d", widen={"id": pa.int64()}, settings=settings)
    save(pa.table({"id": [2**40]}), "d", "id", mode="append", settings=settings)
    save(pa.table({"id": [0]}), "d", "id", mode="append", settings=settings)
    assert rows(settings, [("id", ">=", 2)]) == [{"id": 2**40}, {"id": 2}]
    assert rows(settings, [("id", "==", 1)]) == [{"id": 1}]


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({}, InputError, "changes nothing"),
        ({"rename": {"nothing": "x"}}, InputError, "the column 'nothing'.*one of id, name, value, money, part"),
        ({"drop": ["nothing"]}, InputError, "the column 'nothing'"),
        ({"widen": {"nothing": pa.int64()}}, InputError, "the column 'nothing'"),
        ({"drop": ["name"], "rename": {"name": "x"}}, InputError, "both dropped and changed"),
        ({"reorder": ["id"]}, InputError, r"the order \['id'\].*all of id, name"),
        ({"rename": {"name": "id"}}, SchemaError, "'id' and 'id' differ in case at most"),
        ({"add": {"NAME": pa.int64()}}, SchemaError, "'name' and 'NAME' differ in case at most"),
        ({"add": {"x": pa.duration("s")}}, SchemaError, "which the lake cannot keep"),
        ({"rename": {"name": ""}}, SchemaError, "a column is named ''"),
        ({"widen": {"value": pa.int64()}}, SchemaError, "widening the column 'value'.*FLOAT to BIGINT"),
        ({"widen": {"id": pa.int16()}}, None, ""),
        ({"widen": {"money": pa.decimal128(8, 3)}}, SchemaError, "more digits of a decimal with the same scale"),
        ({"widen": {"money": pa.decimal128(4, 2)}}, SchemaError, "widening the column 'money'"),
        ({"widen": {"name": pa.binary()}}, SchemaError, "widening the column 'name'"),
        ({"drop": ["part"]}, SchemaError, "dropping the column 'part', by which datasets.d is or was partitioned"),
        ({"rename": {"part": "day"}, "add": {"part": pa.int64()}}, SchemaError, "names a partition of datasets.d"),
    ],
)
def test_evolve__refuses_what_cannot_be(
    settings: GridSettings, how: dict[str, Any], error: type[Exception] | None, said: str
) -> None:
    save_to_orc(FIRST, "d", "part", settings=settings)
    if error is None:
        evolve_dataset("d", settings=settings, **how)
    else:
        with pytest.raises(error, match=said):
            evolve_dataset("d", settings=settings, **how)
    assert rows(settings) == FIRST.to_pylist()


def test_evolve__of_an_unknown_dataset_names_those_there_are(settings: GridSettings) -> None:
    with pytest.raises(InputError, match=r"no dataset named 'd'.*none so far"):
        evolve_dataset("d", drop=["a"], settings=settings)
    with pytest.raises(InputError, match="only the pipeline writes its tables"):
        evolve_dataset("grid.meter_readings", drop=["a"], settings=settings)


def test_evolve__that_changes_nothing_commits_nothing(settings: GridSettings) -> None:
    save_to_orc(FIRST, "d", settings=settings)
    before = metadata_files(settings)
    evolve_dataset("d", reorder=list(FIRST.column_names), widen={"id": pa.int32()}, settings=settings)
    assert metadata_files(settings) == before
    evolve_dataset("d", reorder=list(reversed(FIRST.column_names)), settings=settings)
    evolve_dataset("d", reorder=list(FIRST.column_names), settings=settings)
    lake = make_platform(settings).lake
    assert len(lake.catalog.load_table("datasets.d").metadata.schemas) == 2
    lake.close()


def metadata_files(settings: GridSettings) -> int:
    return len(list((settings.warehouse / "datasets" / "d" / "metadata").glob("*.metadata.json")))


def test_evolve__takes_bloom_filters_along(settings: GridSettings) -> None:
    save_to_orc(FIRST, "d", bloom_filters=["name", "id"], settings=settings)
    evolve_dataset("d", rename={"name": "title"}, drop=["id"], settings=settings)
    lake = make_platform(settings).lake
    assert lake.catalog.load_table("datasets.d").properties["write.orc.bloom.filter.columns"] == "title"
    lake.close()


def test_evolve__that_meets_another_writer_goes_on_from_what_it_left(
    settings: GridSettings, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(FIRST, "d", settings=settings)
    stage = stage_evolution
    met: list[bool] = []

    def late(*args: Any) -> bool:  # noqa: ANN401 - handed through
        staged = stage(*args)
        if not met:
            met.append(True)
            save(FIRST.append_column("other", pa.array([1, 2])), "d", mode="append", settings=settings)
            evolve_dataset("d", rename={"money": "price"}, settings=settings)
        return staged

    monkeypatch.setattr(dataset_evolve, "stage_evolution", late)
    after = evolve_dataset("d", rename={"name": "title"}, add={"more": pa.bool_()}, settings=settings)
    assert after == ("id", "title", "value", "price", "part", "other", "more")
    assert len(rows(settings)) == 4


def test_evolve__gives_up_after_a_bounded_number_of_lost_races(
    settings: GridSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_to_orc(FIRST, "d", settings=settings)
    monkeypatch.setattr(races, "FIRST_WAIT_SECONDS", 0.0)
    tried = []

    def lost(*_: object) -> bool:
        tried.append(True)
        raise CommitConflictError("another writer was there")

    monkeypatch.setattr(dataset_evolve, "stage_evolution", lost)
    with pytest.raises(CommitConflictError):
        evolve_dataset("d", drop=["name"], settings=settings)
    assert len(tried) == races.COMMITS_TRIED


def test_told_apart__names_a_disk_that_refuses() -> None:
    with pytest.raises(LakeError, match="a disk with room"), told_apart("datasets.d"):
        raise OSError("no space")


def test_nested_parts__changed_by_another_writer_are_found_by_id(settings: GridSettings) -> None:
    save_to_orc(pa.table({"id": [1], "s": [{"x": 1, "y": ["a"]}], "l": [[{"p": 1, "q": 2}]]}), "d", settings=settings)
    lake = make_platform(settings).lake
    with lake.catalog.load_table("datasets.d").update_schema(allow_incompatible_changes=True) as update:
        update.rename_column("s.x", "z")
        update.delete_column("l.p")
    lake.close()
    assert rows(settings) == [{"id": 1, "s": {"z": 1, "y": ["a"]}, "l": [{"q": 2}]}]
