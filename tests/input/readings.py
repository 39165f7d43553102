"""Readings on their way from the meter to the landing file: columns as numpy arrays, one row per delivered reading.

Faults take such a table and return a changed one; writers turn it into files.
"""

from dataclasses import dataclass, fields, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tests.input.grid import Floats
from tests.input.timeaxis import Instants
from tests.input.world import Block

UNITS: Final = ("", "kWh", "kW", "kvar", "V", "Wh")
QUALITIES: Final = ("", "measured", "estimated", "revised")
REGULAR, LATE, CORRECTED, OVERLAP = range(4)
STORED, DUPLICATE, QUARANTINED, LOST = range(4)
"""Fates. LOST readings never leave the meter; they stay in the table so that the truth knows them."""

FORMS: Final = {
    "": 0,
    "ragged_short": 1,
    "ragged_long": 2,
    "text_value": 3,
    "empty_id": 4,
    "nan": 5,
    "infinity": 6,
    "bad_date": 7,
    "far_date": 8,
    "broken_json": 9,
    "missing_key": 10,
    "null_value": 11,
}
"""How the text of a row is malformed, with the code in the column ``form``."""
MISSING_HOUR: Final = 20
"""Form: stamped with the local hour 02 on the day on which it does not exist."""
MISROUTED: Final = 30
"""Forms from here on: the row carries the id ``UNKNOWN_IDS[form - MISROUTED]``."""
UNKNOWN_IDS: Final = ("LV-L900.energy", "LV-L901.energy", "MV-L900.energy", "LV-G900.energy", "MV-X900.power")
"""Sensors of meters that the catalogue does not hold."""


@dataclass(frozen=True)
class Readings:
    """Parallel arrays. ``start`` is the true interval start, ``stamp`` what is delivered, ``true`` the true value.

    ``sensor`` is a position in the list of sensors.
    ``unit`` and ``quality`` index UNITS and QUALITIES, ``batch`` says in which kind of delivery the row comes,
    ``form`` is the way in which its text is malformed (0: well formed), ``fault`` the row of the fault log that
    explains it (-1: none), ``fate`` what ingest should do with it (STORED, DUPLICATE, QUARANTINED) or LOST.
    """

    sensor: npt.NDArray[np.int32]
    start: Instants
    stamp: Instants
    value: Floats
    true: Floats
    unit: npt.NDArray[np.int8]
    quality: npt.NDArray[np.int8]
    batch: npt.NDArray[np.int8]
    form: npt.NDArray[np.int8]
    fate: npt.NDArray[np.int8]
    fault: npt.NDArray[np.int32]

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.sensor.size)

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Self:
        """The rows of a mask or of positions, in that order."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def assign(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64], **columns: object) -> Self:
        """A copy in which ``columns`` hold new values at ``rows``."""
        changed = {}
        for name, value in columns.items():
            column = getattr(self, name).copy()
            column[rows] = value
            changed[name] = column
        return replace(self, **changed)


def concat(tables: list[Readings]) -> Readings:
    """All rows of ``tables`` in order."""
    return Readings(**{f.name: np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(Readings)})


def from_block(block: Block, units: npt.NDArray[np.int8]) -> Readings:
    """Faultless readings of a block; ``units`` is the unit code of every sensor of the list."""
    sensor = np.repeat(block.sensors, block.starts.size)
    start = np.tile(block.starts, block.sensors.size)
    value = block.values.ravel()
    zeros = np.zeros(sensor.size, dtype=np.int8)
    measured = np.full(sensor.size, QUALITIES.index("measured"), dtype=np.int8)
    none = np.full(sensor.size, -1, dtype=np.int32)
    return Readings(sensor, start, start, value, value, units[sensor], measured, zeros, zeros, zeros, none)
