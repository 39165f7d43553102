"""Reads the grid and its profiles from the simbench package (environment of ``requirements/input.lock``)."""

import json
import warnings
from dataclasses import dataclass

import numpy as np
import simbench
from pandapower import topology

from tests.input.constants import LV_TRANSFORMER_KVA, SIMBENCH_CODE
from tests.input.grid import SUBSTATION_ID, TRANSFORMER_ID, Element, Feeder, Floats, Grid, Net, Place, Powers
from tests.input.timeaxis import Instants, profile_rows


def load_grid() -> Grid:
    """Read the grid from the simbench package, find its feeders by topology and size its LV transformer."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    net = simbench.get_simbench_net(SIMBENCH_CODE)
    low = int(net.trafo.index[net.trafo.vn_lv_kv < 1][0])
    _resize_transformer(net, low)
    feeders = _find_feeders(net, low)
    elements = [*_elements(net, "load", feeders), *_elements(net, "sgen", feeders)]
    return Grid(net, elements, feeders, TRANSFORMER_ID, low, SUBSTATION_ID)


def profiles(grid: Grid, starts: Instants) -> Powers:
    """Powers of every load and generator at the quarter ``starts``; what PV draws at night counts as zero."""
    absolute = simbench.get_absolute_values(grid.net, profiles_instead_of_study_cases=True)
    rows = profile_rows(starts)

    def taken(table: str, column: str) -> Floats:
        kilo: Floats = absolute[table, column].to_numpy(np.float64)[rows].T * 1000.0
        return kilo

    return Powers(taken("load", "p_mw"), taken("load", "q_mvar"), np.maximum(taken("sgen", "p_mw"), 0.0))


def _resize_transformer(net: Net, index: int) -> None:
    net.trafo.loc[index, "sn_mva"] = LV_TRANSFORMER_KVA / 1000.0
    net.trafo.loc[index, ["vk_percent", "vkr_percent", "pfe_kw", "i0_percent"]] = [4.0, 1.9, 0.18, 0.4]


@dataclass(frozen=True)
class _Head:
    """A line that leaves a busbar: its end at the busbar, the bus at its other end and all buses behind it."""

    level: str
    line: int
    side: str
    bus: int
    buses: frozenset[int]


def _find_feeders(net: Net, low: int) -> list[Feeder]:
    graph = topology.create_nxgraph(net, respect_switches=True, include_trafos=False)
    busbars = {int(bus) for bus in net.trafo.lv_bus}
    station = int(net.trafo.lv_bus[low])
    heads = []
    for line in net.line.index:
        ends = int(net.line.from_bus[line]), int(net.line.to_bus[line])
        at_busbar = [side for side, bus in zip(("from", "to"), ends, strict=True) if bus in busbars]
        if len(at_busbar) == 1:
            far = ends[1] if at_busbar[0] == "from" else ends[0]
            reached = topology.connected_component(graph, far, notravbuses=busbars)
            buses = frozenset(int(bus) for bus in reached) - busbars
            heads.append(_Head("LV" if station in ends else "MV", int(line), at_busbar[0], far, buses))
    return [_feeder(net, number, head) for number, head in _numbered(heads)]


def _numbered(heads: list[_Head]) -> list[tuple[int, _Head]]:
    """LV feeders by size, MV feeders in the order of SimBench's lines, which is that of its feeder names."""
    low = sorted((head for head in heads if head.level == "LV"), key=lambda head: -len(head.buses))
    high = sorted((head for head in heads if head.level == "MV"), key=lambda head: head.line)
    return [*enumerate(low, 1), *enumerate(high, 1)]


def _feeder(net: Net, number: int, head: _Head) -> Feeder:
    feeder_id = f"{head.level}-F{number}"
    latitude, longitude = _position(net, head.bus)
    transformer = TRANSFORMER_ID if head.level == "LV" else ""
    place = Place(head.bus, transformer, feeder_id, latitude, longitude)
    return Feeder(feeder_id, head.level, head.line, head.side, head.buses, place)


def _position(net: Net, bus: int) -> tuple[float, float]:
    longitude, latitude = json.loads(net.bus.geo[bus])["coordinates"][:2]
    return round(float(latitude), 6), round(float(longitude), 6)


def _elements(net: Net, table: str, feeders: list[Feeder]) -> list[Element]:
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


def _element(net: Net, table: str, index: int, number: int, feeder: Feeder) -> Element:
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
