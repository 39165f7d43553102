"""Draining and the worker command: what was queued is applied, landed, and left alone when told to stop."""

import json
import os
import signal
import threading
import time
from pathlib import Path

from grid_assets.cli.worker import run_worker
from grid_assets.pipeline.drain import DrainReport, drain
from grid_assets.pipeline.reporter import Silent
from tests.support.homes import opened
from tests.support.processes import finish, start
from tests.support.writing import Request, behind, rows_in

NOTHING = DrainReport(0, 0, 0, 0)


class Notes(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def finish(self, note: str) -> None:
        self.said.append(note)


def landed(home: Path) -> list[str]:
    files = sorted((home / "landing" / "readings").glob("api-*.jsonl"))
    return [line for file in files for line in file.read_text().splitlines()]


def work_until_told(home: Path) -> None:
    with opened(home) as platform:
        run_worker(platform, Silent(), once=False)


def test_drain__applies_what_waits_and_then_says_nothing(tmp_path: Path) -> None:
    for number in range(10):
        behind(tmp_path, Request(number))
    notes = Notes()
    with opened(tmp_path) as platform:
        assert drain(platform, notes) == DrainReport(10, 0, 0, 0)
        assert drain(platform, notes) == NOTHING
    assert notes.said == ["10 writes applied, 0 parked, 0 left"]
    assert rows_in(tmp_path, "SELECT COUNT(*) FROM sensor_data") == [(6,)]


def test_worker__once_applies_and_lands(tmp_path: Path) -> None:
    behind(tmp_path, Request(1))
    with opened(tmp_path) as platform:
        assert run_worker(platform, Silent(), once=True) == DrainReport(1, 0, 0, 0)
        assert run_worker(platform, Silent(), once=True) == NOTHING
    (line,) = landed(tmp_path)
    assert json.loads(line) == {"sensor_id": "s1", "timestamp": "2016-03-27T01:00:00.000000Z", "value": 1.0}


def test_worker__elsewhere_than_in_the_main_thread(tmp_path: Path) -> None:
    behind(tmp_path, Request(1))
    found: list[DrainReport] = []
    with opened(tmp_path) as platform:
        thread = threading.Thread(target=lambda: found.append(run_worker(platform, Silent(), once=True)))
        thread.start()
        thread.join()
    assert found == [DrainReport(1, 0, 0, 0)]


def test_worker__works_until_sigterm_and_lands_what_it_applied(tmp_path: Path) -> None:
    behind(tmp_path, Request(0))
    process = start(work_until_told, tmp_path)
    for number in range(1, 6):
        behind(tmp_path, Request(number))
        time.sleep(0.05)
    until = time.monotonic() + 60
    while rows_in(tmp_path, "SELECT COUNT(*) FROM write_queue") != [(0,)] and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(process.pid or 0, signal.SIGTERM)
    assert finish(process) == 0
    assert len(landed(tmp_path)) == 6
