"""Every plot drawn from a real small lake is a picture; of an empty lake there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grid_assets.domain.tables import BY_NAME, SENSORS_HISTORY, TABLES
from grid_assets.presentation.details import details
from grid_assets.presentation.plots.canvas import png
from grid_assets.presentation.plots.registry import PLOTS, draw
from grid_assets.presentation.preview import MOST_CHARACTERS, preview
from resources.clients.platform import Platform
from tests.support.homes import opened, run_in
from tests.support.landing import DAYS, land_first, land_second

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Return a home that has run twice, so that every table has rows."""
    home: Path = tmp_path_factory.mktemp("plots")
    for land in (land_first, land_second):
        land(home / "landing")
        run_in(home)
    with opened(home) as made:
        yield made


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_draw__gives_a_picture_of_every_table(platform: Platform, name: str) -> None:
    drawn = draw(platform, BY_NAME[name])
    if name == "sensors":
        assert drawn is None, "the small grid's sensors have no place"
        return
    assert drawn is not None
    image = png(drawn)
    assert image.startswith(PNG)
    assert len(image) < 80_000


def test_draw__every_table_but_the_catalogues_history_has_a_plot() -> None:
    assert set(PLOTS) == {table.name for table in TABLES} - {SENSORS_HISTORY.name}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_preview__is_a_short_table(platform: Platform, name: str) -> None:
    text = preview(platform, BY_NAME[name], DAYS[0])
    assert text.startswith(f"| {BY_NAME[name].column_names[0]} |")
    assert len(text) <= MOST_CHARACTERS or text.count("\n") == 2


def test_details__of_an_empty_lake_say_so(tmp_path: Path) -> None:
    with opened(tmp_path) as empty:
        for table in TABLES:
            shown = details(empty, table, None)
            assert shown["dagster/row_count"] == 0
            assert shown["preview"].value == "_No rows._"
            assert "plot" not in shown
