"""What the suite's machines share: several clients of one fresh cache, a clock that they go by, clients that die."""

import itertools
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.contract.cache.backends import Backend
from tests.contract.running import run_bound
from tests.properties import examples, in_order

CLIENTS = 3
WHO = st.integers(0, CLIENTS - 1)
NOON = 1_459_080_000.0
_NUMBERS = itertools.count()


class Machine(RuleBasedStateMachine):
    """Several clients of one cache."""

    backend: ClassVar[Backend]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.place = self.backend.fresh(self.folder, next(_NUMBERS))
        self.clients = [self._client() for _ in range(CLIENTS)]
        self._dead: list[Any] = []

    def _client(self) -> Any:  # noqa: ANN401 - whatever the backend makes
        return self.backend.make(self.place, lambda: self.now)

    @rule(who=WHO)
    def begin_anew(self, who: int) -> None:
        """Let a client end in good order and another one begin."""
        self.clients[who].close()
        self.clients[who] = self._client()

    @rule(who=WHO)
    def die(self, who: int) -> None:
        """Let a client vanish without a word; another one takes its place."""
        self._dead.append(self.clients[who])
        self.clients[who] = self._client()

    def teardown(self) -> None:
        """Close every client, those that had vanished too."""
        for client in (*self.clients, *self._dead):
            client.close()


def hold(machine: type[Machine], backend: Backend, folder: Path, usual: int) -> None:
    """Hold a backend to what a machine knows; many more examples in the deep tier."""
    _run(machine, backend, folder, examples(usual))


def hold_in_order(machine: type[Machine], backend: Backend, folder: Path) -> None:
    """Run a machine the same way each time, until it fails; there is nothing to be made smaller."""
    _run(machine, backend, folder, in_order(300))


def _run(machine: type[Machine], backend: Backend, folder: Path, chosen: settings) -> None:
    backend.prepare(folder)
    run_bound(machine, backend, folder, chosen, 40)
