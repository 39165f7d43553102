"""The registry of the lake's tables: the one place where a table or a column is defined.

Projections (Arrow, SQL, Iceberg, docs, checks) are derived from here and never written by hand.
"""

from grid_assets.domain.columns import Column, ColumnType, TableSpec

S, I32, I64, F, B, D, T = (
    ColumnType.STRING,
    ColumnType.INT32,
    ColumnType.INT64,
    ColumnType.DOUBLE,
    ColumnType.BOOLEAN,
    ColumnType.DATE,
    ColumnType.TIMESTAMP_UTC,
)

SENSOR_ID = Column("sensor_id", S, "Identifier of one measured channel of a meter.")
SENSOR_TYPE = Column(
    "sensor_type", S, "energy, register, power, reactive_power, voltage, current, frequency or temperature."
)
METER_ID = Column("meter_id", S, "Identifier of the meter.")
POINT_TYPE = Column("point_type", S, "consumption, production or exchange (signed, import positive).")
INTERVAL_START = Column("interval_start_utc", T, "Start of the interval, as a UTC instant.")
INTERVAL_MINUTES = Column(
    "interval_minutes", I32, "Length of the interval; 1440 means one civil day.", "min", is_nullable=True
)
OPERATING_DAY = Column("operating_day", D, "Civil day of the grid's time zone that the interval starts in.")
UNIT = Column("unit", S, "Unit of the value.", is_nullable=True)
BATCH_ID = Column("batch_id", I64, "The batch that wrote the row; larger is newer.")
RECORDED_AT = Column("recorded_at_utc", T, "Knowledge time: when the batch was claimed.")
ASSET_TYPE = Column("asset_type", S, "transformer, feeder, substation or region.")
ASSET_ID = Column("asset_id", S, "Identifier of the grid asset.")
SUPERSEDED_AT = Column("superseded_at_utc", T, "When a newer row took this one's place or withdrew it.")
SUPERSEDED_BY = Column("superseded_by_batch", I64, "The batch that took this row's place.")
EXPECTED = Column("expected_intervals", I64, "Intervals that the period has by the clock.")
COUNTS = (
    EXPECTED,
    Column("measured_intervals", I64, "Intervals with a measured or revised value."),
    Column("edited_intervals", I64, "Intervals whose value was edited from what was received."),
    Column("estimated_intervals", I64, "Intervals with an estimated value."),
    Column("missing_intervals", I64, "Intervals without any value."),
)
QUALITIES = Column("qualities", S, "The set of qualities in the period, sorted, joined by commas.")

CATALOGUE_COLUMNS = (
    SENSOR_ID,
    SENSOR_TYPE,
    Column("unit", S, "Unit of the sensor's values."),
    METER_ID,
    Column(
        "transformer_id", S, "Transformer that the meter hangs on, or whose exchange it measures.", is_nullable=True
    ),
    Column("feeder_id", S, "Feeder that the meter hangs on, or whose exchange it measures.", is_nullable=True),
    Column("substation_id", S, "Substation above the feeder.", is_nullable=True),
    Column("region", S, "Region of the grid.", is_nullable=True),
    Column("latitude", F, "Latitude, WGS 84.", "deg", is_nullable=True),
    Column("longitude", F, "Longitude, WGS 84.", "deg", is_nullable=True),
    Column("interval_minutes", I32, "Nominal interval length; 1440 means one civil day.", "min"),
    Column("rated_min", F, "Lower rated limit of one interval's value.", "varies", is_nullable=True),
    Column("rated_max", F, "Upper rated limit of one interval's value.", "varies", is_nullable=True),
    POINT_TYPE,
    Column("valid_from_utc", T, "Readings are expected from this instant on.", is_nullable=True),
    Column("valid_to_utc", T, "Readings are expected before this instant.", is_nullable=True),
    Column("time_zone", S, "Zone of the sensor's timestamps that carry no offset.", is_nullable=True),
    Column("description", S, "What the sensor measures and where, in words.", is_nullable=True),
)

SENSORS = TableSpec(
    "sensors",
    "The catalogue: every known sensor with its place in the grid, interval length and rated limits.",
    (*CATALOGUE_COLUMNS, BATCH_ID, RECORDED_AT),
    key=("sensor_id",),
    sort_by=("sensor_id",),
    group="ingest",
)
SENSORS_HISTORY = TableSpec(
    "sensors_history",
    "Catalogue rows that a newer catalogue took the place of.",
    (*SENSORS.columns, SUPERSEDED_AT, SUPERSEDED_BY),
    key=("sensor_id", "superseded_by_batch"),
    sort_by=("sensor_id", "superseded_by_batch"),
    group="ingest",
)
SENSOR_DATA = TableSpec(
    "sensor_data",
    "Readings as received, append only; a repeated reading is stored once, a changed one again.",
    (
        SENSOR_ID,
        SENSOR_TYPE,
        INTERVAL_START,
        Column(
            "value", F, "The value as received; null where a cancellation came without one.", "varies", is_nullable=True
        ),
        Column("unit", S, "Unit as received, the catalogue's where none was sent."),
        Column("quality", S, "Quality as received: measured, estimated, revised or cancelled."),
        Column("channel", S, "Channel name as received, if any.", is_nullable=True),
        INTERVAL_MINUTES,
        RECORDED_AT,
        Column("source_file", S, "Name of the landing file."),
        Column("source_row", I64, "Line of the text file, row of the Parquet file, reading of the XML file; from 1."),
        OPERATING_DAY,
        BATCH_ID,
        Column("source_order", I32, "Place of the file in its batch's order of arrival, from 0: later is newer."),
    ),
    key=("sensor_id", "interval_start_utc", "batch_id", "source_file", "source_row"),
    partition_by=("operating_day", "sensor_type"),
    sort_by=("sensor_id", "interval_start_utc", "batch_id", "source_order", "source_row"),
    group="ingest",
)
QUARANTINE = TableSpec(
    "quarantine",
    "Rows and files that could not be used, each with a reason and the source line.",
    (
        Column("source_file", S, "Name of the landing file."),
        Column("source_row", I64, "Line, row or reading of the file; 0 where the whole file is meant."),
        Column("reason", S, "Reason code; the list stands in the reference of rules."),
        Column("detail", S, "What was found and what was expected.", is_nullable=True),
        Column("raw_text", S, "The source line as it was read.", is_nullable=True),
        Column("content_hash", S, "SHA-256 of the landing file."),
        BATCH_ID,
        RECORDED_AT,
    ),
    key=("content_hash", "source_row", "reason"),
    sort_by=("source_file", "source_row"),
    group="ingest",
)
METER_READINGS = TableSpec(
    "meter_readings",
    "Verified readings, current: one row for each interval that a sensor should have, with its verdict.",
    (
        SENSOR_ID,
        SENSOR_TYPE,
        METER_ID,
        INTERVAL_START,
        Column("interval_minutes", I32, "Length of the interval; 1440 means one civil day.", "min"),
        Column(
            "value",
            F,
            "The value to use, in the catalogue's unit; null where the quality is missing.",
            "varies",
            is_nullable=True,
        ),
        Column("unit", S, "Unit of the value, the catalogue's."),
        Column("raw_value", F, "The value as received; null where nothing was received.", "varies", is_nullable=True),
        Column("raw_unit", S, "The unit as received.", is_nullable=True),
        Column("quality", S, "measured, revised, edited, estimated or missing."),
        Column("rule_ids", S, "Ids of the rules that fired, sorted, joined by commas; empty where none did."),
        Column("estimation_method", S, "Method of the estimate or edit, if there is one.", is_nullable=True),
        Column("reason", S, "Why the value differs from the raw one, or what was noticed.", is_nullable=True),
        Column("rule_version", S, "Version of the rule set."),
        OPERATING_DAY,
        BATCH_ID,
        RECORDED_AT,
    ),
    key=("sensor_id", "interval_start_utc"),
    partition_by=("operating_day", "sensor_type"),
    sort_by=("sensor_id", "interval_start_utc"),
    group="verify",
)
METER_READINGS_HISTORY = TableSpec(
    "meter_readings_history",
    "Verified readings that a re-verification changed or withdrew, as they were before.",
    (*METER_READINGS.columns, SUPERSEDED_AT, SUPERSEDED_BY),
    key=("sensor_id", "interval_start_utc", "superseded_by_batch"),
    partition_by=("operating_day",),
    sort_by=("sensor_id", "interval_start_utc", "superseded_by_batch"),
    group="verify",
)
LOAD_HOURLY = TableSpec(
    "load_hourly",
    "Energy and peak per meter and hour.",
    (
        METER_ID,
        POINT_TYPE,
        Column("hour_start_utc", T, "Start of the hour, as a UTC instant."),
        Column("energy_kwh", F, "Energy of the hour; null where every interval is missing.", "kWh", is_nullable=True),
        Column("peak_kw", F, "Largest mean power of an interval in the hour.", "kW", is_nullable=True),
        *COUNTS,
        QUALITIES,
        OPERATING_DAY,
        BATCH_ID,
    ),
    key=("meter_id", "point_type", "hour_start_utc"),
    partition_by=("operating_day",),
    sort_by=("meter_id", "point_type", "hour_start_utc"),
    group="aggregate",
)
LOAD_DAILY = TableSpec(
    "load_daily",
    "Energy, peak and load factor per meter and operating day.",
    (
        METER_ID,
        POINT_TYPE,
        OPERATING_DAY,
        Column("energy_kwh", F, "Energy of the day; null where every interval is missing.", "kWh", is_nullable=True),
        Column("peak_kw", F, "Largest mean power of an interval in the day.", "kW", is_nullable=True),
        Column("peak_start_utc", T, "Start of the first interval that reached the peak.", is_nullable=True),
        Column("load_factor", F, "Mean power over peak power of the day, 0 to 1.", "1", is_nullable=True),
        *COUNTS,
        QUALITIES,
        BATCH_ID,
    ),
    key=("meter_id", "point_type", "operating_day"),
    partition_by=("operating_day",),
    sort_by=("meter_id", "point_type"),
    group="aggregate",
)
LOAD_BY_ASSET = TableSpec(
    "load_by_asset",
    "Hourly and daily load per transformer, feeder, substation and region.",
    (
        ASSET_TYPE,
        ASSET_ID,
        Column("grain", S, "hour or day."),
        Column("period_start_utc", T, "Start of the hour or of the operating day, as a UTC instant."),
        Column("consumption_kwh", F, "Energy that the asset's meters consumed.", "kWh", is_nullable=True),
        Column("production_kwh", F, "Energy that the asset's meters produced.", "kWh", is_nullable=True),
        Column("net_kwh", F, "Consumption less production.", "kWh", is_nullable=True),
        Column(
            "peak_kw", F, "Largest mean net power: of the hour itself, or of the day's hours.", "kW", is_nullable=True
        ),
        Column(
            "load_factor",
            F,
            "Mean over peak net power of the day; null for hours and where the peak is not above zero.",
            "1",
            is_nullable=True,
        ),
        Column(
            "coincidence_factor",
            F,
            "Peak of the summed consumption over the sum of the meters' hourly peaks; days only.",
            "1",
            is_nullable=True,
        ),
        Column("meters", I64, "Meters that the sums are over."),
        *COUNTS,
        OPERATING_DAY,
        BATCH_ID,
    ),
    key=("asset_type", "asset_id", "grain", "period_start_utc"),
    partition_by=("operating_day",),
    sort_by=("asset_type", "asset_id", "grain", "period_start_utc"),
    group="aggregate",
)
FEEDER_BALANCE = TableSpec(
    "feeder_balance",
    "Loss by balance per feeder and transformer with an exchange meter: exchange + production - consumption.",
    (
        ASSET_TYPE,
        ASSET_ID,
        OPERATING_DAY,
        Column("exchange_kwh", F, "Net energy into the asset's area.", "kWh", is_nullable=True),
        Column("production_kwh", F, "Energy produced in the area.", "kWh", is_nullable=True),
        Column("consumption_kwh", F, "Energy consumed in the area.", "kWh", is_nullable=True),
        Column("loss_kwh", F, "Exchange + production - consumption.", "kWh", is_nullable=True),
        Column("loss_share", F, "Loss over exchange + production, 0 to 1 when plausible.", "1", is_nullable=True),
        Column("meters", I64, "Meters in the area, the exchange meter left out."),
        *COUNTS,
        BATCH_ID,
    ),
    key=("asset_type", "asset_id", "operating_day"),
    partition_by=("operating_day",),
    sort_by=("asset_type", "asset_id"),
    group="aggregate",
)
VOLTAGE_DAILY = TableSpec(
    "voltage_daily",
    "Voltage range and limit violations per voltage sensor and operating day.",
    (
        SENSOR_ID,
        OPERATING_DAY,
        Column("min_v", F, "Lowest value of the day.", "V", is_nullable=True),
        Column("mean_v", F, "Mean value of the day.", "V", is_nullable=True),
        Column("max_v", F, "Highest value of the day.", "V", is_nullable=True),
        Column("below_limit_intervals", I64, "Intervals below the lower rated limit."),
        Column("above_limit_intervals", I64, "Intervals above the upper rated limit."),
        *COUNTS,
        BATCH_ID,
    ),
    key=("sensor_id", "operating_day"),
    partition_by=("operating_day",),
    sort_by=("sensor_id",),
    group="aggregate",
)
EVENTS = TableSpec(
    "events",
    "What happened on the grid and in the data: outage, sag, swell, overload, spike, gap, suspected theft.",
    (
        Column("event_id", S, "Stable id: the same facts give the same id."),
        Column("event_type", S, "outage, sag, swell, overload, spike, gap or suspected_theft."),
        Column("severity", S, "info, warning or critical."),
        Column("sensor_id", S, "The sensor, where one sensor is meant.", is_nullable=True),
        Column("asset_type", S, "Kind of grid asset, where an asset is meant.", is_nullable=True),
        Column("asset_id", S, "The grid asset, where one is meant.", is_nullable=True),
        Column("started_at_utc", T, "Start of the first interval."),
        Column("ended_at_utc", T, "End of the last interval."),
        Column("value", F, "The decisive value.", "varies", is_nullable=True),
        Column("limit_value", F, "The limit that it is held against.", "varies", is_nullable=True),
        Column("unit", S, "Unit of value and limit.", is_nullable=True),
        Column("place", S, "Region, substation, feeder and transformer, in words.", is_nullable=True),
        Column("message", S, "The event in one sentence."),
        OPERATING_DAY,
        BATCH_ID,
    ),
    key=("event_id",),
    partition_by=("operating_day",),
    sort_by=("event_type", "started_at_utc", "event_id"),
    group="aggregate",
)
SENSOR_LATEST = TableSpec(
    "sensor_latest",
    "The newest verified value of every sensor that has one.",
    (
        SENSOR_ID,
        SENSOR_TYPE,
        INTERVAL_START,
        Column("value", F, "The newest verified value that is not missing.", "varies"),
        UNIT,
        Column("quality", S, "Quality of that value."),
        OPERATING_DAY,
        BATCH_ID,
    ),
    key=("sensor_id",),
    sort_by=("sensor_id",),
    group="aggregate",
)

TABLES: tuple[TableSpec, ...] = (
    SENSORS,
    SENSORS_HISTORY,
    SENSOR_DATA,
    QUARANTINE,
    METER_READINGS,
    METER_READINGS_HISTORY,
    LOAD_HOURLY,
    LOAD_DAILY,
    LOAD_BY_ASSET,
    FEEDER_BALANCE,
    VOLTAGE_DAILY,
    EVENTS,
    SENSOR_LATEST,
)
BY_NAME: dict[str, TableSpec] = {table.name: table for table in TABLES}
"""Every table of the namespace `grid`, by its short name."""
