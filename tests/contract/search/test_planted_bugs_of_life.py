"""The test of the test: the life cycle part fails on engines with one realistic bug each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from resources.clients.search.tantivy_engine import TantivyEngine
from resources.clients.search.tantivy_index import Known
from resources.clients.search.versions import POINTER
from tests.contract.search.backends import TANTIVY, Backend
from tests.contract.search.life_machine import hold_in_order
from tests.contract.search.readers import hold_readers


class Unguarded(TantivyEngine):
    """Lets any version overwrite any other."""

    def _due(self, rows: pa.Table, known: Mapping[str, Known]) -> pa.Table:
        del known
        return rows


class Forgetful(TantivyEngine):
    """Removes documents without a trace, so that nothing holds a slow writer off."""

    def _tombstones(self, withdrawn: pa.Table) -> list[str]:
        del withdrawn
        return []


class Early(TantivyEngine):
    """Points searches to an index as soon as it is made, before anything is in it."""

    def create(self, kind: str, now_utc: datetime) -> str:
        name = super().create(kind, now_utc)
        self._versions[kind].point_to((*self._versions[kind].good(), name))
        return name


class Torn(TantivyEngine):
    """Takes the old pointer away before it writes the new one."""

    def promote(self, kind: str, index: str) -> str | None:
        good = self._versions[kind].good()
        (self.folder / kind / POINTER).unlink(missing_ok=True)
        for _ in range(3):
            self.indexed(kind, index)  # as little work as lies between two system calls elsewhere
        self._versions[kind].point_to((*good, index))
        return good[-1] if good else None


def _life(backend: Backend, folder: Path) -> None:
    hold_in_order(backend, folder)


def _readers(backend: Backend, folder: Path) -> None:
    hold_readers(backend, folder, rounds=25)


@pytest.mark.parametrize(("bug", "part"), [(Unguarded, _life), (Forgetful, _life), (Early, _life), (Torn, _readers)])
def test_suite__catches(bug: type[TantivyEngine], part: Callable[[Backend, Path], None], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        part(replace(TANTIVY, make=bug), tmp_path)
