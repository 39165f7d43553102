"""Plots of loads: the region's last week, a typical day, energy day by day."""

from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from grid_assets.domain.tables import LOAD_BY_ASSET, LOAD_DAILY, LOAD_HOURLY
from grid_assets.presentation.plots.canvas import BLUE, GREEN, ORANGE, figure, legend, time_axis
from grid_assets.presentation.plots.plot import Plot
from resources.clients.engines.base import Session

_REGION_WEEK = """
SELECT period_start_utc AS start_utc, SUM(consumption_kwh) AS consumption, SUM(production_kwh) AS production
FROM load_by_asset
WHERE asset_type = 'region' AND grain = 'hour'
  AND operating_day > (SELECT MAX(operating_day) FROM load_by_asset) - INTERVAL 7 DAY
GROUP BY period_start_utc ORDER BY period_start_utc
"""
_TYPICAL_DAY = """
SELECT hour, is_weekend, AVG(energy_kwh) AS mean_kw FROM (
    SELECT operating_day, date_part('hour', hour_start_utc AT TIME ZONE '{zone}') AS hour,
           isodow(operating_day) >= 6 AS is_weekend, SUM(energy_kwh) AS energy_kwh
    FROM load_hourly WHERE point_type = 'consumption' GROUP BY ALL)
GROUP BY hour, is_weekend ORDER BY is_weekend, hour
"""
_DAYS = """
SELECT operating_day, SUM(CASE WHEN point_type = 'consumption' THEN energy_kwh END) / 1000 AS consumption,
       SUM(CASE WHEN point_type = 'production' THEN energy_kwh END) / 1000 AS production
FROM load_daily GROUP BY operating_day ORDER BY operating_day
"""


def draw_region(session: Session, zone: ZoneInfo) -> Figure | None:
    """Draw the hourly load of the region over its newest seven days, kWh per hour being the mean kW."""
    rows = session.fetch(_REGION_WEEK).to_pydict()
    if not rows["start_utc"]:
        return None
    drawn, axes = figure("Load of the region, newest week", "kW, hourly mean")
    axes.fill_between(rows["start_utc"], rows["consumption"], color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(rows["start_utc"], rows["consumption"], color=BLUE, linewidth=1.6, label="consumption")
    if any(value is not None for value in rows["production"]):
        axes.plot(rows["start_utc"], rows["production"], color=ORANGE, linewidth=1.6, label="production")
    time_axis(axes, zone)
    axes.set_ylim(bottom=0)
    legend(axes)
    return drawn


def draw_typical_day(session: Session, zone: ZoneInfo) -> Figure | None:
    """Draw the mean load of all consumers by hour of the day in the grid's zone, working days against weekends."""
    rows = session.fetch(_TYPICAL_DAY.format(zone=zone.key)).to_pylist()
    if not rows:
        return None
    drawn, axes = figure("A typical day of all consumers", "kW, mean of the hour")
    for is_weekend, colour, name in ((False, BLUE, "Monday to Friday"), (True, GREEN, "weekend")):
        points = [(row["hour"], row["mean_kw"]) for row in rows if row["is_weekend"] is is_weekend]
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.8, label=name)
    axes.set_xticks(range(0, 24, 3), [f"{hour:02d}:00" for hour in range(0, 24, 3)])
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    legend(axes)
    return drawn


def draw_days(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw energy consumed and produced per operating day."""
    rows = session.fetch(_DAYS).to_pydict()
    if not rows["operating_day"]:
        return None
    drawn, axes = figure("Energy per operating day", "MWh")
    axes.bar(rows["operating_day"], [v or 0.0 for v in rows["consumption"]], color=BLUE, width=0.8, label="consumption")
    if any(value is not None for value in rows["production"]):
        axes.plot(rows["operating_day"], rows["production"], color=ORANGE, linewidth=1.8, label="production")
    time_axis(axes)
    legend(axes)
    return drawn


PLOTS = (
    Plot(LOAD_BY_ASSET, "Load of the region", draw_region),
    Plot(LOAD_HOURLY, "A typical day", draw_typical_day),
    Plot(LOAD_DAILY, "Energy per day", draw_days),
)
