"""The common SQL and its types as Spark's: the one translation that every statement goes through."""

from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.generators.spark import SparkGenerator

from grid_assets.domain.errors import SchemaError

STATEMENTS_KEPT = 1024
"""A stage has about thirty statements, the same for every chunk of days but for the days' list."""


class _Generator(SparkGenerator):
    """Spark as it is today: a common table expression may stand in a subquery, where its name is its own.

    The translation for older versions moves all of them to the top, where equal names meet.
    """

    EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar[set[type[exp.Expr]]] = set()


@lru_cache(maxsize=STATEMENTS_KEPT)
def spark_sql(sql: str) -> str:
    """Return one statement of the common dialect (DuckDB's) as Spark SQL.

    Raises:
        SchemaError: If it is not one statement, or uses what has no counterpart in Spark.
    """
    try:
        parsed = sqlglot.parse(sql, dialect="duckdb")
        generator = _Generator(dialect=Spark(), unsupported_level=ErrorLevel.RAISE)
        statements = [generator.generate(statement) for statement in parsed if statement is not None]
    except SqlglotError as error:
        raise SchemaError(
            f"the statement {sql[:200]!r} cannot be said in Spark SQL: {error}",
            "SQL within the subset that both engines know",
            "this is a defect of the stage that made it",
        ) from error
    if len(statements) != 1:
        raise SchemaError(f"{len(statements)} statements in {sql[:200]!r}", "one")
    return statements[0]


@lru_cache(maxsize=STATEMENTS_KEPT)
def spark_type(sql_type: str) -> str:
    """Return a type of the common dialect, nested ones too, as Spark writes it; instants become `TIMESTAMP`."""
    return exp.DataType.build(sql_type, dialect="duckdb").sql(dialect="spark")


def spark_name(name: str) -> str:
    """Return an identifier in back quotes, inner ones doubled."""
    return "`" + name.replace("`", "``") + "`"
