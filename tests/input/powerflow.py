"""Time series power flow with pandapower: voltages of every bus, power into every feeder and the LV transformer.

One AC power flow (Newton-Raphson) per quarter; only bus injections change from one to the next, so the admittance
matrix and the last solution are used again (about 7 ms a quarter for 193 buses on one core).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandapower

from tests.input.grid import Floats, Flow, Grid, Net, Powers


def cached(grid: Grid, powers: Powers, progress: Callable[[int, int], None], folder: Path | None) -> Flow:
    """As ``run``; with a ``folder``, results are kept there under a digest of the injections and found again."""
    if folder is None:
        return run(grid, powers, progress)
    digest = hashlib.sha256()
    for injections in (powers.load_kw, powers.load_kvar, powers.generation_kw):
        digest.update(np.ascontiguousarray(injections).tobytes())
    path = folder / f"flow-{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        flow = run(grid, powers, progress)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, voltage=flow.voltage_pu, feeder=flow.feeder_kw, transformer=flow.transformer_kw)
    with np.load(path) as kept:
        buses = [int(bus) for bus in grid.net.bus.index]
        return Flow(buses, kept["voltage"], kept["feeder"], kept["transformer"])


def run(grid: Grid, powers: Powers, progress: Callable[[int, int], None]) -> Flow:
    """Solve every quarter of ``powers``; ``progress`` gets (done, all) now and then.

    Raises:
        pandapower.LoadflowNotConverged: the injections of a quarter have no solution.
    """
    net = grid.net
    quarters = powers.load_kw.shape[1]
    voltage = np.empty((len(net.bus), quarters))
    feeder = np.empty((len(grid.feeders), quarters))
    transformer = np.empty(quarters)
    for quarter in range(quarters):
        _inject(net, powers, quarter)
        _solve(net, first=quarter == 0)
        voltage[:, quarter] = net.res_bus.vm_pu.to_numpy()
        feeder[:, quarter] = _heads_kw(grid)
        transformer[quarter] = net.res_trafo.p_hv_mw[grid.transformer_index] * 1000.0
        if quarter % 500 == 0:
            progress(quarter, quarters)
    station = int(net.trafo.hv_bus[grid.transformer_index])
    upstream = [station in item.buses for item in grid.feeders].index(True)
    feeder[upstream] -= transformer
    return Flow([int(bus) for bus in net.bus.index], voltage, feeder, transformer)


def _inject(net: Net, powers: Powers, quarter: int) -> None:
    net.load["p_mw"] = powers.load_kw[:, quarter] / 1000.0
    net.load["q_mvar"] = powers.load_kvar[:, quarter] / 1000.0
    net.sgen["p_mw"] = powers.generation_kw[:, quarter] / 1000.0


def _solve(net: Net, *, first: bool) -> None:
    recycle = None if first else {"bus_pq": True, "trafo": False, "gen": False}
    start = "auto" if first else "results"
    pandapower.runpp(net, init=start, recycle=recycle, calculate_voltage_angles=False, numba=True)


def _heads_kw(grid: Grid) -> Floats:
    lines = grid.net.res_line
    heads = [lines.at[item.head_line, f"p_{item.head_side}_mw"] for item in grid.feeders]
    return np.array(heads, dtype=np.float64) * 1000.0
