"""Readers beside a writer, on every search engine that this machine has."""

from pathlib import Path

import pytest

from tests.contract.search.backends import BACKENDS, Backend
from tests.contract.search.readers import hold_readers

ROUNDS = 15


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_search__is_answered_by_a_whole_index_while_indices_are_swapped(backend: Backend, tmp_path: Path) -> None:
    hold_readers(backend, tmp_path, ROUNDS)


@pytest.mark.deep
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_search__is_answered_by_a_whole_index_through_many_swaps(backend: Backend, tmp_path: Path) -> None:
    hold_readers(backend, tmp_path, 20 * ROUNDS)
