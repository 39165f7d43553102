"""The whole verification as a sequence of statements over `received` and `sensors`, pure text for any engine.

Before them the calendar and the units are bound: `vee_days`, `vee_pairs`, `vee_slots` (see `calendar.py`), `vee_units`.
"""

import re
from datetime import date

from grid_assets.domain.vee.estimation import estimation_statements
from grid_assets.domain.vee.readings import reading_statements
from grid_assets.domain.vee.received import received_statements
from grid_assets.domain.vee.registers import advance_statements, register_statements
from grid_assets.domain.vee.statement import Statement
from grid_assets.domain.vee.suspects import suspect_statements
from grid_assets.domain.vee.verdicts import verdict_statements


def verify_sql(days: tuple[date, ...]) -> tuple[Statement, ...]:
    """Return the steps that lead to `verified`, in order; days are those to verify and the days of their history."""
    return (
        *received_statements(days),
        *reading_statements(),
        *advance_statements(),
        *suspect_statements(),
        *estimation_statements(),
        *register_statements(),
        *verdict_statements(),
    )


def releases(steps: tuple[Statement, ...]) -> tuple[tuple[str, ...], ...]:
    """Return for each step the names that no later step reads, so that their memory can be given back after it.

    The last step's own name is never among them; names are those of the steps alone.
    """
    last_use = {step.name: number for number, step in enumerate(steps)}
    for number, step in enumerate(steps):
        last_use |= dict.fromkeys(last_use.keys() & set(re.findall(r"\w+", step.sql)), number)
    final = len(steps) - 1
    kept = {steps[-1].name} if steps else set()
    return tuple(
        tuple(name for name, use in last_use.items() if use == number and name not in kept)
        for number in range(final + 1)
    )
