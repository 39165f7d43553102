"""The registry of validation rules, in order of their ids.

Each condition is one SQL expression over features that `features.py` documents; the thresholds stand in
`thresholds.py`.
"""

from grid_assets.domain.vee.day_rules import DAY_RULES
from grid_assets.domain.vee.reading_rules import READING_RULES
from grid_assets.domain.vee.rule_model import ALL_TYPES, Effect, Outcome, Rule, Stage

UNKNOWN_SENSOR = Rule(
    "V12",
    "unknown_sensor",
    "A sensor that the catalogue does not have",
    Stage.INGEST,
    ALL_TYPES,
    (Outcome(Effect.QUARANTINE, "sensor_id is not in the catalogue", "NULL"),),
    "The reading is quarantined with reason `unknown_sensor` when its file is read; the catalogue is never guessed.",
    "Interval data validation: meter identification check.",
)

RULES: tuple[Rule, ...] = tuple(sorted((*READING_RULES, *DAY_RULES, UNKNOWN_SENSOR), key=lambda rule: rule.id))
"""Every rule, in order of its id."""


def rules_of(stage: Stage) -> tuple[Rule, ...]:
    """Return the rules that are decided in a stage, in order of their ids."""
    return tuple(rule for rule in RULES if rule.stage is stage)
