"""What the tests of measures share: one scratch folder for the engine."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where DuckDB may spill."""
    return tmp_path_factory.mktemp("engine")
