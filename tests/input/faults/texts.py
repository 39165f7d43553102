"""Malformed rows: what is wrong is the text of the row. The writers spell each form; here rows are chosen for it."""

from typing import Final

import numpy as np

from tests.input.faults.case import Case, choose
from tests.input.readings import FORMS, QUARANTINED
from tests.input.seeds import generator

FORMS_OF_SUFFIX: Final = {
    "csv": ("ragged_short", "ragged_long", "text_value", "empty_id", "nan", "infinity", "bad_date", "far_date"),
    "jsonl": ("broken_json", "missing_key", "text_value", "empty_id", "nan", "bad_date", "far_date"),
    "parquet": ("null_value", "empty_id", "nan", "infinity", "far_date"),
    "xml": ("text_value",),
}
"""Which forms a format can carry."""


def malformed(case: Case, stream: str, form: str, episodes: int) -> Case:
    """``episodes`` single rows of a stream become malformed in the way of ``form``; their readings are lost in it."""
    rng = generator("malformed", stream, form, case.label)
    eligible = case.sensors_where(case.fleet.streams == stream)
    runs = choose(case, eligible, np.ones(case.count(episodes), np.int64), rng)
    return case.record(form, runs, [stream] * runs.first.size, form=FORMS[form], fate=QUARANTINED)
