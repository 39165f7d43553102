"""The main job with Spark leaves what the main job with DuckDB leaves, in every table, whatever happens to the days."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from grid_assets.domain.errors import LakeError
from grid_assets.domain.tables import LOAD_HOURLY, TABLES
from grid_assets.pipeline.aggregate_stage import aggregate
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import RunSummary, run
from resources.clients.engines.spark_engine import SparkEngine
from resources.clients.platform import Platform
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.support.homes import Contents, assert_reconciled, contents, orphans, rows_of, standing
from tests.support.judges import PlainJudge
from tests.support.landing import CATALOGUE_HEADER, DAYS, SENSORS, land_first, land_second

ENGINES = ("duckdb", "spark")
STEPS = ("first", "second")
LAST_DAYS = DAYS[2:]
ENDED = "M4"


@dataclass
class Home:
    """A home after its runs: what the tables held and what the run said after each step."""

    platform: Platform
    tables: dict[str, Contents] = field(default_factory=dict)
    said: dict[str, RunSummary] = field(default_factory=dict)

    def note(self, step: str, summary: RunSummary) -> None:
        self.tables[step], self.said[step] = contents(self.platform), summary


def withdraw(landing: Path) -> None:
    """Land a catalogue in which a meter ended before the last days, of which it has readings."""
    ends = {f"{ENDED}.e": f"{LAST_DAYS[0]}T00:00:00+01:00"}
    lines = [f"{sensor.line},{ends.get(sensor.sensor_id, '')}" for sensor in SENSORS]
    text = "\n".join([f"{CATALOGUE_HEADER},valid_to_utc", *lines, ""])
    (landing / "sensors" / "ended.csv").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Home]]:
    made: dict[str, Home] = {}
    for engine in ENGINES:
        platform = make_platform(load_settings(home=tmp_path_factory.mktemp(engine), threads=2, engine=engine))
        home = made[engine] = Home(replace(platform, judge=PlainJudge()))
        land_first(home.platform.landing)
        home.note("first", run(home.platform))
        land_second(home.platform.landing)
        withdraw(home.platform.landing)
        home.note("second", run(home.platform, days=DAYS))
    yield made
    for home in made.values():
        home.platform.close()


def test_run__computes_with_the_engine_of_the_setting(homes: dict[str, Home]) -> None:
    assert isinstance(homes["spark"].platform.compute, SparkEngine)
    assert homes["duckdb"].platform.compute is homes["duckdb"].platform.engine


@pytest.mark.parametrize("step", STEPS)
def test_run__leaves_the_same_in_every_table(homes: dict[str, Home], step: str) -> None:
    expected, found = homes["duckdb"].tables[step], homes["spark"].tables[step]
    for table in TABLES:
        assert found[table.name] == expected[table.name], table.name
    mine, other = homes["spark"].said[step], homes["duckdb"].said[step]
    assert (mine.stored, mine.estimated, mine.days) == (other.stored, other.estimated, other.days)
    assert mine.tables == other.tables


def test_run__had_something_for_every_table_and_a_withdrawal(homes: dict[str, Home]) -> None:
    before, after = (homes["spark"].tables[step] for step in STEPS)
    assert [name for name, rows in after.items() if not rows] == []
    gone = set(before[LOAD_HOURLY.name]) - set(after[LOAD_HOURLY.name])
    assert [row for row in gone if ENDED in row and LAST_DAYS[0] in row]
    assert not [row for row in after[LOAD_HOURLY.name] if ENDED in row and set(LAST_DAYS) & set(row)]


def test_run__again_moves_nothing(homes: dict[str, Home]) -> None:
    platform = homes["spark"].platform
    before = standing(platform)
    assert run(platform).tables == {}
    assert standing(platform) == before
    assert orphans(platform) == ()
    assert_reconciled(platform)


def test_run__mends_what_a_delete_of_spark_took(homes: dict[str, Home]) -> None:
    home = homes["spark"]
    whole = rows_of(home.platform, LOAD_HOURLY)
    assert isinstance(home.platform.compute, SparkEngine)
    with home.platform.compute.session() as session:
        session.execute(
            f"DELETE FROM grid.{LOAD_HOURLY.identifier} WHERE meter_id = 'M1' OR operating_day = DATE '{DAYS[0]}'"
        )
    # The other engine reads the files that Spark wrote anew, and none of the rows that it took.
    left = rows_of(home.platform, LOAD_HOURLY)
    assert 0 < len(left) < len(whole)
    assert set(left) < set(whole)
    assert not [row for row in left if "M1" in row]
    aggregate(home.platform, "test", Silent(), DAYS)
    assert rows_of(home.platform, LOAD_HOURLY) == whole


def test_scan__refuses_a_table_with_delete_files_instead_of_showing_what_they_take(homes: dict[str, Home]) -> None:
    home, name = homes["spark"], f"grid.{LOAD_HOURLY.identifier}"
    assert isinstance(home.platform.compute, SparkEngine)
    with home.platform.compute.session() as session:
        session.execute(f"ALTER TABLE {name} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')")
        session.execute(
            f"DELETE FROM {name} WHERE meter_id = 'M2' AND hour_start_utc < TIMESTAMP '2016-03-24 12:00:00Z'"
        )
        deletes = session.execute(f"SELECT content FROM {name}.delete_files").num_rows
    assert deletes
    with pytest.raises(LakeError, match="delete files"):
        home.platform.lake.scan(LOAD_HOURLY)
