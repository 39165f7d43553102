"""The life cycle part of the conformance suite on every search engine that this machine has."""

from pathlib import Path

import pytest

from tests.contract.search.backends import BACKENDS, Backend
from tests.contract.search.life_machine import hold

USUAL = 40


@pytest.mark.hypothesis
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_engine__keeps_its_promises(backend: Backend, tmp_path: Path) -> None:
    hold(backend, tmp_path, USUAL)
