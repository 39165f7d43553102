"""Cutting a list of operating days into steps that fit into memory."""

from collections.abc import Mapping, Sequence
from datetime import date


def chunks(days: Sequence[date], rows: Mapping[date, int], most_rows: int) -> tuple[tuple[date, ...], ...]:
    """Return the days in order, cut so that a chunk holds about `most_rows` rows; a chunk has at least one day."""
    cut: list[list[date]] = []
    filled = 0
    for day in sorted(days):
        size = rows.get(day, 0)
        if not cut or (filled + size > most_rows and cut[-1]):
            cut.append([])
            filled = 0
        cut[-1].append(day)
        filled += size
    return tuple(tuple(chunk) for chunk in cut)
