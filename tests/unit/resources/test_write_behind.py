"""The published calls of write-behind: what a caller gets, and what makes it wait, fail or start anew."""

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from grid_assets.domain.errors import InputError, QueueFullError
from resources.redis_cluster import cluster_get
from resources.settings import load_settings
from resources.write_behind import parked_writes, pending_writes, requeue_writes, write_behind_cache
from tests.support.writing import rows_in, settings_of, work

ROW: dict[str, Any] = {"sensor_id": "001", "value": 220.5, "table": "sensor_data"}


def test_call__as_the_documents_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRID_HOME", str(tmp_path))
    receipt = write_behind_cache(cache_key="sensor:001", data={"value": 220.5}, db_data=ROW, operation="insert")
    assert (receipt.version, receipt.is_new) == (1, True)
    assert cluster_get("sensor:001") == {"value": 220.5}
    assert pending_writes().pending == 1
    work(tmp_path)
    assert rows_in(tmp_path, "SELECT sensor_id, value FROM sensor_data") == [("001", 220.5)]


def test_call__follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "one"):
        monkeypatch.setenv("GRID_HOME", str(tmp_path / name))
        write_behind_cache("key", name, ROW)
    assert cluster_get("key", settings=load_settings(home=tmp_path / "two")) == "two"
    assert pending_writes(settings=load_settings(home=tmp_path / "one")).pending == 2


def test_call__again_with_its_id_is_known(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    first = write_behind_cache("key", 1, ROW, request_id="mine", settings=settings)
    again = write_behind_cache("key", 2, ROW, request_id="mine", settings=settings)
    assert (again.version, first.is_new, again.is_new) == (first.version, True, False)
    assert cluster_get("key", settings=settings) == 1
    work(tmp_path)
    assert write_behind_cache("key", 3, ROW, request_id="mine", settings=settings).is_new is False
    assert pending_writes(settings=settings).pending == 0


@pytest.mark.parametrize(
    ("change", "operation", "names"),
    [({"table": "events"}, "insert", "events"), ({}, "delete", "delete"), ({"voltage": 1}, "insert", "voltage")],
)
def test_call__refused_stores_nothing(change: dict[str, Any], operation: str, names: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=names):
        write_behind_cache("key", 1, {**ROW, **change}, operation, settings=settings_of(tmp_path / "home"))
    assert not (tmp_path / "home").exists()


def test_call__waits_for_a_full_queue_and_then_fails(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, durability="normal", pending_writes=2)
    for number in range(2):
        write_behind_cache("key", number, ROW, settings=settings)
    began = time.monotonic()
    with pytest.raises(QueueFullError, match="grid worker"):
        write_behind_cache("key", "new", ROW, wait_seconds=0.3, settings=settings)
    assert 0.02 < time.monotonic() - began < 5
    assert cluster_get("key", settings=settings) == 1


def test_call__goes_on_when_a_full_queue_drains(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, durability="normal", pending_writes=2)
    for number in range(2):
        write_behind_cache("key", number, ROW, settings=settings)
    worker = threading.Timer(0.2, work, [tmp_path])
    worker.start()
    assert write_behind_cache("key", "new", ROW, wait_seconds=30, settings=settings).is_new
    worker.join()


def test_call__of_a_home_that_was_removed_begins_a_new_one(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    write_behind_cache("key", 1, ROW, settings=settings)
    shutil.rmtree(tmp_path / "home")
    assert write_behind_cache("key", 2, ROW, settings=settings).version == 1
    assert pending_writes(settings=settings).pending == 1


def test_parked_writes__none_yet(tmp_path: Path) -> None:
    assert parked_writes(settings=settings_of(tmp_path)) == ()
    assert requeue_writes([1, 2], settings=settings_of(tmp_path)) == 0
