"""Reading through the cache: on a miss one caller fills the key while the others wait for it, a moment at most.

A cache that cannot be reached never fails a read: the value is made without it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grid_assets.domain.errors import CacheError
from grid_assets.domain.writes import encoded
from resources.clients.cache.base import Cache, Versioned

LEASE_SECONDS = 10.0
"""How long one caller may take to make a value before another one tries."""
WAIT_SECONDS = 1.0
POLL_SECONDS = 0.005
MISSING_SECONDS = 5.0
"""How long it is remembered that there is no value."""


@dataclass(frozen=True)
class Made:
    """A value made from the record, its version where it has one, and how long it lives; None for ever."""

    value: dict[str, Any] | None
    version: int | None = None
    ttl_seconds: float | None = None
    is_kept: bool = True


def read_through(cache: Cache, key: str, make: Callable[[], Made]) -> dict[str, Any] | None:
    """Return a key's value from the cache, or make it and leave it there.

    Args:
        cache: Where to look first.
        key: The key; its value is a JSON object, or null for "there is none".
        make: Makes the value from the record.
    """
    try:
        found, token = _waited_for(cache, key)
    except CacheError:
        return make().value
    if found is not None:
        value: dict[str, Any] | None = json.loads(found)
        return value
    made = make()
    if token is not None and made.is_kept:
        _keep(cache, key, token, made)
    return made.value


def _waited_for(cache: Cache, key: str) -> tuple[bytes | None, str | None]:
    """Return the value, or the token of the caller who has to make it; neither where another one takes too long."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        lease = cache.lease(key, LEASE_SECONDS)
        found = lease.value if lease.value is not None else lease.stale
        if found is not None or lease.token is not None or time.monotonic() >= deadline:
            return found, lease.token
        time.sleep(POLL_SECONDS)


def _keep(cache: Cache, key: str, token: str, made: Made) -> None:
    """Leave a value in the cache; one with a version only where nothing newer is or was there."""
    ttl = MISSING_SECONDS if made.value is None else made.ttl_seconds
    value = encoded(made.value)
    try:
        if made.version is not None and cache.put_newer([Versioned(key, value, made.version)], ttl):
            return
        # Not newer than what is there: the same version again, whose value was removed, or none at all.
        if made.version in (None, cache.versions_of([key]).get(key)):
            cache.fill(key, token, value, ttl)
    except CacheError:
        return  # the value is made, and whoever asks next tries again
