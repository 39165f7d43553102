"""Which faults are seeded, how many and in which order: the one list that docs and truth follow."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tests.input.constants import PROFILE_YEAR, ZONE
from tests.input.faults import clock, delivery, events, values
from tests.input.faults.case import Case
from tests.input.faults.texts import FORMS_OF_SUFFIX, malformed
from tests.input.streams import STREAMS
from tests.input.timeaxis import to_us
from tests.input.world import Outage, Restart


def _local(month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return to_us(datetime(PROFILE_YEAR, month, day, hour, minute, tzinfo=ZONE))


OUTAGES: Final = (
    Outage("LV-F2", _local(3, 2, 13, 30), _local(3, 2, 15, 15)),
    Outage("TR-LV2.108", _local(3, 17, 2, 0), _local(3, 17, 3, 0)),
    Outage("MV-F7", _local(4, 6, 17, 15), _local(4, 6, 20, 0)),
    Outage("MV-F3", _local(7, 12, 15, 0), _local(7, 12, 16, 45)),
    Outage("LV-F1", _local(8, 23, 21, 0), _local(8, 23, 22, 30)),
    Outage("LV-F3", _local(11, 19, 6, 15), _local(11, 19, 8, 0)),
)
"""Interruptions of supply; the first three lie in the shipped window."""

THEFTS: Final = (
    ("LV-L093.energy", _local(3, 5), 0.35),
    ("LV-L020.energy", _local(3, 14), 0.2),
    ("LV-L029.energy", _local(3, 24), 0.4),
)
"""Sensor, first instant and recorded share."""

RESTARTS: Final = (
    Restart("register_reset", "LV-L016.register", _local(3, 10), 0.0),
    Restart("meter_swap", "MV-L010.register", _local(3, 22), 12.3),
)
"""Registers that count anew."""

ROWS_PER_FORM: Final = {
    "lv": 30,
    "lvlocal": 10,
    "mv": 30,
    "mvslow": 8,
    "power": 30,
    "register": 4,
    "voltage": 6,
    "espi": 8,
}

STEPS: Final[tuple[Callable[[Case], Case], ...]] = (
    events.overload,
    events.sag,
    events.swell,
    clock.missing_hour,
    clock.repeated_hour,
    values.gap_register,
    values.gap_long,
    delivery.late,
    values.stuck,
    values.zero_run,
    values.scale_unlabelled,
    values.unit_convertible,
    values.gap_short,
    values.gap_slow,
    values.negative,
    values.unit_inconvertible,
    values.spike_beyond_rating,
    values.spike_within_rating,
    values.off_clock_seconds,
    values.off_clock_minutes,
)
"""Faults that change rows where they stand; long runs first, while there is room."""

COPIES: Final[tuple[Callable[[Case], Case], ...]] = (
    delivery.corrected,
    delivery.overlap,
    delivery.repeated_row,
    delivery.unknown_sensor,
)
"""Faults that append rows; they come last, because the other faults read rows as runs in time."""


def seed_faults(case: Case) -> Case:
    """All faults of a window, grid events and thefts first."""
    for event in OUTAGES:
        case = events.outage(case, event)
    for sensor_id, since, recorded in THEFTS:
        case = values.theft(case, sensor_id, since, recorded)
    for restart in RESTARTS:
        case = events.register_restart(case, restart)
    for step in STEPS:
        case = step(case)
    for stream in STREAMS:
        for form in FORMS_OF_SUFFIX[stream.suffix.split(".")[0]]:
            case = malformed(case, stream.name, form, ROWS_PER_FORM[stream.name])
    for step in COPIES:
        case = step(case)
    return case
