"""Filters over partition columns, as Iceberg expressions for planning and as SQL for the rows."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse

from grid_assets.domain.projections.sql import literal


def days_predicate(days: Sequence[date]) -> BooleanExpression:
    """Return the Iceberg expression for some operating days; at least one is needed."""
    if is_gapless(days):
        return parse(f"operating_day >= '{min(days).isoformat()}' and operating_day <= '{max(days).isoformat()}'")
    return parse(f"operating_day in ({', '.join(repr(day.isoformat()) for day in sorted(set(days)))})")


def days_sql(days: Sequence[date]) -> str:
    """Return the SQL condition for some operating days; none gives a condition that is never true."""
    if not days:
        return "FALSE"
    if is_gapless(days):
        return f"operating_day BETWEEN {literal(min(days))} AND {literal(max(days))}"
    return f"operating_day IN ({', '.join(literal(day) for day in sorted(set(days)))})"


def batch_predicate(column: str, batch_id: int) -> BooleanExpression:
    """Return the Iceberg expression for the rows that one batch wrote."""
    return parse(f"{column} = {batch_id}")


def is_gapless(days: Sequence[date]) -> bool:
    """Return whether some days, in any order, are a range without a gap."""
    return len(set(days)) == (max(days) - min(days)) // timedelta(days=1) + 1


EVERYTHING: BooleanExpression = AlwaysTrue()
"""The filter of a table that is replaced whole."""
