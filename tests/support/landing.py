"""A small real grid as landing files: eight sensors of one transformer, hourly, with values that no rule objects to."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from grid_assets.domain.intervals import CIVIL_DAY_MINUTES, operating_day, zone_of

ZONE = zone_of("Europe/Berlin")
DAYS = tuple(date(2016, 3, 24) + timedelta(days=n) for n in range(4))
"""Four days; the last of them has 23 hours."""
CATALOGUE_HEADER = (
    "sensor_id,sensor_type,unit,meter_id,transformer_id,feeder_id,substation_id,region,"
    "interval_minutes,rated_min,rated_max,point_type,time_zone,description"
)
READINGS_HEADER = "sensor_id,timestamp,value"


@dataclass(frozen=True)
class Sensor:
    """One row of the catalogue."""

    sensor_id: str
    sensor_type: str = "energy"
    unit: str = "kWh"
    interval_minutes: int = 60
    rated_min: str = ""
    rated_max: str = "10"
    point_type: str = "consumption"
    description: str = "a household"

    @property
    def line(self) -> str:
        """Return the row as it stands in a catalogue file."""
        meter = self.sensor_id.split(".")[0]
        return (
            f"{self.sensor_id},{self.sensor_type},{self.unit},{meter},T1,F1,S1,north,{self.interval_minutes},"
            f"{self.rated_min},{self.rated_max},{self.point_type},Europe/Berlin,{self.description}"
        )


METERS = tuple(Sensor(f"M{number}.e") for number in range(1, 5))
PRODUCER = Sensor("P1.e", point_type="production", description="a roof with panels")
EXCHANGE = Sensor("X1.e", point_type="exchange", rated_max="40", description="the transformer's own meter")
REGISTER = Sensor("M1.r", "register", interval_minutes=CIVIL_DAY_MINUTES, rated_max="", description="an index")
VOLTAGE = Sensor("V1.v", "voltage", "V", rated_min="207", rated_max="253", description="the end of the line")
SENSORS = (*METERS, PRODUCER, EXCHANGE, REGISTER, VOLTAGE)

Value = Callable[[Sensor, datetime], float | None]


def usual(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return a sensor's faultless value of an interval; the register agrees with its meter."""
    hour = start_utc.timestamp() / 3600
    if sensor.sensor_type == "voltage":
        return round(230 + 4 * math.sin(hour) + 2 * math.sin(hour / 7), 4)
    if sensor is EXCHANGE:
        return round(sum(_consumed(n, hour) for n in range(1, 5)) - _produced(hour) + 0.05, 4)
    if sensor is PRODUCER:
        return round(_produced(hour), 4)
    if sensor.sensor_type == "register":
        return round(_index_at_the_end_of(start_utc), 4)
    return round(_consumed(int(sensor.sensor_id[1]), hour), 4)


def _consumed(number: int, hour: float) -> float:
    return 1 + 0.2 * number + 0.5 * math.sin(hour * number) + 0.2 * math.sin(hour / 5)


def _produced(hour: float) -> float:
    return 0.3 + 0.2 * math.sin(hour / 3)


def _index_at_the_end_of(start_utc: datetime) -> float:
    """Return what M1 has counted since the first day's start, at the end of the day that starts then."""
    first = operating_day(DAYS[0], ZONE).start_utc
    end = operating_day(start_utc.astimezone(ZONE).date(), ZONE).end_utc
    hours = int((end - first) / timedelta(hours=1))
    counted = sum(round(_consumed(1, (first.timestamp() / 3600) + n), 4) for n in range(hours))
    return 1000 + counted


def starts(sensor: Sensor, day: date) -> list[datetime]:
    """Return the interval starts of a sensor's civil day."""
    span = operating_day(day, ZONE)
    if sensor.interval_minutes >= CIVIL_DAY_MINUTES:
        return [span.start_utc]
    return [span.start_utc + timedelta(minutes=n) for n in range(0, span.minutes, sensor.interval_minutes)]


def write_catalogue(landing: Path, name: str, sensors: Iterable[Sensor], more: Sequence[str] = ()) -> Path:
    """Write a catalogue file; `more` are lines as they stand."""
    return _write(landing / "sensors" / name, [CATALOGUE_HEADER, *(s.line for s in sensors), *more])


def write_readings(
    landing: Path,
    name: str,
    days: Iterable[date],
    value: Value = usual,
    sensors: Sequence[Sensor] = SENSORS,
    more: Sequence[str] = (),
) -> Path:
    """Write a file of whole days, less the intervals whose value is None; `more` are lines as they stand."""
    lines = [READINGS_HEADER]
    for day in days:
        for sensor in sensors:
            for start in starts(sensor, day):
                number = value(sensor, start)
                if number is not None:
                    lines.append(f"{sensor.sensor_id},{start.isoformat().replace('+00:00', 'Z')},{number}")
    return _write(landing / "readings" / name, [*lines, *more])


def corrected(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return values as a later submission has them: other nights, and a voltage that sags at noon."""
    number = usual(sensor, start_utc)
    if number is None or sensor.sensor_type == "register":
        return number
    if sensor.sensor_type == "voltage":
        return 195.5 if start_utc.hour == 12 else number
    return round(number + 0.01, 4) if start_utc.hour < 4 else number


def with_a_gap(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return the usual values, but none of M2 for four hours."""
    return None if sensor.sensor_id == "M2.e" and 8 <= start_utc.hour < 12 else usual(sensor, start_utc)


def land_first(landing: Path) -> None:
    """Write what the first run finds: the catalogue and three days."""
    write_catalogue(landing, "catalogue.csv", SENSORS)
    for number, day in enumerate(DAYS[:3]):
        write_readings(landing, f"{number:02}_{day}.csv", [day])


def land_second(landing: Path) -> None:
    """Write what the second run finds, so that every stage has something for every one of its tables.

    An amended catalogue with a bad row; a corrected first day; a new last day with a gap, and rows that cannot be used.
    """
    amended = replace(METERS[3], description="a household with a heat pump", rated_max="12")
    write_catalogue(
        landing, "amended.csv", [amended], ["M9.e,tide,kWh,M9,T1,F1,S1,north,60,,,consumption,,no such type"]
    )
    write_readings(landing, "10_corrected.csv", DAYS[:1], corrected)
    bad = ["M1.e,2016-03-27T99:00:00Z,1.5", "nobody,2016-03-27T01:00:00Z,1.5", "M1.e"]
    write_readings(landing, f"11_{DAYS[3]}.csv", DAYS[3:], with_a_gap, more=bad)


def _write(path: Path, lines: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def without_an_afternoon(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return the usual values, but none of M3 for four hours of the second day."""
    is_late = sensor is METERS[2] and start_utc.date() == DAYS[1] and 12 <= start_utc.hour < 16
    return None if is_late else usual(sensor, start_utc)


def land_without_an_afternoon(landing: Path) -> None:
    """Land the catalogue and four days, a file each, of which the second lacks four hours of M3."""
    write_catalogue(landing, "catalogue.csv", SENSORS)
    for number, day in enumerate(DAYS):
        write_readings(landing, f"{number}.csv", [day], without_an_afternoon)
