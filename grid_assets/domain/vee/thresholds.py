"""Every number that a rule or an estimate decides by, named once; a change here is a change of RULE_VERSION."""

RULE_VERSION = "2026.2"
"""Version of the rule set, written beside every verdict."""

OFF_CLOCK_SHARE = 0.05
"""A start within this share of the interval length from a slot is moved to the slot."""
PHYSICAL_FACTOR = 1.5
"""Nothing above this multiple of the upper rated limit can be true."""
BELOW_RANGE_SHARE = 0.5
"""Nothing further below the lower rated limit than this share of the rated range can be true."""
VOLTAGE_ABSURD_FACTOR = 2.0
"""No voltage above this multiple of its upper limit can be true."""
DEAD_VOLTAGE_SHARE = 0.1
"""A voltage below this share of its lower limit says that the bus is dead."""
ENERGISED_SHARE = 0.5
"""A dead voltage is contradicted where more than this share of the meters around it measure energy."""
ABSURD = 1e12
"""No sensor of a grid measures beyond this, whatever its unit."""

MIN_HISTORY_DAYS = 3
"""Rules that compare with history need at least this many earlier days."""
HISTORY_TRIM = 10
"""One in this many earlier days, the most extreme ones, is left out of a sensor's usual range at either end."""
LEAST_RANGE = 0.5
"""A usual range is taken as at least this share of its upper end wide, so that steady use leaves room."""
SPIKE_ABOVE_RANGE = 0.5
"""A spike lies beyond the usual range by more than this share of the range."""
SPIKE_STEP = 0.75
"""A spike differs from both its neighbours by more than this share of the usual range."""
PEAK_RATIO = 3.0
"""A spike is more than this multiple of both its neighbours."""
PEAK_OF_USUAL = 1.8
"""Within the usual range a spike stands out by more than this multiple of what the sensor's own peaks do."""
PEAK_OF_HIGH = 0.25
"""Peaks below this share of the usual maximum are not looked at."""
PEAK_UNKNOWN = 8.0
"""Without history a spike is more than this multiple of both its neighbours."""
PEAK_FLOOR = 0.05
"""Neighbours count as at least this share of the usual or rated maximum."""
OUTLIER_ABOVE_RANGE = 1.0
"""A value beyond the usual range by more than this share of the range is noticed, whatever its neighbours are."""

ZERO_RUN_MINUTES = 240
"""A run of zeros of this length is looked at."""
ZERO_RUN_HISTORY_SHARE = 0.25
"""Zeros are unusual at a local time where at most this share of the like days and the week before is zero."""
STUCK_MINUTES = 360
"""A run of one identical value of this length is looked at."""
STUCK_REPEAT_SHARE = 0.2
"""A sensor varies where at most this share of its values equals the value before."""

LINEAR_MINUTES = 120
"""The longest gap that is filled by a straight line."""
REGISTER_TOLERANCE_SHARE = 0.005
REGISTER_TOLERANCE_KWH = 0.05
"""Intervals agree with a register within the larger of the share of its advance and the energy in kWh."""
ESTIMATE_DECIMALS = 6
"""Estimates are rounded to this many decimals, so that summing in another order gives the same value."""
