"""Histories of write-through: what writers were told and what readers saw, on one clock, and the check of both."""

import time
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from resources.redis_cluster import cluster_get
from resources.write_through import write_through_cache
from tests.support.writing import rows_in, settings_of

KEYS = ("a", "b")
TIMESTAMP = "2016-03-27T10:00:00Z"


@dataclass(frozen=True)
class Written:
    """A call that returned: its value, its version, and when it returned (seconds, monotonic for the machine)."""

    key: str
    value: str
    version: int
    returned: float


@dataclass(frozen=True)
class Seen:
    """A read: what it returned, and when it had begun."""

    key: str
    value: str
    began: float


def write_a_lot(home: Path, note: Path, who: str, seconds: float) -> None:
    """Write values of this writer's own to every key for a while, and note what each call answered."""
    settings, ends, number = settings_of(home), time.monotonic() + seconds, 0
    with note.open("w") as writing:
        while time.monotonic() < ends:
            key, value = KEYS[number % len(KEYS)], f"{who}-{number}"
            row = {"table": "sensor_data", "sensor_id": key, "timestamp": TIMESTAMP, "value": number}
            receipt = write_through_cache(key, value, row, request_id=value, settings=settings)
            writing.write(f"{key} {value} {receipt.version} {time.monotonic()!r}\n")
            number += 1


def read_a_lot(home: Path, note: Path, seconds: float) -> None:
    """Read every key, from the cache and from the database in turn, for a while, and note what was seen."""
    settings, ends, number = settings_of(home), time.monotonic() + seconds, 0
    with note.open("w") as writing:
        while time.monotonic() < ends:
            key, began = KEYS[number % len(KEYS)], time.monotonic()
            value = cluster_get(key, settings=settings) if number % 4 < 2 else _stored(home, key)
            if value is not None:
                writing.write(f"{key} {value} {began!r}\n")
            number += 1


def assert_never_old(written: list[Written], seen: list[Seen]) -> int:
    """Assert that no read saw less than what had returned before it began; return how many reads that were."""
    versions = {each.value: each.version for each in written}
    checked = 0
    for key in KEYS:
        of_key = sorted((each.returned, each.version) for each in written if each.key == key)
        moments = [moment for moment, _ in of_key]
        newest: list[int] = []
        for _, version in of_key:
            newest.append(max(version, newest[-1] if newest else 0))
        for read in (each for each in seen if each.key == key):
            before = bisect_right(moments, read.began)
            if before and read.value in versions:
                assert versions[read.value] >= newest[before - 1], f"{read} although a newer write had returned"
                checked += 1
    return checked


def histories(notes: list[Path]) -> tuple[list[Written], list[Seen]]:
    """Return what processes noted."""
    written: list[Written] = []
    seen: list[Seen] = []
    for note in notes:
        for line in note.read_text().splitlines():
            parts = line.split()
            if len(parts) == 4:
                written.append(Written(parts[0], parts[1], int(parts[2]), float(parts[3])))
            else:
                seen.append(Seen(parts[0], parts[1], float(parts[2])))
    return written, seen


def _stored(home: Path, key: str) -> str | None:
    rows = rows_in(home, f"SELECT request_id FROM sensor_data WHERE sensor_id = '{key}'")
    return str(rows[0][0]) if rows else None
