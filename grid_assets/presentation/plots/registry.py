"""Every plot by its table, and drawing one from the lake."""

from collections.abc import Sequence
from datetime import date, timedelta

from matplotlib.figure import Figure

from grid_assets.domain.columns import TableSpec
from grid_assets.presentation.numbers import logged_days
from grid_assets.presentation.plots import happenings, loads, network, quality
from grid_assets.presentation.plots.canvas import markdown_image
from grid_assets.presentation.plots.plot import Plot
from resources.clients.platform import Platform

NEWEST_DAYS = 60
"""Operating days that a plot looks at; a year of bars cannot be read, and a step should not wait for its picture."""
WIDEST_GAP = timedelta(days=7)
"""Days further apart than this are not drawn on one axis: a single far day would squeeze all others."""

PLOTS: dict[str, Plot] = {
    plot.table.name: plot for plot in (*quality.PLOTS, *loads.PLOTS, *network.PLOTS, *happenings.PLOTS)
}


def draw(platform: Platform, table: TableSpec) -> Figure | None:
    """Return the plot of a table over its newest days; None where it has none, or there is nothing to see."""
    plot = PLOTS.get(table.name)
    if plot is None:
        return None
    with platform.engine.session() as session:
        for source in (plot.table, *plot.also_reads):
            days = longest_stretch(logged_days(platform, source)[-NEWEST_DAYS:]) if source.is_daily else None
            session.scan(source.name, platform.lake.scan(source, days))
        return plot.draw(session, platform.zone)


def longest_stretch(days: Sequence[date]) -> tuple[date, ...]:
    """Return the longest run of ordered days without a wide gap, the newest of equally long ones."""
    stretches: list[list[date]] = [[]]
    for day in days:
        if stretches[-1] and day - stretches[-1][-1] > WIDEST_GAP:
            stretches.append([])
        stretches[-1].append(day)
    most = max(len(stretch) for stretch in stretches)
    return tuple([stretch for stretch in stretches if len(stretch) == most][-1])


def plot_markdown(platform: Platform, table: TableSpec) -> str | None:
    """Return the plot of a table as markdown with the image inside, or None."""
    drawn = draw(platform, table)
    return None if drawn is None else markdown_image(drawn, PLOTS[table.name].title)
