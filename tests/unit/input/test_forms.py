"""Spellings of malformed rows."""

import json
import math

import pytest

from tests.input.faults.texts import FORMS_OF_SUFFIX
from tests.input.forms import csv_line, json_line

FIELDS = ["L1.energy", "2016-03-01T00:00:00Z", "0.5", "kWh"]
OBJECT = '{"sensor_id":"L1.energy","timestamp":"2016-03-01T00:00:00Z","value":0.5}'


@pytest.mark.parametrize("form", FORMS_OF_SUFFIX["csv"])
@pytest.mark.parametrize("number", range(5))
def test_csv_line__differs_from_the_right_line_in_one_way(form: str, number: int) -> None:
    fields = csv_line(FIELDS, form, number).split(",")
    if form.startswith("ragged"):
        assert len(fields) != len(FIELDS)
    else:
        assert sum(a != b for a, b in zip(fields, FIELDS, strict=True)) == 1


@pytest.mark.parametrize("form", FORMS_OF_SUFFIX["jsonl"])
def test_json_line__is_broken_or_lacks_or_spoils_one_key(form: str) -> None:
    line = json_line(OBJECT, form, 0)
    if form == "broken_json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)
        return
    row, right = json.loads(line), json.loads(OBJECT)
    assert sum(row.get(key) != value for key, value in right.items()) == 1


def test_json_line__spells_nan_as_many_writers_do() -> None:
    assert math.isnan(json.loads(json_line(OBJECT, "nan", 0))["value"])


def test_csv_line__refuses_a_form_of_another_format() -> None:
    with pytest.raises(KeyError):
        csv_line(FIELDS, "broken_json", 0)
