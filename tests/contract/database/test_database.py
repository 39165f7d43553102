"""The conformance suite on every database that this machine has."""

from pathlib import Path

import pytest

from tests.contract.database.backends import BACKENDS, Backend
from tests.contract.database.machine import Machine, hold
from tests.contract.database.suite import SUITE


@pytest.mark.hypothesis
@pytest.mark.parametrize(("machine", "usual"), SUITE, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_database__keeps_its_promises(backend: Backend, machine: type[Machine], usual: int, tmp_path: Path) -> None:
    hold(machine, backend, tmp_path, usual)
