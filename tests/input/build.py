"""Command: ``python -m tests.input.build --shipped`` or ``--year OUT_DIR``."""

import argparse
import shutil
from pathlib import Path

import numpy as np

from tests.input import catalogue, world
from tests.input.constants import FIRST_DAY, LAST_DAY, SHIPPED_DIR
from tests.input.powerflow import Flow, cached
from tests.input.readings import UNITS, Readings, concat, from_block
from tests.input.sensors import Sensor, make_sensors
from tests.input.simbench_grid import Grid, Powers, load_grid
from tests.input.streams import STREAMS, weekly
from tests.input.timeaxis import Window
from tests.input.writers import csv_lines, json_lines, ordered, table, text_bytes, write_bytes, write_parquet


def main() -> None:
    """Build what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shipped", action="store_true")
    parser.parse_args()
    grid = load_grid()
    sensors = make_sensors(grid)
    window = Window(FIRST_DAY, LAST_DAY)
    def solve(net: Grid, powers: Powers) -> Flow:
        return cached(net, powers, lambda done, every: print(f"power flow {done} of {every}"), Path("/tmp/flow"))

    blocks = world.build(grid, sensors, window, [], solve)
    units = np.array([UNITS.index(sensor.unit) for sensor in sensors], dtype=np.int8)
    readings = concat([from_block(block, units) for block in blocks])
    for part in ("sensors", "readings"):
        shutil.rmtree(SHIPPED_DIR / part, ignore_errors=True)
        (SHIPPED_DIR / part).mkdir(parents=True)
    catalogue.write(sensors, SHIPPED_DIR / "sensors")
    write_files(readings, sensors, window, SHIPPED_DIR / "readings")


def write_files(readings: Readings, sensors: list[Sensor], window: Window, folder: Path) -> None:
    """Write every stream's files."""
    slices = weekly(window)
    slot = slices.of(readings.start)
    names = np.array([sensor.stream for sensor in sensors])[readings.sensor]
    sequence = 0
    for position, label in enumerate(slices.labels):
        for stream in STREAMS:
            chosen = ordered(readings.take((slot == position) & (names == stream.name)))
            sequence += 1
            rows = table(chosen, sensors, stream) if stream.suffix[:3] != "xml" else None
            path = folder / f"{sequence:04d}_{stream.name}_{label}.{stream.suffix}"
            if rows is None:
                continue
            if stream.suffix == "parquet":
                write_parquet(rows, path)
            elif stream.suffix.startswith("csv"):
                write_bytes(text_bytes(csv_lines(rows), ",".join(rows.column_names)), path)
            else:
                write_bytes(text_bytes(json_lines(rows)), path)


if __name__ == "__main__":
    main()
