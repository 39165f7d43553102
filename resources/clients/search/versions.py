"""The folder of one kind's indices: which there are, which is live, and the locks that writers take.

    <kind>/live                 the names of the indices that were made live, newest last, one a line: the last is live
    <kind>/<index>/about.json   when the index was made, of which schema, and whether its loading was ended
    <kind>/<index>/...          the index itself
    <kind>/<index>/.lock        held by the one process that writes documents
    <kind>/.lock                held by the one process that moves the pointer, makes or removes indices

Files are written aside, synced and put in place by one rename. A folder without `about.json` is no index: its making
or its removal did not end.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grid_assets.domain.errors import SearchBusyError, SearchError
from resources.clients.failpoints import reach

LOCK_WAIT_SECONDS = 60.0
LOCK_POLL_SECONDS = 0.02
POINTER, ABOUT, LOCK = "live", "about.json", ".lock"
POINTER_POINTS = ("search.pointer.written", "search.pointer.moved")
"""The steps of making an index live: the new pointer is on disk beside the old one, and in its place."""


@dataclass(frozen=True)
class About:
    """What an index's folder says of it; `shape` and `schema` are the hashes of `tantivy_schema.py`."""

    made_at_utc: str
    shape: str
    schema: str
    is_finished: bool = False


class Versions:
    """The indices of one kind in one folder; safe to use from many threads and processes."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder / kind
        self.kind = kind

    def names(self) -> tuple[str, ...]:
        """Return every index, oldest first."""
        found: list[tuple[str, str]] = []
        for path in self.folder.glob(f"*/{ABOUT}"):
            with suppress(SearchError):  # removed since the folder was listed
                found.append((self.about(path.parent.name).made_at_utc, path.parent.name))
        return tuple(name for _, name in sorted(found))

    def good(self) -> tuple[str, ...]:
        """Return the indices that were made live and not rolled back, newest last: the last is the live one."""
        try:
            return tuple((self.folder / POINTER).read_text().split())
        except FileNotFoundError:
            return ()

    def live(self) -> str | None:
        """Return the live index, of whatever schema, or None."""
        good = self.good()
        return good[-1] if good else None

    def path(self, index: str) -> Path:
        """Return the folder of an index."""
        return self.folder / index

    def exists(self, index: str) -> bool:
        """Return whether there is such an index."""
        return (self.path(index) / ABOUT).is_file()

    def about(self, index: str) -> About:
        """Return what is known of an index.

        Raises:
            SearchError: If there is no such index, or what it says of itself cannot be read.
        """
        try:
            return About(**json.loads((self.path(index) / ABOUT).read_text()))
        except (FileNotFoundError, NotADirectoryError):
            raise self.unknown(index) from None
        except (ValueError, TypeError) as error:
            raise SearchError(
                f"the index {index} says what cannot be read: {error}", action="build it anew: grid reindex"
            ) from error

    def after_all(self, now_utc: datetime) -> datetime:
        """Return the time in UTC, to the millisecond, moved on if need be: later than that of every index there is."""
        moment = now_utc.astimezone(UTC)
        moment -= timedelta(microseconds=moment.microsecond % 1000)
        made = [made_at(self.about(name)) + timedelta(milliseconds=1) for name in self.names()]
        return max([moment, *made])

    def size_bytes(self, index: str) -> int:
        """Return how much room an index takes on the disk."""
        total = 0
        for file in self.path(index).glob("*"):
            with suppress(FileNotFoundError):  # merged away since it was listed
                total += file.stat().st_size
        return total

    def unknown(self, index: str) -> SearchError:
        """Return the error that says that there is no such index."""
        names = ", ".join(path.parent.name for path in sorted(self.folder.glob(f"*/{ABOUT}"))) or "none"
        return SearchError(f"there is no index {index!r} of the kind {self.kind}", f"one of: {names}")

    def add(self, index: str, about: About) -> None:
        """Enter a folder as an index."""
        _put(self.path(index) / ABOUT, json.dumps(asdict(about)))

    def finish(self, index: str) -> None:
        """Note that an index's loading was ended."""
        self.add(index, replace(self.about(index), is_finished=True))

    def point_to(self, good: tuple[str, ...]) -> None:
        """Make the last of some indices the live one, in one atomic and durable step."""
        _put(self.folder / POINTER, "".join(f"{name}\n" for name in good), POINTER_POINTS)

    def remove(self, index: str) -> None:
        """Remove an index; it stops being one at once, and its files go after."""
        (self.path(index) / ABOUT).unlink(missing_ok=True)
        shutil.rmtree(self.path(index), ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Remove folders that are no index, and files that were written aside; nobody may be making an index."""
        for path in self.folder.glob("*"):
            if path.is_dir() and not (path / ABOUT).exists():
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".new":
                path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, index: str | None = None) -> Iterator[None]:
        """Hold the lock of the kind, or of one index, for a block.

        Raises:
            SearchBusyError: If another process holds it for longer than is waited.
            SearchError: If there is no such index.
        """
        folder = self.folder if index is None else self.path(index)
        if index is None:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            self.about(index)
        try:
            handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o644)
        except FileNotFoundError:
            raise self.unknown(index or POINTER) from None
        try:
            _wait_for(handle, f"{self.kind}/{index}" if index else self.kind)
            yield
        finally:
            os.close(handle)


def made_at(about: About) -> datetime:
    """Return when an index was made."""
    return datetime.fromisoformat(about.made_at_utc)


def _wait_for(handle: int, what: str) -> None:
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise SearchBusyError(
                    f"another process has been writing the search index {what} for {LOCK_WAIT_SECONDS:.0f} s",
                    "a free index",
                    "wait for that run, then run again",
                ) from None
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


def _put(path: Path, text: str, points: tuple[str, ...] = ()) -> None:
    """Write a file whole: aside, synced, renamed, the folder synced."""
    aside = path.with_name(f"{path.name}.new")
    with aside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    for point in points[:1]:
        reach(point)
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    for point in points[1:]:
        reach(point)
