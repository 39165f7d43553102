"""CSV and JSON lines as line relations: the scan keeps file order, exact line numbers and the raw text.

DuckDB splits the files into lines only; fields are taken out of each line by expressions. That is as fast as its own
CSV parser, and a bad line stays one bad line. The scan refuses files with mixed line ends, bytes that are no UTF-8,
lines above 1 MiB or the separator byte 0x1F; `sanitise.py` rewrites those so that only their bad lines are lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.readers.header import Header
from grid_assets.pipeline.ingest.relations import BLANK
from grid_assets.pipeline.ingest.typed import NULL_TEXT, RowSource

MAX_LINE_BYTES = 1 << 20
SEPARATOR = "\x1f"
MARK = "\x1e"
"""First character of a line that the sanitiser wrote: mark, reason, mark, the beginning of the raw line."""
IS_BLANK = "src_line IS NULL OR trim(src_line, ' \t\r') = ''"
HAS_NUL = "contains(src_line, chr(0))"
QUOTED_ROW = r'(,[ \t]*("([^"]|"")*"|[^,"]*)[ \t]*)+'
QUOTED_FIELD = r',[ \t]*("(?:[^"]|"")*"|[^,"]*)'


@dataclass(frozen=True)
class LineFields:
    """A relation of lines (src_file_index, src_line) and expressions over it: fields, what is wrong, the raw line."""

    relation: str
    fields: Mapping[str, str]
    parse_error: str
    raw: str

    def field(self, name: str) -> str:
        """Return the expression of a field as text; null for one that the file does not have."""
        return self.fields.get(name, NULL_TEXT)

    def as_rows(self) -> RowSource:
        """Return the lines as readings."""
        return RowSource(
            self.relation,
            sensor_id=self.field("sensor_id"),
            timestamp=self.field("timestamp"),
            value=self.field("value"),
            raw=self.raw,
            unit=self.field("unit"),
            quality=self.field("quality"),
            channel=self.field("channel"),
            interval_minutes=self.field("interval_minutes"),
            parse_error=self.parse_error,
        )


def csv_fields(paths: Sequence[Path], header: Header, *, is_marked: bool = False) -> LineFields:
    """Return plain CSV files of one header as lines with fields; the header line itself is still in them.

    Fields may be in double quotes, a doubled quote standing for one; a quoted field ends on its line. Spaces around
    fields and columns that the header names beyond the known ones are passed over.
    """
    plain = "string_split(src_line, ',')"
    relation = f"""
        SELECT *, CASE WHEN contains(src_line, '"') THEN {_quoted_fields()} ELSE {plain} END AS src_fields
        FROM ({lines_sql(paths)})"""
    return LineFields(
        relation,
        {name: f"src_fields[{position}]" for name, position in header.positions.items()},
        _parse_error(f"len(src_fields) = {header.width} AND NOT {HAS_NUL}", Reason.MALFORMED_ROW, is_marked=is_marked),
        _raw(is_marked=is_marked),
    )


def jsonl_fields(paths: Sequence[Path], keys: Sequence[str], *, is_marked: bool = False) -> LineFields:
    """Return plain JSON lines files as lines with fields; values may be numbers or text, other keys are passed over."""
    shape = "{" + ", ".join(f'"{key}": "VARCHAR"' for key in keys) + "}"
    return LineFields(
        f"SELECT *, TRY(json_transform(src_line, '{shape}')) AS src_object FROM ({lines_sql(paths)})",
        {key: f"src_object.{key}" for key in keys},
        _parse_error(
            " OR ".join(f"src_object.{key} IS NOT NULL" for key in keys), Reason.BAD_JSON, is_marked=is_marked
        ),
        _raw(is_marked=is_marked),
    )


def lines_sql(paths: Sequence[Path]) -> str:
    """Return a query of the lines of plain text files in order: src_file_index (position in `paths`), src_line."""
    files = ", ".join(literal(str(path)) for path in paths)
    return f"""
        SELECT file_index AS src_file_index, line AS src_line
        FROM read_csv([{files}], header = false, auto_detect = false, columns = {{'line': 'VARCHAR'}},
            delim = '{SEPARATOR}', quote = '', escape = '', compression = 'none', max_line_size = {MAX_LINE_BYTES})"""


def _quoted_fields() -> str:
    """Return the fields of a line with quotes, or null where a quoted field does not end."""
    fields = f"regexp_extract_all(',' || src_line, '{QUOTED_FIELD}', 1)"
    bare = """CASE WHEN starts_with(x, '"') THEN replace(x[2:-2], '""', '"') ELSE x END"""
    is_whole = f"regexp_full_match(',' || src_line, '{QUOTED_ROW}')"
    return f"CASE WHEN {is_whole} THEN list_transform({fields}, lambda x: {bare}) END"


def _parse_error(is_whole: str, otherwise: Reason, *, is_marked: bool) -> str:
    """Return the reason against a line; the good case comes first, because the rest is paid for bad lines only."""
    marked = f"WHEN starts_with(src_line, '{MARK}') THEN split_part(src_line, '{MARK}', 2)" if is_marked else ""
    return f"""CASE {marked} WHEN {is_whole} THEN NULL WHEN {IS_BLANK} THEN '{BLANK}'
        WHEN {HAS_NUL} THEN '{Reason.NUL_BYTE}' ELSE '{otherwise}' END"""


def _raw(*, is_marked: bool) -> str:
    if not is_marked:
        return "src_line"
    return f"CASE WHEN starts_with(src_line, '{MARK}') THEN split_part(src_line, '{MARK}', 3) ELSE src_line END"
