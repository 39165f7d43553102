"""The catalogue files: one CSV per voltage level with the columns of ``sensors``."""

import csv
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from tests.input.grid import SUBSTATION_ID
from tests.input.sensors import Sensor

VALID_FROM: Final = "2015-01-01T00:00:00Z"
NORTH_LATITUDE: Final = 53.6395
"""The substation's latitude: MV meters north of it form one region, those south of it another."""


def region(sensor: Sensor) -> str:
    """Region of a sensor: the LV village or one of the two halves of the MV area."""
    if sensor.level == "LV":
        return "village-108"
    return "country-north" if sensor.place.latitude >= NORTH_LATITUDE else "country-south"


def table(sensors: list[Sensor], ends: Mapping[str, str] = MappingProxyType({})) -> pa.Table:
    """Catalogue rows in the order of ``sensors``; empty text means "none", limits in the sensor's unit per interval.

    ``ends`` says by sensor id when a sensor stops to be read; the others go on.
    """
    return pa.table(
        {
            "sensor_id": [s.sensor_id for s in sensors],
            "sensor_type": [s.sensor_type for s in sensors],
            "unit": [s.unit for s in sensors],
            "meter_id": [s.meter_id for s in sensors],
            "transformer_id": [s.place.transformer_id for s in sensors],
            "feeder_id": [s.place.feeder_id for s in sensors],
            "substation_id": [SUBSTATION_ID for _ in sensors],
            "region": [region(s) for s in sensors],
            "latitude": [s.place.latitude for s in sensors],
            "longitude": [s.place.longitude for s in sensors],
            "interval_minutes": pa.array([s.interval_minutes for s in sensors], pa.int32()),
            "rated_min": [round(s.rated_min, 4) for s in sensors],
            "rated_max": [round(s.rated_max, 4) for s in sensors],
            "point_type": [s.point_type for s in sensors],
            "valid_from_utc": [VALID_FROM for _ in sensors],
            "valid_to_utc": [ends.get(s.sensor_id, "") for s in sensors],
            "time_zone": [s.time_zone for s in sensors],
            "description": [s.description for s in sensors],
        }
    )


def write(sensors: list[Sensor], folder: Path, ends: Mapping[str, str] = MappingProxyType({})) -> None:
    """Write ``lv.csv`` and ``mv.csv`` into ``folder``; see ``table`` for ``ends``."""
    folder.mkdir(parents=True, exist_ok=True)
    for level in ("LV", "MV"):
        rows = table([sensor for sensor in sensors if sensor.level == level], ends)
        with (folder / f"{level.lower()}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows.column_names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows.to_pylist())
