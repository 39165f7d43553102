"""What several processes do to one home at once: run the pipeline, and read while others run."""

import json
import os
import signal
from pathlib import Path

from grid_assets.pipeline.query import query
from grid_assets.pipeline.run import run
from tests.support.child import Fault, arm
from tests.support.homes import ONE_FILE_A_BATCH, opened

ROWS_OF_A_DAY = {"meter_readings": (169, 162), "load_hourly": (144, 138), "load_daily": (6, 6), "voltage_daily": (1, 1)}
"""Rows that a whole day of the small grid has, for 24 and for 23 hours."""
LAST_DAY = "2016-03-27"


def run_and_note(home: Path, notes: Path, number: int) -> None:
    """Run the main job, each file a batch of its own, and note the rows and files that this process took."""
    with opened(home, ONE_FILE_A_BATCH) as platform:
        summary = run(platform)
    (notes / f"run-{number}").write_text(json.dumps([summary.received, summary.files]))


def run_and_be_killed(home: Path, fault: Fault, marker: Path) -> None:
    """Run the main job in the same small steps and be killed at a point."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with opened(home, ONE_FILE_A_BATCH) as platform:
        run(platform)


def read_until_told(home: Path, stop: Path, note: Path) -> None:
    """Count the rows of every day again and again; note what was seen, and each day that was not whole."""
    seen: set[str] = set()
    halves: list[str] = []
    answers = 0
    with opened(home) as platform:
        while not stop.exists():
            for table, (plain, short) in ROWS_OF_A_DAY.items():
                sql = f"SELECT operating_day, COUNT(*) AS n FROM {table} GROUP BY operating_day ORDER BY operating_day"
                found = {str(row["operating_day"]): row["n"] for row in query(platform, sql).to_pylist()}
                answers += 1
                seen.add(f"{table}: {len(found)} days")
                halves += [
                    f"{table} {day}: {n} rows" for day, n in found.items() if n != (short if day == LAST_DAY else plain)
                ]
    note.write_text(json.dumps({"answers": answers, "seen": sorted(seen), "halves": halves}))
