"""What really happened: the true value of every sensor in every interval, before anything goes wrong on the way.

Outages belong here, they are facts of the grid; meter and transmission faults belong to ``faults``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tests.input.constants import QUARTER_MINUTES
from tests.input.powerflow import Flow
from tests.input.seeds import generator
from tests.input.sensors import Sensor
from tests.input.simbench_grid import Element, Feeder, Floats, Grid, Powers, profiles
from tests.input.timeaxis import MINUTE_US, Instants, Window


@dataclass(frozen=True)
class Outage:
    """Quarters (half open, as instants) in which a feeder, or the whole LV transformer, had no supply."""

    asset_id: str
    start_us: int
    end_us: int


@dataclass(frozen=True)
class Block:
    """True values of the sensors with one interval length; ``values`` has shape (sensors, starts).

    ``sensors`` are positions in the list of all sensors.
    """

    sensors: npt.NDArray[np.int32]
    minutes: int
    starts: Instants
    values: Floats


def build(
    grid: Grid, sensors: list[Sensor], window: Window, outages: list[Outage], solve: Callable[[Grid, Powers], Flow]
) -> list[Block]:
    """True values of every sensor in the window, rounded as the meter gives them."""
    starts = window.starts()
    powers = interrupt(grid, profiles(grid, starts), starts, outages)
    flow = dead_buses(grid, solve(grid, powers), starts, outages)
    return [_block(sensors, minutes, window, _Source(grid, powers, flow)) for minutes in (15, 30, 60, 1440)]


def interrupt(grid: Grid, powers: Powers, starts: Instants, outages: list[Outage]) -> Powers:
    """Powers with every load and generator of an interrupted area at zero."""
    load_kw, load_kvar, generation_kw = (x.copy() for x in (powers.load_kw, powers.load_kvar, powers.generation_kw))
    for outage in outages:
        out = (starts >= outage.start_us) & (starts < outage.end_us)
        for element in grid.elements:
            if outage.asset_id in (element.place.feeder_id, element.place.transformer_id):
                for power in (load_kw, load_kvar) if element.table == "load" else (generation_kw,):
                    power[element.row, out] = 0.0
    return replace(powers, load_kw=load_kw, load_kvar=load_kvar, generation_kw=generation_kw)


def dead_buses(grid: Grid, flow: Flow, starts: Instants, outages: list[Outage]) -> Flow:
    """Flow with no voltage and no exchange in interrupted areas."""
    voltage, feeder_kw, transformer_kw = flow.voltage_pu.copy(), flow.feeder_kw.copy(), flow.transformer_kw.copy()
    for outage in outages:
        out = (starts >= outage.start_us) & (starts < outage.end_us)
        for row, feeder in enumerate(grid.feeders):
            if outage.asset_id in (feeder.feeder_id, feeder.place.transformer_id):
                voltage[np.ix_(np.isin(flow.buses, list(feeder.buses)), out)] = 0.0
                feeder_kw[row, out] = 0.0
        if outage.asset_id == grid.transformer_id:
            transformer_kw[out] = 0.0
    return replace(flow, voltage_pu=voltage, feeder_kw=feeder_kw, transformer_kw=transformer_kw)


@dataclass(frozen=True)
class _Source:
    """Quarter values of anything a sensor can measure."""

    grid: Grid
    powers: Powers
    flow: Flow

    def quarter_kw(self, sensor: Sensor) -> Floats:
        if isinstance(sensor.source, Element):
            return self.powers.of(sensor.source)
        if isinstance(sensor.source, Feeder):
            return self.flow.feeder_kw[self.grid.feeders.index(sensor.source)]
        return self.flow.transformer_kw

    def quarter_volts(self, sensor: Sensor) -> Floats:
        nominal = 400.0 / 3**0.5 if sensor.level == "LV" else 20_000.0
        return self.flow.voltage_pu[self.flow.buses.index(sensor.place.bus)] * nominal

    def quarter_kvar(self, sensor: Sensor) -> Floats:
        row: Floats = self.powers.load_kvar[sensor.source.row] if isinstance(sensor.source, Element) else np.empty(0)
        return row


def _block(sensors: list[Sensor], minutes: int, window: Window, source: _Source) -> Block:
    chosen = [i for i, sensor in enumerate(sensors) if sensor.interval_minutes == minutes]
    starts = window.starts(minutes)
    rows = [np.round(_values(sensors[i], window, source), sensors[i].decimals) + 0.0 for i in chosen]
    values = np.array(rows) if rows else np.empty((0, starts.size))
    return Block(np.array(chosen, dtype=np.int32), minutes, starts, values)


def _values(sensor: Sensor, window: Window, source: _Source) -> Floats:
    if sensor.sensor_type == "voltage":
        return source.quarter_volts(sensor)
    if sensor.sensor_type == "reactive_power":
        return source.quarter_kvar(sensor)
    kw = source.quarter_kw(sensor)
    if sensor.sensor_type == "power":
        return kw
    if sensor.sensor_type == "register":
        return _register(sensor, kw, window)
    return kw.reshape(-1, sensor.interval_minutes // QUARTER_MINUTES).sum(axis=1) / 4.0


def _register(sensor: Sensor, kw: Floats, window: Window) -> Floats:
    """Index at the end of each civil day: the sum of the rounded intervals on an odd start index."""
    element = sensor.source
    decimals = 4 if isinstance(element, Element) and element.level == "LV" else 2
    start_index = float(generator("register", sensor.sensor_id).integers(1_000, 60_000))
    quarters = window.starts()
    ends = np.append(window.starts(1440)[1:], window.end_us)
    running = np.concatenate([[0.0], np.cumsum(np.round(kw / 4.0, decimals))])
    return start_index + running[np.searchsorted(quarters, ends - MINUTE_US * QUARTER_MINUTES) + 1]
