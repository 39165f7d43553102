"""How malformed rows look in each format: what parsers meet when a feed goes wrong."""

import json
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.input.readings import FORMS, Readings
from tests.input.timeaxis import to_us

NAMES: Final = {code: name for name, code in FORMS.items()}
TEXT_VALUES: Final = ("n/a", "ERR", "12.3.4", "--", "0.42 kWh")
BAD_DATES: Final = ("2016-02-30T00:00:00Z", "yesterday", "2016-03-01T25:00:00Z", "31/03/2016 x", "")
FAR_DATES: Final = ("1970-01-01T00:00:00Z", "2999-12-31T23:45:00Z")
INFINITIES: Final = ("inf", "-Infinity")
FAR_INSTANTS: Final = (0, to_us(datetime(2999, 12, 31, 23, 45, tzinfo=UTC)))


def csv_line(fields: list[str], form: str, number: int) -> str:
    """The line of ``fields`` (id, timestamp, value, ...) malformed as ``form``; ``number`` varies the spelling.

    Raises:
        KeyError: a CSV file cannot carry the form.
    """
    if form == "ragged_short":
        return ",".join(fields[:2])
    if form == "ragged_long":
        return ",".join([*fields, "7", "surplus"])
    position, text = _field_change(form, number)
    return ",".join(text if i == position else field for i, field in enumerate(fields))


def json_line(line: str, form: str, number: int) -> str:
    """The JSON object ``line`` malformed as ``form``; ``number`` varies the spelling.

    Raises:
        KeyError: a JSON lines file cannot carry the form.
    """
    if form == "broken_json":
        return line[: len(line) // 2]
    row = json.loads(line)
    if form == "missing_key":
        del row["value"]
    elif form == "nan":
        row["value"] = float("nan")
    else:
        position, text = _field_change(form, number)
        row[("sensor_id", "timestamp", "value")[position]] = text
    return json.dumps(row, separators=(",", ":"))


def _field_change(form: str, number: int) -> tuple[int, str]:
    """Position and new text of the one field that a form changes."""
    changes = {
        "empty_id": (0, ("",)),
        "bad_date": (1, BAD_DATES),
        "far_date": (1, FAR_DATES),
        "text_value": (2, TEXT_VALUES),
        "nan": (2, ("NaN",)),
        "infinity": (2, INFINITIES),
    }
    position, spellings = changes[form]
    return position, spellings[number % len(spellings)]


def parquet_columns(rows: pa.Table, readings: Readings) -> pa.Table:
    """The table with the malformed rows of ``readings``: nulls, NaN, infinity, far dates."""
    form = readings.form
    missing = pa.array(form == FORMS["null_value"])
    value = np.where(form == FORMS["nan"], np.nan, np.where(form == FORMS["infinity"], np.inf, readings.value))
    far = np.array(FAR_INSTANTS)[np.arange(form.size) % len(FAR_INSTANTS)]
    stamp = pa.array(np.where(form == FORMS["far_date"], far, readings.stamp), pa.timestamp("us", "UTC"))
    ids = pc.if_else(pa.array(form == FORMS["empty_id"]), pa.scalar(None, pa.string()), rows["sensor_id"])
    changed = {
        "sensor_id": ids,
        "timestamp": stamp,
        "value": pc.if_else(missing, pa.scalar(None, pa.float64()), pa.array(value)),
    }
    return pa.table({name: changed.get(name, rows[name]) for name in rows.column_names})
