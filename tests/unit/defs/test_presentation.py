"""What people see of tables: previews that stay short, gates as checks, books that have to agree."""

import itertools
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.gates import GATES
from grid_assets.presentation.check_results import held_result, reconciliation_result
from grid_assets.presentation.gates import GATED, Finding, check_name, gate_check_specs, gate_results
from grid_assets.presentation.plots.registry import WIDEST_GAP, longest_stretch
from grid_assets.presentation.preview import LONGEST_CELL, cell, markdown_table
from grid_assets.presentation.reconciliation import Line

DAY = date(2016, 3, 27)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (1 / 3, "0.333333"),
        (datetime(2016, 3, 27, 1, 15, 30, tzinfo=UTC), "2016-03-27 01:15"),
        ("a|b\nc", "a\\|b c"),
        (12, "12"),
    ],
)
def test_cell__is_short_and_breaks_no_table(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_markdown_table__has_one_line_per_row_whatever_the_text(rows: list[list[str]]) -> None:
    lines = markdown_table(("a", "b"), rows).split("\n")
    assert len(lines) == len(rows) + 2
    assert all(len(line) <= 2 * (2 * LONGEST_CELL + 3) + 2 for line in lines)


def test_gate_check_specs__one_blocking_check_per_rule() -> None:
    specs = [spec for stage in GATED for spec in gate_check_specs(stage)]
    assert [spec.name for spec in specs] == [check_name(rule) for rule in GATES]
    assert all(spec.blocking for spec in specs)


def test_gate_results__a_rule_nobody_judged_passes_and_says_so() -> None:
    results = list(gate_results("verify", []))
    assert all(result.passed for result in results)
    assert {result.description for result in results} == {"Nothing changed in this run, so there was nothing to judge."}


def test_gate_results__a_broken_rule_fails_with_value_and_bounds() -> None:
    found = [Finding("G12", 0.0, passed=True, batch_id=7), Finding("G12", 3.0, passed=False, batch_id=8, is_held=True)]
    broken = [result for result in gate_results("verify", found) if not result.passed]
    (result,) = broken
    assert result.check_name == "g12_repeated_keys"
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert "repeated_keys is 3.0, expected exactly 0" in str(result.description)
    assert "batch 8" in str(result.description)
    assert result.metadata["value"].value == 3.0


def test_gate_results__only_the_checks_that_the_run_wants() -> None:
    wanted = {dg.AssetCheckKey(dg.AssetKey("load_daily"), "g22_miscounted_rows")}
    assert [result.check_name for result in gate_results("aggregate", [], wanted)] == ["g22_miscounted_rows"]


def test_reconciliation_result__names_the_line_that_does_not_agree() -> None:
    lines = (
        Line("rows in = rows out", 10, 10),
        Line("kWh in = kWh out", 10, 11),
        Line("told", 5, 0, is_told_only=True),
    )
    result = reconciliation_result(lines)
    assert not result.passed
    assert result.description == "kWh in = kWh out: found 10, expected 11"
    assert reconciliation_result(lines[::2]).passed


@given(st.floats(1, 1e12), st.floats(-1e-7, 1e-7))
def test_line__forgives_the_order_of_adding_only(expected: float, share: float) -> None:
    assert Line("kWh", expected * (1 + share), expected).is_kept
    assert not Line("kWh", expected * 1.001, expected).is_kept


def test_held_result__warns_and_lists_what_was_broken() -> None:
    batch = {
        "batch_id": 5,
        "recorded_at_utc": datetime(2016, 3, 27, 1, 2, 3),  # noqa: DTZ001 - as the database keeps it
        "result": {"gate": [{"rule": "G02", "metric": "quarantined_share", "value": 0.9, "passed": False}]},
    }
    result = held_result([batch])
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN
    held = result.metadata["held"]
    assert isinstance(held, dg.TableMetadataValue)
    assert held.records[0].data["broken"] == "G02 quarantined_share = 0.9"
    assert held_result([]).passed


@given(st.sets(st.integers(0, 400), max_size=60))
def test_longest_stretch__is_a_part_without_wide_gaps(numbers: set[int]) -> None:
    days = [DAY + timedelta(days=n) for n in sorted(numbers)]
    stretch = longest_stretch(days)
    assert set(stretch) <= set(days)
    assert bool(stretch) == bool(days)
    assert all(b - a <= WIDEST_GAP for a, b in itertools.pairwise(stretch))
