"""The rules that compare: with the values around, with the sensor's history, with the register of the same meter."""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import FLOWS, REGISTER, VOLTAGE, Effect, Outcome, Rule, Stage
from grid_assets.domain.vee.text import minutes, number, sentence

VARYING_TYPES = (*FLOWS, VOLTAGE)
SPAN = "(history_high - history_low)"

SPIKE = Rule(
    "V04",
    "spike",
    "A single value far from both neighbours and from the usual range",
    Stage.DAY,
    FLOWS,
    (
        Outcome(
            Effect.REJECT,
            f"history_days >= {t.MIN_HISTORY_DAYS}"
            f" AND (value > history_high + {t.SPIKE_ABOVE_RANGE} * {SPAN}"
            f" AND value - GREATEST(previous_value, next_value) > {t.SPIKE_STEP} * {SPAN}"
            f" OR value < history_low - {t.SPIKE_ABOVE_RANGE} * {SPAN}"
            f" AND LEAST(previous_value, next_value) - value > {t.SPIKE_STEP} * {SPAN})",
            sentence(
                "spike of ",
                number("value"),
                " against a usual range of ",
                number("history_low"),
                " to ",
                number("history_high"),
            ),
        ),
    ),
    "The value leaves the sensor's usual range by more than half of that range, and differs from the usable "
    "values before and after it by more than three quarters of it.",
    "Interval data validation: spike check, with the sensor's own range instead of a fixed ratio of peaks.",
)
HIGH_LOW_HISTORY = Rule(
    "V06",
    "high_low_history",
    "Far outside of the sensor's usual range",
    Stage.DAY,
    FLOWS,
    (
        Outcome(
            Effect.FLAG,
            f"history_days >= {t.MIN_HISTORY_DAYS} AND (value > history_high + {t.OUTLIER_ABOVE_RANGE} * {SPAN}"
            f" OR value < history_low - {t.OUTLIER_ABOVE_RANGE} * {SPAN})",
            sentence(
                number("value"), " is far from the usual range ", number("history_low"), " to ", number("history_high")
            ),
        ),
    ),
    "The value is beyond the usual range of up to 28 earlier days by more than that range itself. It is kept: use "
    "may change.",
    "Interval data validation: high/low check against historical use.",
)
ZERO_RUN = Rule(
    "V08",
    "zero_run",
    "Zero for hours at a time of day that is usually not zero",
    Stage.DAY,
    FLOWS,
    (
        Outcome(
            Effect.FLAG,
            f"value = 0 AND unusual_zero_minutes >= {t.ZERO_RUN_MINUTES}"
            f" AND usual_zero_share <= {t.ZERO_RUN_HISTORY_SHARE}",
            sentence("zero for ", minutes("run_minutes"), " at a time of day that is usually not zero"),
        ),
    ),
    "A run of zeros that covers at least four hours at which the like days (else the week before) are clearly not "
    "zero. It is kept: an empty house and an outage are real. A night of photovoltaics is usual and does not "
    "fire.",
    "Interval data validation: zero consumption check.",
)
STUCK_VALUE = Rule(
    "V09",
    "stuck_value",
    "One value repeated for hours by a sensor that varies",
    Stage.DAY,
    VARYING_TYPES,
    (
        Outcome(
            Effect.REJECT,
            f"value <> 0 AND run_minutes >= {t.STUCK_MINUTES} AND repeat_share <= {t.STUCK_REPEAT_SHARE}",
            sentence("stuck at ", number("value"), " for ", minutes("run_minutes")),
        ),
    ),
    "An identical value other than zero for six hours or more, from a sensor whose earlier values seldom repeat. "
    "Zero is never stuck.",
    "Interval data validation: static value check.",
)
REGISTER_SUM = Rule(
    "V10",
    "register_sum",
    "Register and intervals disagree, or the register goes down",
    Stage.REGISTER,
    (REGISTER,),
    (
        Outcome(
            Effect.FLAG,
            "register_delta < 0 AND point_type <> 'exchange'",
            sentence("the register went down by ", number("-register_delta"), " kWh: reset or exchanged"),
        ),
        Outcome(
            Effect.FLAG,
            "ABS(interval_sum - register_delta) > tolerance_kwh",
            sentence(
                "the intervals sum to ",
                number("interval_sum"),
                " kWh, the register advanced by ",
                number("register_delta"),
                " kWh",
            ),
        ),
    ),
    "The day's intervals are summed and held against the register's advance since the day before; tolerated are "
    "0.5 % or 0.05 kWh, whichever is more. Nothing is corrected by this rule.",
    "Interval data validation: sum check (energy tolerance) against the register.",
)

DAY_RULES: tuple[Rule, ...] = (
    SPIKE,
    HIGH_LOW_HISTORY,
    ZERO_RUN,
    STUCK_VALUE,
    REGISTER_SUM,
)
