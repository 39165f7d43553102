"""The `grid` command from landing to answers, by its exit codes, its JSON and what people read."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grid_assets.domain.tables import LOAD_DAILY
from tests.support.homes import opened
from tests.support.landing import DAYS, SENSORS, land_first, write_catalogue, write_readings
from tests.unit.cli.conftest import Grid

RUN_KEYS = {"received", "stored", "duplicate", "quarantined", "estimated", "days", "files", "held_batches"}
STATUS_KEYS = {"tables", "files", "rows", "pending_days", "held_batches", "open_batches", "quarantine", "finding"}


def test_land__puts_files_where_they_belong_and_says_so(fresh: Grid, tmp_path: Path) -> None:
    source = tmp_path / "source"
    land_first(source)
    (source / "LICENCE.txt").write_text("free")
    answer = fresh("land", source, "--json")
    assert answer.exit_code == 0
    assert [len(answer.json[key]) for key in ("landed", "kept", "passed_over")] == [4, 0, 1]
    again = fresh("land", source)
    assert again.exit_code == 0
    assert "0 files landed, 4 were there already" in again.out
    assert len(list((fresh.home / "landing").rglob("*.csv"))) == 4


def test_land__refuses_what_does_not_exist(fresh: Grid, tmp_path: Path) -> None:
    answer = fresh("land", tmp_path / "nothing [here]", "--json")
    assert (answer.exit_code, answer.out) == (2, "")
    assert "InputError" in answer.err
    assert "nothing [here]" in answer.err


def test_run__does_the_whole_way_under_the_gates_in_earnest(fresh: Grid) -> None:
    land_first(fresh.home / "landing")
    first = fresh("run", "--json")
    assert first.exit_code == 0
    assert first.json.keys() >= RUN_KEYS
    assert {key: first.json[key] for key in ("received", "stored", "duplicate", "days")} == {
        "received": 507,
        "stored": 507,
        "duplicate": 0,
        "days": 3,
    }
    assert first.json["operating_days"] == [day.isoformat() for day in DAYS[:3]]
    second = fresh("run", "--json")
    assert (second.exit_code, second.json["received"], second.json["days"]) == (0, 0, 0)


def test_run__shows_people_the_tables_and_what_to_do_next(ran: Grid) -> None:
    answer = ran("run")
    assert answer.exit_code == 0
    for word in ("This run", "received", "Tables of the lake", "meter_readings", "What to do next", "query"):
        assert word in answer.out


def test_run__of_a_fresh_home_without_files_is_fine(fresh: Grid) -> None:
    answer = fresh("run", "--json")
    assert (answer.exit_code, answer.json["files"]) == (0, 0)


@pytest.mark.parametrize(
    "options", [("--day", "2016-03-24"), ("--from", "2016-03-24", "--to", "2016-03-25"), ("--from", "2016-03-25")]
)
def test_run__does_asked_days_again(options: tuple[str, ...], ran: Grid) -> None:
    answer = ran("run", "--json", *options)
    assert (answer.exit_code, answer.json["days"], answer.json["received"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--day", "2016-13-01"), "is not a day"),
        (("--day", "yesterday"), "is not a day"),
        (("--from", "2016-03-25", "--to", "2016-03-24"), "is after the last day"),
    ],
)
def test_run__refuses_days_that_cannot_be_meant(options: tuple[str, ...], words: str, still: Grid) -> None:
    answer = still("run", "--json", *options)
    assert (answer.exit_code, answer.out) == (2, "")
    assert words in answer.err


def test_run__that_a_gate_held_ends_with_three_and_release_lets_it_pass(ran: Grid) -> None:
    bad = [f"nobody,2016-03-24T00:00:00Z,{n}" for n in range(900)]
    write_readings(ran.home / "landing", "bad.csv", DAYS[3:], more=bad)
    held = ran("run", "--json")
    assert held.exit_code == 3
    (batch_id,) = held.json["held_batches"]
    state = ran("status", "--json")
    assert [batch["batch_id"] for batch in state.json["held_batches"]] == [batch_id]
    shown = ran("status")
    assert "Held:" in shown.out
    assert "G02 quarantined_share" in shown.out
    assert ran("doctor").exit_code == 0
    released = ran("release", str(batch_id), "--json")
    assert released.json == {"batch_id": batch_id, "released_days": 1}
    assert ran("release", str(batch_id)).exit_code == 2
    following = ran("run", "--json")
    assert (following.exit_code, following.json["days"]) == (0, 1)


def test_status__of_a_fresh_and_a_filled_home(fresh: Grid, still: Grid) -> None:
    empty, filled = fresh("status", "--json"), still("status", "--json")
    assert empty.json.keys() == filled.json.keys() >= STATUS_KEYS
    assert filled.json["rows"] == {"received": 507, "stored": 507, "duplicate": 0, "quarantined": 0}
    assert "Waiting: nothing" in still("status").out


def test_query__prints_rows_as_json_and_as_a_table(still: Grid) -> None:
    sql = "SELECT meter_id, operating_day, energy_kwh FROM load_daily ORDER BY meter_id, operating_day LIMIT 2"
    rows = still("query", sql, "--json").json
    assert [(row["meter_id"], row["operating_day"]) for row in rows] == [("M1", "2016-03-24"), ("M1", "2016-03-25")]
    assert "2016-03-25" in still("query", sql).out
    assert still("query", "SELECT SUM(source_row) AS n, 0.5 AS half FROM sensor_data", "--json").json == [
        {"n": 43602, "half": 0.5}
    ]
    assert still("query", "SELECT * FROM events", "--json").json == []


def test_query__prints_instants_in_utc_and_numbers_that_json_knows(still: Grid) -> None:
    sql = "SELECT MIN(interval_start_utc) AS t, 1/0 AS infinite, sqrt(-1) AS none, 0.5 AS half FROM sensor_data"
    (row,) = still("query", sql, "--json").json
    assert row == {"t": "2016-03-23T23:00:00Z", "infinite": None, "none": None, "half": 0.5}


def test_query__shows_brackets_as_they_stand(still: Grid) -> None:
    answer = still("query", "SELECT '[/bold] [red]x' AS \"[/a]\", '[b' AS b")
    assert answer.exit_code == 0
    assert "[/bold] [red]x" in answer.out
    assert "[/a]" in answer.out


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "PRAGMA database_list",
        "SELECT * FROM nowhere",
        "SELECT [/bold] FROM",
    ],
)
def test_query__refuses_with_one_line_and_code_two(sql: str, still: Grid) -> None:
    answer = still("query", sql, "--json")
    assert (answer.exit_code, answer.out) == (2, "")
    assert answer.err.startswith("InputError ")
    assert "Traceback" not in answer.err


def test_query__as_of_a_time_answers_what_was_known(still: Grid) -> None:
    sql = "SELECT COUNT(*) AS n FROM load_daily"
    assert still("query", sql, "--as-of", "2010-01-01T00:00:00Z", "--json").json == [{"n": 0}]
    assert still("query", sql, "--as-of", datetime.now(UTC).isoformat(), "--json").json == [{"n": 18}]
    refused = still("query", sql, "--as-of", "noon")
    assert (refused.exit_code, "is not a time" in refused.err) == (2, True)


def test_query__warns_of_answers_that_may_still_change(ran: Grid) -> None:
    with opened(ran.home) as platform:
        platform.database.batches.open("ingest", "test", datetime.now(UTC))
    answer = ran("query", "SELECT 1 AS one", "--as-of", datetime.now(UTC).isoformat(), "--json")
    assert answer.json == [{"one": 1}]
    assert "may still change" in answer.err


def test_doctor__finds_a_healthy_home_well(fresh: Grid, ran: Grid) -> None:
    for grid in (fresh, ran):
        answer = grid("doctor", "--json")
        assert answer.exit_code == 0
        assert {finding["state"] for finding in answer.json} <= {"ok", "warning"}
    assert "all" in ran("doctor").out


def test_doctor__ends_with_one_where_a_data_file_is_gone_and_queries_say_which(ran: Grid) -> None:
    with opened(ran.home) as platform:
        (gone,) = (Path(path) for path in platform.lake.scan(LOAD_DAILY, [DAYS[0]]).files)
    gone.unlink()
    answer = ran("doctor", "--json")
    assert answer.exit_code == 1
    assert [finding["part"] for finding in answer.json if finding["state"] == "bad"] == ["data files"]
    query = ran("query", "SELECT * FROM load_daily")
    assert (query.exit_code, gone.name in query.err) == (2, True)
    run = ran("run", "--day", "2016-03-24")
    assert (run.exit_code, "Traceback" in run.err) == (2, False)


@pytest.mark.parametrize("command", [("run",), ("status",), ("query", "SELECT * FROM events"), ("release", "1")])
def test_commands__say_that_a_home_cannot_be_made(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    grid = Grid(tmp_path / "file" / "home")
    answer = grid(*command)
    assert answer.exit_code == 2
    assert "Not a directory" in answer.err
    assert "Traceback" not in answer.err


def test_land__says_that_a_home_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    source = write_catalogue(tmp_path / "source", "catalogue.csv", SENSORS)
    answer = Grid(tmp_path / "file" / "home")("land", source)
    assert (answer.exit_code, "Not a directory" in answer.err) == (2, True)


def test_doctor__looks_at_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = Grid(tmp_path / "file" / "home")("doctor", "--json")
    assert answer.exit_code == 1
    assert answer.json[0]["state"] == "bad"


def test_commands__refuse_settings_that_cannot_be_used(still: Grid) -> None:
    unknown = still("status", time_zone="Europe/Nowhere")
    assert (unknown.exit_code, "Europe/Nowhere" in unknown.err) == (2, True)
    other = still("status", time_zone="UTC")
    assert (other.exit_code, "was made for the time zone 'Europe/Berlin'" in other.err) == (2, True)
    wrong = still("status", snapshots_kept="one")
    assert (wrong.exit_code, "GRID_SNAPSHOTS_KEPT" in wrong.err) == (2, True)


def test_grid__without_a_command_lists_its_commands(fresh: Grid) -> None:
    answer = fresh("--help")
    assert answer.exit_code == 0
    for command in ("land", "run", "status", "query", "release", "doctor"):
        assert command in answer.out


def grid_process(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), "GRID_HOME": str(home)}
    command = [sys.executable, "-m", "grid_assets.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_grid__as_a_command_of_its_own_goes_the_whole_way(tmp_path: Path) -> None:
    home = tmp_path / "home"
    land_first(tmp_path / "source")
    landed = grid_process(home, "land", str(tmp_path / "source"), "--json")
    assert (landed.returncode, len(json.loads(landed.stdout)["landed"])) == (0, 4)
    run = grid_process(home, "run", "--json")
    assert (run.returncode, json.loads(run.stdout)["stored"]) == (0, 507), run.stderr
    assert "Traceback" not in run.stderr
    answer = grid_process(home, "query", "SELECT COUNT(*) AS n FROM load_daily", "--json")
    assert json.loads(answer.stdout) == [{"n": 18}]
    refused = grid_process(home, "query", "COPY (SELECT 1) TO 'x.csv'")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr
