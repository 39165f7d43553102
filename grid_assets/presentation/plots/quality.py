"""Plots of readings and what became of them: received, verified, superseded, quarantined; and where the sensors are."""

import math
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from grid_assets.domain.tables import METER_READINGS, METER_READINGS_HISTORY, QUARANTINE, SENSOR_DATA, SENSORS
from grid_assets.presentation.plots.canvas import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    QUALITY_COLOURS,
    TYPE_COLOURS,
    figure,
    label_bars,
    legend,
    sideways,
    time_axis,
)
from grid_assets.presentation.plots.plot import Plot
from resources.clients.engines.base import Session

MOST_REASONS = 9
MAP_INCHES = (5.6, 4.6)
_RECEIVED = """
SELECT operating_day, sensor_type, COUNT(*) / 1000.0 AS n FROM sensor_data
GROUP BY operating_day, sensor_type ORDER BY operating_day
"""
_QUALITIES = """
SELECT operating_day, quality, COUNT(*) AS n FROM meter_readings GROUP BY operating_day, quality ORDER BY operating_day
"""
_SUPERSEDED = """
SELECT operating_day, COUNT(*) AS n FROM meter_readings_history GROUP BY operating_day ORDER BY operating_day
"""
_REASONS = f"""
SELECT replace(reason, '_', ' ') AS why, COUNT(*) AS n FROM quarantine GROUP BY why
ORDER BY n DESC, why LIMIT {MOST_REASONS}
"""
_PLACES = """
SELECT longitude, latitude, CASE WHEN MAX(CASE WHEN sensor_type = 'voltage' THEN 1 END) = 1 THEN 'with voltage sensor'
       WHEN MAX(CASE WHEN point_type = 'production' THEN 1 END) = 1 THEN 'with production'
       ELSE 'consumption' END AS kind
FROM sensors WHERE longitude IS NOT NULL AND latitude IS NOT NULL GROUP BY longitude, latitude
"""


def draw_received(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw how many readings of each type were received per operating day, repeated versions included."""
    return _stacked(session.fetch(_RECEIVED).to_pylist(), "sensor_type", TYPE_COLOURS, "Readings received", "thousands")


def draw_qualities(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw per operating day which share of the intervals is not simply measured, by quality."""
    rows = session.fetch(_QUALITIES).to_pylist()
    totals: dict[date, int] = {}
    for row in rows:
        totals[row["operating_day"]] = totals.get(row["operating_day"], 0) + row["n"]
    shares = [{**row, "n": 100.0 * row["n"] / totals[row["operating_day"]]} for row in rows]
    return _stacked(
        shares, "quality", QUALITY_COLOURS, "Intervals that are not simply measured", "% of the day's intervals"
    )


def draw_superseded(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw how many verified readings of each operating day a later verification changed."""
    rows = [{**row, "what": "superseded"} for row in session.fetch(_SUPERSEDED).to_pylist()]
    return _stacked(rows, "what", {"superseded": GREY}, "Verified readings that were changed later", "readings")


def draw_reasons(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw the most frequent reasons for quarantine."""
    rows = session.fetch(_REASONS).to_pydict()
    if not rows["why"]:
        return None
    drawn, axes = figure("Rows in quarantine by reason", "rows")
    axes.barh(rows["why"], rows["n"], color=ORANGE)
    label_bars(axes, rows["n"], [f"{n:,}" for n in rows["n"]])
    sideways(axes)
    return drawn


def draw_places(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw where the sensors stand."""
    rows = session.fetch(_PLACES).to_pylist()
    if not rows:
        return None
    drawn, axes = figure("Where the sensors stand", "degrees, WGS 84", MAP_INCHES)
    kinds = (("consumption", BLUE, 9), ("with production", ORANGE, 14), ("with voltage sensor", GREEN, 18))
    for kind, colour, size in kinds:
        east = [row["longitude"] for row in rows if row["kind"] == kind]
        north = [row["latitude"] for row in rows if row["kind"] == kind]
        if east:
            axes.scatter(east, north, s=size, color=colour, label=kind, linewidths=0, alpha=0.85)
    axes.set_aspect(1 / math.cos(math.radians(rows[0]["latitude"])), adjustable="datalim")
    legend(axes)
    return drawn


def _stacked(rows: list[dict[str, Any]], by: str, colours: dict[str, str], title: str, unit: str) -> Figure | None:
    days = sorted({row["operating_day"] for row in rows})
    if not any(row[by] in colours for row in rows):
        return None
    drawn, axes = figure(title, unit)
    base = [0.0] * len(days)
    for kind, colour in colours.items():
        counts = {row["operating_day"]: float(row["n"]) for row in rows if row[by] == kind}
        if counts:
            heights = [counts.get(day, 0.0) for day in days]
            axes.bar(days, heights, bottom=base, color=colour, width=0.86, label=kind.replace("_", " "))
            base = [low + height for low, height in zip(base, heights, strict=True)]
    time_axis(axes)
    if len(colours) > 1:
        legend(axes, columns=len(colours))
    return drawn


PLOTS = (
    Plot(SENSORS, "Where the sensors stand", draw_places),
    Plot(SENSOR_DATA, "Readings received", draw_received),
    Plot(QUARANTINE, "Reasons for quarantine", draw_reasons),
    Plot(METER_READINGS, "Qualities", draw_qualities),
    Plot(METER_READINGS_HISTORY, "Changed later", draw_superseded),
)
