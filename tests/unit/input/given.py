"""A small made-up fleet and its faultless readings, for tests of the generator that need no SimBench."""

from collections.abc import Iterable
from datetime import date
from functools import cache

import numpy as np

from tests.input.faults.case import Case, Mask, fleet_of
from tests.input.grid import Place
from tests.input.readings import concat, from_block
from tests.input.sensors import Sensor
from tests.input.timeaxis import Window
from tests.input.world import Block

SPRING = Window(date(2016, 3, 24), date(2016, 3, 29))
AUTUMN = Window(date(2016, 10, 29), date(2016, 10, 31))


def sensor(sensor_id: str, stream: str, sensor_type: str = "energy", point: str = "consumption") -> Sensor:
    """A sensor of a feeder that its stream names; ratings are 1 per interval."""
    minutes = {"mvslow": 30, "register": 1440}.get(stream, 15)
    return Sensor(
        sensor_id=sensor_id,
        sensor_type=sensor_type,
        unit={"power": "kW", "voltage": "V"}.get(sensor_type, "kWh"),
        meter_id=sensor_id.split(".", maxsplit=1)[0],
        place=Place(1, "T1" if stream.startswith("lv") else "", f"F-{stream}", 53.6, 11.4),
        level="LV",
        interval_minutes=minutes,
        rated_min=-1.0 if point == "exchange" else 0.0,
        rated_max=253.0 if sensor_type == "voltage" else 1.0,
        point_type=point,
        time_zone="Europe/Berlin" if stream == "lvlocal" else "",
        description="made up",
        source="made up",
        stream=stream,
        decimals=4,
    )


def fleet() -> list[Sensor]:
    """Sensors in every stream: enough of each for every fault to find room."""
    return [
        *(sensor(f"L{i}.energy", "lv") for i in range(12)),
        *(sensor(f"G{i}.energy", "lv", point="production") for i in range(2)),
        *(sensor(f"O{i}.energy", "lvlocal") for i in range(12)),
        *(sensor(f"E{i}.energy", "espi") for i in range(4)),
        *(sensor(f"M{i}.energy", "mv") for i in range(12)),
        *(sensor(f"S{i}.energy", "mvslow") for i in range(4)),
        *(sensor(f"L{i}.power", "power", "power") for i in range(10)),
        *(sensor(f"L{i}.register", "register", "register") for i in range(4)),
        *(sensor(f"L{i}.voltage", "voltage", "voltage") for i in range(4)),
        sensor("X.energy", "lv", point="exchange"),
    ]


@cache
def case(window: Window = SPRING, share: float = 0.1, label: str = "test") -> Case:
    """Faultless readings: a daily curve between 0.02 and 0.1 with noise, 230 V, a register that grows."""
    sensors = fleet()
    blocks = [_block(sensors, minutes, window) for minutes in (15, 30, 1440)]
    facts = fleet_of(sensors)
    return Case(concat([from_block(block, facts.units) for block in blocks]), facts, label, share)


def _block(sensors: list[Sensor], minutes: int, window: Window) -> Block:
    chosen = [i for i, item in enumerate(sensors) if item.interval_minutes == minutes]
    starts = window.starts(minutes)
    noise = np.random.default_rng(minutes).random((len(chosen), starts.size))
    values = 0.06 + 0.03 * np.sin(starts / 86_400e6 * 2 * np.pi) + 0.01 * noise
    if minutes == 1440:
        values = 100 + np.cumsum(values, axis=1)
    volts = np.array([sensors[i].sensor_type == "voltage" for i in chosen])
    values[volts] = 230.0 + noise[volts]
    return Block(np.array(chosen, np.int32), minutes, starts, np.round(values, 4))


def changed_rows(before: Case, after: Case, columns: Iterable[str]) -> Mask:
    """Rows of ``before`` in which one of ``columns`` differs in ``after``."""
    size = len(before.readings)
    rows: Mask = np.zeros(size, dtype=bool)
    for name in columns:
        rows |= getattr(before.readings, name) != getattr(after.readings, name)[:size]
    return rows
