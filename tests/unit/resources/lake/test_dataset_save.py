"""Saving against other writers: a lost race is run again, with files of the schema that then stands, and bounded."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.table import Table, Transaction

from grid_assets.domain.errors import CommitConflictError, SchemaError
from resources.clients.lake import dataset_save, races
from resources.clients.lake.commit import Change, commit
from resources.clients.lake.dataset_read import DatasetReader, ReadOptions
from resources.clients.lake.dataset_save import DatasetWriter, SaveOptions
from tests.support.lakes import Bench, bench_of

APPEND = SaveOptions(mode="append")
Outside = Callable[[], object]


@pytest.fixture
def other(bench: Bench) -> Iterator[Bench]:
    """Return another process's view of the same home."""
    made = bench_of(bench.home)
    yield made
    made.lake.close()


def writer(bench: Bench) -> DatasetWriter:
    return DatasetWriter(bench.lake, bench.engine, snapshots_kept=30)


def stored(bench: Bench) -> list[dict[str, object]]:
    return list(DatasetReader(bench.lake, bench.engine).read("d", ReadOptions()).to_pylist())


def folders(bench: Bench) -> int:
    return len({file.parent for file in (bench.home / "lake" / "datasets").rglob("*.parquet")})


def before_commits(monkeypatch: pytest.MonkeyPatch, happening: Outside, times: int = 1) -> list[Change]:
    """Let something happen between the staging of the first commits and the commits themselves."""
    tried: list[Change] = []

    def committed(table: Table, change: Change, transaction: Transaction | None = None) -> int:
        tried.append(change)
        if len(tried) <= times:
            happening()
        return commit(table, change, transaction)

    monkeypatch.setattr(dataset_save, "commit", committed)
    return tried


def test_save__that_lost_a_race_commits_the_same_files_again(
    bench: Bench, other: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = writer(other)
    writer(bench).save(pa.table({"a": [1]}), "d", APPEND)

    def append() -> None:
        monkeypatch.undo()
        rival.save(pa.table({"a": [2]}), "d", APPEND)

    tried = before_commits(monkeypatch, append)
    writer(bench).save(pa.table({"a": [3]}), "d", APPEND)
    assert sorted(str(row["a"]) for row in stored(bench)) == ["1", "2", "3"]
    assert len(tried) == 1
    assert folders(bench) == 3


@pytest.mark.parametrize("stream", [False, True], ids=["table", "reader"])
def test_save__writes_anew_where_the_schema_has_changed_in_between(
    bench: Bench, other: Bench, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    writer(bench).save(pa.table({"a": [1], "b": ["x"]}), "d", APPEND)

    def drop_and_add() -> None:
        with other.lake.catalog.load_table("datasets.d").update_schema(allow_incompatible_changes=True) as update:
            update.delete_column("b")
            update.add_column("c", update._schema.find_field("a").field_type)  # noqa: SLF001 - any type does

    tried = before_commits(monkeypatch, drop_and_add)
    frame = pa.table({"a": [2], "b": ["y"]})
    writer(bench).save(frame.to_reader() if stream else frame, "d", APPEND)
    assert len(tried) == 2
    assert tried[0].written != tried[1].written
    assert sorted(stored(bench), key=str) == [{"a": 1, "c": None, "b": None}, {"a": 2, "c": None, "b": "y"}]
    assert folders(bench) == 2


def test_save__that_no_longer_fits_after_a_race_leaves_no_file(
    bench: Bench, other: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = writer(other)

    def first() -> None:
        monkeypatch.undo()
        rival.save(pa.table({"a": ["text"]}), "d", APPEND)

    before_commits(monkeypatch, first)
    with pytest.raises(SchemaError, match="the column 'a' is BIGINT in the frame, VARCHAR"):
        writer(bench).save(pa.table({"a": [1]}), "d", APPEND)
    assert stored(bench) == [{"a": "text"}]
    assert folders(bench) == 1


def test_save__gives_up_after_a_bounded_number_of_lost_races(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(races, "FIRST_WAIT_SECONDS", 0.0)
    writer(bench).save(pa.table({"a": [1]}), "d", SaveOptions())
    rivals = 0

    def lost(_table: object, _change: object, _transaction: object) -> int:
        nonlocal rivals
        rivals += 1
        raise CommitConflictError("another writer was there")

    monkeypatch.setattr(dataset_save, "commit", lost)
    with pytest.raises(CommitConflictError):
        writer(bench).save(pa.table({"a": [2]}), "d", SaveOptions())
    assert rivals == races.COMMITS_TRIED
    monkeypatch.undo()
    assert stored(bench) == [{"a": 1}]
    assert folders(bench) == 1


def test_save__whose_commit_took_place_though_its_answer_was_lost_is_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer(bench).save(pa.table({"a": [1]}), "d", APPEND)
    through = Transaction.commit_transaction

    def deaf(transaction: Transaction) -> Table:
        through(transaction)
        raise OSError("the answer was lost")

    monkeypatch.setattr(Transaction, "commit_transaction", deaf)
    made = writer(bench).save(pa.table({"a": [2]}), "d", APPEND)
    monkeypatch.undo()
    assert sorted(str(row["a"]) for row in stored(bench)) == ["1", "2"]
    snapshot = bench.lake.catalog.load_table("datasets.d").current_snapshot()
    assert snapshot is not None
    assert snapshot.snapshot_id == made


def test_folder__of_a_dataset_is_under_the_lake(bench: Bench) -> None:
    writer(bench).save(pa.table({"a": [1]}), "größe", SaveOptions())
    (file,) = (bench.home / "lake").rglob("*.parquet")
    assert file.is_relative_to(Path(bench.home / "lake" / "datasets" / "größe" / "data"))
