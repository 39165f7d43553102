"""What the tests of the operational database share: one in a folder of its own, and another process's name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.clients.database.client import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return an empty operational database on SQLite."""
    made = Database(f"sqlite:///{tmp_path / 'grid.db'}")
    yield made
    made.close()
