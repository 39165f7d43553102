"""The reference of rules as Markdown, generated from the registry, so that it is never behind the code."""

from collections.abc import Iterable

from grid_assets.domain.ingest_reasons import REASONS
from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.features import DAY_FEATURES, READING_FEATURES, REGISTER_FEATURES
from grid_assets.domain.vee.rule_model import ALL_TYPES, Rule, Stage
from grid_assets.domain.vee.rules import RULES

HEAD = f"""# Rules of validation, estimation and editing

Generated from the registry in `grid_assets/domain/vee`; rule set version {t.RULE_VERSION}.

A reading goes through two stages. First each reading is judged alone, against its sensor's catalogue row. Then what
is left is compared: with the values before and after it in the same operating day, with the sensor's values of up to
28 earlier days, and with the register of the same meter. A day's outcome depends on nothing else, so days can be
verified in any order.

Effects: **reject** - the value is not used and the interval is estimated; **edit** - the value is kept after an exact
change; **flag** - the value is kept and the finding is written beside it; **quarantine** - the row never enters. The
value as received always stays in `raw_value` and `raw_unit`.
"""
METHODS = (
    ("linear", f"A straight line between exact values around a gap of up to {t.LINEAR_MINUTES} minutes, in one day."),
    (
        "like_day",
        "The mean of the same local time 7, 14, 21 and 28 days before. Energy, power and reactive power only.",
    ),
    ("recent_days", "The mean of the same local time on the 7 days before, where no like day has a plausible value."),
    (
        "flat+register",
        "An equal share of what the register advanced beyond the day's other intervals, where nothing else is known.",
    ),
    (
        "linear+register, like_day+register, recent_days+register",
        "As above, then scaled by one factor so that the day's intervals sum to the register's advance.",
    ),
    ("received", "The estimate that was received; it stays, and anchors no other estimate."),
    ("converted", "The value as received, in the catalogue's unit (V11)."),
    ("snapped", "The value as received, moved to the start of its interval (V13)."),
    ("converted+snapped", "Both."),
)
QUALITIES = (
    ("measured", "As received."),
    ("revised", "As received, in the place of an earlier or other value."),
    ("edited", "Derived exactly from what was received: converted, or moved to the clock."),
    ("estimated", "Estimated here, or received as an estimate."),
    ("missing", "No value: nothing was received or usable, and nothing to estimate from."),
)
FEATURES = (
    (Stage.READING, "First stage: one reading", READING_FEATURES),
    (Stage.DAY, "Second stage: compared within the day and with history", DAY_FEATURES),
    (Stage.REGISTER, "Register against intervals", REGISTER_FEATURES),
)


def rules_markdown() -> str:
    """Return the whole reference as Markdown text that ends with a line feed."""
    parts = [HEAD, _overview(), *(_rule(rule) for rule in RULES), _list("Qualities", QUALITIES)]
    parts += [_list("Methods of estimates and edits", METHODS), _features()]
    parts.append(_list("Reasons of the quarantine", ((str(code), text) for code, text in REASONS.items())))
    return "\n".join(parts)


def _overview() -> str:
    rows = "".join(f"| {rule.id} | {rule.name} | {', '.join(rule.effects)} | {rule.title} |\n" for rule in RULES)
    return f"## Overview\n\n| id | name | effect | fires on |\n|---|---|---|---|\n{rows}"


def _rule(rule: Rule) -> str:
    types = "all" if set(rule.sensor_types) == set(ALL_TYPES) else ", ".join(rule.sensor_types)
    outcomes = "".join(f"- {outcome.effect}: `{outcome.condition}`\n" for outcome in rule.outcomes)
    return (
        f"## {rule.id} {rule.name}\n\n{rule.description}\n\nSensor types: {types}. Stage: {rule.stage}. "
        f"Practice: {rule.source}\n\n{outcomes}"
    )


def _list(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"| `{name}` | {text} |\n" for name, text in rows)
    return f"## {title}\n\n| name | meaning |\n|---|---|\n{lines}"


def _features() -> str:
    parts = ["## Features that conditions name\n"]
    for _, title, columns in FEATURES:
        lines = "".join(f"| `{name}` | {text} |\n" for name, text in columns.items())
        parts.append(f"### {title}\n\n| feature | meaning |\n|---|---|\n{lines}")
    return "\n".join(parts)
