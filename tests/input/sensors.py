"""The sensors of the catalogue: which channels each metered element gets, with ratings, places and descriptions."""

from dataclasses import dataclass, replace
from typing import Final

from tests.input.constants import (
    LV_ENERGY_DECIMALS,
    LV_TRANSFORMER_KVA,
    MV_ENERGY_DECIMALS,
    POWER_DECIMALS,
    REGISTER_DECIMALS,
    VOLTAGE_DECIMALS,
)
from tests.input.grid import Element, Feeder, Grid, Place

HALF_HOUR_FEEDER: Final = "MV-F5"
HOURLY_FEEDER: Final = "MV-F4"
HOURLY_LOADS: Final = 10
LOCAL_TIME_FEEDER: Final = "LV-F4"
ESPI_FEEDER: Final = "LV-F3"
ESPI_METERS: Final = 6
STEPS_KW: Final = (
    1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 25, 30, 43, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000,
    1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000,
)  # fmt: skip
"""Sizes in which connections are sold here; a rating is the smallest size that holds the nameplate power."""


@dataclass(frozen=True)
class Sensor:
    """One channel of a meter. ``source`` says where its true values come from, ``stream`` how it is delivered."""

    sensor_id: str
    sensor_type: str
    unit: str
    meter_id: str
    place: Place
    level: str
    interval_minutes: int
    rated_min: float
    rated_max: float
    point_type: str
    time_zone: str
    description: str
    source: Element | Feeder | str
    stream: str
    decimals: int


def step_kw(power: float) -> float:
    """Smallest connection size in kW that holds ``power``.

    Raises:
        ValueError: ``power`` is above the largest size.
    """
    for step in STEPS_KW:
        if power <= step:
            return float(step)
    message = f"no connection size holds {power} kW: extend STEPS_KW (largest is {STEPS_KW[-1]})"
    raise ValueError(message)


def make_sensors(grid: Grid) -> list[Sensor]:
    """Every sensor of the catalogue, ordered by type and id."""
    energy = [_energy(element, _minutes(element, grid), _stream(element, grid)) for element in grid.elements]
    exchange = [_feeder_exchange(feeder, _head_rating(grid, feeder)) for feeder in grid.feeders]
    extra = [_transformer_exchange(grid)]
    loads = [sensor for sensor in energy if sensor.point_type == "consumption"]
    quarter = [sensor for sensor in loads if sensor.interval_minutes == 15]
    plants = [sensor for sensor in energy if sensor.point_type == "production" and sensor.interval_minutes == 15]
    registers = [_register(sensor) for sensor in [*quarter[::3][:50], *plants[::9][:10]]]
    power = [_power(sensor) for sensor in [*quarter[1::4][:42], *plants[4::5][:18]]]
    reactive = [_reactive(sensor) for sensor in quarter[2::9][:20]]
    voltage = [_voltage(sensor) for sensor in _voltage_meters(grid, energy)]
    return [*energy, *exchange, *extra, *power, *reactive, *registers, *voltage]


def _minutes(element: Element, grid: Grid) -> int:
    if element.place.feeder_id == HALF_HOUR_FEEDER:
        return 30
    hourly = [item for item in grid.elements if item.place.feeder_id == HOURLY_FEEDER and item.table == "load"]
    return 60 if element in hourly[:HOURLY_LOADS] else 15


def _stream(element: Element, grid: Grid) -> str:
    if element.place.feeder_id == LOCAL_TIME_FEEDER:
        return "lvlocal"
    espi = [item for item in grid.elements if item.place.feeder_id == ESPI_FEEDER][-ESPI_METERS:]
    if element in espi:
        return "espi"
    if element.level == "LV":
        return "lv"
    return "mv" if _minutes(element, grid) == 15 else "mvslow"


def _energy(element: Element, minutes: int, stream: str) -> Sensor:
    rated = step_kw(element.rated_kw) * minutes / 60
    decimals = LV_ENERGY_DECIMALS if element.level == "LV" else MV_ENERGY_DECIMALS
    return Sensor(
        sensor_id=f"{element.meter_id}.energy",
        sensor_type="energy",
        unit="kWh",
        meter_id=element.meter_id,
        place=element.place,
        level=element.level,
        interval_minutes=minutes,
        rated_min=0.0,
        rated_max=rated,
        point_type="consumption" if element.table == "load" else "production",
        time_zone="Europe/Berlin" if stream == "lvlocal" else "",
        description=f"{customer(element)} on {_where(element.place)}, energy per {minutes} minutes",
        source=element,
        stream=stream,
        decimals=decimals,
    )


def _feeder_exchange(feeder: Feeder, rated_kw: float) -> Sensor:
    title = f"Net exchange into feeder {feeder.feeder_id} at the busbar"
    place = replace(feeder.place, transformer_id="")
    return _exchange(f"{feeder.feeder_id}-X", place, feeder.level, rated_kw, (title, feeder))


def _transformer_exchange(grid: Grid) -> Sensor:
    first = next(feeder for feeder in grid.feeders if feeder.level == "LV")
    place = replace(first.place, feeder_id="", transformer_id=grid.transformer_id)
    title = f"Net exchange into transformer {grid.transformer_id} ({LV_TRANSFORMER_KVA:g} kVA), high side"
    return _exchange(f"{grid.transformer_id}-X", place, "LV", LV_TRANSFORMER_KVA, (title, "transformer"))


def _exchange(meter_id: str, place: Place, level: str, rated_kw: float, what: tuple[str, Feeder | str]) -> Sensor:
    title, source = what
    return Sensor(
        sensor_id=f"{meter_id}.energy",
        sensor_type="energy",
        unit="kWh",
        meter_id=meter_id,
        place=place,
        level=level,
        interval_minutes=15,
        rated_min=-rated_kw / 4,
        rated_max=rated_kw / 4,
        point_type="exchange",
        time_zone="",
        description=f"{title}, import positive, energy per 15 minutes",
        source=source,
        stream=level.lower(),
        decimals=LV_ENERGY_DECIMALS if level == "LV" else MV_ENERGY_DECIMALS,
    )


def _head_rating(grid: Grid, feeder: Feeder) -> float:
    """LV feeders are fused at 100 A (69 kVA); MV feeders carry the thermal rating of their first cable."""
    if feeder.level == "LV":
        return 69.0
    line = grid.net.line.loc[feeder.head_line]
    voltage_kv = float(grid.net.bus.vn_kv[feeder.place.bus])
    return round(float(line["max_i_ka"]) * voltage_kv * 3**0.5 * 1000.0)


def _register(energy: Sensor) -> Sensor:
    return replace(
        energy,
        sensor_id=f"{energy.meter_id}.register",
        sensor_type="register",
        interval_minutes=1440,
        rated_max=energy.rated_max * 24 * 60 / energy.interval_minutes,
        time_zone="",
        description=energy.description.split(", energy")[0] + ", daily register index at the end of the civil day",
        stream="register",
        decimals=REGISTER_DECIMALS,
    )


def _power(energy: Sensor) -> Sensor:
    return _channel(energy, "power", "kW", (0.0, energy.rated_max * 60 / energy.interval_minutes), "mean active power")


def _reactive(energy: Sensor) -> Sensor:
    limit = energy.rated_max * 60 / energy.interval_minutes
    return _channel(energy, "reactive_power", "kvar", (-limit, limit), "mean reactive power")


def _voltage(energy: Sensor) -> Sensor:
    nominal = 230.0 if energy.level == "LV" else 20_000.0
    title = "phase to neutral voltage" if energy.level == "LV" else "phase to phase voltage"
    quarter = replace(energy, interval_minutes=15)
    return _channel(quarter, "voltage", "V", (round(0.9 * nominal, 1), round(1.1 * nominal, 1)), title)


def _channel(energy: Sensor, sensor_type: str, unit: str, limits: tuple[float, float], title: str) -> Sensor:
    return replace(
        energy,
        sensor_id=f"{energy.meter_id}.{sensor_type}",
        sensor_type=sensor_type,
        unit=unit,
        rated_min=limits[0],
        rated_max=limits[1],
        time_zone="",
        description=energy.description.split(", energy")[0] + f", {title} per 15 minutes",
        stream="voltage" if sensor_type == "voltage" else "power",
        decimals=VOLTAGE_DECIMALS if sensor_type == "voltage" else POWER_DECIMALS,
    )


def _voltage_meters(grid: Grid, energy: list[Sensor]) -> list[Sensor]:
    """About 20 loads on different buses: four on each LV feeder but the last (two) and one on most MV feeders."""
    chosen: list[Sensor] = []
    for feeder in grid.feeders:
        wanted = {"LV-F1": 4, "LV-F2": 4, "LV-F3": 4, "LV-F4": 2}.get(feeder.feeder_id, 1)
        loads = [
            item for item in energy if item.place.feeder_id == feeder.feeder_id and item.point_type == "consumption"
        ]
        by_bus = {item.place.bus: item for item in loads if item.interval_minutes == 15}
        spread = list(by_bus.values())
        chosen += spread[:: max(1, len(spread) // wanted)][:wanted]
    return chosen


CUSTOMERS: Final = {
    "H0": "Household",
    "G0": "General business",
    "G1": "Office open on weekdays",
    "G2": "Evening business",
    "G3": "Business running day and night",
    "G4": "Shop or hairdresser",
    "G5": "Bakery with oven",
    "G6": "Weekend business",
    "L0": "Farm",
    "L2": "Farm without dairy",
    "PV": "Photovoltaic plant",
    "WP": "Wind park",
    "BM": "Biomass plant",
    "Hy": "Hydro power plant",
    "lv": "Low voltage area metered at its station",
}


def customer(element: Element) -> str:
    """Kind of customer in English, from the SimBench profile's name (BDEW standard profiles)."""
    kind = CUSTOMERS[element.profile[:2]]
    if element.kind == "lv_RES":
        kind = "Renewable generation of a low voltage area metered at its station"
    return f"{kind} (profile {element.profile})"


def _where(place: Place) -> str:
    if place.transformer_id:
        return f"feeder {place.feeder_id} of transformer {place.transformer_id}"
    return f"medium voltage feeder {place.feeder_id}"
