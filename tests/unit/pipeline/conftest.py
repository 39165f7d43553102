"""What the tests of the pipeline share: a fresh home, and one that has been through a first run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.clients import failpoints
from resources.clients.platform import Platform
from tests.support.homes import HomeShelf, opened, run_in
from tests.support.landing import land_first


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """Return the platform of a home in which nothing has happened yet."""
    with opened(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return prepared homes: `first` has been through a first run."""
    made = HomeShelf(tmp_path_factory.mktemp("shelf"))
    land_first(made.home / "landing")
    run_in(made.home)
    made.keep("first")
    return made


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Return the platform of a home that has been through a first run, for tests that only read."""
    home = tmp_path_factory.mktemp("still") / "home"
    land_first(home / "landing")
    run_in(home)
    with opened(home) as made:
        yield made


@pytest.fixture
def ran(shelf: HomeShelf) -> Iterator[Platform]:
    """Return the platform of a home that has been through a first run, and is like new for each test."""
    with opened(shelf.put_back("first")) as made:
        yield made


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    """Leave no failpoint armed for the next test."""
    yield
    failpoints.disarm()
