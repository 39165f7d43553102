"""The README's picture, from a lake that holds the shipped input: `python -m tests.docs.picture` after `make demo`."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import dates as mdates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from grid_assets.pipeline.query import query
from resources.clients.platform import Platform
from resources.settings import load_settings
from resources.wiring import make_platform

PICTURE = Path("docs/img/shipped-grid.png")
INK, BLUE, AMBER, RED, GREY = "#22303c", "#2a6f97", "#e09f3e", "#c1121f", "#b8c0c8"
STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 9,
}
LOAD = """
SELECT period_start_utc, consumption_kwh, production_kwh FROM load_by_asset
WHERE asset_type = 'transformer' AND grain = 'hour' AND operating_day < '2016-05-01'
"""
VERDICT = """
SELECT interval_start_utc, value, raw_value, quality FROM meter_readings
WHERE sensor_id = 'MV-L060.energy' AND operating_day = '2016-03-17' ORDER BY interval_start_utc
"""
LOSS = """
SELECT b.operating_day, 100 * b.loss_kwh / b.consumption_kwh AS loss_pct,
       MAX(CASE WHEN e.event_id IS NULL THEN 0 ELSE 1 END) AS is_suspect
FROM feeder_balance b LEFT JOIN events e ON e.event_type = 'suspected_theft' AND e.severity <> 'info'
 AND e.asset_id = b.asset_id AND e.operating_day = b.operating_day
WHERE b.asset_id = 'LV-F1' AND b.operating_day < '2016-05-01'
GROUP BY b.operating_day, b.loss_kwh, b.consumption_kwh ORDER BY b.operating_day
"""


def draw(platform: Platform, path: Path) -> None:
    """Draw load, one verdict and one loss side by side."""
    mpl.use("Agg")
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 3, figsize=(12.5, 3.3), dpi=120, layout="constrained")
        _load(axes[0], query(platform, LOAD).to_pandas(), platform.zone.key)
        _verdict(axes[1], query(platform, VERDICT).to_pandas(), platform.zone.key)
        _loss(axes[2], query(platform, LOSS).to_pandas())
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
        plt.close(figure)


def _load(axis: Axes, rows: pd.DataFrame, zone: str) -> None:
    hours = rows.groupby(rows["period_start_utc"].dt.tz_convert(zone).dt.hour)
    for column, color in (("consumption_kwh", BLUE), ("production_kwh", AMBER)):
        low, middle, high = (hours[column].quantile(share) for share in (0.1, 0.5, 0.9))
        axis.fill_between(middle.index, low, high, color=color, alpha=0.18, linewidth=0)
        axis.plot(middle.index, middle, color=color, linewidth=2, label=column.removesuffix("_kwh"))
    axis.set(title="When: a village by local hour", ylabel="kW", xticks=range(0, 24, 6), xlim=(0, 23), ylim=(0, None))
    axis.legend(frameon=False, loc="upper left")


def _verdict(axis: Axes, rows: pd.DataFrame, zone: str) -> None:
    local = rows["interval_start_utc"].dt.tz_convert(zone).dt.tz_localize(None)
    axis.step(local, rows["raw_value"], where="post", color=RED, linewidth=1.2, label="as received: stuck")
    axis.step(local, rows["value"], where="post", color=BLUE, linewidth=2, label="verified")
    estimated = rows["quality"] == "estimated"
    axis.fill_between(local, 0, rows["value"], where=estimated, step="post", color=AMBER, alpha=0.3, label="estimated")
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
    axis.xaxis.set_major_locator(mdates.HourLocator(byhour=(0, 6, 12, 18)))
    axis.set(title="What to trust: one meter's day", ylabel="kWh in 15 min", ylim=(0, 30))
    axis.legend(frameon=False, loc="upper left", ncols=3, fontsize=8, columnspacing=1, handlelength=1.2)


def _loss(axis: Axes, rows: pd.DataFrame) -> None:
    colors = [RED if flag else GREY for flag in rows["is_suspect"]]
    axis.bar(pd.to_datetime(rows["operating_day"]), rows["loss_pct"], color=colors, width=0.85)
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%d %b"))
    axis.xaxis.set_major_locator(mdates.DayLocator(bymonthday=(15, 1)))
    axis.set(title="Where it gets lost: feeder LV-F1, by balance", ylabel="% of what its meters count")


if __name__ == "__main__":
    draw(make_platform(load_settings()), PICTURE)
