"""The doctor: every part of a healthy home is well, and each ill is found without hiding the others."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grid_assets.domain.tables import METER_READINGS
from grid_assets.pipeline.doctor import Finding, examine
from resources.clients.database.batches import Settlement
from resources.clients.platform import Platform
from tests.support.homes import HomeShelf, opened

PARTS = ["home", "database", "catalog", "data files", "engine", "batches", "copies"]
NOW = datetime(2016, 4, 1, tzinfo=UTC)


def found(platform: Platform) -> dict[str, Finding]:
    findings = {finding.part: finding for finding in examine(platform)}
    assert list(findings) == PARTS
    return findings


def states(platform: Platform) -> dict[str, str]:
    return {part: finding.state for part, finding in found(platform).items() if finding.state != "ok"}


def test_examine__finds_nothing_in_a_fresh_or_a_filled_home(platform: Platform, ran: Platform) -> None:
    assert (states(platform), states(ran)) == ({}, {})


def test_examine__finds_a_missing_and_a_damaged_data_file(ran: Platform) -> None:
    first, second = ran.lake.scan(METER_READINGS).files[:2]
    Path(first).unlink()
    Path(second).write_bytes(Path(second).read_bytes()[:100])
    finding = found(ran)["data files"]
    assert finding.is_bad
    assert f"missing, the first is {first}" in finding.found
    assert f"damaged, the first is {second}" in finding.found
    assert "backup" in finding.action


def test_examine__finds_an_empty_data_file(ran: Platform) -> None:
    Path(ran.lake.scan(METER_READINGS).files[0]).write_bytes(b"")
    assert "1 of" in found(ran)["data files"].found


def test_examine__finds_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with opened(tmp_path / "file" / "home") as platform:
        findings = found(platform)
    assert {part for part, finding in findings.items() if finding.is_bad} == set(PARTS)
    assert "cannot be written" in findings["home"].found
    assert "GRID_HOME" in findings["home"].action


@pytest.mark.parametrize("name", ["grid.db", "catalog.db"])
def test_examine__finds_a_database_that_is_none(name: str, shelf: HomeShelf) -> None:
    home = shelf.put_back("first")
    for path in home.glob(f"{name}*"):
        path.unlink()
    (home / name).write_bytes(b"not a database at all" * 500)
    with opened(home) as platform:
        bad = {part for part, finding in found(platform).items() if finding.is_bad}
    expected = {"database", "batches", "copies"} if name == "grid.db" else {"catalog", "data files"}
    assert bad == expected


def test_examine__finds_metadata_that_is_gone_or_garbled(ran: Platform) -> None:
    folder = Path(ran.lake.folder(METER_READINGS, 0)).parents[2] / "metadata"
    for path in folder.glob("*.metadata.json"):
        path.write_text("{}")
    assert states(ran) == {"catalog": "bad", "data files": "bad"}
    for path in folder.glob("*.metadata.json"):
        path.unlink()
    assert states(ran) == {"catalog": "bad", "data files": "bad"}


def test_examine__warns_of_dead_and_held_batches(ran: Platform) -> None:
    batches = ran.database.batches
    held, dead = batches.open("ingest", "test", NOW), batches.open("ingest", "test", NOW)
    batches.settle(held.batch_id, Settlement(is_held=True))
    finding = found(ran)["batches"]
    assert (finding.state, finding.found) == ("warning", f"held by their gate: [{held.batch_id}]")
    batches.hand_back(dead.batch_id)
    finding = found(ran)["batches"]
    assert (finding.state, finding.found) == ("warning", f"left open by dead runs: [{dead.batch_id}]")


def test_examine__finds_another_time_zone_than_the_lake_was_made_for(ran: Platform) -> None:
    lake = type(ran.lake)(replace(ran.lake.settings, time_zone="UTC"))
    finding = found(replace(ran, lake=lake))["catalog"]
    assert finding.is_bad
    assert "Europe/Berlin" in finding.found
