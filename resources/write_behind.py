"""The published calls of write-behind: answered once cache and queue have it, applied to the database by a worker.

    write_behind_cache(
        cache_key="sensor:001",
        data={"value": 220.5},
        db_data={"sensor_id": "001", "value": 220.5, "table": "sensor_data"},
        operation="insert",
    )

What is promised, and under which failure, stands in docs/concepts/write-behind.md.
"""

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from grid_assets.domain.errors import GridError, Retryable
from grid_assets.domain.writes import Write, checked, stamped
from resources.clients.database.shared import Shared
from resources.clients.write_behind.base import ParkedWrite, QueueDepth, Receipt, WriteQueue
from resources.clients.write_behind.sqlite_queue import SqliteQueue
from resources.settings import GridSettings
from resources.wiring import make_file

FIRST_DELAY, LONGEST_DELAY = 0.002, 0.25


def write_behind_cache(  # noqa: PLR0913 - the published signature; all but the first three have defaults
    cache_key: str,
    data: object,
    db_data: Mapping[str, object],
    operation: str = "insert",
    *,
    request_id: str | None = None,
    ttl: float | None = 3600,
    wait_seconds: float = 5.0,
    settings: GridSettings | None = None,
) -> Receipt:
    """Store a value in the cache and queue its row for the database; return when both are durable.

    Args:
        cache_key: The key that `cluster_get` reads; `grid:` is the pipeline's and refused.
        data: Any JSON value: what the cache gets.
        db_data: `table`, `sensor_id` and `value`; optionally `timestamp`, `unit`, `quality` and `channel`.
        operation: `insert` for a new reading, `update` for the correction of one, which needs its timestamp.
        request_id: An id of the caller's own. A call whose outcome is unknown may be repeated with it, and is
            stored once.
        ttl: Seconds that the cached value lives; None for ever. The row in the database stays.
        wait_seconds: How long a full queue is waited for.
        settings: Where cache and queue are; by default the environment says so.

    Returns:
        The request's id and version; `is_new` is False where an earlier call had stored it.

    Raises:
        InputError: If the table, the operation, a column or a value cannot be used; nothing was stored.
        QueueFullError: If the queue stayed full; nothing was stored.
        DatabaseError: If the file cannot be written. Whether the write is stored is known by asking again with the
            same request id.
    """
    stamp = stamped(request_id, uuid.uuid4().hex, datetime.now(UTC))
    write = checked(cache_key, data, db_data, operation, stamp, ttl)
    return _put(_QUEUES.of(settings), write, time.monotonic() + wait_seconds)


def pending_writes(*, settings: GridSettings | None = None) -> QueueDepth:
    """Return how many writes wait, are being applied and are parked, and the age of the oldest that waits."""
    return _QUEUES.of(settings).depth()


def parked_writes(most: int = 100, *, settings: GridSettings | None = None) -> tuple[ParkedWrite, ...]:
    """Return writes that the database refused for good, with the errors, oldest first."""
    return _QUEUES.of(settings).parked(most)


def requeue_writes(versions: Sequence[int], *, settings: GridSettings | None = None) -> int:
    """Let parked writes be tried again, after their cause is mended; return how many the queue had room for."""
    return _QUEUES.of(settings).requeue(versions)


def _put(queue: WriteQueue, write: Write, until: float) -> Receipt:
    delay = FIRST_DELAY
    while True:
        try:
            (receipt,) = queue.put([write])
        except GridError as error:
            if not isinstance(error, Retryable) or time.monotonic() + delay > until:
                raise
            time.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - spreads callers, hides nothing
            delay = min(2 * delay, LONGEST_DELAY)
        else:
            return receipt


def _queue_of(settings: GridSettings) -> WriteQueue:
    return SqliteQueue(make_file(settings), settings.pending_writes)


_QUEUES: Shared[WriteQueue] = Shared(_queue_of)
