"""Rules compiled to SQL: null is false, types restrict, ids and reasons come in order."""

import duckdb
import pytest

from grid_assets.domain.vee.rule_model import ALL_TYPES, Effect, Outcome, Rule, Stage
from grid_assets.domain.vee.rule_sql import any_fired, fired, fired_columns, has_effect, reasons, rule_ids


def _rule(rule_id: str, types: tuple[str, ...], *outcomes: Outcome) -> Rule:
    return Rule(rule_id, "name", "title", Stage.READING, types, outcomes, "description", "source")


HIGH = _rule("V90", ("energy",), Outcome(Effect.REJECT, "value > 10", "'high'"))
LOW = _rule(
    "V80",
    tuple(name for name in ALL_TYPES if name != "register"),
    Outcome(Effect.FLAG, "value < 1", "'low'"),
    Outcome(Effect.REJECT, "value < 2", "'lowish'"),
)


def _row(sensor_type: str, value: str, sql: str) -> tuple[object, ...]:
    with duckdb.connect() as connection:
        given = f"(SELECT '{sensor_type}' AS sensor_type, CAST({value} AS DOUBLE) AS value)"
        row: tuple[object, ...] = connection.execute(f"SELECT {sql} FROM {given}").fetchall()[0]
        return row


@pytest.mark.parametrize(
    ("sensor_type", "value", "expected"),
    [("energy", "11", True), ("power", "11", False), ("energy", "NULL", False), ("energy", "10", False)],
)
def test_fired__needs_the_type_and_a_true_condition(sensor_type: str, value: str, *, expected: bool) -> None:
    assert _row(sensor_type, value, fired(HIGH)) == (expected,)


def test_fired__leaves_out_a_type_that_the_rule_does_not_name() -> None:
    assert _row("register", "0", fired(LOW)) == (False,)
    assert _row("voltage", "0", fired(LOW)) == (True,)


def test_has_effect__looks_at_outcomes_of_that_effect_only() -> None:
    assert _row("energy", "0.5", f"{has_effect((LOW,), Effect.FLAG)}, {has_effect((LOW,), Effect.EDIT)}") == (
        True,
        False,
    )
    assert _row("energy", "1.5", f"{has_effect((LOW,), Effect.FLAG)}, {has_effect((LOW,), Effect.REJECT)}") == (
        False,
        True,
    )


def test_reasons__gives_the_first_outcome_of_each_rule() -> None:
    assert _row("energy", "0.5", reasons((LOW, HIGH))) == ("low",)
    assert _row("energy", "5", reasons((LOW, HIGH))) == ("",)


def test_rule_ids__are_sorted() -> None:
    both = (
        f"WITH f AS (SELECT TRUE AS v90, TRUE AS v80) SELECT {rule_ids((HIGH, LOW))}, {any_fired((HIGH, LOW))} FROM f"
    )
    with duckdb.connect() as connection:
        assert connection.execute(both).fetchall() == [("V80,V90", True)]


def test_fired_columns__are_named_by_the_rule() -> None:
    with duckdb.connect() as connection:
        given = "(SELECT 'energy' AS sensor_type, 11.0 AS value)"
        found = connection.execute(f"SELECT {fired_columns((HIGH, LOW))} FROM {given}")
        assert [column[0] for column in found.description] == ["v90", "v80"]
