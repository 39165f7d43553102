"""What every fault works on: the readings, the facts of their sensors and the log of what was done to them.

A fault claims the rows that it touches, so that no reading has two faults and the truth stays unambiguous.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from tests.input.grid import Floats
from tests.input.readings import STORED, UNITS, Readings
from tests.input.sensors import Sensor
from tests.input.timeaxis import MINUTE_US, Instants

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fleet:
    """Facts of the sensors as parallel arrays, indexed by the position of the sensor."""

    ids: npt.NDArray[np.str_]
    units: npt.NDArray[np.int8]
    types: npt.NDArray[np.str_]
    points: npt.NDArray[np.str_]
    streams: npt.NDArray[np.str_]
    feeders: npt.NDArray[np.str_]
    transformers: npt.NDArray[np.str_]
    levels: npt.NDArray[np.str_]
    rated_min: Floats
    rated_max: Floats
    minutes: npt.NDArray[np.int64]
    decimals: npt.NDArray[np.int64]


def fleet_of(sensors: list[Sensor]) -> Fleet:
    """The fleet of the catalogue's sensors."""
    return Fleet(
        ids=np.array([s.sensor_id for s in sensors]),
        units=np.array([UNITS.index(s.unit) for s in sensors], dtype=np.int8),
        types=np.array([s.sensor_type for s in sensors]),
        points=np.array([s.point_type for s in sensors]),
        streams=np.array([s.stream for s in sensors]),
        feeders=np.array([s.place.feeder_id for s in sensors]),
        transformers=np.array([s.place.transformer_id for s in sensors]),
        levels=np.array([s.level for s in sensors]),
        rated_min=np.array([s.rated_min for s in sensors]),
        rated_max=np.array([s.rated_max for s in sensors]),
        minutes=np.array([s.interval_minutes for s in sensors]),
        decimals=np.array([s.decimals for s in sensors]),
    )


@dataclass(frozen=True)
class Runs:
    """Runs of consecutive rows of one sensor: positions of the first rows, and lengths."""

    first: Rows
    length: Rows

    def rows(self) -> Rows:
        """Every row of every run, run after run."""
        ends = np.cumsum(self.length)
        within = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - self.length, self.length)
        rows: Rows = np.repeat(self.first, self.length) + within
        return rows

    def of_row(self) -> Rows:
        """For each row of ``rows()``, the number of its run."""
        numbers: Rows = np.repeat(np.arange(self.length.size), self.length)
        return numbers

    def spread(self, values: npt.NDArray[np.float64]) -> Floats:
        """One value per run, repeated for each of its rows."""
        return np.repeat(values, self.length)


@dataclass(frozen=True)
class Log:
    """What was done, one entry per run: kind, first row of the readings concerned, end (exclusive) and detail."""

    kind: tuple[str, ...] = ()
    row: tuple[int, ...] = ()
    end: tuple[int, ...] = ()
    detail: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.kind)


@dataclass(frozen=True)
class Case:
    """Readings, their sensors and the log; ``label`` names the chunk, so each chunk draws its own numbers.

    ``share`` scales how many episodes a fault seeds: 1.0 for the 60 shipped days.
    """

    readings: Readings
    fleet: Fleet
    label: str
    share: float = 1.0
    log: Log = Log()

    def clean(self) -> Mask:
        """Rows that no fault has touched and whose neighbours are untouched too."""
        touched = self.readings.fault >= 0
        near = touched.copy()
        near[1:] |= touched[:-1]
        near[:-1] |= touched[1:]
        rows: Mask = ~near & (self.readings.fate == STORED)
        return rows

    def sensors_where(self, chosen: Mask) -> Mask:
        """Rows of the sensors for which ``chosen``, a mask over the fleet, holds."""
        rows: Mask = chosen[self.readings.sensor]
        return rows

    def record(self, kind: str, runs: Runs, details: Sequence[str], **columns: object) -> Self:
        """Claim the rows of ``runs`` for a fault, with new values for ``columns`` (one per row of ``runs.rows()``)."""
        rows = runs.rows()
        numbers = (len(self.log) + runs.of_row()).astype(np.int32)
        last = runs.first + runs.length - 1
        ends = self.readings.start[last] + self._minutes_us(last)
        log = Log(
            (*self.log.kind, *[kind] * runs.first.size),
            (*self.log.row, *runs.first.tolist()),
            (*self.log.end, *ends.tolist()),
            (*self.log.detail, *details),
        )
        return replace(self, readings=self.readings.assign(rows, fault=numbers, **columns), log=log)

    def _minutes_us(self, rows: Rows) -> Instants:
        return self.fleet.minutes[self.readings.sensor[rows]] * MINUTE_US

    def count(self, episodes: int) -> int:
        """Episodes to seed in this chunk, at least one."""
        return max(1, round(episodes * self.share))


def choose(case: Case, eligible: Mask, lengths: Rows, rng: np.random.Generator) -> Runs:
    """Up to ``lengths.size`` runs of clean, eligible rows, apart from each other, in row order.

    Each run lies within one sensor. Fewer are returned only when a small chunk has no room for more.
    """
    open_rows = eligible & case.clean()
    candidates = np.flatnonzero(open_rows)
    if candidates.size == 0:
        return Runs(np.empty(0, np.int64), np.empty(0, np.int64))
    first = rng.choice(candidates, size=20 * lengths.size)
    length = np.tile(lengths, 20)
    closed = np.concatenate([[0], np.cumsum(~open_rows)])
    stop = first + length
    fits = stop <= len(case.readings)
    first, length, stop = first[fits], length[fits], stop[fits]
    same = case.readings.sensor[first] == case.readings.sensor[stop - 1]
    whole = (closed[stop] == closed[first]) & same
    return _apart(first[whole], length[whole], lengths.size)


def _apart(first: Rows, length: Rows, wanted: int) -> Runs:
    """The first ``wanted`` runs, in the order drawn, that leave two rows between each other; sorted by row."""
    kept: list[tuple[int, int]] = []
    for begin, size in zip(first.tolist(), length.tolist(), strict=True):
        if len(kept) == wanted:
            break
        place = bisect(kept, (begin, size))
        after_last = place == 0 or begin > kept[place - 1][0] + kept[place - 1][1] + 1
        before_next = place == len(kept) or begin + size + 1 < kept[place][0]
        if after_last and before_next:
            kept.insert(place, (begin, size))
    return Runs(np.array([a for a, _ in kept], np.int64), np.array([n for _, n in kept], np.int64))
