"""The reference of landing formats says what the code does."""

import re
from pathlib import Path

from grid_assets.domain.ingest_reasons import REASONS
from grid_assets.pipeline.ingest.files import ENDINGS
from grid_assets.pipeline.ingest.readers.espi import UNIT_OF_UOM
from grid_assets.pipeline.ingest.readers.header import READING_COLUMNS
from tests.unit.pipeline.ingest.world import World, sensor, utc

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "landing-formats.md").read_text()


def test_page__has_every_reason_with_its_meaning_and_no_other() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.partition("## Reasons")[2], re.MULTILINE))
    assert listed == {str(reason): meaning for reason, meaning in REASONS.items()}


def test_page__has_every_ending_column_and_unit_code() -> None:
    assert all(f"`{ending}`" in PAGE for ending in ENDINGS)
    assert all(f"| `{column}` |" in PAGE for column in READING_COLUMNS.known)
    flat = PAGE.replace("\n", " ")
    assert all(f" {code} {unit}" in flat for code, unit in UNIT_OF_UOM.items())


def test_page__example_is_read_whole(ingest: World) -> None:
    (example,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    ingest.land("example.csv", example)
    read = ingest.read([sensor("LV-L001.energy")])
    assert ingest.rows(read.accepted, "interval_start_utc, value") == [
        (utc("2016-03-27T00:45"), 0.1204),
        (utc("2016-03-27T01:00"), 0.1187),
        (utc("2016-03-27T01:15"), None),
    ]
    assert ingest.rows(read.rejected, "reason") == []
