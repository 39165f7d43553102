"""CSV and JSON lines as line relations: the scan keeps file order, exact line numbers and the raw text.

DuckDB splits the files into lines only; fields are taken out of each line by expressions. That is as fast as its own CSV
parser, and a bad line stays one bad line. The scan refuses files with mixed line ends, bytes that are no UTF-8, lines above
1 MiB or the separator byte 0x1F; `sanitise.py` rewrites those so that only their bad lines are lost.
"""

from collections.abc import Sequence
from pathlib import Path

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.readers.header import Header
from grid_assets.pipeline.ingest.typed import BLANK, NULL_TEXT, RowSource

MAX_LINE_BYTES = 1 << 20
SEPARATOR = "\x1f"
MARK = "\x1e"
"""First character of a line that the sanitiser wrote: mark, reason, mark, the beginning of the raw line."""
JSON_KEYS = ("sensor_id", "timestamp", "value", "unit", "quality", "channel", "interval_minutes")
IS_BLANK = "src_line IS NULL OR trim(src_line, ' \t\r') = ''"
HAS_NUL = "contains(src_line, chr(0))"
QUOTED_ROW = r'(,[ \t]*("([^"]|"")*"|[^,"]*)[ \t]*)+'
QUOTED_FIELD = r',[ \t]*("(?:[^"]|"")*"|[^,"]*)'


def lines_sql(paths: Sequence[Path]) -> str:
    """Return a query of the lines of plain text files in order: src_file_index (position in `paths`), src_line."""
    files = ", ".join(literal(str(path)) for path in paths)
    return f"""
        SELECT file_index AS src_file_index, line AS src_line
        FROM read_csv([{files}], header = false, auto_detect = false, columns = {{'line': 'VARCHAR'}}, delim = '{SEPARATOR}',
            quote = '', escape = '', compression = 'none', max_line_size = {MAX_LINE_BYTES})"""


def csv_source(paths: Sequence[Path], header: Header, *, is_marked: bool = False) -> RowSource:
    """Return CSV files of one header as a row source; the header line itself is still in it.

    Fields may be in double quotes, a doubled quote standing for one; a quoted field ends on its line. Spaces around fields
    and columns that the header names beyond the known ones are passed over.
    """
    relation = f"""
        SELECT *, CASE WHEN contains(src_line, '"') THEN {_quoted_fields()} ELSE string_split(src_line, ',') END AS src_fields
        FROM ({lines_sql(paths)})"""
    parse_error = f"""CASE WHEN {IS_BLANK} THEN '{BLANK}' {_mark_case(is_marked)} WHEN {HAS_NUL} THEN '{Reason.NUL_BYTE}'
        WHEN src_fields IS NULL OR len(src_fields) <> {header.width} THEN '{Reason.MALFORMED_ROW}' END"""

    def field(name: str) -> str:
        position = header.positions.get(name)
        return NULL_TEXT if position is None else f"src_fields[{position}]"

    return RowSource(
        relation,
        sensor_id=field("sensor_id"),
        timestamp=field("timestamp"),
        value=field("value"),
        raw=_raw(is_marked),
        unit=field("unit"),
        quality=field("quality"),
        channel=field("channel"),
        interval_minutes=field("interval_minutes"),
        parse_error=parse_error,
    )


def jsonl_source(paths: Sequence[Path], *, is_marked: bool = False) -> RowSource:
    """Return JSON lines files as a row source; values may be numbers or text, other keys are passed over."""
    shape = "{" + ", ".join(f'"{key}": "VARCHAR"' for key in JSON_KEYS) + "}"
    relation = f"SELECT *, TRY(json_transform(src_line, '{shape}')) AS src_object FROM ({lines_sql(paths)})"
    is_empty = " AND ".join(f"src_object.{key} IS NULL" for key in JSON_KEYS)
    parse_error = f"""CASE WHEN {IS_BLANK} THEN '{BLANK}' {_mark_case(is_marked)} WHEN {HAS_NUL} THEN '{Reason.NUL_BYTE}'
        WHEN src_object IS NULL OR ({is_empty}) THEN '{Reason.BAD_JSON}' END"""
    return RowSource(
        relation,
        sensor_id="src_object.sensor_id",
        timestamp="src_object.timestamp",
        value="src_object.value",
        raw=_raw(is_marked),
        unit="src_object.unit",
        quality="src_object.quality",
        channel="src_object.channel",
        interval_minutes="src_object.interval_minutes",
        parse_error=parse_error,
    )


def _quoted_fields() -> str:
    fields = f"regexp_extract_all(',' || src_line, '{QUOTED_FIELD}', 1)"
    unquoted = """CASE WHEN starts_with(x, '"') THEN replace(x[2:-2], '""', '"') ELSE x END"""
    return f"CASE WHEN regexp_full_match(',' || src_line, '{QUOTED_ROW}') THEN list_transform({fields}, lambda x: {unquoted}) END"


def _mark_case(is_marked: bool) -> str:
    return f"WHEN starts_with(src_line, '{MARK}') THEN split_part(src_line, '{MARK}', 2)" if is_marked else ""


def _raw(is_marked: bool) -> str:
    plain = "src_line"
    return (
        f"CASE WHEN starts_with(src_line, '{MARK}') THEN split_part(src_line, '{MARK}', 3) ELSE {plain} END"
        if is_marked
        else plain
    )
