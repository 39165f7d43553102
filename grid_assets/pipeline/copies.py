"""The copies of the lake as they stand: database rows, cache, search indices, and writes on their way to the lake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grid_assets.domain.errors import GridError
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform

PARKED = "parked"


@dataclass(frozen=True)
class CopyState:
    """One part: its numbers by name, or the problem where it cannot be asked."""

    part: str
    numbers: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def said(self) -> str:
        """Return the state in words."""
        if self.problem:
            return self.problem
        return ", ".join(f"{_text(value)} {name}" for name, value in self.numbers.items() if value not in (None, ""))


def copies(platform: Platform) -> tuple[CopyState, ...]:
    """Return the state of every copy; one that cannot be asked hides none of the others."""
    parts: dict[str, Callable[[Platform], dict[str, Any]]] = {
        "database": _records,
        "cache": _cache,
        "search": _indices,
        "write-behind": _writes,
    }
    return tuple(_asked(platform, name, part) for name, part in parts.items())


def _asked(platform: Platform, name: str, part: Callable[[Platform], dict[str, Any]]) -> CopyState:
    try:
        return CopyState(name, part(platform))
    except GridError as error:
        return CopyState(name, problem=str(error))


def _records(platform: Platform) -> dict[str, Any]:
    return {f"rows of {table.name}": platform.database.records.count(table) for table in PUBLISHED}


def _cache(platform: Platform) -> dict[str, Any]:
    found = platform.cache.statistics()
    return {
        "entries": found.entries,
        "days of tables": found.generations,
        "MB": round(found.bytes / 1e6, 2),
        "hit ratio": None if found.hit_ratio is None else round(found.hit_ratio, 3),
    }


def _indices(platform: Platform) -> dict[str, Any]:
    live = {kind: [i for i in platform.search.indices(kind) if i.is_live] for kind in platform.search.kinds}
    return {
        **{kind: sum(index.documents for index in found) for kind, found in live.items()},
        "MB": round(sum(index.bytes for found in live.values() for index in found) / 1e6, 2),
    }


def _writes(platform: Platform) -> dict[str, Any]:
    depth = platform.queue.depth()
    waiting = depth.pending + depth.claimed
    return {"waiting": waiting, "not landed": platform.database.outbox.depth(), PARKED: depth.parked}


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
