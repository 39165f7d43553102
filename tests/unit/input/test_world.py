"""True values: sums of intervals, registers, outages. Grid and power flow are made up of known numbers."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.input import world
from tests.input.grid import Element, Feeder, Flow, Grid, Place, Powers
from tests.input.sensors import Sensor, step_kw
from tests.input.timeaxis import Window, midnight_us
from tests.unit.input.given import sensor

PLACE = Place(7, "T1", "F1", 53.6, 11.4)
LOAD = Element("L1", "load", 0, "H0-A", "load", "LV", 4.0, PLACE)
FEEDER = Feeder("F1", "LV", 3, "from", frozenset({7}), PLACE)
GRID = Grid(None, [LOAD], [FEEDER], "T1", 0, "S1")
WINDOW = Window(date(2016, 3, 26), date(2016, 3, 28))
OUTAGE = world.Outage("F1", midnight_us(date(2016, 3, 26)), midnight_us(date(2016, 3, 26)) + 3_600_000_000)


def year(*facts: world.Outage | world.Restart) -> world.Year:
    quarters = world.year_starts().size
    load = np.tile([1.0, 3.0], quarters // 2)[None, :]
    outages = tuple(fact for fact in facts if isinstance(fact, world.Outage))
    restarts = tuple(fact for fact in facts if isinstance(fact, world.Restart))
    return world.year_of(GRID, Powers(load, load / 2, load[:0]), world.Facts(outages, restarts))


def solved(_: Grid, powers: Powers) -> Flow:
    quarters = powers.load_kw.shape[1]
    return Flow([7], np.ones((1, quarters)), powers.load_kw * 1.05, powers.load_kw[0] * 1.1)


def channel(sensor_type: str, minutes: int, source: Element | Feeder | str = LOAD) -> Sensor:
    made_up = sensor(f"L1.{sensor_type}", "lv", sensor_type)
    return replace(made_up, interval_minutes=minutes, source=source, place=PLACE)


def values(wanted: Sensor, given_year: world.Year) -> list[float]:
    blocks = world.build(GRID, [wanted], given_year, WINDOW, solved)
    [block] = [block for block in blocks if block.sensors.size]
    row: list[float] = block.values[0].tolist()
    return row


@pytest.mark.parametrize(("minutes", "first", "count"), [(15, 0.25, 284), (30, 1.0, 142), (60, 2.0, 71)])
def test_build__sums_quarters_to_the_meters_interval(minutes: int, first: float, count: int) -> None:
    energy = values(channel("energy", minutes), year())
    assert energy[0] == first
    assert len(energy) == count
    assert sum(energy) == 284 / 2


def test_build__power_is_the_mean_of_the_quarter() -> None:
    assert values(channel("power", 15), year())[:2] == [1.0, 3.0]
    assert values(channel("reactive_power", 15), year())[:2] == [0.5, 1.5]


def test_build__voltage_is_phase_to_neutral_in_the_lv_grid() -> None:
    assert values(channel("voltage", 15), year())[0] == pytest.approx(400 / 3**0.5, abs=1e-4)


def test_build__exchange_comes_from_the_power_flow() -> None:
    assert values(channel("energy", 15, FEEDER), year())[:2] == pytest.approx([0.2625, 0.7875])
    assert values(channel("energy", 15, "transformer"), year())[:2] == pytest.approx([0.275, 0.825])


def test_register__is_the_index_at_the_end_of_the_civil_day() -> None:
    index = values(channel("register", 1440), year())
    assert np.diff(index).tolist() == pytest.approx([46.0, 48.0])


def test_register__counts_anew_from_its_restart() -> None:
    restart = world.Restart("meter_swap", "L1.register", midnight_us(date(2016, 3, 27)), 5.0)
    index = values(channel("register", 1440), year(restart))
    assert index[1:] == pytest.approx([51.0, 99.0])
    assert index[0] > 1000


def test_outage__leaves_no_energy_voltage_or_exchange() -> None:
    interrupted = year(OUTAGE)
    for wanted in (channel("energy", 15), channel("energy", 15, FEEDER), channel("voltage", 15)):
        row = values(wanted, interrupted)
        assert row[:4] == [0.0] * 4
        assert row[4] > 0


def test_outage__is_missing_from_the_register() -> None:
    whole, less = values(channel("register", 1440), year()), values(channel("register", 1440), year(OUTAGE))
    assert np.subtract(whole, less).tolist() == pytest.approx([2.0, 2.0, 2.0])


def test_step_kw__is_the_next_size() -> None:
    assert [step_kw(power) for power in (0.2, 1.0, 1.01, 26.0)] == [1.0, 1.0, 1.5, 30.0]
    with pytest.raises(ValueError, match="no connection size holds"):
        step_kw(9000.0)
