"""The catalog: paths that cannot be locations are refused, others are taken as they are, errors name what to mend."""

from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from grid_assets.domain.errors import ConfigurationError, LakeError
from resources.clients.lake.catalog import location_of, open_catalog, path_of


@pytest.mark.parametrize("name", ["grid höme", "a]b", "100%20 q'uote", "semi;colon", "plus+&=", "電力"])
def test_location_of__takes_a_path_as_it_is(tmp_path: Path, name: str) -> None:
    location = location_of(tmp_path / name)
    assert location.startswith("file:///")
    assert path_of(location) == str(tmp_path / name)


@pytest.mark.parametrize("name", ["why?", "number#1", "a[b]", "all*", "back\\slash", "two\nlines", "tab\t"])
def test_location_of__refuses_what_ends_a_location(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="set GRID_HOME to another folder"):
        location_of(tmp_path / name)


def test_open_catalog__that_cannot_be_made_says_what_to_mend(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/no/such/folder/catalog.db"
    with pytest.raises(LakeError, match=r"cannot be opened.*GRID_CATALOG_URI"):
        open_catalog(address, tmp_path / "lake")


def test_open_catalog__waits_for_another_commit(tmp_path: Path) -> None:
    address = URL.create("sqlite", database=str(tmp_path / "50% öl?.db")).render_as_string()
    catalog = open_catalog(address, tmp_path / "lake")
    assert catalog.engine.url.query["timeout"] == "30"
    assert (tmp_path / "50% öl?.db").exists()
    catalog.close()
