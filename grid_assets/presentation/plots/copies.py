"""Plots of the copies: which days the cache holds of each table, and how many documents an index has of each day."""

from collections.abc import Mapping, Sequence
from datetime import date

from matplotlib.dates import date2num

from grid_assets.presentation.plots.canvas import BLUE, GREEN, figure, label_bars, markdown_image, sideways, time_axis
from grid_assets.presentation.plots.registry import NEWEST_DAYS, longest_stretch
from resources.clients.search.base import NO_DAY


def held_days_plot(held: Mapping[str, Sequence[date]]) -> str | None:
    """Return how many days the cache holds of each table, as markdown with the image inside; None where it has none."""
    counts = {name: len(days) for name, days in held.items() if days}
    if not counts:
        return None
    drawn, axes = figure("Operating days held in the cache", "days")
    axes.barh(list(counts), list(counts.values()), color=GREEN)
    label_bars(axes, list(counts.values()), [f"{n:,}" for n in counts.values()])
    sideways(axes)
    return markdown_image(drawn, "Days in the cache")


def index_days_plot(kind: str, documents: Mapping[date, int]) -> str | None:
    """Return the documents of an index by operating day, newest days, as markdown; None where they have no days."""
    days = longest_stretch(sorted(day for day in documents if day != NO_DAY)[-NEWEST_DAYS:])
    if not days:
        return None
    drawn, axes = figure(f"Documents in the index of {kind}", "documents per operating day")
    axes.bar([float(date2num(day)) for day in days], [documents[day] for day in days], color=BLUE, width=0.8)
    axes.xaxis_date()
    time_axis(axes)
    return markdown_image(drawn, f"Documents of {kind}")
