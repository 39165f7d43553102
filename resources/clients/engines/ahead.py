"""Work that goes on ahead: the next item of an iterator is made while this one is used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def made_ahead(items: Iterator[T]) -> Iterator[T]:
    """Return the same items, each made in another thread while the one before is used; errors arise in their place."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_next, items)
        while (found := coming.result()) is not None:
            coming = pool.submit(_next, items)
            yield found[0]


def _next(items: Iterator[T]) -> tuple[T] | None:
    for item in items:
        return (item,)
    return None
