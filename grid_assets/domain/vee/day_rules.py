"""The rules that compare: with the values around, with the sensor's history, with the register of the same meter."""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import FLOWS, REGISTER, VARYING_TYPES, Effect, Outcome, Rule, Stage
from grid_assets.domain.vee.text import minutes, number, sentence

SPAN = f"GREATEST(history_high - history_low, {t.LEAST_RANGE} * ABS(history_high))"
NEIGHBOUR = f"GREATEST(previous_value, next_value, {t.PEAK_FLOOR} * history_high)"
IS_ONE_WAY = "(point_type <> 'exchange' AND sensor_type <> 'reactive_power')"
UNUSUAL_ZERO = (
    f"point_type = 'consumption' AND value = 0 AND unusual_zero_minutes >= {t.ZERO_RUN_MINUTES}"
    f" AND usual_zero_share <= {t.ZERO_RUN_HISTORY_SHARE}"
)
SPIKE_REASON = sentence(
    "spike of ",
    number("value"),
    " between ",
    number("previous_value"),
    " and ",
    number("next_value"),
    ", usually up to ",
    number("history_high"),
)

SPIKE = Rule(
    "V04",
    "spike",
    "A single value far from both neighbours",
    Stage.DAY,
    FLOWS,
    (
        Outcome(
            Effect.REJECT,
            f"history_days >= {t.MIN_HISTORY_DAYS} AND {IS_ONE_WAY} AND value > {t.PEAK_RATIO} * {NEIGHBOUR}"
            f" AND (value > history_high + {t.SPIKE_ABOVE_RANGE} * {SPAN}"
            f" OR value > {t.PEAK_OF_HIGH} * history_high AND previous_value + next_value IS NOT NULL"
            f" AND value > {t.PEAK_OF_USUAL} * GREATEST(usual_peak_ratio, {t.PEAK_RATIO}) * {NEIGHBOUR})",
            SPIKE_REASON,
        ),
        Outcome(
            Effect.REJECT,
            f"history_days < {t.MIN_HISTORY_DAYS} AND {IS_ONE_WAY} AND previous_value + next_value IS NOT NULL"
            f" AND value > {t.PEAK_UNKNOWN} * GREATEST(previous_value, next_value, {t.PEAK_FLOOR} * rated_max)",
            SPIKE_REASON,
        ),
        Outcome(
            Effect.REJECT,
            f"history_days >= {t.MIN_HISTORY_DAYS} AND NOT {IS_ONE_WAY}"
            f" AND (value > history_high + {t.SPIKE_ABOVE_RANGE} * {SPAN}"
            f" AND value - GREATEST(previous_value, next_value) > {t.SPIKE_STEP} * {SPAN}"
            f" OR value < history_low - {t.SPIKE_ABOVE_RANGE} * {SPAN}"
            f" AND LEAST(previous_value, next_value) - value > {t.SPIKE_STEP} * {SPAN})",
            SPIKE_REASON,
        ),
    ),
    "A value of more than three times both neighbours that is also beyond the usual range by half of it, or stands "
    "out from both by far more than the sensor's own peaks of the earlier days do. A sensor without history "
    "is held to eight times both neighbours. Signed quantities "
    "(exchange, reactive power) must leave the usual range and differ from both neighbours by three quarters of it.",
    "Interval data validation: spike check, with the sensor's own peaks instead of one fixed ratio.",
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
            f"history_days >= {t.MIN_HISTORY_DAYS} AND value <> 0"
            f" AND (value > history_high + {t.OUTLIER_ABOVE_RANGE} * {SPAN}"
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
            Effect.REJECT,
            f"{UNUSUAL_ZERO} AND is_disproved",
            sentence("zero for ", minutes("run_minutes"), ", and the register shows that energy flowed"),
        ),
        Outcome(
            Effect.FLAG,
            f"{UNUSUAL_ZERO} AND NOT is_disproved",
            sentence("zero for ", minutes("run_minutes"), " at a time of day that is usually not zero"),
        ),
    ),
    "A run of zeros that covers at least four hours of the day that are clearly not zero on the like days and in "
    "the week before. It is kept, since an empty house and an outage are real, unless the register of the same "
    "meter advanced by more. Production is left out: there may be no sun for days.",
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
            "register_delta > limit_high",
            sentence(
                "the register advanced by ",
                number("register_delta"),
                " kWh, at most ",
                number("limit_high"),
                " are possible",
            ),
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
