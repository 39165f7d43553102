"""Clients kept open between the published calls, because opening one costs more than a call does.

One client per process, folder and settings; a home that was removed, restored or made again gets a new one, and so
does a process that was forked. All are closed when the process ends.
"""

import atexit
import os
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from grid_assets.domain.errors import GridError
from resources.settings import GridSettings, load_settings

MOST_OPEN = 8
_PREFIX = b"GRID_"
_SETTINGS: dict[Hashable, GridSettings] = {}


class Closable(Protocol):
    """Something that holds files open."""

    def close(self) -> None:
        """Let go of them."""


Client = TypeVar("Client", bound=Closable)
_Identity = tuple[int, int] | None


@dataclass
class _Open(Generic[Client]):
    client: Client
    file: Path
    identity: _Identity = None


def _cache_file(settings: GridSettings) -> Path:
    return settings.cache_file


class Shared(Generic[Client]):
    """Clients of one kind by settings, made on first use.

    Args:
        make: Makes a client.
        place: The file or folder that it opens; by default the settings' `cache_file`.
    """

    def __init__(
        self, make: Callable[[GridSettings], Client], place: Callable[[GridSettings], Path] = _cache_file
    ) -> None:
        self._make = make
        self._place = place
        self._open: dict[Hashable, _Open[Client]] = {}
        self._guard = threading.Lock()
        self._pid = os.getpid()
        atexit.register(self.close)

    def of(self, settings: GridSettings | None) -> Client:
        """Return the client of some settings, by default of those that the environment says now.

        Raises:
            ConfigurationError: If a variable of the environment cannot be used.
        """
        if os.getpid() != self._pid:
            self._forget()
        key = (os.getcwd(), settings if settings is not None else _environment())  # noqa: PTH109 - as in _identity
        found = self._open.get(key)
        if found is not None and self._is_current(found):
            return found.client
        with self._guard:
            return self._renewed(key, resolved(settings))

    def close(self) -> None:
        """Close every client; the next call opens its own again."""
        if os.getpid() != self._pid:
            return
        with self._guard:
            for each in self._open.values():
                _close(each.client)
            self._open.clear()

    def _renewed(self, key: Hashable, settings: GridSettings) -> Client:
        found = self._open.get(key)
        if found is not None and self._is_current(found):
            return found.client
        if found is not None:
            _close(self._open.pop(key).client)
        while len(self._open) >= MOST_OPEN:
            _close(self._open.pop(next(iter(self._open))).client)
        made = self._open[key] = _Open(self._make(settings), self._place(settings))
        return made.client

    def _is_current(self, found: _Open[Client]) -> bool:
        """Return whether the client's file is still the one at its path.

        Where there is none, the client was not used yet or its file was removed; another one is right in both cases.
        """
        identity = _identity(found.file)
        if found.identity is None:
            found.identity = identity
        return identity is not None and identity == found.identity

    def _forget(self) -> None:
        # What a fork inherited is the parent's: it is neither used nor closed here.
        _INHERITED.append(self._open)
        self._open, self._guard, self._pid = {}, threading.Lock(), os.getpid()


_INHERITED: list[object] = []


def resolved(settings: GridSettings | None) -> GridSettings:
    """Return the given settings, or those that the environment says now; reading them is remembered.

    Raises:
        ConfigurationError: If a variable of the environment cannot be used.
    """
    if settings is not None:
        return settings
    key = (Path.cwd(), _environment())
    found = _SETTINGS.get(key)
    if found is None:
        if len(_SETTINGS) >= MOST_OPEN:
            _SETTINGS.clear()
        found = _SETTINGS[key] = load_settings()
    return found


def _environment() -> tuple[tuple[bytes, bytes], ...]:
    # As bytes, because every published call looks, and decoding the whole environment takes longer than the rest of it.
    return tuple((name, os.environb[name]) for name in os.environb if name[:5].upper() == _PREFIX)


def _identity(file: Path) -> _Identity:
    try:
        found = os.stat(file)  # noqa: PTH116 - a third of the time of Path.stat, at every call
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _close(client: Closable) -> None:
    with suppress(GridError):
        client.close()
