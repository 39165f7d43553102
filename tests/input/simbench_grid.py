"""The SimBench grid as plain data: metered elements with their place, feeders and profiles.

The only module, with ``powerflow``, that touches simbench, pandapower or pandas; they live in the environment of
``requirements/input.lock``.
"""

import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.input.constants import LV_TRANSFORMER_KVA, SIMBENCH_CODE
from tests.input.timeaxis import Instants, profile_rows

Floats = npt.NDArray[np.float64]


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
    """A load or generator of SimBench that gets a meter; ``row`` is its row in the profiles, ``rated_kw`` the nameplate."""

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
        return (self.load_kw if element.table == "load" else self.generation_kw)[element.row]


@dataclass(frozen=True)
class Grid:
    """The net (pandapower) beside the plain data taken from it."""

    net: Any
    elements: list[Element]
    feeders: list[Feeder]
    transformer_id: str
    transformer_index: int
    substation_id: str


TRANSFORMER_ID = "TR-LV2.108"
SUBSTATION_ID = "SS-MV1.101"


def load_grid() -> Grid:
    """Read the grid from the simbench package, find its feeders by topology and size its LV transformer."""
    import simbench

    warnings.filterwarnings("ignore", category=FutureWarning)
    net = simbench.get_simbench_net(SIMBENCH_CODE)
    low = int(net.trafo.index[net.trafo.vn_lv_kv < 1][0])
    _resize_transformer(net, low)
    feeders = _find_feeders(net, low)
    elements = [*_elements(net, "load", feeders), *_elements(net, "sgen", feeders)]
    return Grid(net, elements, feeders, TRANSFORMER_ID, low, SUBSTATION_ID)


def profiles(grid: Grid, starts: Instants) -> Powers:
    """Powers of every load and generator of the net at the quarter ``starts``; night-time PV below zero becomes zero."""
    import simbench

    absolute = simbench.get_absolute_values(grid.net, profiles_instead_of_study_cases=True)
    rows = profile_rows(starts)

    def taken(table: str, column: str) -> Floats:
        return absolute[table, column].to_numpy(np.float64)[rows].T * 1000.0

    return Powers(taken("load", "p_mw"), taken("load", "q_mvar"), np.maximum(taken("sgen", "p_mw"), 0.0))


def _resize_transformer(net: Any, index: int) -> None:
    net.trafo.loc[index, "sn_mva"] = LV_TRANSFORMER_KVA / 1000.0
    net.trafo.loc[index, ["vk_percent", "vkr_percent", "pfe_kw", "i0_percent"]] = [4.0, 1.9, 0.18, 0.4]


def _find_feeders(net: Any, low: int) -> list[Feeder]:
    from pandapower import topology

    graph = topology.create_nxgraph(net, respect_switches=True, include_trafos=False)
    busbars = {int(bus) for bus in net.trafo.lv_bus}
    station = int(net.trafo.lv_bus[low])
    found = []
    for line in net.line.index:
        ends = int(net.line.from_bus[line]), int(net.line.to_bus[line])
        at_busbar = [side for side, bus in zip(("from", "to"), ends, strict=True) if bus in busbars]
        if len(at_busbar) != 1:
            continue
        head = ends[1] if at_busbar[0] == "from" else ends[0]
        reached = topology.connected_component(graph, head, notravbuses=busbars)
        buses = frozenset(int(bus) for bus in reached) - busbars
        found.append(("LV" if station in ends else "MV", int(line), at_busbar[0], head, buses))
    return [_feeder(net, number, *facts) for number, facts in _numbered(net, found)]


def _numbered(net: Any, found: list[Any]) -> list[tuple[int, Any]]:
    low = sorted((item for item in found if item[0] == "LV"), key=lambda item: -len(item[4]))
    high = sorted((item for item in found if item[0] == "MV"), key=lambda item: str(net.bus.name[item[3]]).rjust(20))
    return [*enumerate(low, 1), *enumerate(high, 1)]


def _feeder(net: Any, number: int, level: str, line: int, side: str, head: int, buses: frozenset[int]) -> Feeder:
    feeder_id = f"{level}-F{number}"
    latitude, longitude = _position(net, head)
    transformer = TRANSFORMER_ID if level == "LV" else ""
    return Feeder(feeder_id, level, line, side, buses, Place(head, transformer, feeder_id, latitude, longitude))


def _position(net: Any, bus: int) -> tuple[float, float]:
    longitude, latitude = json.loads(net.bus.geo[bus])["coordinates"][:2]
    return round(float(latitude), 6), round(float(longitude), 6)


def _elements(net: Any, table: str, feeders: list[Feeder]) -> list[Element]:
    """Elements on feeders, numbered per level; what hangs on the substation's own busbar gets no meter."""
    by_bus = {bus: feeder for feeder in feeders for bus in feeder.buses}
    frame = net[table]
    counts = {"LV": 0, "MV": 0}
    elements = []
    for index, bus in frame.bus.items():
        feeder = by_bus.get(int(bus))
        if feeder is not None:
            counts[feeder.level] += 1
            elements.append(_element(net, table, int(index), counts[feeder.level], feeder))
    return elements


def _element(net: Any, table: str, index: int, number: int, feeder: Feeder) -> Element:
    row = net[table].loc[index]
    bus = int(row["bus"])
    latitude, longitude = _position(net, bus)
    return Element(
        meter_id=f"{feeder.level}-{'L' if table == 'load' else 'G'}{number:03d}",
        table=table,
        row=list(net[table].index).index(index),
        profile=str(row["profile"]),
        kind="load" if table == "load" else str(row["type"]),
        level=feeder.level,
        rated_kw=float(row["p_mw"]) * 1000.0,
        place=Place(bus, feeder.place.transformer_id, feeder.feeder_id, latitude, longitude),
    )
