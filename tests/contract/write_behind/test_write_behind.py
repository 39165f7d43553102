"""The conformance suite on every queue that this machine has."""

from pathlib import Path

import pytest

from tests.contract.write_behind.backends import BACKENDS, Backend
from tests.contract.write_behind.machine import hold


@pytest.mark.hypothesis
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_write_behind__keeps_its_promises(backend: Backend, tmp_path: Path) -> None:
    hold(backend, tmp_path, 80)
