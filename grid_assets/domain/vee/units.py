"""Units that readings may come in, as data: what they measure and how they convert, linearly, to the base unit.

A value in a unit is worth `value * factor + addend` in the base unit of its quantity. Power and energy are different
quantities: a kW reading under an energy sensor is never converted, because a label that wrong says nothing about the
value.
"""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Unit:
    """One accepted spelling of a unit: its quantity, and the line that leads to the quantity's base unit."""

    symbol: str
    quantity: str
    factor: float
    addend: float = 0.0


UNITS: tuple[Unit, ...] = (
    Unit("Wh", "energy", 0.001),
    Unit("wh", "energy", 0.001),
    Unit("kWh", "energy", 1.0),
    Unit("KWH", "energy", 1.0),
    Unit("kwh", "energy", 1.0),
    Unit("MWh", "energy", 1000.0),
    Unit("GWh", "energy", 1_000_000.0),
    Unit("W", "power", 0.001),
    Unit("kW", "power", 1.0),
    Unit("KW", "power", 1.0),
    Unit("kw", "power", 1.0),
    Unit("MW", "power", 1000.0),
    Unit("var", "reactive_power", 0.001),
    Unit("VAr", "reactive_power", 0.001),
    Unit("kvar", "reactive_power", 1.0),
    Unit("kVAr", "reactive_power", 1.0),
    Unit("Mvar", "reactive_power", 1000.0),
    Unit("mV", "voltage", 0.001),
    Unit("V", "voltage", 1.0),
    Unit("kV", "voltage", 1000.0),
    Unit("mA", "current", 0.001),
    Unit("A", "current", 1.0),
    Unit("kA", "current", 1000.0),
    Unit("mHz", "frequency", 0.001),
    Unit("Hz", "frequency", 1.0),
    Unit("kHz", "frequency", 1000.0),
    Unit("degC", "temperature", 1.0),
    Unit("°C", "temperature", 1.0),
    Unit("C", "temperature", 1.0),
    Unit("K", "temperature", 1.0, -273.15),
    Unit("degF", "temperature", 5 / 9, -160 / 9),
)
"""Every spelling; case counts, because mW is not MW."""

KNOWN_UNITS = frozenset(unit.symbol for unit in UNITS)

UNIT_OF_TYPE: dict[str, str] = {
    "energy": "kWh",
    "register": "kWh",
    "power": "kW",
    "reactive_power": "kvar",
    "voltage": "V",
    "current": "A",
    "frequency": "Hz",
    "temperature": "degC",
}
"""The unit of a sensor whose catalogue row names none, by sensor type."""


def unit_table() -> pa.Table:
    """Return every conversion between two different spellings: from_unit, to_unit, factor, addend.

    A value converts as `value * factor + addend`; pairs of different quantities are not in the table.
    """
    pairs = [(a, b) for a in UNITS for b in UNITS if a.quantity == b.quantity and a.symbol != b.symbol]
    return pa.table(
        {
            "from_unit": pa.array([a.symbol for a, _ in pairs], pa.string()),
            "to_unit": pa.array([b.symbol for _, b in pairs], pa.string()),
            "factor": pa.array([a.factor / b.factor for a, b in pairs], pa.float64()),
            "addend": pa.array([(a.addend - b.addend) / b.factor for a, b in pairs], pa.float64()),
        }
    )
