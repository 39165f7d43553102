"""SQL expressions that make the text of reasons, alike on every engine."""

from grid_assets.domain.projections.sql import literal


class Sql(str):
    """SQL text, told apart from plain words so that a sentence can be put together from both."""

    __slots__ = ()


def column(name: str) -> Sql:
    """Return SQL for a text column, 'none' where it is null."""
    return Sql(f"COALESCE({name}, 'none')")


def number(expression: str, decimals: int = 3) -> Sql:
    """Return SQL for a number's text with fixed decimals; 'none' for null, 'a huge number' beyond twelve digits."""
    return Sql(
        f"CASE WHEN {expression} IS NULL THEN 'none' WHEN ABS({expression}) >= 1e12 THEN 'a huge number'"
        f" ELSE CAST(CAST({expression} AS DECIMAL(18, {decimals})) AS VARCHAR) END"
    )


def minutes(expression: str) -> Sql:
    """Return SQL for a length in minutes as text, for instance `360 min`; 'none' for null."""
    return Sql(f"COALESCE(CAST(CAST({expression} AS BIGINT) AS VARCHAR) || ' min', 'none')")


def sentence(*parts: str | Sql) -> Sql:
    """Return SQL that joins plain words and SQL fragments into one text that is never null."""
    texts = [part if isinstance(part, Sql) else literal(part) for part in parts]
    return Sql(texts[0] if len(texts) == 1 else f"CONCAT({', '.join(texts)})")
