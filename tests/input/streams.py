"""How readings are delivered: streams with format, columns and time style, sliced into files by week or month."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from tests.input.timeaxis import Instants, Window, midnight_us


@dataclass(frozen=True)
class Stream:
    """One feed: ``suffix`` names format and compression, ``columns`` the optional columns that it carries."""

    name: str
    suffix: str
    time_style: str
    columns: tuple[str, ...] = ()


STREAMS: Final = (
    Stream("lv", "csv.gz", "zulu", ("unit", "quality")),
    Stream("lvlocal", "csv.gz", "local"),
    Stream("espi", "xml.gz", "epoch"),
    Stream("mv", "parquet", "instant", ("unit", "quality")),
    Stream("mvslow", "jsonl.zst", "zulu", ("unit", "interval_minutes")),
    Stream("power", "jsonl.zst", "offset", ("unit",)),
    Stream("register", "csv.gz", "offset", ("unit", "quality", "channel", "interval_minutes")),
    Stream("voltage", "parquet", "instant", ("quality",)),
)
BY_NAME: Final = {stream.name: stream for stream in STREAMS}


@dataclass(frozen=True)
class Slices:
    """Periods by which feeds are cut: ``labels[i]`` holds the instants from ``edges[i]`` to ``edges[i + 1]``."""

    labels: tuple[str, ...]
    edges: Instants

    def of(self, instants: Instants) -> npt.NDArray[np.int64]:
        """Position of the period that holds each instant."""
        return np.searchsorted(self.edges, instants, side="right") - 1


def weekly(window: Window) -> Slices:
    """ISO weeks of the grid's zone, the first and last cut by the window."""
    mondays = [day for day in window.days() if day == window.first or day.weekday() == 0]
    return _slices(mondays, [f"{day.isocalendar().year}-w{day.isocalendar().week:02d}" for day in mondays], window)


def monthly(window: Window) -> Slices:
    """Civil months of the grid's zone, the first and last cut by the window."""
    firsts = [day for day in window.days() if day == window.first or day.day == 1]
    return _slices(firsts, [f"{day:%Y-%m}" for day in firsts], window)


def _slices(days: list[date], labels: list[str], window: Window) -> Slices:
    return Slices(tuple(labels), np.array([*(midnight_us(day) for day in days), window.end_us], dtype=np.int64))
