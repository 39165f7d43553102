"""Batches: ids and knowledge times that only grow, claims in order, one end each, and dead owners."""

import signal
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.batches import Batch, Settlement
from resources.clients.database.changes import Change, Progress
from resources.clients.database.client import Database
from tests.properties import examples
from tests.support.processes import call, race
from tests.support.rivals import identities, open_and_die, open_many, take_over

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)
DAY = date(2016, 3, 27)


def opened(database: Database, stage: str = "verify", **options: object) -> Batch:
    return database.batches.open(stage, "test", NOW, **options)  # type: ignore[arg-type]


@examples(20)
@given(clocks=st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), max_size=12))  # noqa: DTZ001
def test_open__grows_ids_and_knowledge_times_whatever_the_clock_says(clocks: list[datetime]) -> None:
    database = Database("sqlite://")
    made = [database.batches.open("verify", "test", clock) for clock in clocks]
    assert [b.batch_id for b in made] == sorted({b.batch_id for b in made})
    assert [b.recorded_at_utc for b in made] == sorted({b.recorded_at_utc for b in made})
    assert all(b.recorded_at_utc >= clock for b, clock in zip(made, clocks, strict=True))


def test_open__reuses_no_id_after_the_newest_batch_was_abandoned(database: Database) -> None:
    first = opened(database)
    database.batches.abandon(first.batch_id)
    assert opened(database).batch_id > first.batch_id


def test_open__keeps_ids_and_times_apart_for_racing_processes(tmp_path: Path) -> None:
    assert race(open_many, [(tmp_path, 15)] * 4) == [0] * 4
    rows = Database(f"sqlite:///{tmp_path / 'grid.db'}").batches.listing()
    assert [row["batch_id"] for row in rows] == list(range(1, 61))
    times = [row["recorded_at_utc"] for row in rows]
    assert times == sorted(set(times))


def test_open__keeps_the_instant_whatever_the_offset(database: Database) -> None:
    berlin = timezone(timedelta(hours=2))
    batch = database.batches.open("verify", "test", NOW.astimezone(berlin))
    assert batch.recorded_at_utc == NOW
    ((stored, _),) = database.batches.unsettled()
    assert (stored.recorded_at_utc, stored.recorded_at_utc.tzinfo) == (NOW, UTC)
    assert database.batches.listing()[0]["recorded_at_utc"] == NOW.replace(tzinfo=None)


def test_open__refuses_a_clock_without_an_offset(database: Database) -> None:
    with pytest.raises(DatabaseError, match="has no offset"):
        database.batches.open("verify", "test", NOW.replace(tzinfo=None))
    assert database.batches.listing() == []


def test_claim__takes_all_or_none(database: Database) -> None:
    first, second = opened(database), opened(database)
    assert database.batches.claim(first.batch_id, ["a", "b"]) is None
    holder = database.batches.claim(second.batch_id, ["b", "c"])
    assert holder is not None
    assert (holder.resource, holder.batch_id, holder.is_alive) == ("b", first.batch_id, True)
    third = opened(database, "aggregate")
    assert database.batches.claim(third.batch_id, ["c"]) is None


def test_claim__takes_a_resource_named_twice_once(database: Database) -> None:
    assert database.batches.claim(opened(database).batch_id, ["a", "a"]) is None


def test_claim__is_free_again_after_settling_and_after_abandoning(database: Database) -> None:
    settled, abandoned = opened(database), opened(database, "aggregate")
    assert database.batches.claim(settled.batch_id, ["a"]) is None
    database.batches.settle(settled.batch_id, Settlement())
    assert database.batches.claim(abandoned.batch_id, ["a"]) is None
    database.batches.abandon(abandoned.batch_id)
    assert database.batches.claim(opened(database).batch_id, ["a"]) is None


def test_claim__waits_for_older_batches_of_the_stage_that_have_none_yet(database: Database) -> None:
    older, other_stage, newer = opened(database), opened(database, "aggregate"), opened(database)
    holder = database.batches.claim(newer.batch_id, ["b"])
    assert holder is not None
    assert (holder.resource, holder.batch_id) == ("an earlier turn", older.batch_id)
    assert database.batches.claim(other_stage.batch_id, ["z"]) is None
    assert database.batches.claim(older.batch_id, ["a"]) is None
    assert database.batches.claim(newer.batch_id, ["b"]) is None


def test_claim__names_a_dead_holder_and_lets_it_be(tmp_path: Path, database: Database) -> None:
    assert call(open_and_die, tmp_path, ["a"], []) == -signal.SIGKILL
    batch = opened(database)
    for _ in range(2):
        holder = database.batches.claim(batch.batch_id, ["a"])
        assert holder is not None
        assert (holder.batch_id, holder.is_alive) == (1, False)


def test_oldest_open__names_the_batch_of_the_stage_that_has_been_open_longest(database: Database) -> None:
    first, second = opened(database, "catalogue"), opened(database, "catalogue")
    opened(database, "ingest")
    holder = database.batches.oldest_open("catalogue")
    assert holder is not None
    assert (holder.resource, holder.batch_id, holder.is_alive) == ("catalogue", first.batch_id, True)
    database.batches.abandon(first.batch_id)
    database.batches.settle(second.batch_id, Settlement())
    assert database.batches.oldest_open("catalogue") is None


def test_take_over__is_won_by_one_process_only(tmp_path: Path, database: Database) -> None:
    won = tmp_path / "won"
    won.mkdir()
    assert call(open_and_die, tmp_path, ["a"], []) == -signal.SIGKILL
    assert [(batch.batch_id, is_alive) for batch, is_alive in database.batches.unsettled()] == [(1, False)]
    assert database.batches.take_over(1)
    assert race(take_over, [(tmp_path, 1, won)] * 4) == [0] * 4
    assert list(won.iterdir()) == []
    assert not database.batches.take_over(1)


def test_take_over__leaves_the_living_and_the_ended_alone(database: Database) -> None:
    living, ended = opened(database), opened(database)
    database.batches.abandon(ended.batch_id)
    assert not database.batches.take_over(living.batch_id)
    assert not database.batches.take_over(ended.batch_id)
    assert not database.batches.take_over(99)


def test_hand_back__lets_the_same_process_take_over_again(database: Database) -> None:
    batch = opened(database)
    database.batches.hand_back(batch.batch_id)
    assert [is_alive for _, is_alive in database.batches.unsettled()] == [False]
    assert database.batches.take_over(batch.batch_id)
    assert [is_alive for _, is_alive in database.batches.unsettled()] == [True]


def test_settle__is_refused_the_second_time_and_writes_nothing_then(database: Database) -> None:
    batch = opened(database)
    settlement = Settlement([Change("sensor_data", DAY)], Progress("verify", "sensor_data", (DAY,), 0))
    database.batches.settle(batch.batch_id, settlement)
    before = (database.batches.listing(), database.change_log.since(0), database.change_log.pending("x", "sensor_data"))
    with pytest.raises(DatabaseError, match="not open any more"):
        database.batches.settle(batch.batch_id, settlement)
    with pytest.raises(DatabaseError, match="not open any more"):
        database.batches.abandon(batch.batch_id)
    after = (database.batches.listing(), database.change_log.since(0), database.change_log.pending("x", "sensor_data"))
    assert before == after


def test_settle__records_each_changed_day_once(database: Database) -> None:
    batch = opened(database)
    database.batches.settle(batch.batch_id, Settlement([Change("sensor_data", DAY)] * 3))
    assert [(row.table_name, row.operating_day) for row in database.change_log.since(0)] == [("sensor_data", DAY)]


def test_settle__keeps_what_became_of_its_own_files_only(database: Database) -> None:
    first = opened(database, "ingest", files=identities(["a"]))
    second = opened(database, "ingest", files=identities(["a", "b"]))
    counts = {"state": "ingested", "received": 5, "stored": 3, "duplicate": 1, "quarantined": 1}
    result = {"files": [{"content_hash": name, **counts} for name in ("a", "b")]}
    database.batches.settle(second.batch_id, Settlement(result=result))
    stored = {file["content_hash"]: file for file in database.files.listing()}
    assert (stored["a"]["state"], stored["a"]["batch_id"], stored["a"]["received"]) == ("claimed", first.batch_id, 0)
    assert {name: stored["b"][name] for name in counts} == counts


def test_abandon__frees_files_and_claims(database: Database) -> None:
    batch = opened(database, "ingest", files=identities(["a", "b"]))
    database.batches.claim(batch.batch_id, ["day"])
    database.batches.abandon(batch.batch_id)
    assert database.files.listing() == []
    following = opened(database, "ingest", files=identities(["a", "b"]))
    assert following.files == {"a", "b"}
    assert database.batches.claim(following.batch_id, ["day"]) is None


def test_write_plan__is_there_for_whoever_repairs(database: Database) -> None:
    batch = opened(database)
    database.batches.write_plan(batch.batch_id, {"tables": [{"table": "events"}]})
    ((found, _),) = database.batches.unsettled()
    assert found.plan == {"tables": [{"table": "events"}]}


def test_uncounted__names_open_and_held_batches_of_the_stage(database: Database) -> None:
    good, held, still_open = (opened(database, "ingest") for _ in range(3))
    opened(database, "verify")
    database.batches.settle(good.batch_id, Settlement())
    database.batches.settle(held.batch_id, Settlement(is_held=True))
    assert database.batches.uncounted("ingest") == (held.batch_id, still_open.batch_id)
    database.batches.release(held.batch_id)
    assert database.batches.uncounted("ingest") == (still_open.batch_id,)


def test_release__is_refused_where_nothing_is_held(database: Database) -> None:
    batch = opened(database)
    database.batches.settle(batch.batch_id, Settlement())
    for batch_id in (batch.batch_id, 99):
        with pytest.raises(DatabaseError, match="is not held"):
            database.batches.release(batch_id)


def test_release__lets_the_changes_pass_once(database: Database) -> None:
    batch = opened(database)
    database.batches.settle(batch.batch_id, Settlement([Change("sensor_data", DAY)], is_held=True))
    assert database.change_log.pending("verify", "sensor_data").days == ()
    assert database.batches.release(batch.batch_id) == 1
    assert database.change_log.pending("verify", "sensor_data").days == (DAY,)
    with pytest.raises(DatabaseError, match="is not held"):
        database.batches.release(batch.batch_id)
