"""A lake of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lakes import Bench, bench_of


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a lake and an engine in an empty home whose name has a space and an umlaut."""
    home = tmp_path / "grid höme"
    home.mkdir()
    made = bench_of(home)
    yield made
    made.lake.close()
