"""What a materialisation shows of its table: how many rows there are, the first of them, and the plot."""

from datetime import date
from typing import Any

import dagster as dg

from grid_assets.domain.columns import TableSpec
from grid_assets.presentation.numbers import row_count
from grid_assets.presentation.plots.registry import plot_markdown
from grid_assets.presentation.preview import preview
from resources.clients.platform import Platform

Metadata = dict[str, Any]


def details(platform: Platform, table: TableSpec, day: date | None) -> Metadata:
    """Return the metadata of one event per run and table: rows in all, preview of the day, plot of the newest days.

    It holds an image of some ten kilobytes, so it goes on one event and not on each day's.
    """
    shown: Metadata = {
        "dagster/row_count": row_count(platform, table),
        "preview": dg.MetadataValue.md(preview(platform, table, day)),
    }
    plot = _plot(platform, table)
    return {**shown, "plot": dg.MetadataValue.md(plot)} if plot is not None else shown


def _plot(platform: Platform, table: TableSpec) -> str | None:
    try:
        return plot_markdown(platform, table)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # The rows are committed by now: a picture that cannot be drawn must not make their run a failure.
        return f"The plot could not be drawn: {error}"


def day_numbers(rows: int | None, batch_id: int | None = None) -> Metadata:
    """Return the metadata of one operating day's event."""
    numbers: Metadata = {"dagster/partition_row_count": rows or 0}
    if batch_id is not None:
        numbers["batch"] = batch_id
    return numbers
