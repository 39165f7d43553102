"""What a plot is: the tables that it reads and the function that draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from grid_assets.domain.columns import TableSpec
from resources.clients.engines.base import Session

Draw = Callable[[Session, ZoneInfo], Figure | None]
"""Draws from a session in which the plot's tables are bound by name; None where there is nothing to see."""


@dataclass(frozen=True)
class Plot:
    """One table's plot; daily tables are bound with their newest days only."""

    table: TableSpec
    title: str
    draw: Draw
    also_reads: tuple[TableSpec, ...] = ()
