"""What the suite's machines share: several clients of one fresh database, clients that come and go, failing commits."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import event

from resources.clients.database.client import Database
from tests.contract.database.backends import Backend
from tests.contract.running import run_bound
from tests.properties import examples, in_order

CLIENTS = 3
WHO = st.integers(0, CLIENTS - 1)
_NUMBERS = itertools.count()


class CommitError(Exception):
    """A transaction that could not be committed: the disk was full, or the connection was lost."""


class Machine(RuleBasedStateMachine):
    """Several clients of one database."""

    backend: ClassVar[Backend]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.address = self.backend.fresh(self.folder, next(_NUMBERS))
        self.clients = [self.backend.make(self.address) for _ in range(CLIENTS)]

    @rule(who=WHO)
    def begin_anew(self, who: int) -> None:
        """Let a client lose its connections and everything that it remembers."""
        self.clients[who].close()
        self.clients[who] = self.backend.make(self.address)

    def teardown(self) -> None:
        """Close every client."""
        for client in self.clients:
            client.close()


@contextmanager
def no_commit(client: Database) -> Iterator[None]:
    """Let the next commit of a client fail, after all of its statements; assert that one was tried."""

    def fail(_: object) -> None:
        raise CommitError

    event.listen(client.engine, "commit", fail)
    try:
        with pytest.raises(CommitError):
            yield
    finally:
        event.remove(client.engine, "commit", fail)


def hold(machine: type[Machine], backend: Backend, folder: Path, usual: int) -> None:
    """Hold a backend to what a machine knows; many more examples in the deep tier."""
    _run(machine, backend, folder, examples(usual))


def hold_in_order(machine: type[Machine], backend: Backend, folder: Path) -> None:
    """Run a machine the same way each time, until it fails; there is nothing to be made smaller."""
    _run(machine, backend, folder, in_order(300))


def _run(machine: type[Machine], backend: Backend, folder: Path, chosen: settings) -> None:
    backend.prepare(folder)
    run_bound(machine, backend, folder, chosen, 30)
