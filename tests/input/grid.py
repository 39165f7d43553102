"""The grid as plain data: metered elements, their places, feeders, powers and power flow results.

Everything downstream of SimBench works on these, so only ``simbench_grid`` and ``powerflow`` need its packages.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Net: TypeAlias = Any
"""A pandapower net; pandapower publishes no types."""


@dataclass(frozen=True)
class Place:
    """Where something stands in the grid. Empty ids mean "none"."""

    bus: int
    transformer_id: str
    feeder_id: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Element:
    """A load or generator that gets a meter; ``row`` is its row in the profiles, ``rated_kw`` its nameplate power."""

    meter_id: str
    table: str
    row: int
    profile: str
    kind: str
    level: str
    rated_kw: float
    place: Place


@dataclass(frozen=True)
class Feeder:
    """A feeder with the line at its head; ``head_side`` is the line's end at the busbar (from or to)."""

    feeder_id: str
    level: str
    head_line: int
    head_side: str
    buses: frozenset[int]
    place: Place


@dataclass(frozen=True)
class Powers:
    """Mean power of each interval in kW and kvar, shape (elements of the table, interval starts)."""

    load_kw: Floats
    load_kvar: Floats
    generation_kw: Floats

    def of(self, element: Element) -> Floats:
        """Active power of one element in its own direction, kW."""
        power: Floats = (self.load_kw if element.table == "load" else self.generation_kw)[element.row]
        return power


@dataclass(frozen=True)
class Grid:
    """The net (pandapower) beside the plain data taken from it."""

    net: Net
    elements: list[Element]
    feeders: list[Feeder]
    transformer_id: str
    transformer_index: int
    substation_id: str


@dataclass(frozen=True)
class Flow:
    """Power flow results by quarter. Powers in kW, imports positive.

    ``voltage_pu`` has shape (buses, starts), its rows follow ``buses``. ``feeder_kw`` has shape (feeders, starts) in
    the order of ``Grid.feeders`` and is the net power into the area of the feeder: what flows from a feeder into the
    LV transformer's area is taken off. ``transformer_kw`` is measured on the high side of the LV transformer.
    """

    buses: list[int]
    voltage_pu: Floats
    feeder_kw: Floats
    transformer_kw: Floats


TRANSFORMER_ID: Final = "TR-LV2.108"
SUBSTATION_ID: Final = "SS-MV1.101"
