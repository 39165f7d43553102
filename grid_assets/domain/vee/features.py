"""The features that rules may name, stage by stage: column and meaning."""

SENSOR_FEATURES: dict[str, str] = {
    "sensor_type": "type of the sensor",
    "point_type": "consumption, production or exchange",
    "unit": "the catalogue's unit",
    "interval_minutes": "the catalogue's interval length",
    "rated_min": "lower rated limit, null where the catalogue has none",
    "rated_max": "upper rated limit, null where the catalogue has none",
    "limit_low": "physical limit below, null where there is none",
    "limit_high": "physical limit above, null where there is none",
}
READING_FEATURES: dict[str, str] = {
    **SENSOR_FEATURES,
    "has_reading": "whether any reading was received for the slot that was not cancelled since",
    "is_cancelled": "whether the newest that was received for the slot is a cancellation",
    "value": "the newest value received, in the catalogue's unit; null where it cannot be converted",
    "raw_value": "the newest value as received",
    "raw_unit": "the unit as received",
    "unit_factor": "factor to the catalogue's unit, null where there is no conversion",
    "unit_addend": "what is added after the factor",
    "sent_minutes": "the interval length as received, null where none was sent",
    "off_clock_s": "seconds from the start of the slot to the start as received",
    "tolerance_s": "seconds off the clock that are corrected",
    "unused_off_clock": "readings that lie off the clock beside the one that is used",
    "has_conflict": "whether the newest batch holds several different values, none of them sent as revised",
    "is_in_clock_change": "whether a change of the clock makes the slot's local label doubtful",
    "has_day": "whether any reading was received for the sensor's day, where a change of the clock asks for it",
    "is_energised": "for a dead voltage: whether most meters of its feeder, else transformer, measure energy",
}
DAY_FEATURES: dict[str, str] = {
    **SENSOR_FEATURES,
    "value": "the value that passed the rules of the first stage, in the catalogue's unit",
    "previous_value": "the usable value before it in the operating day, null for the first",
    "next_value": "the usable value after it in the operating day, null for the last",
    "history_days": "earlier days, of 28, with a usable value",
    "history_low": "lower end of the sensor's usual range: the lowest daily minimum after trimming",
    "history_high": "upper end of the usual range: the highest daily maximum after trimming",
    "usual_peak_ratio": "how many times their neighbours the sensor's peaks usually are, null where nothing stands out",
    "run_minutes": "length of the run of identical values that the value stands in, null where none was looked at",
    "unusual_zero_minutes": "how much of a run of zeros falls on local times at which the sensor is usually not zero",
    "usual_zero_share": "share of zeros at this local time on like days and in the week before; consumption only",
    "is_disproved": "whether the meter's register advanced by more than was read on the day, zeros and all",
    "repeat_share": "share of the sensor's earlier values that equal the value before them, null without history",
}
REGISTER_FEATURES: dict[str, str] = {
    "point_type": "consumption, production or exchange",
    "register_delta": "register of the day less register of the day before, in kWh",
    "interval_sum": "sum of the day's intervals of the same meter, null where one is estimated or missing",
    "limit_high": "physical limit of one day's advance, null where there is none",
    "tolerance_kwh": "difference that is tolerated",
}
