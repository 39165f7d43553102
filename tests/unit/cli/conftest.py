"""What the tests of the `grid` command share: calling it, and homes that have been through a first run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grid_assets.cli.main import app
from resources.clients import failpoints
from tests.support.homes import HomeShelf, run_in
from tests.support.landing import land_first


@dataclass(frozen=True)
class Answer:
    """What a command said: its exit code, standard output and standard error."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command prints
        """Return standard output, one line of JSON, as a value; what JSON does not know is refused."""
        (line,) = self.out.splitlines()
        return json.loads(line, parse_constant=_refuse)


class Grid:
    """The `grid` command over one home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str | Path, **settings: str) -> Answer:
        """Call the command in this process; an exception that it lets out fails the test."""
        environment = {"GRID_HOME": str(self.home), **{f"GRID_{name.upper()}": v for name, v in settings.items()}}
        result = CliRunner().invoke(app, [str(a) for a in arguments], env=environment, catch_exceptions=False)
        return Answer(result.exit_code, result.stdout, result.stderr)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    made = HomeShelf(tmp_path_factory.mktemp("cli"))
    land_first(made.home / "landing")
    run_in(made.home)
    made.keep("first")
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Grid:
    """Return the command over a home in which nothing has happened yet."""
    return Grid(tmp_path / "home")


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Grid:
    """Return the command over a home that has been through a first run, for tests that only read."""
    home = tmp_path_factory.mktemp("still") / "home"
    land_first(home / "landing")
    run_in(home)
    return Grid(home)


@pytest.fixture
def ran(shelf: HomeShelf) -> Grid:
    """Return the command over a home that has been through a first run."""
    return Grid(shelf.put_back("first"))


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()
