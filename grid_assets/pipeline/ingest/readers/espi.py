"""Green Button (ESPI) readings as a row source: units, powers of ten, durations and quality codes in SQL.

The codes are those of the ESPI schema (NAESB REQ.21): UomType, ReadingQualityType; times are UTC epoch seconds.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.readers.espi_feed import LINE_COLUMNS
from grid_assets.pipeline.ingest.relations import SENSOR_ENUM
from grid_assets.pipeline.ingest.typed import RowSource, TimestampType

BLOCKS = "ingest_espi_blocks"
UNIT_OF_UOM: dict[str, str] = {
    "5": "A",
    "6": "K",
    "23": "degC",
    "29": "V",
    "33": "Hz",
    "38": "W",
    "63": "var",
    "72": "Wh",
    "279": "degF",
}
MEASURED = ("0", "10", "11", "14", "16", "17", "18", "19")
"""Valid, questionable, derived, raw, other, validated, verified, revenue quality: the rules judge these."""
REVISED = ("7",)
"""Manually edited."""
ESTIMATED = ("8", "9", "12", "13", "15")
"""By reference day, by interpolation, projected, mixed, normalised for weather."""
CIVIL_DAY_SECONDS = ("82800", "86400", "90000")


def espi_source(paths: Sequence[Path]) -> RowSource:
    """Return extracted readings as a row source; the relation `BLOCKS` has to be bound, see `block_table`."""
    files = ", ".join(literal(str(path)) for path in paths)
    columns = ", ".join(f"'src_{name}': 'VARCHAR'" for name in LINE_COLUMNS)
    relation = f"""
        SELECT l.*, b.*
        FROM (SELECT file_index AS src_file_index, * FROM read_csv([{files}], header = false, auto_detect = false,
            columns = {{{columns}}}, delim = '\t', quote = '', escape = '', compression = 'none')) l
        JOIN {BLOCKS} b ON b.src_part_index = l.src_file_index AND b.src_block_no = CAST(l.src_block AS BIGINT)"""
    members = ", ".join(f"'{name}': src_{name}" for name in LINE_COLUMNS[2:])
    return RowSource(
        relation,
        sensor_id=f"""CASE WHEN TRY_CAST(src_meter_title AS {SENSOR_ENUM}) IS NOT NULL THEN src_meter_title
            ELSE coalesce(src_point_title, src_meter_title) END""",
        timestamp="src_start",
        value="src_value",
        raw=f"CAST(to_json({{'title': coalesce(src_point_title, src_meter_title), {members}}}) AS VARCHAR)",
        source_row="CAST(src_ordinal AS BIGINT)",
        unit=_unit(),
        quality=_quality(),
        interval_minutes=_minutes(),
        parse_error=f"""CASE WHEN src_point_title IS NULL AND src_meter_title IS NULL
            THEN '{Reason.UNKNOWN_CHANNEL_LINK}' END""",
        timestamp_type=TimestampType.EPOCH,
        exponent="coalesce(TRY_CAST(src_exponent AS INTEGER), 0)",
    )


def block_table(blocks: Sequence[pa.Table]) -> pa.Table:
    """Return the blocks of a part's files as one table for `BLOCKS`, the file's place in the part added."""
    numbered = [
        table.rename_columns(
            [f"src_{name}" if name != "block" else "src_block_no" for name in table.column_names]
        ).append_column("src_part_index", pa.array([index] * len(table), pa.int64()))
        for index, table in enumerate(blocks)
    ]
    return pa.concat_tables(numbered)


def _unit() -> str:
    """Return the unit that a code stands for; an unknown code stays as `uom 42`, which no unit is called."""
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(unit)}" for code, unit in UNIT_OF_UOM.items())
    return f"CASE trim(src_uom) {cases} ELSE 'uom ' || src_uom END"


def _quality() -> str:
    """Return one quality for all codes of a reading: an estimate wins over an edit, that over the rest."""
    codes = "string_split(src_quality, ' ')"

    def any_of(names: tuple[str, ...]) -> str:
        return f"list_has_any({codes}, [{', '.join(literal(name) for name in names)}])"

    known = (*MEASURED, *REVISED, *ESTIMATED)
    return f"""CASE WHEN src_quality IS NULL THEN NULL
        WHEN NOT list_has_all([{", ".join(literal(name) for name in known)}], {codes}) THEN src_quality
        WHEN {any_of(ESTIMATED)} THEN 'estimated' WHEN {any_of(REVISED)} THEN 'revised' ELSE 'measured' END"""


def _minutes() -> str:
    seconds = "coalesce(src_duration, src_interval_seconds)"
    days = ", ".join(literal(value) for value in CIVIL_DAY_SECONDS)
    return f"""CASE WHEN {seconds} IN ({days}) THEN '1440'
        ELSE coalesce(CAST(TRY_CAST({seconds} AS DOUBLE) / 60 AS VARCHAR), {seconds}) END"""
