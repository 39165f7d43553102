"""A heartbeat while a batch is open, so that other hosts can tell a slow run from a dead one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.batches import Batches

INTERVAL_SECONDS = 20.0


@contextmanager
def heartbeat(batches: Batches, batch_id: int) -> Iterator[None]:
    """Beat for a batch until the block ends; a beat that fails is tried again at the next one."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(INTERVAL_SECONDS):
            with suppress(DatabaseError):
                batches.beat(batch_id)

    thread = threading.Thread(target=beat, name=f"heartbeat-{batch_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
