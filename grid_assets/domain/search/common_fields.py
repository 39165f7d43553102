"""Fields and SQL that several kinds of documents share: identifiers, places, and texts of instants."""

from grid_assets.domain.search.fields import Role, SearchField

SENSOR_ID = SearchField("sensor_id", Role.EXACT, "Identifier of one measured channel of a meter.", 4.0)
SENSOR_TYPE = SearchField("sensor_type", Role.EXACT, "What is measured, such as energy or voltage.", 1.0)
UNIT = SearchField("unit", Role.EXACT, "Unit of the values.")
METER_ID = SearchField("meter_id", Role.EXACT, "Identifier of the meter.", 3.0)
OPERATING_DAY = SearchField("operating_day", Role.DAY, "Civil day of the grid's time zone.")
DESCRIPTION = SearchField("description", Role.WORDS, "What the sensor measures and where, in words.", 1.0)
ASSETS = (
    SearchField(
        "transformer_id", Role.EXACT, "Transformer that the meter hangs on, or whose exchange it measures.", 2.0
    ),
    SearchField("feeder_id", Role.EXACT, "Feeder that the meter hangs on, or whose exchange it measures.", 2.0),
    SearchField("substation_id", Role.EXACT, "Substation above the feeder.", 2.0),
    SearchField("region", Role.EXACT, "Region of the grid.", 1.5),
)
LOCATION = (
    SearchField("latitude", Role.LATITUDE, "Latitude, WGS 84, degrees."),
    SearchField("longitude", Role.LONGITUDE, "Longitude, WGS 84, degrees."),
)


def instant_text(expression: str) -> str:
    """Return SQL for an instant as text that sorts, `2016-03-27T01:00:00Z`; the session's zone has to be UTC."""
    return f"STRFTIME({expression}, '%Y-%m-%dT%H:%M:%SZ')"
