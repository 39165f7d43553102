"""The published call of write-through: when it returns, no reader of database or cache sees older data.

    write_through_cache(
        cache_key="sensor:001",
        data={"value": 220.5},
        db_data={"sensor_id": "001", "value": 220.5, "table": "sensor_data"},
    )

What is promised, and under which failure, stands in docs/concepts/write-behind.md.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from grid_assets.domain.writes import checked, stamped
from resources.clients.database.shared import Shared
from resources.clients.write_behind.base import Receipt
from resources.clients.write_behind.through import Through
from resources.settings import GridSettings
from resources.wiring import make_through


def write_through_cache(  # noqa: PLR0913 - the published signature; all but the first three have defaults
    cache_key: str,
    data: object,
    db_data: Mapping[str, object],
    operation: str = "insert",
    *,
    request_id: str | None = None,
    ttl: float | None = 3600,
    settings: GridSettings | None = None,
) -> Receipt:
    """Write a row to the database and its value to the cache; return when every reader sees both.

    A slower, older write never overwrites a newer one, in either. A database that fails changes nothing.

    Args:
        cache_key: The key that `cluster_get` reads; `grid:` is the pipeline's and refused.
        data: Any JSON value: what the cache gets.
        db_data: `table`, `sensor_id` and `value`; optionally `timestamp`, `unit`, `quality` and `channel`.
        operation: `insert` for a new reading, `update` for the correction of one, which needs its timestamp.
        request_id: An id of the caller's own. A call whose outcome is unknown may be repeated with it, and is
            applied once.
        ttl: Seconds that the cached value lives; None for ever. The row in the database stays.
        settings: Where database and cache are; by default the environment says so.

    Returns:
        The request's id and version; `is_new` is False where an earlier call had written it.

    Raises:
        InputError: If the table, the operation, a column or a value cannot be used; nothing was written.
        DatabaseError: If the database cannot be written. Whether the write is there is known by asking again with the
            same request id.
        CacheError: If the database has the write and a cache of its own file has not; ask again with the same request
            id. It cannot happen where both are one file, as they are by default.
    """
    stamp = stamped(request_id, uuid.uuid4().hex, datetime.now(UTC))
    return _THROUGH.of(settings).write(checked(cache_key, data, db_data, operation, stamp, ttl))


_THROUGH: Shared[Through] = Shared(make_through)
