"""The rules of the first stage: each looks at one reading and its sensor's catalogue row, nothing else."""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import (
    ALL_TYPES,
    CURRENT,
    ENERGY,
    FREQUENCY,
    POWER,
    REGISTER,
    VOLTAGE,
    Effect,
    Outcome,
    Rule,
    Stage,
)
from grid_assets.domain.vee.text import column, minutes, number, sentence

INTERVAL_TYPES = tuple(name for name in ALL_TYPES if name != REGISTER)
ONE_WAY_TYPES = (ENERGY, REGISTER, POWER, VOLTAGE, CURRENT, FREQUENCY)

DUPLICATE = Rule(
    "V01",
    "duplicate",
    "Several values for one interval in one batch",
    Stage.READING,
    ALL_TYPES,
    (
        Outcome(
            Effect.FLAG, "has_conflict", sentence("one batch holds several values for the interval; the last is used")
        ),
    ),
    "Different values for the same sensor and interval came in one batch and none says that it revises the other. "
    "The last one counts. A change in a later batch is a correction (quality revised), not a duplicate.",
    "Interval data validation: duplicate check.",
)
GAP = Rule(
    "V02",
    "gap",
    "No reading for an expected interval",
    Stage.READING,
    ALL_TYPES,
    (Outcome(Effect.REJECT, "NOT has_reading AND NOT is_cancelled", sentence("no reading was received")),),
    "The catalogue expects a reading for every interval of a sensor's validity; none was received for this one.",
    "Interval data validation: missing interval check by the count of the civil day (92, 96 or 100 quarters).",
)
INTERVAL_SIZE = Rule(
    "V03",
    "interval_size",
    "Interval of another length than the catalogue's",
    Stage.READING,
    ALL_TYPES,
    (
        Outcome(
            Effect.REJECT,
            "sent_minutes <> interval_minutes",
            sentence(
                "sent as an interval of ", minutes("sent_minutes"), ", the catalogue has ", minutes("interval_minutes")
            ),
        ),
    ),
    "The reading says how long its interval is, and the catalogue says otherwise, so its value is for another "
    "span of time.",
    "Interval data validation: interval size check.",
)
HIGH_LOW_RATING = Rule(
    "V05",
    "high_low_rating",
    "Beyond what the connection can carry",
    Stage.READING,
    ALL_TYPES,
    (
        Outcome(
            Effect.REJECT,
            f"sensor_type <> '{REGISTER}' AND (value > limit_high OR value < limit_low) OR ABS(value) > {t.ABSURD}",
            sentence(
                number("value"),
                " ",
                column("unit"),
                " is outside of the physical limits ",
                number("limit_low"),
                " to ",
                number("limit_high"),
            ),
        ),
        Outcome(
            Effect.REJECT,
            f"sensor_type = '{VOLTAGE}' AND value >= 0 AND value < {t.DEAD_VOLTAGE_SHARE} * rated_min AND is_energised",
            sentence("the voltage is dead while most meters around it measure energy"),
        ),
    ),
    "Above 1.5 times the upper rated limit (voltage: twice), or below the lower one by more than half of the "
    "rated range (not voltage). A dead voltage is false only where most consumption meters of the same "
    "feeder, else transformer, measure energy in the same interval: outages are real.",
    "Interval data validation: high/low check against the rating of the connection.",
)
NEGATIVE = Rule(
    "V07",
    "negative",
    "Below zero where only positive values exist",
    Stage.READING,
    ONE_WAY_TYPES,
    (
        Outcome(
            Effect.REJECT,
            f"value < 0 AND (point_type <> 'exchange' OR sensor_type IN ('{VOLTAGE}', '{FREQUENCY}'))",
            sentence(number("value"), " ", column("unit"), " is below zero"),
        ),
    ),
    "Consumption and production are counted in their own direction, so neither is negative; exchange is signed.",
    "Interval data validation: negative consumption check.",
)
UNIT = Rule(
    "V11",
    "unit",
    "Another unit than the catalogue's",
    Stage.READING,
    ALL_TYPES,
    (
        Outcome(
            Effect.REJECT,
            "has_reading AND unit_factor IS NULL",
            sentence("sent in ", column("raw_unit"), ", which does not convert to ", column("unit")),
        ),
        Outcome(
            Effect.EDIT,
            "unit_factor <> 1 OR unit_addend <> 0",
            sentence("converted from ", number("raw_value"), " ", column("raw_unit")),
        ),
    ),
    "A unit of the same quantity is converted; one of another quantity (kW for kWh) cannot be, and the value is "
    "not used.",
    "Interval data validation: unit of measure check.",
)
OFF_CLOCK = Rule(
    "V13",
    "off_clock",
    "A start that is not on the clock of the interval",
    Stage.READING,
    ALL_TYPES,
    (
        Outcome(
            Effect.EDIT,
            "off_clock_s <> 0 AND ABS(off_clock_s) <= tolerance_s",
            sentence("moved by ", number("-off_clock_s", 0), " s to the start of its interval"),
        ),
        Outcome(
            Effect.REJECT,
            "ABS(off_clock_s) > tolerance_s",
            sentence("its start lies ", number("off_clock_s", 0), " s off the interval's"),
        ),
        Outcome(
            Effect.FLAG,
            "unused_off_clock > 0",
            sentence("another reading off the clock was not used"),
        ),
    ),
    "Within 5 % of the interval length the start is moved to the nearest slot of the same operating day; beyond, "
    "the reading is not used. A reading on the clock takes precedence over one beside it.",
    "Interval data validation: time tolerance check.",
)
CLOCK_CHANGE = Rule(
    "V14",
    "clock_change",
    "An anomaly in the hours around a change of the clock",
    Stage.READING,
    INTERVAL_TYPES,
    (
        Outcome(
            Effect.FLAG,
            "is_in_clock_change AND has_day "
            "AND (NOT has_reading AND NOT is_cancelled OR has_conflict OR off_clock_s <> 0)",
            sentence("the clock changes here and the readings do not fit the civil day"),
        ),
    ),
    "In the hour after the missing one, or in both runs of the repeated one, an interval has no reading, two values, "
    "or one off the clock: signs of a meter that labels these hours wrongly.",
    "Civil time: days of 23 and 25 hours.",
)
VOLTAGE_LIMITS = Rule(
    "V15",
    "voltage_limits",
    "Outside of the permitted voltage band",
    Stage.READING,
    (VOLTAGE,),
    (
        Outcome(
            Effect.FLAG,
            "value < rated_min OR value > rated_max AND value <= limit_high",
            sentence(
                number("value"),
                " ",
                column("unit"),
                " is outside of the permitted band ",
                number("rated_min"),
                " to ",
                number("rated_max"),
            ),
        ),
    ),
    "The value is kept: a sag, a swell or an outage is a finding about the grid.",
    "EN 50160: supply voltage variations, nominal -10 % to +10 %.",
)
CANCELLED = Rule(
    "V16",
    "cancelled",
    "A reading that its sender withdrew",
    Stage.READING,
    ALL_TYPES,
    (Outcome(Effect.REJECT, "is_cancelled", sentence("the reading was cancelled by its sender")),),
    "The newest that was received for the interval is a cancellation. The interval is estimated as if no reading had "
    "come; a version from before the cancellation does not come back, and one sent after it counts.",
    "Exchange of metered values: cancellation of a submission, as in UN/EDIFACT MSCONS and the ENTSO-E status codes.",
)

READING_RULES: tuple[Rule, ...] = (
    DUPLICATE,
    GAP,
    INTERVAL_SIZE,
    HIGH_LOW_RATING,
    NEGATIVE,
    UNIT,
    OFF_CLOCK,
    CLOCK_CHANGE,
    VOLTAGE_LIMITS,
    CANCELLED,
)
