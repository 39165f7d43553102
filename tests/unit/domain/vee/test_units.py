"""Units convert as data says, between spellings of one quantity only."""

import pytest

from grid_assets.domain.vee.units import KNOWN_UNITS, UNIT_OF_TYPE, UNITS, unit_table


def _conversions() -> dict[tuple[str, str], tuple[float, float]]:
    rows = unit_table().to_pylist()
    return {(row["from_unit"], row["to_unit"]): (row["factor"], row["addend"]) for row in rows}


@pytest.mark.parametrize(
    ("given", "wanted", "value", "expected"),
    [
        ("Wh", "kWh", 1500.0, 1.5),
        ("MWh", "kWh", 2.0, 2000.0),
        ("kV", "V", 0.23, 230.0),
        ("mA", "A", 1500.0, 1.5),
        ("W", "kW", 250.0, 0.25),
        ("K", "degC", 273.15, 0.0),
        ("degC", "K", 0.0, 273.15),
        ("degF", "degC", 212.0, 100.0),
    ],
)
def test_unit_table__converts(given: str, wanted: str, value: float, expected: float) -> None:
    factor, addend = _conversions()[given, wanted]
    assert value * factor + addend == pytest.approx(expected, abs=1e-9)


def test_unit_table__has_no_conversion_between_quantities() -> None:
    quantity = {unit.symbol: unit.quantity for unit in UNITS}
    assert all(quantity[given] == quantity[wanted] for given, wanted in _conversions())
    assert ("kW", "kWh") not in _conversions()


def test_unit_table__goes_back_to_where_it_came_from() -> None:
    conversions = _conversions()
    for (given, wanted), (factor, addend) in conversions.items():
        back_factor, back_addend = conversions[wanted, given]
        assert (7.0 * factor + addend) * back_factor + back_addend == pytest.approx(7.0, rel=1e-9)


def test_units__are_spelled_once_and_cover_the_sensor_types() -> None:
    assert len(KNOWN_UNITS) == len(UNITS)
    assert set(UNIT_OF_TYPE.values()) <= KNOWN_UNITS
