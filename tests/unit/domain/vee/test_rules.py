"""The registry of rules: stable ids, and conditions that name documented features only."""

import pytest
import sqlglot
from sqlglot import exp

from grid_assets.domain.vee.features import DAY_FEATURES, READING_FEATURES, REGISTER_FEATURES
from grid_assets.domain.vee.rule_model import ALL_TYPES, Effect, Rule, Stage
from grid_assets.domain.vee.rules import RULES, rules_of

FEATURES = {Stage.READING: READING_FEATURES, Stage.DAY: DAY_FEATURES, Stage.REGISTER: REGISTER_FEATURES}
DECIDED = [rule for rule in RULES if rule.stage is not Stage.INGEST]
NAMES = [
    "duplicate",
    "gap",
    "interval_size",
    "spike",
    "high_low_rating",
    "high_low_history",
    "negative",
    "zero_run",
    "stuck_value",
    "register_sum",
    "unit",
    "unknown_sensor",
    "off_clock",
    "clock_change",
    "voltage_limits",
    "cancelled",
]


def test_rules__keep_their_ids_and_names() -> None:
    assert [(rule.id, rule.name) for rule in RULES] == [(f"V{n:02}", name) for n, name in enumerate(NAMES, start=1)]


@pytest.mark.parametrize("rule", DECIDED, ids=lambda rule: str(rule.id))
def test_rule__names_documented_features_only(rule: Rule) -> None:
    for outcome in rule.outcomes:
        for text in (outcome.condition, outcome.reason):
            columns = {column.name for column in sqlglot.parse_one(text, read="duckdb").find_all(exp.Column)}
            assert columns <= FEATURES[rule.stage].keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_rule__is_complete(rule: Rule) -> None:
    assert rule.outcomes
    assert set(rule.sensor_types) <= set(ALL_TYPES)
    assert all((rule.title, rule.description, rule.source))
    assert rule.stage is Stage.INGEST or Effect.QUARANTINE not in rule.effects


def test_rules__of_all_stages_are_the_registry() -> None:
    assert sorted(rule.id for stage in Stage for rule in rules_of(stage)) == [rule.id for rule in RULES]


def test_features__are_each_named_by_some_rule_or_describe_the_sensor() -> None:
    texts = " ".join(o.condition + o.reason for rule in RULES for o in rule.outcomes)
    unused = {name for features in FEATURES.values() for name in features if name not in texts}
    assert unused == set()
