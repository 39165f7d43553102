"""Readers during promotions: threads that read a day, each with a client, while another one renews it many times."""

import threading
from datetime import date
from pathlib import Path
from time import time

import pyarrow as pa

from resources.clients.cache.base import Generation
from tests.contract.cache.backends import Backend

DAY = date(2016, 3, 27)
NAMES = tuple(f"M{n}" for n in range(20))
PROMOTIONS = 50
READERS = 3


def hold_readers(backend: Backend, folder: Path) -> None:
    """Assert that no reader sees members of two generations, a part of one, or one older than it saw before."""
    backend.prepare(folder)
    place = backend.fresh(folder, 0)
    ended, seen = threading.Event(), [_Seen() for _ in range(READERS)]
    writer = backend.make(place, time)
    _renew(writer, 1)
    threads = [threading.Thread(target=each.read, args=(backend, place, ended)) for each in seen]
    for thread in threads:
        thread.start()
    for number in range(2, PROMOTIONS + 1):
        _renew(writer, number)
    ended.set()
    for thread in threads:
        thread.join()
    writer.close()
    for each in seen:
        assert each.wrong == []
        assert each.reads > 0


class _Seen:
    """What one reader saw."""

    def __init__(self) -> None:
        self.reads = 0
        self.wrong: list[object] = []

    def read(self, backend: Backend, place: str, ended: threading.Event) -> None:
        client, last = backend.make(place, time), b"000"
        while not ended.is_set() and not self.wrong:
            found = client.read_generation("load_daily", DAY, NAMES) or {}
            values = set(found.values())
            if len(found) != len(NAMES) or len(values) != 1 or min(values) < last:
                self.wrong.append(found)
            last = max(values, default=last)
            self.reads += 1
        client.close()


def _renew(writer: object, number: int) -> None:
    values = pa.record_batch({"member": list(NAMES), "value": [f"{number:03d}"] * len(NAMES)})
    generation = Generation("load_daily", DAY, number)
    assert writer.load_generation(generation, [values]) == len(NAMES)  # type: ignore[attr-defined]
    assert writer.promote_generation(generation, len(NAMES))  # type: ignore[attr-defined]
