"""Command: ``python -m tests.input.build --shipped`` or ``--year OUT_DIR`` (environment: requirements/input.lock).

``--shipped`` rewrites the shipped folder and the truth; ``--year`` writes the whole year 2016 with the same faults, a
month at a time.
"""

import argparse
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from tests.input import catalogue, landing, truth, world
from tests.input.constants import AUTUMN_DAY, FIRST_DAY, LAST_DAY, PROFILE_YEAR, SHIPPED_DIR, TRUTH_DIR
from tests.input.faults import clock
from tests.input.faults.case import Case, fleet_of
from tests.input.faults.plan import OUTAGES, RESTARTS, seed_faults
from tests.input.grid import Flow, Grid, Powers
from tests.input.powerflow import cached
from tests.input.readings import concat, from_block
from tests.input.sensors import Sensor, make_sensors
from tests.input.simbench_grid import load_grid, profiles
from tests.input.streams import Slices, monthly, weekly
from tests.input.timeaxis import Window
from tests.input.writers import QUICK

SHIPPED_ROWS: Final = 2_300_000
"""Readings in the shipped window; fault counts of other windows scale with it."""
COPIES: Final = frozenset({("lv", "2016-w08"), ("mv", "2016-w10"), ("power", "2016-w12"), ("mv", "2016-07")})
AUTUMN_SAMPLE: Final = {"lvlocal": 17, "espi": 6, "lv": 12, "mv": 10, "mvslow": 4}
"""How many sensors of each stream are shipped for the day of 25 hours."""


@dataclass(frozen=True)
class Job:
    """What all builds share; ``year`` holds the powers of the whole profile year."""

    grid: Grid
    sensors: list[Sensor]
    year: world.Year
    cache: Path | None

    def case(self, window: Window, label: str) -> Case:
        """Faultless readings of a window, outages included."""
        blocks = world.build(self.grid, self.sensors, self.year, window, self._solve)
        fleet = fleet_of(self.sensors)
        readings = concat([from_block(block, fleet.units) for block in blocks])
        return Case(readings, fleet, label, share=len(readings) / SHIPPED_ROWS)

    def _solve(self, grid: Grid, powers: Powers) -> Flow:
        return cached(grid, powers, _progress, self.cache)


def main() -> None:
    """Build what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="tests.input.build", description="Build the landing input from SimBench.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--shipped", action="store_true", help="rewrite the shipped folder and the truth")
    what.add_argument("--year", type=Path, metavar="OUT_DIR", help="write a full year into OUT_DIR")
    parser.add_argument("--cache", type=Path, help="keep power flow results in this folder")
    arguments = parser.parse_args()
    grid = load_grid()
    year = world.year_of(grid, profiles(grid, world.year_starts()), world.Facts(OUTAGES, RESTARTS))
    job = Job(grid, make_sensors(grid), year, arguments.cache)
    if arguments.shipped:
        build_shipped(job, SHIPPED_DIR, TRUTH_DIR)
    else:
        build_year(job, arguments.year)


def build_shipped(job: Job, folder: Path, truth_folder: Path) -> None:
    """The 60 days with all faults, and the day of 25 hours for a sample with clock faults only."""
    _prepare(job, folder)
    window = Window(FIRST_DAY, LAST_DAY)
    case = seed_faults(job.case(window, "shipped"))
    slices = weekly(window)
    landed = landing.write(case, job.sensors, landing.Layout(folder / "readings", slices, copies=COPIES))
    day = Window(AUTUMN_DAY, AUTUMN_DAY)
    sample = _sample(job.case(day, "autumn"))
    catalogue.write(job.sensors, folder / "sensors", _ends(job, sample, window))
    autumn = clock.repeated_hour(sample)
    layout = landing.Layout(
        folder / "readings",
        Slices((str(AUTUMN_DAY),), np.array([day.start_us, day.end_us])),
        first_slot=len(slices.labels) + 1,
        is_plain=True,
    )
    later = landing.write(autumn, job.sensors, layout)
    parts = [truth.tables(case, landed), truth.tables(autumn, later)]
    truth.write({name: [part[name] for part in parts] for name in parts[0]}, truth_folder)


def build_year(job: Job, folder: Path) -> None:
    """Every month of the year, one after the other; the truth goes beside the folder that is landed."""
    _prepare(job, folder / "landing")
    done = []
    for slot, window in enumerate(_months()):
        case = seed_faults(job.case(window, f"{window.first:%Y-%m}"))
        layout = landing.Layout(folder / "landing" / "readings", monthly(window), slot, copies=COPIES, effort=QUICK)
        landed = landing.write(case, job.sensors, layout)
        done.append(truth.tables(case, landed))
        print(f"{window.first:%Y-%m}: {sum(file.rows for file in landed.files):,} rows in {len(landed.files)} files")
    truth.write({name: [part[name] for part in done] for name in done[0]}, folder / "truth")


def _months() -> list[Window]:
    firsts = [date(PROFILE_YEAR, month, 1) for month in range(1, 13)]
    nexts = [*firsts[1:], date(PROFILE_YEAR + 1, 1, 1)]
    return [Window(first, following - timedelta(days=1)) for first, following in zip(firsts, nexts, strict=True)]


def _prepare(job: Job, folder: Path) -> None:
    """Empty the two folders of readings and catalogue, and write the catalogue."""
    for part in ("sensors", "readings"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
    catalogue.write(job.sensors, folder / "sensors")


def _sample(case: Case) -> Case:
    """Only the first sensors of the streams in AUTUMN_SAMPLE."""
    streams = case.fleet.streams
    chosen = [np.flatnonzero(streams == name)[:count] for name, count in AUTUMN_SAMPLE.items()]
    return replace(case, readings=case.readings.take(np.isin(case.readings.sensor, np.concatenate(chosen))))


def _ends(job: Job, sample: Case, window: Window) -> dict[str, str]:
    """Say that sensors outside of the sample are read up to the window's end only: nothing of them is missing later."""
    end = datetime.fromtimestamp(window.end_us / 1e6, UTC).isoformat().replace("+00:00", "Z")
    going_on = {str(sample.fleet.ids[number]) for number in np.unique(sample.readings.sensor)}
    return {sensor.sensor_id: end for sensor in job.sensors if sensor.sensor_id not in going_on}


def _progress(done: int, total: int) -> None:
    print(f"power flow: {done:,} of {total:,} quarters")


if __name__ == "__main__":
    main()
