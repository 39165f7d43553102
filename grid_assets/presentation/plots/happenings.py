"""Plots of what happened and what is newest: events by type, sensors by the age of their newest value."""

from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from grid_assets.domain.tables import EVENTS, SENSOR_LATEST
from grid_assets.presentation.plots.canvas import (
    BLUE,
    GREEN,
    RED,
    SEVERITY_COLOURS,
    figure,
    label_bars,
    legend,
    sideways,
)
from grid_assets.presentation.plots.plot import Plot
from resources.clients.engines.base import Session

_EVENTS = """
SELECT replace(event_type, '_', ' ') AS kind, severity, COUNT(*) AS n, MIN(operating_day) AS first_day,
       MAX(operating_day) AS last_day
FROM events GROUP BY kind, severity ORDER BY kind, severity
"""
_AGES = """
SELECT replace(sensor_type, '_', ' ') AS kind,
       COUNT(*) FILTER (WHERE operating_day > usual) AS newer,
       COUNT(*) FILTER (WHERE operating_day = usual) AS same,
       COUNT(*) FILTER (WHERE operating_day < usual) AS older, MIN(usual) AS usual
FROM sensor_latest, (SELECT mode(operating_day) AS usual FROM sensor_latest)
GROUP BY kind ORDER BY COUNT(*) DESC, kind
"""


def draw_events(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw how many events of each type there were, by severity."""
    rows = session.fetch(_EVENTS).to_pylist()
    if not rows:
        return None
    days = f"{min(row['first_day'] for row in rows)} to {max(row['last_day'] for row in rows)}"
    drawn, axes = figure("Events by type", days)
    totals = {row["kind"]: 0 for row in rows}
    for row in rows:
        totals[row["kind"]] += row["n"]
    kinds = sorted(totals, key=lambda kind: (-totals[kind], kind))
    ends = dict.fromkeys(kinds, 0)
    for severity, colour in SEVERITY_COLOURS.items():
        counts = {row["kind"]: row["n"] for row in rows if row["severity"] == severity}
        if counts:
            widths = [counts.get(kind, 0) for kind in kinds]
            axes.barh(kinds, widths, left=[ends[kind] for kind in kinds], color=colour, label=severity)
            ends = {kind: ends[kind] + counts.get(kind, 0) for kind in kinds}
    label_bars(axes, [totals[kind] for kind in kinds], [f"{totals[kind]:,}" for kind in kinds])
    sideways(axes)
    legend(axes)
    return drawn


def draw_ages(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw how many sensors have their newest value on the day that most have, and before or after it, by type."""
    rows = session.fetch(_AGES).to_pydict()
    if not rows["kind"]:
        return None
    drawn, axes = figure("Age of the newest value", "sensors")
    ends = [0] * len(rows["kind"])
    for name, label, colour in (
        ("same", f"of {rows['usual'][0]}, like most", BLUE),
        ("newer", "newer", GREEN),
        ("older", "older", RED),
    ):
        if any(rows[name]):
            axes.barh(rows["kind"], rows[name], left=ends, color=colour, label=label)
            ends = [end + width for end, width in zip(ends, rows[name], strict=True)]
    label_bars(axes, ends, [f"{end:,}" for end in ends])
    sideways(axes)
    legend(axes)
    return drawn


PLOTS = (
    Plot(EVENTS, "Events by type", draw_events),
    Plot(SENSOR_LATEST, "Age of the newest value", draw_ages),
)
