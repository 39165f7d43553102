"""Every statement of the verification is portable: it transpiles, parses as Spark's, and keeps to the common subset."""

from datetime import date

import pytest
import sqlglot
from sqlglot import exp

from grid_assets.domain.vee.statement import Statement
from grid_assets.domain.vee.verify_sql import releases, verify_sql

STATEMENTS = verify_sql((date(2016, 2, 1), date(2016, 2, 2)))
COMMON_FUNCTIONS = frozenset(
    [
        "abs",
        "and",
        "case",
        "cast",
        "ceil",
        "coalesce",
        "concat",
        "concat_ws",
        "count",
        "date",
        "floor",
        "greatest",
        "if",
        "lag",
        "lead",
        "least",
        "max",
        "min",
        "not",
        "nullif",
        "or",
        "round",
        "row_number",
        "sum",
        "time_to_unix",
        "timestamp_to_unix",
        "avg",
        "exists",
    ]
)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: str(statement.name))
def test_statement__transpiles_to_spark(statement: Statement) -> None:
    spark = sqlglot.transpile(statement.sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert len(spark) == 1
    assert isinstance(sqlglot.parse_one(spark[0], read="spark"), exp.Query)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: str(statement.name))
def test_statement__keeps_to_the_common_subset(statement: Statement) -> None:
    tree = sqlglot.parse_one(statement.sql, read="duckdb")
    assert not list(tree.find_all(exp.Qualify, exp.Lambda, exp.Array, exp.Struct, exp.Unnest, exp.Filter))
    assert all(not join.args.get("method") for join in tree.find_all(exp.Join))
    assert {function.key for function in tree.find_all(exp.Anonymous)} == set()
    names = {function.sql_name().lower() for function in tree.find_all(exp.Func)}
    assert names <= COMMON_FUNCTIONS


def test_verify_sql__ends_with_the_verified_rows() -> None:
    assert STATEMENTS[-1].name == "verified"
    assert len({statement.name for statement in STATEMENTS}) == len(STATEMENTS)


def test_verify_sql__of_no_day_names_no_day() -> None:
    assert all("IN ()" not in statement.sql for statement in verify_sql(()))


def test_releases__gives_back_every_step_once_after_its_last_use() -> None:
    given_back = releases(STATEMENTS)
    names = [name for finished in given_back for name in finished]
    assert sorted(names) == sorted(statement.name for statement in STATEMENTS[:-1])
    for number, finished in enumerate(given_back):
        later = " ".join(statement.sql for statement in STATEMENTS[number + 1 :])
        assert all(f" {name} " not in later for name in finished)


def test_releases__of_no_step_is_nothing() -> None:
    assert releases(()) == ()
