"""Write-behind and write-through killed at every step: what was acknowledged is there once, all else not at all."""

import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from resources.clients.write_behind.sqlite_queue import ACKNOWLEDGE_POINTS, PUT_POINTS
from resources.clients.write_behind.through import THROUGH_POINTS
from resources.clients.write_behind.worker import WORKER_POINTS
from resources.write_behind import parked_writes, pending_writes, requeue_writes, write_behind_cache
from tests.support.child import Fault
from tests.support.processes import call, finish, start
from tests.support.writing import (
    POISON,
    REFUSE_POISON,
    Request,
    assert_all_is_there_once,
    behind,
    call_and_be_killed,
    call_and_note,
    noted,
    rows_in,
    settings_of,
    through,
    work,
    work_and_be_killed,
    work_for_ever,
    write_through_and_be_killed,
)

PASSES = (1, 8)


def faults(points: tuple[str, ...]) -> list[Fault]:
    return [Fault(point, nth) for point in points for nth in PASSES]


@pytest.mark.parametrize("fault", faults(PUT_POINTS), ids=str)
def test_call__killed_at_a_step(fault: Fault, tmp_path: Path) -> None:
    home, notes = tmp_path / "home", tmp_path / "notes"
    _strike(tmp_path, call_and_be_killed, home, notes, fault, tmp_path / "marker")
    acknowledged = noted(notes)
    assert len(acknowledged) == fault.nth - 1

    unheard = Request(fault.nth - 1)
    is_stored = fault.point == PUT_POINTS[-1]
    assert pending_writes(settings=settings_of(home)).pending == len(acknowledged) + is_stored
    receipt = behind(home, unheard)
    assert receipt.is_new != is_stored
    acknowledged[receipt.request_id] = receipt.version

    assert work(home).applied == len(acknowledged)
    assert_all_is_there_once(home, acknowledged, [Request(number) for number in range(20)])
    assert not behind(home, unheard).is_new
    assert pending_writes(settings=settings_of(home)).pending == 0


@pytest.mark.parametrize("fault", faults(THROUGH_POINTS), ids=str)
def test_write_through__killed_at_a_step(fault: Fault, tmp_path: Path) -> None:
    home, notes = tmp_path / "home", tmp_path / "notes"
    _strike(tmp_path, write_through_and_be_killed, home, notes, fault, tmp_path / "marker")
    acknowledged = noted(notes)
    assert len(acknowledged) == fault.nth - 1

    is_stored = fault.point == THROUGH_POINTS[-1]
    if not is_stored:
        assert_all_is_there_once(home, acknowledged, [Request(number) for number in range(20)])
    receipt = through(home, Request(fault.nth - 1))
    assert receipt.is_new != is_stored
    acknowledged[receipt.request_id] = receipt.version
    assert_all_is_there_once(home, acknowledged, [Request(number) for number in range(20)])


@pytest.mark.parametrize("fault", [Fault(p, n) for p in (*WORKER_POINTS, *ACKNOWLEDGE_POINTS) for n in (1, 2)], ids=str)
def test_worker__killed_at_a_step(fault: Fault, tmp_path: Path) -> None:
    home, notes = tmp_path / "home", tmp_path / "notes"
    call_and_note(home, notes, "c", 20)
    poison = [_poison(home, number) for number in (1, 2)]
    with closing(sqlite3.connect(settings_of(home).cache_file)) as connection:
        connection.execute(REFUSE_POISON)
    _strike(tmp_path, work_and_be_killed, home, fault, tmp_path / "marker")

    work(home)
    settings, requests = settings_of(home), [Request(number) for number in range(20)]
    assert_all_is_there_once(home, noted(notes), requests)
    depth = pending_writes(settings=settings)
    assert (depth.pending, depth.claimed, depth.parked) == (0, 0, 2)
    assert [parked.version for parked in parked_writes(settings=settings)] == poison
    assert all("this sensor is refused" in parked.error for parked in parked_writes(settings=settings))

    with closing(sqlite3.connect(settings.cache_file)) as connection:
        connection.execute("DROP TRIGGER refuse")
    assert requeue_writes(poison, settings=settings) == 2
    assert work(home).applied == 2
    assert rows_in(home, f"SELECT COUNT(*) FROM sensor_data WHERE sensor_id = '{POISON}'") == [(2,)]


def test_crowd__clients_and_workers_killed_at_any_time(tmp_path: Path) -> None:
    _crowd(tmp_path, seed=1, rounds=2)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10))
def test_crowd__killed_again_and_again(tmp_path: Path, seed: int) -> None:
    _crowd(tmp_path, seed, rounds=6)


def _crowd(folder: Path, seed: int, rounds: int) -> None:
    """Let clients and workers run beside each other and kill them; in the end ask each open question again."""
    home, chance = folder / "home", random.Random(seed)
    behind(home, Request(0, "first"))
    acknowledged, requests = {"first-0": 1}, [Request(0, "first")]
    for number in range(rounds):
        clients = [f"{number}.{who}" for who in range(3)]
        notes = [folder / f"notes {who}" for who in clients]
        running = [start(call_and_note, home, note, who, 100_000) for note, who in zip(notes, clients, strict=True)]
        running += [start(work_for_ever, home) for _ in range(2)]
        for process in chance.sample(running, len(running)):
            time.sleep(chance.uniform(0.05, 0.4))
            process.kill()
            assert finish(process) == -signal.SIGKILL
        for note, who in zip(notes, clients, strict=True):
            heard = noted(note)
            requests += [Request(n, who) for n in range(len(heard) + 1)]
            open_question = behind(home, Request(len(heard), who))
            acknowledged |= {**heard, open_question.request_id: open_question.version}
    work(home)
    assert len(acknowledged) > 10 * rounds
    assert_all_is_there_once(home, acknowledged, requests)


def _poison(home: Path, number: int) -> int:
    row = {"table": "sensor_data", "sensor_id": POISON, "value": number, "timestamp": f"2016-03-27T0{number}:00:00Z"}
    return write_behind_cache(f"poison:{number}", number, row, settings=settings_of(home)).version


def _strike(folder: Path, function: object, *arguments: object) -> None:
    """Call a function in a process that its fault kills; assert that it did."""
    assert callable(function)
    assert call(function, *arguments) == -signal.SIGKILL
    assert (folder / "marker").exists()
