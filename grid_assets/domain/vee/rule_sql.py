"""Rules compiled to SQL: one boolean column per rule, the effect on the value, and the text of the reasons."""

from collections.abc import Iterable

from grid_assets.domain.projections.sql import literal
from grid_assets.domain.vee.rule_model import ALL_TYPES, Effect, Outcome, Rule, type_list


def applies(rule: Rule, outcome: Outcome) -> str:
    """Return the condition of an outcome, restricted to the rule's sensor types; null where it cannot be told."""
    if set(rule.sensor_types) == set(ALL_TYPES):
        return f"({outcome.condition})"
    others = tuple(name for name in ALL_TYPES if name not in rule.sensor_types)
    if len(others) < len(rule.sensor_types):
        return f"(sensor_type NOT IN ({type_list(others)}) AND ({outcome.condition}))"
    return f"(sensor_type IN ({type_list(rule.sensor_types)}) AND ({outcome.condition}))"


def fired(rule: Rule) -> str:
    """Return SQL that is true where any outcome of the rule applies, else false; never null."""
    return f"COALESCE({' OR '.join(applies(rule, outcome) for outcome in rule.outcomes)}, FALSE)"


def fired_columns(rules: Iterable[Rule]) -> str:
    """Return a select list with one boolean column per rule, named by its id."""
    return ", ".join(f"{fired(rule)} AS {rule.column}" for rule in rules)


def has_effect(rules: Iterable[Rule], effect: Effect) -> str:
    """Return SQL that is true where some outcome of that effect applies, else false; never null."""
    conditions = [applies(rule, o) for rule in rules for o in rule.outcomes if o.effect is effect]
    return f"COALESCE({' OR '.join(conditions)}, FALSE)" if conditions else "FALSE"


def reasons(rules: Iterable[Rule]) -> str:
    """Return SQL for the reasons of the rules that fired, joined by semicolons; empty where none did."""
    return f"CONCAT_WS('; ', {', '.join(_reason(rule) for rule in rules)})"


def any_fired(rules: Iterable[Rule]) -> str:
    """Return SQL over the boolean columns that is true where any of the rules fired."""
    return f"({' OR '.join(rule.column for rule in rules)})"


def rule_ids(rules: Iterable[Rule]) -> str:
    """Return SQL over the boolean columns for the ids of the rules that fired, sorted and joined by commas."""
    parts = [f"CASE WHEN {rule.column} THEN {literal(rule.id)} END" for rule in sorted(rules, key=lambda r: r.id)]
    return f"CONCAT_WS(',', {', '.join(parts)})"


def _reason(rule: Rule) -> str:
    cases = " ".join(f"WHEN {applies(rule, outcome)} THEN {outcome.reason}" for outcome in rule.outcomes)
    return f"CASE {cases} END"
