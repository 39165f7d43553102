"""The SQL that makes typed rows into a batch's readings and rejects: zones, validity, limits of date, operating day.

What a row says by itself was settled in `typed.py`; here stands what needs the catalogue, the grid's zone or the row's
neighbours. Local times are in `local_time.py`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.local_time import local_rows_sql
from grid_assets.pipeline.ingest.relations import (
    DAY_US,
    GROUP,
    IS_ROW,
    QUALITY_ENUM,
    READINGS,
    REJECTS,
    REJECTS_SCHEMA,
    ROW,
    SENSOR_ENUM,
    SENSORS,
    TYPED,
    UNIT_ENUM,
    UTC_DAYS,
)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LEAD = timedelta(days=1)
"""A reading may be labelled this far ahead of the batch's clock."""

CREATE_READINGS = f"""CREATE OR REPLACE TEMP TABLE {READINGS} (file_no INTEGER, source_row BIGINT, sensor {SENSOR_ENUM},
    interval_start_utc TIMESTAMPTZ, value DOUBLE, unit {UNIT_ENUM}, quality {QUALITY_ENUM}, channel VARCHAR,
    interval_minutes INTEGER, operating_day DATE)"""
CREATE_REJECTS = f"CREATE OR REPLACE TEMP TABLE {REJECTS} {REJECTS_SCHEMA}"


@dataclass(frozen=True)
class Limits:
    """The instants that a batch takes: from `earliest` on, before `latest`."""

    earliest: datetime
    latest: datetime

    @classmethod
    def at(cls, now_utc: datetime) -> "Limits":
        """Return the limits of a batch that is read at an instant."""
        return cls(EARLIEST, now_utc + LEAD)

    @property
    def text(self) -> str:
        """Return the limits in words, for the detail of a reject."""
        return f"{self.earliest:%Y-%m-%d} or later, and at most a day ahead of the batch"


def safe_span_sql(limits: Limits) -> str:
    """Return a query of the span that every sensor's validity and the limits cover: start_utc, end_utc."""
    low, high = literal(limits.earliest), literal(limits.latest)
    return f"""SELECT greatest({low}, coalesce(max(valid_from_utc), {low})),
        least({high}, coalesce(min(valid_to_utc), {high})) FROM {SENSORS}"""


def judged_sql(limits: Limits, *, has_local: bool) -> str:
    """Return the query of the group's rows, blank and header lines left out, with the final reason.

    Columns: file_no, source_row, sensor, instant, value, unit, quality, channel, interval_minutes, reason, detail,
    raw_text.
    """
    located = _instants_sql()
    if has_local:
        located = f"{located} AND t.wall IS NULL UNION ALL {local_rows_sql(limits.text)}"
    is_far = f"instant < {literal(limits.earliest)} OR instant >= {literal(limits.latest)}"
    is_outside = "instant < valid_from_utc OR instant >= valid_to_utc"
    found = "'found ' || CAST(instant AS VARCHAR) || '; expected '"
    validity = "coalesce(CAST({} AS VARCHAR), 'ever')"
    return f"""
        SELECT file_no, source_row, sensor, instant, value, unit, quality, channel, interval_minutes, raw_text,
            CASE WHEN reason IS NOT NULL THEN reason WHEN {is_far} THEN '{Reason.FAR_DATE}'
                WHEN {is_outside} THEN '{Reason.OUTSIDE_VALIDITY}' END AS reason,
            CASE WHEN reason IS NOT NULL THEN detail WHEN {is_far} THEN {found} || {literal(limits.text)}
                WHEN {is_outside} THEN {found} || 'from ' || {validity.format("valid_from_utc")} || ' until '
                    || {validity.format("valid_to_utc")} END AS detail
        FROM ({located})"""


def readings_sql(judged: str) -> str:
    """Return the insert of the rows without a reason, with the catalogue's unit and `measured` where none was sent."""
    operating_day = "CASE WHEN epoch_us(j.instant) < d.split_us THEN d.day_before ELSE d.day_after END"
    return f"""INSERT INTO {READINGS}
        SELECT j.file_no, j.source_row, j.sensor, j.instant, j.value, coalesce(j.unit, s.unit),
            coalesce(j.quality, 'measured'), j.channel, j.interval_minutes, {operating_day}
        FROM ({judged}) j JOIN {SENSORS} s ON s.sensor = j.sensor
        JOIN {UTC_DAYS} d ON d.utc_day = CAST(epoch_us(j.instant) // {DAY_US} AS INTEGER)
        WHERE j.reason IS NULL"""


def rejects_sql(judged: str) -> str:
    """Return the insert of the rows with a reason."""
    return f"""INSERT INTO {REJECTS}
        SELECT file_no, source_row, reason, detail, raw_text FROM ({judged}) WHERE reason IS NOT NULL"""


def received_sql() -> str:
    """Return the query of the rows that the group's files hold: file_no, received; files without a row are left out."""
    return f"""SELECT g.file_no, count(*) FROM {TYPED} t JOIN {GROUP} g ON g.file_index = t.file_index
        WHERE {IS_ROW} GROUP BY g.file_no"""


def _instants_sql() -> str:
    return f"""
        SELECT g.file_no, {ROW} AS source_row, t.sensor, t.instant, t.value, t.unit, t.quality, t.channel,
            t.interval_minutes, t.reason, t.detail, t.raw_text, s.valid_from_utc, s.valid_to_utc
        FROM {TYPED} t JOIN {GROUP} g ON g.file_index = t.file_index LEFT JOIN {SENSORS} s ON s.sensor = t.sensor
        WHERE {IS_ROW}"""
