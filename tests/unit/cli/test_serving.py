"""The commands over what is served: latest values, copies put in place again, indices rebuilt and rolled back."""

import json

import pytest

from resources.settings import load_settings
from resources.write_behind import write_behind_cache
from tests.unit.cli.conftest import Grid


def test_run__ends_in_warm_copies_and_fresh_indices(ran: Grid) -> None:
    answer = ran("latest", "M1.e", "--json")
    assert answer.exit_code == 0
    assert (answer.json["sensor_id"], answer.json["quality"]) == ("M1.e", "measured")
    stored = ran("query", "SELECT value FROM sensor_latest WHERE sensor_id = 'M1.e'", "--json")
    assert answer.json["value"] == stored.json[0]["value"]
    found = ran("search", "household", "--json")
    assert {hit["sensor_id"] for hit in found.json["hits"]} == {"M1.e", "M2.e", "M3.e", "M4.e"}


def test_latest__of_an_unknown_sensor_says_where_to_look(still: Grid) -> None:
    answer = still("latest", "nobody", "--json")
    assert (answer.exit_code, answer.json) == (1, None)
    assert "grid search" in answer.err


def test_warm__puts_days_in_place_again_and_only_when_asked(ran: Grid) -> None:
    assert ran("warm", "--json").json["days"] == 0
    again = ran("warm", "--from", "2016-03-25", "--json")
    assert again.exit_code == 0
    assert again.json["days"] == 2
    assert again.json["keys"] > 0


def test_reindex__makes_new_indices_and_goes_back(ran: Grid) -> None:
    before = {row["kind"]: row["index"] for row in ran("reindex", "--json").json}
    assert before.keys() == {"sensors", "readings", "events"}
    (after,) = ran("reindex", "--kind", "sensors", "--json").json
    assert after["previous"] == before["sensors"]
    assert after["documents"] == 8
    (back,) = ran("reindex", "--rollback", "--kind", "sensors", "--json").json
    assert back == {"kind": "sensors", "live": before["sensors"]}
    assert ran("search", "household", "--json").json["index"] == before["sensors"]


def test_reindex__knows_its_kinds(ran: Grid) -> None:
    answer = ran("reindex", "--kind", "meters")
    assert answer.exit_code == 2
    assert "sensors, readings, events" in answer.err


def test_worker__lands_what_was_written_behind(ran: Grid) -> None:
    row = {"table": "sensor_data", "sensor_id": "M1.e", "value": 1.25, "timestamp": "2016-03-26T10:00:00Z"}
    receipt = write_behind_cache("mine", {"value": 1.25}, row, settings=load_settings(home=ran.home))
    assert ran("worker", "--once").exit_code == 0
    (line,) = (ran.home / "landing" / "readings").glob("api-*.jsonl")
    assert json.loads(line.read_text())["sensor_id"] == "M1.e"
    summary = ran("run", "--json").json
    assert (summary["received"], summary["stored"], summary["days"]) == (1, 1, 1)
    latest = ran("query", "SELECT source_file FROM sensor_data WHERE source_file LIKE 'api-%'", "--json")
    assert len(latest.json) == 1
    assert receipt.is_new


@pytest.mark.parametrize("command", ["latest", "search", "warm", "reindex", "worker"])
def test_commands__say_what_they_do(command: str, fresh: Grid) -> None:
    answer = fresh(command, "--help")
    assert answer.exit_code == 0
    assert "Usage" in answer.out
