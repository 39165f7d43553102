"""Why a row or a file goes to quarantine: the reason codes of the ingest, each with its meaning.

The codes are stable: they stand in stored quarantine rows and in people's queries. How a code is decided stands in
`grid_assets.pipeline.ingest`; codes of verification rules stand in `grid_assets.domain.vee`.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The code of one reason, as it stands in the column `quarantine.reason`."""

    UNKNOWN_SENSOR = "unknown_sensor"
    MALFORMED_ROW = "malformed_row"
    MISSING_FIELD = "missing_field"
    BAD_TIMESTAMP = "bad_timestamp"
    NO_OFFSET = "no_offset"
    NONEXISTENT_LOCAL_TIME = "nonexistent_local_time"
    AMBIGUOUS_LOCAL_TIME = "ambiguous_local_time"
    FAR_DATE = "far_date"
    OUTSIDE_VALIDITY = "outside_validity"
    BAD_VALUE = "bad_value"
    NOT_FINITE = "not_finite"
    UNIT_UNKNOWN = "unit_unknown"
    QUALITY_UNKNOWN = "quality_unknown"
    BAD_INTERVAL = "bad_interval"
    BAD_JSON = "bad_json"
    BAD_ENCODING = "bad_encoding"
    NUL_BYTE = "nul_byte"
    LINE_TOO_LONG = "line_too_long"
    UNKNOWN_CHANNEL_LINK = "unknown_channel_link"
    BAD_SENSOR_TYPE = "bad_sensor_type"
    BAD_POINT_TYPE = "bad_point_type"
    BAD_COORDINATE = "bad_coordinate"
    BAD_LIMIT = "bad_limit"
    BAD_VALIDITY = "bad_validity"
    BAD_TIME_ZONE = "bad_time_zone"
    EMPTY_FILE = "empty_file"
    NO_HEADER = "no_header"
    TRUNCATED_FILE = "truncated_file"
    NOT_PARQUET = "not_parquet"
    BAD_SCHEMA = "bad_schema"
    NOT_XML = "not_xml"
    XML_FORBIDDEN = "xml_forbidden"
    UNKNOWN_FORMAT = "unknown_format"
    TOO_LARGE = "too_large"
    IS_DIRECTORY = "is_directory"
    FORBIDDEN_LINK = "forbidden_link"
    NO_PERMISSION = "no_permission"
    UNREADABLE = "unreadable"


REASONS: dict[str, str] = {
    Reason.UNKNOWN_SENSOR: "The catalogue has no sensor of this id.",
    Reason.MALFORMED_ROW: "The row does not have the header's number of fields, or a quoted field does not end.",
    Reason.MISSING_FIELD: "sensor_id, timestamp or value is empty; of a cancellation, sensor_id or timestamp.",
    Reason.BAD_TIMESTAMP: "The timestamp is not ISO 8601, or no such date exists.",
    Reason.NO_OFFSET: "The timestamp has no offset and the catalogue states no zone for the sensor.",
    Reason.NONEXISTENT_LOCAL_TIME: "The local time lies in the hour that the change to summer time leaves out.",
    Reason.AMBIGUOUS_LOCAL_TIME: "The local time happens twice, and the file does not give both readings.",
    Reason.FAR_DATE: "The instant lies before 2000-01-01 or more than a day ahead of the batch.",
    Reason.OUTSIDE_VALIDITY: "The instant lies outside the sensor's valid_from_utc and valid_to_utc.",
    Reason.BAD_VALUE: "The value is not a number.",
    Reason.NOT_FINITE: "The value is NaN, infinite, or too large for a double.",
    Reason.UNIT_UNKNOWN: "Nobody knows this unit.",
    Reason.QUALITY_UNKNOWN: "The quality is not measured, estimated, revised or cancelled.",
    Reason.BAD_INTERVAL: "The interval length is not a whole number of minutes from 1 to 1440.",
    Reason.BAD_JSON: "The line is not one JSON object.",
    Reason.BAD_ENCODING: "The line, or the file, is not UTF-8.",
    Reason.NUL_BYTE: "The line holds a NUL byte.",
    Reason.LINE_TOO_LONG: "The line is longer than 1 MiB.",
    Reason.UNKNOWN_CHANNEL_LINK: "The Green Button block has no link to a usage point with a title.",
    Reason.BAD_SENSOR_TYPE: "The catalogue row's sensor_type is none of the known ones.",
    Reason.BAD_POINT_TYPE: "The catalogue row's point_type is not consumption, production or exchange.",
    Reason.BAD_COORDINATE: "The catalogue row's latitude or longitude is no number or out of range.",
    Reason.BAD_LIMIT: "The catalogue row's rated limits are no numbers, or the lower is above the upper.",
    Reason.BAD_VALIDITY: "The catalogue row's validity is no instant with offset, or ends before it starts.",
    Reason.BAD_TIME_ZONE: "The catalogue row's time_zone is no IANA name.",
    Reason.EMPTY_FILE: "The file holds nothing.",
    Reason.NO_HEADER: "The first line does not name sensor_id, timestamp and value, each once.",
    Reason.TRUNCATED_FILE: "The compressed file ends early or is damaged; nothing of it is stored.",
    Reason.NOT_PARQUET: "The file is named Parquet and is not, or is damaged.",
    Reason.BAD_SCHEMA: "The Parquet file lacks a column, or a column has a type that no reading has.",
    Reason.NOT_XML: "The file is not well-formed XML, or not a Green Button feed.",
    Reason.XML_FORBIDDEN: "The XML declares a document type or entities.",
    Reason.UNKNOWN_FORMAT: "The name's ending is none of the known formats.",
    Reason.TOO_LARGE: "The file unpacks to more than is allowed.",
    Reason.IS_DIRECTORY: "A folder stands where a file was expected.",
    Reason.FORBIDDEN_LINK: "A symbolic link leads out of the landing zone, or to nothing.",
    Reason.NO_PERMISSION: "The file may not be read by this user.",
    Reason.UNREADABLE: "The file could not be read for another cause, which the detail names.",
}
"""What each code means, for people; the reference of formats is checked against it."""
