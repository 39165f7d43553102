"""Putting files into the landing zone: whole, in order, and never over other content."""

import gzip
from pathlib import Path

import pytest

from grid_assets.domain.errors import InputError
from grid_assets.pipeline.ingest.land import land
from grid_assets.pipeline.ingest.landing import discover

CATALOGUE = "sensor_id,sensor_type,meter_id\na,energy,m\n"
READINGS = "sensor_id,timestamp,value\na,2016-01-01T00:00:00Z,1\n"


def _put(path: Path, content: str | bytes = READINGS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _everything(zone: Path) -> list[str]:
    return sorted(str(path.relative_to(zone)) for path in zone.rglob("*") if path.is_file())


def test_land__folder_with_its_layout_at_any_depth(tmp_path: Path) -> None:
    given = tmp_path / "given"
    _put(given / "sensors" / "s.parquet")
    _put(given / "2016" / "readings" / "week" / "r.csv")
    _put(given / "README.md")
    _put(given / "2016" / "readings" / ".hidden.csv")
    result = land([given], tmp_path / "zone")
    assert result.landed == ("sensors/s.parquet", "readings/r.csv")
    assert result.passed_over == ("README.md",)
    assert _everything(tmp_path / "zone") == ["readings/r.csv", "sensors/s.parquet"]


def test_land__folders_above_the_given_one_say_nothing(tmp_path: Path) -> None:
    given = tmp_path / "sensors" / "project" / "given"
    _put(given / "r.csv")
    assert land([given], tmp_path / "zone").landed == ("readings/r.csv",)
    assert land([tmp_path / "sensors" / "project" / "given" / "r.csv"], tmp_path / "other").landed == (
        "readings/r.csv",
    )


def test_land__folder_that_is_itself_called_sensors(tmp_path: Path) -> None:
    _put(tmp_path / "sensors" / "s.jsonl")
    assert land([tmp_path / "sensors"], tmp_path / "zone").landed == ("sensors/s.jsonl",)


@pytest.mark.parametrize(
    ("name", "content", "landed"),
    [
        ("x.csv", CATALOGUE, "sensors/x.csv"),
        ("x.csv.gz", gzip.compress(CATALOGUE.encode(), mtime=0), "sensors/x.csv.gz"),
        ("x.csv", "\ufeff" + CATALOGUE.upper(), "sensors/x.csv"),
        ("x.csv", READINGS, "readings/x.csv"),
        ("x.csv", "nothing known", "readings/x.csv"),
        ("x.csv.gz", b"no gzip at all", "readings/x.csv.gz"),
        ("x.csv", b"", "readings/x.csv"),
        ("x.xml", "<feed/>", "readings/x.xml"),
    ],
)
def test_land__single_file_goes_by_its_header(tmp_path: Path, name: str, content: str | bytes, landed: str) -> None:
    assert land([_put(tmp_path / name, content)], tmp_path / "zone").landed == (landed,)


def test_land__arrival_order_is_name_order_and_after_what_was_there(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    land([_put(tmp_path / "first" / "zz.csv", "1")], zone)
    for name in ("b.csv", "a.csv", "c.csv"):
        _put(tmp_path / "second" / name, name)
    land([tmp_path / "second"], zone)
    assert [path.name for path in discover(zone).paths] == ["zz.csv", "a.csv", "b.csv", "c.csv"]


def test_land__same_content_again_is_kept(tmp_path: Path) -> None:
    file, zone = _put(tmp_path / "x.csv"), tmp_path / "zone"
    land([file], zone)
    before = discover(zone).paths[0].stat().st_mtime_ns
    result = land([file], zone)
    assert (result.landed, result.kept) == ((), ("readings/x.csv",))
    assert discover(zone).paths[0].stat().st_mtime_ns == before


def test_land__other_content_under_a_taken_name_gets_a_suffix(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    land([_put(tmp_path / "1" / "x.csv.gz", gzip.compress(b"1", mtime=0))], zone)
    second = _put(tmp_path / "2" / "x.csv.gz", gzip.compress(b"2", mtime=0))
    (landed,) = land([second], zone).landed
    assert landed.startswith("readings/x-")
    assert landed.endswith(".csv.gz")
    assert gzip.decompress((zone / "readings" / "x.csv.gz").read_bytes()) == b"1"
    assert gzip.decompress((zone / landed).read_bytes()) == b"2"
    assert land([second], zone).kept == (landed,)


def test_land__path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        land([tmp_path / "nothing"], tmp_path / "zone")


def test_land__named_file_of_no_known_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the known endings"):
        land([_put(tmp_path / "x.xlsx")], tmp_path / "zone")


def test_land__unknown_format_in_the_readings_folder_is_landed_and_not_hidden(tmp_path: Path) -> None:
    _put(tmp_path / "given" / "readings" / "x.xlsx")
    assert land([tmp_path / "given"], tmp_path / "zone").landed == ("readings/x.xlsx",)


def test_land__that_fails_leaves_nothing_half_written(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    file = _put(tmp_path / "x.csv", b"x" * 1_000_000)
    (zone / "readings").mkdir(parents=True)
    (zone / "readings" / "x.csv").mkdir()
    with pytest.raises(OSError, match="directory"):
        land([file], zone)
    assert _everything(zone) == []
