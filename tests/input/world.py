"""What really happened: the true value of every sensor in every interval, before anything goes wrong on the way.

Outages belong here, they are facts of the grid; meter and transmission faults belong to ``faults``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from tests.input.constants import LV_ENERGY_DECIMALS, MV_ENERGY_DECIMALS, PROFILE_YEAR, QUARTER_MINUTES
from tests.input.grid import Element, Feeder, Floats, Flow, Grid, Powers
from tests.input.seeds import generator
from tests.input.sensors import Sensor
from tests.input.timeaxis import Instants, Window


@dataclass(frozen=True)
class Outage:
    """Quarters (half open, as instants) in which a feeder, or the whole LV transformer, had no supply."""

    asset_id: str
    start_us: int
    end_us: int


@dataclass(frozen=True)
class Restart:
    """A register that counts anew from ``index`` at the start ``day_us`` of a civil day: a reset or a new meter."""

    kind: str
    sensor_id: str
    day_us: int
    index: float


@dataclass(frozen=True)
class Facts:
    """What happened in the grid beside load and generation."""

    outages: tuple[Outage, ...]
    restarts: tuple[Restart, ...]


@dataclass(frozen=True)
class Year:
    """Powers of the whole profile year by quarter, outages applied: registers run through it."""

    starts: Instants
    powers: Powers
    facts: Facts


@dataclass(frozen=True)
class Block:
    """True values of the sensors with one interval length; ``values`` has shape (sensors, starts).

    ``sensors`` are positions in the list of all sensors.
    """

    sensors: npt.NDArray[np.int32]
    minutes: int
    starts: Instants
    values: Floats


def year_starts() -> Instants:
    """The quarters of the profile year."""
    return Window(date(PROFILE_YEAR, 1, 1), date(PROFILE_YEAR, 12, 31)).starts()


def year_of(grid: Grid, powers: Powers, facts: Facts) -> Year:
    """The profile year with the outages of ``facts``; ``powers`` are those of ``year_starts()``."""
    starts = year_starts()
    return Year(starts, interrupt(grid, powers, starts, facts.outages), facts)


def build(
    grid: Grid, sensors: list[Sensor], year: Year, window: Window, solve: Callable[[Grid, Powers], Flow]
) -> list[Block]:
    """True values of every sensor in the window, rounded as the meter gives them; ``solve`` runs the power flow."""
    starts = window.starts()
    first = int(np.searchsorted(year.starts, starts[0]))
    part = slice(first, first + starts.size)
    powers = Powers(year.powers.load_kw[:, part], year.powers.load_kvar[:, part], year.powers.generation_kw[:, part])
    flow = dead_buses(grid, solve(grid, powers), starts, year.facts.outages)
    source = _Source(grid, year, powers, flow)
    return [_block(sensors, minutes, window, source) for minutes in (15, 30, 60, 1440)]


def interrupt(grid: Grid, powers: Powers, starts: Instants, outages: tuple[Outage, ...]) -> Powers:
    """Powers with every load and generator of an interrupted area at zero."""
    load_kw, load_kvar, generation_kw = (x.copy() for x in (powers.load_kw, powers.load_kvar, powers.generation_kw))
    for outage in outages:
        out = (starts >= outage.start_us) & (starts < outage.end_us)
        for element in grid.elements:
            if outage.asset_id in (element.place.feeder_id, element.place.transformer_id):
                for power in (load_kw, load_kvar) if element.table == "load" else (generation_kw,):
                    power[element.row, out] = 0.0
    return replace(powers, load_kw=load_kw, load_kvar=load_kvar, generation_kw=generation_kw)


def dead_buses(grid: Grid, flow: Flow, starts: Instants, outages: tuple[Outage, ...]) -> Flow:
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
    year: Year
    powers: Powers
    flow: Flow

    def quarter_kw(self, sensor: Sensor) -> Floats:
        if isinstance(sensor.source, Element):
            return self.powers.of(sensor.source)
        if isinstance(sensor.source, Feeder):
            kw: Floats = self.flow.feeder_kw[self.grid.feeders.index(sensor.source)]
            return kw
        return self.flow.transformer_kw

    def quarter_volts(self, sensor: Sensor) -> Floats:
        nominal = 400.0 / 3**0.5 if sensor.level == "LV" else 20_000.0
        volts: Floats = self.flow.voltage_pu[self.flow.buses.index(sensor.place.bus)] * nominal
        return volts

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
    if sensor.sensor_type == "register":
        return _register(sensor, window, source.year)
    kw = source.quarter_kw(sensor)
    if sensor.sensor_type == "power":
        return kw
    kwh: Floats = kw.reshape(-1, sensor.interval_minutes // QUARTER_MINUTES).sum(axis=1) / 4.0
    return kwh


def _register(sensor: Sensor, window: Window, year: Year) -> Floats:
    """Index at the end of each civil day: the sum since new year of the rounded intervals on an odd start index."""
    element = sensor.source
    if not isinstance(element, Element):
        message = f"{sensor.sensor_id}: only loads and generators have registers"
        raise TypeError(message)
    decimals = LV_ENERGY_DECIMALS if element.level == "LV" else MV_ENERGY_DECIMALS
    running = np.concatenate([[0.0], np.cumsum(np.round(year.powers.of(element) / 4.0, decimals))])
    days = window.starts(1440)
    ends = np.append(days[1:], window.end_us)
    index = generator("register", sensor.sensor_id).integers(1_000_000, 60_000_000) / 1000.0
    values = index + running[np.searchsorted(year.starts, ends)]
    for restart in year.facts.restarts:
        if restart.sensor_id == sensor.sensor_id:
            anew = restart.index - running[np.searchsorted(year.starts, restart.day_us)]
            values = np.where(days >= restart.day_us, anew + running[np.searchsorted(year.starts, ends)], values)
    return values
