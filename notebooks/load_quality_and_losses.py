# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Load, quality and losses of a small grid
#
# Sixty days of a real benchmark grid: a village on low voltage and the country lines of medium voltage above it.
# `make demo` fills the lake that this notebook reads; every number below comes from its Parquet files by SQL.
#
# Three questions: **when is the grid loaded, how far can the readings be trusted, and where does energy get lost?**

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import pandas as pd

from grid_assets.pipeline.query import query
from resources.settings import load_settings
from resources.wiring import make_platform

platform = make_platform(load_settings())
ZONE = platform.zone.key
INK, BLUE, AMBER, RED, GREY = "#22303c", "#2a6f97", "#e09f3e", "#c1121f", "#b8c0c8"
plt.rcParams.update({
    "figure.figsize": (10, 4), "figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": GREY, "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "font.size": 10,
})


def sql(text: str) -> pd.DataFrame:
    """Run one read-only query over the lake."""
    return query(platform, text).to_pandas()


# %% [markdown]
# ## What is there

# %%
sql("""
SELECT sensor_type, unit, COUNT(DISTINCT sensor_id) AS sensors, COUNT(*) AS intervals,
       MIN(operating_day) AS first_day, MAX(operating_day) AS last_day
FROM meter_readings GROUP BY sensor_type, unit ORDER BY intervals DESC
""")

# %% [markdown]
# ## When is the grid loaded?
#
# The village's consumption and production by local hour. Hours are stored as UTC instants and shown here in the grid's
# own time, so the change to summer time does not smear the morning peak.

# %%
region = sql("""
SELECT asset_id, COUNT(*) AS hours FROM load_by_asset
WHERE asset_type = 'transformer' AND grain = 'hour' GROUP BY asset_id ORDER BY hours DESC LIMIT 1
""")["asset_id"][0]
hourly = sql(f"""
SELECT period_start_utc, consumption_kwh, production_kwh, operating_day FROM load_by_asset
WHERE asset_type = 'transformer' AND asset_id = '{region}' AND grain = 'hour' ORDER BY period_start_utc
""")
hourly["local"] = hourly["period_start_utc"].dt.tz_convert(ZONE)
hourly["hour"] = hourly["local"].dt.hour
hourly["kind"] = hourly["local"].dt.day_of_week.map(lambda d: "weekend" if d >= 5 else "working day")

fig, axes = plt.subplots(1, 2, sharey=True)
for axis, kind in zip(axes, ("working day", "weekend"), strict=True):
    part = hourly[hourly["kind"] == kind].groupby("hour")
    for column, color, label in (("consumption_kwh", BLUE, "consumption"), ("production_kwh", AMBER, "production")):
        low, mid, high = (part[column].quantile(q) for q in (0.1, 0.5, 0.9))
        axis.fill_between(mid.index, low, high, color=color, alpha=0.18, linewidth=0)
        axis.plot(mid.index, mid, color=color, linewidth=2, label=label)
    axis.set(title=kind.capitalize(), xlabel="local hour", xticks=range(0, 24, 4), xlim=(0, 23), ylim=(0, None))
axes[0].set_ylabel("mean power, kW")
axes[0].legend(frameon=False, loc="upper left")
fig.suptitle(f"Load of {region}: median of the days, band from 10 % to 90 %", x=0.01, ha="left", fontsize=11)
fig.tight_layout()

# %% [markdown]
# The same hours as a carpet: one column a day, one row a local hour. The day of the change to summer time has no hour
# from two to three, and shows it as an empty cell instead of shifting the rest.

# %%
spring = hourly[hourly["operating_day"] < hourly["operating_day"].min() + pd.Timedelta(days=90).to_pytimedelta()]
carpet = spring.pivot_table(index="hour", columns="operating_day", values="consumption_kwh", aggfunc="sum")
fig, axis = plt.subplots(figsize=(10, 3.6))
mesh = axis.pcolormesh(pd.to_datetime(carpet.columns), carpet.index, carpet.values, cmap="cividis", shading="nearest")
axis.xaxis.set_major_formatter(mdates.DateFormatter("%d %b"))
axis.set(ylabel="local hour", yticks=range(0, 24, 6), title=f"Consumption of {region} by day and hour")
fig.colorbar(mesh, ax=axis, label="kWh in the hour", pad=0.01)
fig.tight_layout()

# %% [markdown]
# ## How far can the readings be trusted?
#
# Each verified interval says how it came about. What is not measured is estimated by a named method or stays missing;
# nothing is filled in silently.

# %%
quality = sql("""
SELECT operating_day, quality, COUNT(*) AS intervals FROM meter_readings GROUP BY operating_day, quality
""").pivot_table(index="operating_day", columns="quality", values="intervals", aggfunc="sum", fill_value=0)
shares = quality.div(quality.sum(axis=1), axis=0).mul(100)
others = [name for name in ("revised", "edited", "estimated", "missing") if name in shares]
days = shares[shares.index < shares.index.min() + pd.Timedelta(days=90).to_pytimedelta()]
fig, axis = plt.subplots(figsize=(10, 3.4))
colors = {"revised": "#6a994e", "edited": "#5fa8d3", "estimated": AMBER, "missing": RED}
axis.stackplot(
    pd.to_datetime(days.index), *(days[name] for name in others), labels=others, colors=[colors[n] for n in others]
)
axis.xaxis.set_major_formatter(mdates.DateFormatter("%d %b"))
axis.set(ylabel="% of the day's intervals", title="Intervals that are not simply measured", ylim=(0, None))
axis.legend(frameon=False, ncols=4, loc="upper left")
fig.tight_layout()

# %%
sql("""
SELECT rule_ids AS rules, quality, estimation_method AS method, COUNT(*) AS intervals, COUNT(DISTINCT sensor_id) AS sensors
FROM meter_readings WHERE rule_ids <> '' GROUP BY rule_ids, quality, estimation_method ORDER BY intervals DESC LIMIT 12
""")

# %% [markdown]
# One meter on the day with its longest stretch of estimates. The raw values stay beside the verified ones, so anybody
# can see what was replaced and by what.

# %%
worst = sql("""
SELECT sensor_id, operating_day, COUNT(*) AS estimated FROM meter_readings
WHERE sensor_type = 'energy' AND quality = 'estimated' AND interval_minutes = 15 AND raw_value IS NOT NULL
GROUP BY sensor_id, operating_day HAVING COUNT(*) BETWEEN 24 AND 70 ORDER BY estimated DESC, sensor_id LIMIT 1
""").iloc[0]
one = sql(f"""
SELECT interval_start_utc, value, raw_value, quality, estimation_method, reason FROM meter_readings
WHERE sensor_id = '{worst.sensor_id}' AND operating_day = '{worst.operating_day}' ORDER BY interval_start_utc
""")
one["local"] = one["interval_start_utc"].dt.tz_convert(ZONE).dt.tz_localize(None)
estimated = one["quality"] == "estimated"
fig, axis = plt.subplots(figsize=(10, 3.4))
axis.step(one["local"], one["raw_value"], where="post", color=RED, alpha=0.6, linewidth=1.2, label="as received")
axis.step(one["local"], one["value"], where="post", color=BLUE, linewidth=2, label="verified")
axis.fill_between(
    one["local"], 0, one["value"], where=estimated, step="post", color=AMBER, alpha=0.3, linewidth=0, label="estimated"
)
axis.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
axis.set(ylabel="kWh in 15 min", title=f"{worst.sensor_id} on {worst.operating_day}", ylim=(0, None))
axis.legend(frameon=False, ncols=3)
fig.tight_layout()
print("Reason:", one.loc[estimated, "reason"].iloc[0])

# %% [markdown]
# ## Where does energy get lost?
#
# What flows into a feeder, plus what is produced there, less what its meters count, is lost. Lines and transformers lose
# a few per cent. A feeder that begins to lose much more from one day on has a meter that counts too little, or a
# connection without one.

# %%
balance = sql("""
SELECT b.asset_id, b.operating_day, b.loss_kwh, b.exchange_kwh + b.production_kwh AS supplied_kwh, b.consumption_kwh,
       MAX(CASE WHEN e.event_id IS NOT NULL THEN 1 ELSE 0 END) AS is_suspect
FROM feeder_balance b LEFT JOIN events e
  ON e.event_type = 'suspected_theft' AND e.asset_id = b.asset_id AND e.operating_day = b.operating_day
 AND e.severity <> 'info'
WHERE b.asset_type = 'feeder'
GROUP BY b.asset_id, b.operating_day, b.loss_kwh, b.exchange_kwh, b.production_kwh, b.consumption_kwh
""")
balance["loss_pct"] = 100 * balance["loss_kwh"] / balance["consumption_kwh"]
suspects = balance.groupby("asset_id")["is_suspect"].sum().sort_values(ascending=False).head(3).index.tolist()
first = balance["operating_day"].min()
window = balance[balance["operating_day"] < first + pd.Timedelta(days=90).to_pytimedelta()]
fig, axes = plt.subplots(len(suspects), 1, figsize=(10, 2.2 * len(suspects)), sharex=True)
for axis, feeder in zip(axes, suspects, strict=True):
    part = window[window["asset_id"] == feeder].sort_values("operating_day")
    colors = [RED if flag else GREY for flag in part["is_suspect"]]
    axis.bar(pd.to_datetime(part["operating_day"]), part["loss_pct"], color=colors, width=0.85)
    axis.set_title(f"{feeder}: {int(part['is_suspect'].sum())} suspect days", fontsize=10)
    axis.set_ylabel("% of metered")
axes[-1].xaxis.set_major_formatter(mdates.DateFormatter("%d %b"))
fig.suptitle("Loss by balance, against what the meters count; red days have an event", x=0.01, ha="left", fontsize=11)
fig.tight_layout()

# %% [markdown]
# ## The finding

# %%
top = balance[balance["asset_id"] == suspects[0]]
flagged, usual = top[top["is_suspect"] == 1], top[top["is_suspect"] == 0]
share = {
    name: part["loss_kwh"].sum() / part["supplied_kwh"].sum() * 100 for name, part in (("on", flagged), ("off", usual))
}
print(
    f"Feeder {suspects[0]} loses {share['on']:.1f} % of what it is supplied with on {len(flagged)} days since "
    f"{flagged['operating_day'].min()}, against {share['off']:.1f} % on its other days: "
    f"{flagged['loss_kwh'].sum():,.0f} kWh in all. A visit to its meters is worth the way."
)

# %% [markdown]
# ## Reading the Parquet files yourself
#
# The tables are Iceberg tables over plain Parquet. A scan plans the files of some days; any Parquet reader can take them.

# %%
from grid_assets.domain.tables import LOAD_DAILY  # noqa: E402

scan = platform.lake.scan(LOAD_DAILY, [pd.Timestamp("2016-03-27").date()])
pd.read_parquet(scan.files[0])[["meter_id", "energy_kwh", "peak_kw", "load_factor", "expected_intervals"]].head()
