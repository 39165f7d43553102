"""Faults of transmission: readings that come late, twice, corrected or from sensors that nobody knows."""

from dataclasses import replace

import numpy as np

from tests.input.faults.case import Case, Mask, Runs, choose
from tests.input.readings import (
    CORRECTED,
    DUPLICATE,
    LATE,
    MISROUTED,
    OVERLAP,
    QUALITIES,
    QUARANTINED,
    REGULAR,
    UNKNOWN_IDS,
    concat,
)
from tests.input.seeds import generator


def _quarter_streams(case: Case, streams: tuple[str, ...]) -> Mask:
    return case.sensors_where(np.isin(case.fleet.streams, streams) & (case.fleet.minutes == 15))


def late(case: Case) -> Case:
    """One to three days of a sensor come in a later file of their own."""
    rng = generator("late", case.label)
    eligible = _quarter_streams(case, ("lv", "mv", "power"))
    runs = choose(case, eligible, 96 * rng.integers(1, 4, size=case.count(36)), rng)
    return case.record("late", runs, [f"readings={n}" for n in runs.length], batch=LATE)


def corrected(case: Case) -> Case:
    """First an estimate that is off, then in a later file the true value with quality "revised"."""
    rng = generator("corrected", case.label)
    eligible = _quarter_streams(case, ("lv", "mv")) & (case.readings.true > 0)
    runs = choose(case, eligible, rng.integers(4, 97, size=case.count(45)), rng)
    rows = runs.rows()
    true = case.readings.true[rows]
    scale = 10.0 ** case.fleet.decimals[case.readings.sensor[rows]]
    guess = np.round(true * (0.5 + 1.1 * rng.random(rows.size)) * scale) / scale
    estimated = case.record(
        "corrected", runs, [""] * runs.first.size, value=guess, quality=QUALITIES.index("estimated")
    )
    copies = estimated.readings.take(rows).assign(
        np.arange(rows.size), value=true, quality=QUALITIES.index("revised"), batch=CORRECTED
    )
    return replace(estimated, readings=concat([estimated.readings, copies]))


def overlap(case: Case) -> Case:
    """Half a day to two days of a sensor are delivered again, unchanged, in the next file."""
    rng = generator("overlap", case.label)
    eligible = _quarter_streams(case, ("lv", "mv"))
    runs = choose(case, eligible, rng.integers(48, 193, size=case.count(16)), rng)
    return _again(case, "overlap", runs, OVERLAP)


def repeated_row(case: Case) -> Case:
    """Single rows stand twice in the same file."""
    rng = generator("repeated_row", case.label)
    eligible = _quarter_streams(case, ("lv", "mv", "lvlocal", "power", "voltage"))
    runs = choose(case, eligible, np.ones(case.count(45), np.int64), rng)
    return _again(case, "repeated_row", runs, REGULAR)


def _again(case: Case, kind: str, runs: Runs, batch: int) -> Case:
    noted = case.record(kind, runs, [f"readings={n}" for n in runs.length])
    rows = runs.rows()
    copies = noted.readings.take(rows).assign(np.arange(rows.size), batch=batch, fate=DUPLICATE)
    return replace(noted, readings=concat([noted.readings, copies]))


def unknown_sensor(case: Case) -> Case:
    """Rows of sensors that are not in the catalogue, mixed into the files of others."""
    rng = generator("unknown_sensor", case.label)
    eligible = _quarter_streams(case, ("lv", "mv", "power"))
    runs = choose(case, eligible, rng.integers(1, 5, size=case.count(40)), rng)
    rows = runs.rows()
    strangers = case.readings.take(rows)
    base = len(case.readings)
    form = (MISROUTED + runs.of_row() % len(UNKNOWN_IDS)).astype(np.int8)
    strangers = strangers.assign(np.arange(rows.size), form=form, fate=QUARANTINED)
    grown = replace(case, readings=concat([case.readings, strangers]))
    ends = np.cumsum(runs.length)
    copies = Runs(base + ends - runs.length, runs.length)
    ids = [UNKNOWN_IDS[i % len(UNKNOWN_IDS)] for i in range(runs.first.size)]
    return grown.record("unknown_sensor", copies, ids)
