"""The published calls for cached values: set and get by key, one or many, any JSON value.

Embedded, the cache is a SQLite file under GRID_HOME, shared by every process of the machine. Keys that begin with
`grid:` are the pipeline's: they can be read and not written.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from grid_assets.domain.writes import check_key, checked_ttl, encoded, readable_key
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.shared import Shared
from resources.settings import GridSettings
from resources.wiring import make_file

_CACHES: Shared[SqliteCache] = Shared(lambda settings: SqliteCache(make_file(settings)))
"""Kept open between calls: opening a cache costs more than a call does."""


def cluster_set(key: str, value: object, ttl: float | None = 3600, *, settings: GridSettings | None = None) -> None:
    """Set a key; the value is stored, as durably as GRID_DURABILITY says, when this returns.

    Args:
        key: A text of 1 to 512 characters that does not begin with `grid:`.
        value: Any JSON value of at most 1 MB: texts, finite numbers, booleans, None, lists, mappings with text keys.
        ttl: Seconds above zero that the value lives; None for ever.
        settings: Where the cache is; by default the environment says so.

    Raises:
        InputError: If the key, the value or the time to live cannot be used; nothing is stored.
        CacheError: If the cache cannot be written; the same call may succeed later.
    """
    cluster_set_many({key: value}, ttl, settings=settings)


def cluster_get(key: str, default: object = None, *, settings: GridSettings | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a key, the default where it has none or it has expired.

    Raises:
        InputError: If the key is no text, or longer than a key can be.
        CacheError: If the cache cannot be read.
    """
    found = _CACHES.of(settings).get(readable_key(key))
    return default if found is None else json.loads(found)


def cluster_set_many(
    values: Mapping[str, object], ttl: float | None = 3600, *, settings: GridSettings | None = None
) -> None:
    """Set several keys in one transaction: a reader sees all of them or none.

    Raises:
        InputError: If a key, a value or the time to live cannot be used; nothing is stored.
        CacheError: If the cache cannot be written.
    """
    checked: dict[str, bytes] = {}
    for key, value in values.items():
        check_key(key)
        checked[key] = encoded(value)
    seconds = checked_ttl(ttl)
    _CACHES.of(settings).set_many(checked, seconds)


def cluster_get_many(keys: Iterable[str], *, settings: GridSettings | None = None) -> dict[str, Any]:
    """Return the values of those keys that have one, all as of one moment.

    Raises:
        InputError: If a key is no text, or longer than a key can be.
        CacheError: If the cache cannot be read.
    """
    found = _CACHES.of(settings).get_many([readable_key(key) for key in keys])
    return {key: json.loads(value) for key, value in found.items()}


def cluster_delete(*keys: str, settings: GridSettings | None = None) -> int:
    """Remove keys and return how many had a value.

    Raises:
        InputError: If a key cannot be used; nothing is removed.
        CacheError: If the cache cannot be written.
    """
    for key in keys:
        check_key(key)
    return _CACHES.of(settings).delete_many(keys)
