"""Plots of the network: where energy is lost, and how voltages keep to their band."""

from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from grid_assets.domain.tables import FEEDER_BALANCE, SENSORS, VOLTAGE_DAILY
from grid_assets.presentation.plots.canvas import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    figure,
    label_bars,
    legend,
    sideways,
    time_axis,
)
from grid_assets.presentation.plots.plot import Plot
from resources.clients.engines.base import Session

MOST_ASSETS = 9
_LOSSES = f"""
SELECT asset_type, asset_id, SUM(loss_kwh) AS loss_kwh,
       SUM(loss_kwh) / NULLIF(SUM(exchange_kwh + production_kwh), 0) AS share
FROM feeder_balance WHERE loss_kwh IS NOT NULL
GROUP BY asset_type, asset_id HAVING share IS NOT NULL ORDER BY share DESC, asset_id LIMIT {MOST_ASSETS}
"""
_VOLTAGES = """
SELECT v.operating_day, MIN(v.min_v / m.middle) AS low, AVG(v.mean_v / m.middle) AS mean,
       MAX(v.max_v / m.middle) AS high, MIN(m.rated_min / m.middle) AS lower_limit,
       MAX(m.rated_max / m.middle) AS upper_limit,
       SUM(v.below_limit_intervals + v.above_limit_intervals) AS outside
FROM voltage_daily v
JOIN (SELECT sensor_id, rated_min, rated_max, (rated_min + rated_max) / 2 AS middle FROM sensors
      WHERE sensor_type = 'voltage' AND rated_min > 0 AND rated_max > rated_min) m ON m.sensor_id = v.sensor_id
GROUP BY v.operating_day HAVING mean IS NOT NULL ORDER BY v.operating_day
"""


def draw_losses(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw the share of energy lost per feeder and transformer over the newest days, the largest first."""
    rows = session.fetch(_LOSSES).to_pylist()
    if not rows:
        return None
    drawn, axes = figure("Largest losses by balance", "% of energy fed in")
    shares = [100 * row["share"] for row in rows]
    for kind, colour in (("feeder", BLUE), ("transformer", GREEN)):
        widths = [share if row["asset_type"] == kind else 0 for share, row in zip(shares, rows, strict=True)]
        if any(widths):
            axes.barh([row["asset_id"] for row in rows], widths, color=colour, label=kind)
    label_bars(axes, shares, [f"{s:.1f} %  {row['loss_kwh']:,.0f} kWh" for s, row in zip(shares, rows, strict=True)])
    sideways(axes)
    legend(axes)
    return drawn


def draw_voltages(session: Session, _: ZoneInfo) -> Figure | None:
    """Draw the lowest, mean and highest voltage of each day against the permitted band, all per unit of its middle."""
    rows = session.fetch(_VOLTAGES).to_pydict()
    days = rows["operating_day"]
    if not days:
        return None
    drawn, axes = figure(
        f"Voltages in their band, {sum(rows['outside']):,} intervals outside", "1 = middle of the band"
    )
    axes.fill_between(days, rows["low"], rows["high"], color=BLUE, alpha=0.2, linewidth=0, label="lowest to highest")
    axes.plot(days, rows["mean"], color=BLUE, linewidth=1.8, label="mean")
    for limit, name in (("lower_limit", None), ("upper_limit", "limits")):
        axes.axhline(rows[limit][-1], color=ORANGE, linewidth=1.3, linestyle=(0, (5, 3)), label=name)
    axes.axhline(1.0, color=GREY, linewidth=0.6)
    lower, upper = rows["lower_limit"][-1], rows["upper_limit"][-1]
    # Lost and absurd values would flatten the band; they are counted in the title and leave the frame.
    axes.set_ylim(lower - (1 - lower), upper + (upper - 1))
    time_axis(axes)
    legend(axes)
    return drawn


PLOTS = (
    Plot(FEEDER_BALANCE, "Losses by balance", draw_losses),
    Plot(VOLTAGE_DAILY, "Voltages in their band", draw_voltages, (SENSORS,)),
)
