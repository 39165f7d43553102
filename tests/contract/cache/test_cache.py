"""The conformance suite on every cache that this machine has."""

from pathlib import Path

import pytest

from tests.contract.cache.backends import BACKENDS, Backend
from tests.contract.cache.machine import Machine, hold
from tests.contract.cache.readers import hold_readers
from tests.contract.cache.suite import SUITE


@pytest.mark.hypothesis
@pytest.mark.parametrize(("machine", "usual"), SUITE, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_cache__keeps_its_promises(backend: Backend, machine: type[Machine], usual: int, tmp_path: Path) -> None:
    hold(machine, backend, tmp_path, usual)


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_readers__never_see_a_mixed_generation(backend: Backend, tmp_path: Path) -> None:
    hold_readers(backend, tmp_path)
