"""Going through operating days in steps that fit into memory: what every stage that works by day has in common."""

from collections.abc import Callable, Sequence
from datetime import date

from grid_assets.domain.columns import TableSpec
from grid_assets.pipeline.chunks import chunks
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.reporter import Reporter
from resources.clients.platform import Platform

Days = tuple[date, ...]


def in_steps(
    platform: Platform, reporter: Reporter, table: TableSpec, days: Sequence[date], do: Callable[[Days], StageOutcome]
) -> StageOutcome:
    """Do some days step by step, in order, telling the reporter, and return all outcomes as one.

    A step holds about `limits.chunk_readings` rows of the table that the stage reads; a table without days is one step.
    """
    rows = platform.lake.rows_by_day(table, days) if table.is_daily else {}
    outcome = StageOutcome()
    for step in chunks(days, rows, platform.limits.chunk_readings):
        outcome += do(step)
        reporter.step(len(step), f"{table.name} {step[0]} to {step[-1]}")
    return outcome
