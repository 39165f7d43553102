"""Queries: what they read, what they refuse, and what they answer as of a moment. As-of over runs is in integration."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.errors import InputError, MissingDataFileError
from grid_assets.domain.tables import LOAD_DAILY, TABLES
from grid_assets.pipeline.query import INGESTED_FILES, query, tables_of, watermark
from resources.clients.platform import Platform
from tests.support.homes import opened, run_in
from tests.support.landing import land_first

FIRST_KNOWN = datetime(2010, 1, 1, tzinfo=UTC)


def count(platform: Platform, sql: str) -> int:
    (row,) = query(platform, sql).to_pylist()
    (value,) = row.values()
    assert isinstance(value, int)
    return value


def test_query__reads_every_table(still: Platform) -> None:
    names = [table.name for table in TABLES] + [INGESTED_FILES]
    empty = {"sensors_history", "meter_readings_history", "quarantine", "events"}
    assert {name for name in names if not count(still, f"SELECT COUNT(*) AS n FROM {name}")} == empty


def test_query__reads_a_home_in_which_nothing_happened(platform: Platform) -> None:
    for name in [table.name for table in TABLES] + [INGESTED_FILES]:
        assert count(platform, f"SELECT COUNT(*) AS n FROM {name}") == 0
    assert query(platform, "SELECT 1 AS one").to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) AS n FROM LOAD_DAILY",
        'SELECT COUNT(*) AS n FROM "load_daily"',
        "SELECT COUNT(*) AS n FROM (FROM load_daily) AS inner_one",
        "WITH load_daily AS (SELECT * FROM load_daily) SELECT COUNT(*) AS n FROM load_daily",
        "WITH mine AS (SELECT * FROM load_daily), other AS (SELECT * FROM mine) SELECT COUNT(*) AS n FROM other",
        "SELECT COUNT(*) AS n FROM load_daily; ",
        "SELECT COUNT(*) AS n FROM load_daily -- and a comment; DELETE",
        "SELECT COUNT(*) AS n FROM load_daily WHERE meter_id IN (SELECT meter_id FROM sensors)",
    ],
)
def test_query__takes_sql_as_people_write_it(sql: str, still: Platform) -> None:
    assert count(still, sql) == 18


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{secret}'",
        "COPY load_daily TO '{secret}'",
        "EXPORT DATABASE '{secret}'",
        "ATTACH '{secret}'",
        "PRAGMA database_list",
        "SET allowed_directories = ['/']",
        "RESET enable_external_access",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW load_daily",
        "DELETE FROM load_daily",
        "UPDATE load_daily SET energy_kwh = 0",
        "INSERT INTO load_daily SELECT * FROM load_daily",
        "WITH x AS (SELECT 1) INSERT INTO load_daily SELECT * FROM x",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO '{secret}'",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM '{secret}'",
        'SELECT * FROM "{secret}"',
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv('{lake}/../grid.db')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{secret}''')",
        "SELECT * FROM query_table('{secret}')",
        "SELECT * FROM sqlite_scan('{secret}', 'batches')",
        "SELECT getenv('HOME')",
        "SELECT * FROM nosuch",
        "SELECT nosuch FROM load_daily",
        "SELECT 'unfinished",
        "SELECT (((",
        "SELEKT 1",
        "",
        "   ",
        "-- nothing but a comment",
        "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    ],
)
def test_query__refuses_what_is_not_one_query_over_the_lake(sql: str, still: Platform, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nsesame\n")
    home = still.landing.parent
    text = sql.replace("{secret}", str(secret)).replace("{folder}", str(tmp_path)).replace("{lake}", str(home / "lake"))
    with pytest.raises(InputError) as caught:
        query(still, text)
    assert "sesame" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [secret]
    assert secret.read_text() == "word\nsesame\n"


def test_query__names_the_tables_where_one_is_unknown(still: Platform) -> None:
    with pytest.raises(InputError, match=re.escape("no table named nosuch. Expected: one of events, ")):
        query(still, "SELECT * FROM nosuch")


def test_query__names_a_file_that_is_gone(ran: Platform) -> None:
    gone = ran.lake.scan(LOAD_DAILY).files[0]
    Path(gone).unlink()
    with pytest.raises(MissingDataFileError, match=re.escape(Path(gone).name)):
        query(ran, "SELECT * FROM load_daily")


@pytest.mark.parametrize("name", ["a home with spaces", "hööm", "a'b"])
def test_query__works_in_a_home_with_any_name_given_from_where_one_stands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = Path(name)
    land_first(home / "landing")
    run_in(home)
    with opened(home) as platform:
        assert count(platform, "SELECT COUNT(*) AS n FROM load_daily") == 18
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with opened(Path("..") / name) as platform:
        assert count(platform, "SELECT COUNT(*) AS n FROM load_daily") == 18


def test_tables_of__leaves_out_what_a_query_defines_itself() -> None:
    sql = "WITH mine AS (SELECT * FROM Sensors) SELECT * FROM mine JOIN events ON TRUE, range(3)"
    assert tables_of(sql) == {"sensors", "events"}


@pytest.mark.parametrize("table", [*(table.name for table in TABLES), INGESTED_FILES])
def test_query__as_of_a_time_before_anything_was_known_is_empty(table: str, still: Platform) -> None:
    assert query(still, f"SELECT * FROM {table}", FIRST_KNOWN).num_rows == 0


def test_query__as_of_now_is_what_stands_now(still: Platform) -> None:
    for table in TABLES:
        names = ", ".join(n for n in table.content_names if n != "operating_day" or table.name != "sensor_latest")
        sql = f"SELECT {names} FROM {table.name} ORDER BY ALL"
        assert query(still, sql, datetime.now(UTC)).to_pylist() == query(still, sql).to_pylist(), table.name


def test_watermark__stands_before_the_oldest_open_batch(ran: Platform) -> None:
    assert datetime.now(UTC) - watermark(ran) < timedelta(minutes=1)
    batch = ran.database.batches.open("ingest", "test", datetime.now(UTC))
    ran.database.batches.open("verify", "test", datetime.now(UTC))
    assert watermark(ran) < batch.recorded_at_utc
    assert batch.recorded_at_utc - watermark(ran) < timedelta(milliseconds=1)
