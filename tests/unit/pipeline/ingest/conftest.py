"""What the ingest tests share: an empty world per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.pipeline.ingest.world import World, world


@pytest.fixture(name="ingest")
def _ingest(tmp_path: Path) -> Iterator[World]:
    here = world(tmp_path / "landing" / "readings")
    yield here
    here.connection.close()
