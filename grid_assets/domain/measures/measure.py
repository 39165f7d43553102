"""What a measure and a step are: a name, SQL over documented relations, and words for the reference.

The SQL is DuckDB's dialect within the subset that sqlglot transpiles to Spark: CTEs, joins, GROUP BY, window functions
and CASE. Sums of energies run over exact decimals, so that they do not depend on the order in which an engine adds:
the same readings always give the same bytes, and a day that did not change is seen not to have changed.
"""

from dataclasses import dataclass

from grid_assets.domain.columns import PROVENANCE, TableSpec
from grid_assets.domain.projections.sql import cast_list

EXACT = "DECIMAL(28, 9)"
"""Exact type that values are summed in: nine decimals, below 1e19; a value beyond counts as missing."""


def exact(expression: str) -> str:
    """Return SQL for a number as an exact decimal; null where it is none or too large to be a quantity."""
    return f"TRY_CAST({expression} AS {EXACT})"


def exact_sum(expression: str) -> str:
    """Return SQL for the sum of exact decimals, again exact, so that engines agree on the scale of what follows."""
    return exact(f"SUM({expression})")


INPUT_RELATIONS: dict[str, str] = {
    "readings": "verified readings of the wanted days, columns of `meter_readings`",
    "sensors": "the catalogue, columns of `sensors`",
    "days": "the wanted operating days: operating_day, start_utc, end_utc, minutes",
    "previous_latest": "`sensor_latest` as it stands, empty at first",
    "fallback": "verified readings of the 28 days before the wanted ones; may be empty",
}
"""Every relation that the caller binds, and what it holds."""


@dataclass(frozen=True)
class Step:
    """An intermediate relation that several measures share.

    `is_kept` says whether its rows are computed once and kept, or whether it is a view that each reader computes.
    """

    name: str
    sql: str
    description: str
    is_kept: bool = True


@dataclass(frozen=True)
class Measure:
    """One table of aggregates: the SQL that computes its rows for the wanted days, and where its formulas come from."""

    table: TableSpec
    sql: str
    description: str
    formulas: tuple[str, ...] = ()
    source: str = ""

    @property
    def name(self) -> str:
        """Return the measure's name, which is its table's."""
        return self.table.name

    @property
    def relation(self) -> str:
        """Return the name of the relation that holds the computed rows: `new_<table>`."""
        return f"new_{self.table.name}"

    @property
    def typed_sql(self) -> str:
        """Return the SQL with the table's columns in order and in the registry's types, provenance left out."""
        names = tuple(name for name in self.table.column_names if name not in PROVENANCE)
        return f"SELECT {cast_list(self.table, names)} FROM ({self.sql}) AS computed"
