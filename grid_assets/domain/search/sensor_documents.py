"""The kind `sensors`: one document per row of the catalogue, with the newest verified value."""

from grid_assets.domain.projections.sql import name_list
from grid_assets.domain.search.common_fields import (
    ASSETS,
    DESCRIPTION,
    LOCATION,
    METER_ID,
    SENSOR_ID,
    SENSOR_TYPE,
    UNIT,
)
from grid_assets.domain.search.fields import DocumentKind, Role, SearchField
from grid_assets.domain.tables import CATALOGUE_COLUMNS, SENSOR_LATEST, SENSORS

LATEST = (
    SearchField("latest_value", Role.NUMBER, "The newest verified value that is not missing."),
    SearchField("latest_start_utc", Role.TIME, "Start of that value's interval."),
    SearchField("latest_quality", Role.EXACT, "Quality of that value."),
)
_CATALOGUE = ", ".join(f"s.{name_list([column.name])}" for column in CATALOGUE_COLUMNS)

SENSORS_KIND = DocumentKind(
    "sensors",
    "Every sensor of the catalogue with its place, limits and newest verified value.",
    (
        SENSOR_ID,
        SENSOR_TYPE,
        UNIT,
        METER_ID,
        *ASSETS,
        *LOCATION,
        SearchField("interval_minutes", Role.COUNT, "Nominal interval length; 1440 means one civil day."),
        SearchField("rated_min", Role.NUMBER, "Lower rated limit of one interval's value."),
        SearchField("rated_max", Role.NUMBER, "Upper rated limit of one interval's value."),
        SearchField("point_type", Role.EXACT, "consumption, production or exchange.", 1.0),
        SearchField("valid_from_utc", Role.TIME, "Readings are expected from this instant on."),
        SearchField("valid_to_utc", Role.TIME, "Readings are expected before this instant."),
        SearchField("time_zone", Role.EXACT, "Zone of the sensor's timestamps that carry no offset."),
        DESCRIPTION,
        *LATEST,
    ),
    f"""
SELECT s.sensor_id AS id, CAST(NULL AS DATE) AS operating_day, {_CATALOGUE},
       l.value AS latest_value, l.interval_start_utc AS latest_start_utc, l.quality AS latest_quality
FROM sensors AS s
LEFT JOIN sensor_latest AS l ON l.sensor_id = s.sensor_id""",
    daily=None,
    whole=(SENSORS, SENSOR_LATEST),
)
