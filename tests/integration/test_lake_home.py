"""A home whose path is no plain word: the main job, queries and the published calls work in it as anywhere else."""

from pathlib import Path

import pytest

from grid_assets.domain.errors import ConfigurationError
from grid_assets.domain.tables import METER_READINGS
from grid_assets.pipeline.query import query
from resources.columnar import read_from_parquet, save_to_parquet
from resources.settings import load_settings
from tests.support.homes import opened, run_in
from tests.support.landing import DAYS, METERS, write_catalogue, write_readings


@pytest.mark.parametrize("name", ["grid höme", "50%20 it's a]b", "電力; +&="])
def test_main_job__in_a_home_with_an_odd_path(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    write_catalogue(home / "landing", "catalogue.csv", METERS)
    write_readings(home / "landing", "good.csv", DAYS[:1], sensors=METERS)
    assert run_in(home).stored == len(METERS) * 24
    assert (run_in(home).received, [path.name for path in tmp_path.iterdir()]) == (0, [name])
    with opened(home) as platform:
        counted = query(platform, f"SELECT COUNT(*) AS n FROM {METER_READINGS.name}")
    assert counted.to_pylist() == [{"n": len(METERS) * 24}]
    own = load_settings(home=home, threads=1)
    energy = read_from_parquet("grid.load_daily", columns=["meter_id", "energy_kwh"], as_="arrow", settings=own)
    save_to_parquet(energy, "energy", partition_by="meter_id", settings=own)
    found = read_from_parquet("energy", filters=[("meter_id", "==", "M1")], as_="arrow", settings=own)
    assert (energy.num_rows, found.num_rows) == (len(METERS), 1)


@pytest.mark.parametrize("name", ["why?", "number #1", "a[b]", "all*", "back\\slash"])
def test_home__whose_path_is_no_location_is_refused_and_nothing_is_written_beside_it(tmp_path: Path, name: str) -> None:
    own = load_settings(home=tmp_path / name, threads=1)
    with pytest.raises(ConfigurationError, match="set GRID_HOME to another folder"):
        read_from_parquet("d", settings=own)
    assert list(tmp_path.iterdir()) == []
