"""The common SQL as Spark's: names, nulls, types and nesting keep their meaning."""

import pytest

from grid_assets.domain.errors import SchemaError
from grid_assets.domain.projections.spark import spark_name, spark_sql, spark_type


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ('SELECT "a ""b""" FROM t', 'SELECT `a "b"` FROM t'),
        ("SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a NULLS LAST"),
        ("SELECT a // 2 AS b FROM t", "SELECT a DIV 2 AS b FROM t"),
        ("SELECT TIMESTAMPTZ '2016-01-01T00:00:00+00:00'", "SELECT CAST('2016-01-01T00:00:00+00:00' AS TIMESTAMP)"),
        ("SELECT epoch(a) FROM t", "SELECT UNIX_TIMESTAMP(a) FROM t"),
        ("SELECT ? AS a", "SELECT ? AS a"),
    ],
)
def test_spark_sql__says_the_same(sql: str, spark: str) -> None:
    assert spark_sql(sql) == spark


def test_spark_sql__leaves_equal_names_of_nested_expressions_where_they_are() -> None:
    part = "(WITH q AS (SELECT {} AS a) SELECT * FROM q)"
    sql = f"SELECT * FROM {part.format(1)} UNION ALL SELECT * FROM {part.format(2)}"
    assert spark_sql(sql) == sql


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELEC 1", "", "SELECT (FROM"])
def test_spark_sql__refuses_what_is_not_one_statement(sql: str) -> None:
    with pytest.raises(SchemaError):
        spark_sql(sql)


@pytest.mark.parametrize(
    ("common", "spark"),
    [
        ("VARCHAR", "STRING"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
        ("INTEGER", "INT"),
        ("DECIMAL(9, 2)", "DECIMAL(9, 2)"),
        ("DATE", "DATE"),
        ("DOUBLE[]", "ARRAY<DOUBLE>"),
    ],
)
def test_spark_type__of_every_kind(common: str, spark: str) -> None:
    assert spark_type(common) == spark


def test_spark_name__is_quoted() -> None:
    assert spark_name("a`b") == "`a``b`"
