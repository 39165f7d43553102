"""The SQL of steps and measures: portable, complete, and true to the registry of tables."""

import pytest
import sqlglot
from sqlglot import exp

from grid_assets.domain.columns import PROVENANCE
from grid_assets.domain.measures.measure import INPUT_RELATIONS, Measure, Step
from grid_assets.domain.measures.registry import MEASURES, STEPS
from grid_assets.domain.tables import TABLES

STATEMENTS = [(step.name, step.sql) for step in STEPS] + [(m.relation, m.typed_sql) for m in MEASURES]
NOT_PORTABLE = (exp.Qualify, exp.Lambda, exp.List, exp.Struct, exp.Unnest, exp.Anonymous)
"""Anonymous is a function that the parser does not know, so that it would reach the other engine untranslated."""


@pytest.mark.parametrize(("name", "sql"), STATEMENTS, ids=[name for name, _ in STATEMENTS])
def test_sql__transpiles_to_spark_and_parses_there(name: str, sql: str) -> None:
    tree = _query(sql)
    assert not list(tree.find_all(*NOT_PORTABLE)), name
    (spark,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert _query(spark, "spark").named_selects == tree.named_selects


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[step.name for step in STEPS])
def test_steps__read_only_inputs_and_what_stands_before_them(number: int) -> None:
    known = {*INPUT_RELATIONS, *(step.name for step in STEPS[:number])}
    assert _relations(STEPS[number].sql) <= known


@pytest.mark.parametrize("measure", MEASURES, ids=[m.name for m in MEASURES])
def test_measures__read_only_inputs_and_steps(measure: Measure) -> None:
    assert _relations(measure.sql) <= {*INPUT_RELATIONS, *(step.name for step in STEPS)}


def test_measures__cover_every_aggregate_table_once() -> None:
    assert sorted(m.name for m in MEASURES) == sorted(t.name for t in TABLES if t.group == "aggregate")


@pytest.mark.parametrize("measure", MEASURES, ids=[m.name for m in MEASURES])
def test_measures__give_the_columns_of_their_table(measure: Measure) -> None:
    given = _query(measure.sql).named_selects
    assert sorted(given) == sorted(set(measure.table.column_names) - PROVENANCE)


def test_steps__have_one_name_each() -> None:
    names = [step.name for step in STEPS] + [measure.relation for measure in MEASURES] + list(INPUT_RELATIONS)
    assert len(names) == len(set(names))
    assert all(isinstance(step, Step) and step.description for step in STEPS)


def _query(sql: str, dialect: str = "duckdb") -> exp.Query:
    tree = sqlglot.parse_one(sql, read=dialect)
    assert isinstance(tree, exp.Query)
    return tree


def _relations(sql: str) -> set[str]:
    tree = _query(sql)
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - own
