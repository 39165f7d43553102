"""Landing the outbox: readings that came by the API become files of the landing zone, each of them once.

A file is named in the database, written beside its place, flushed, put in place under its name and then marked. Who
dies in between leaves a named file that the next lander writes again, with the same lines; a file that is in place is
never touched, so that landers at the same time do no harm, and files arrive in the order of their entries.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from grid_assets.domain.errors import InputError
from resources.clients.database.outbox import KEEP
from resources.clients.failpoints import reach
from resources.clients.platform import Platform

OUTBOX_POINTS = ("outbox.named", "outbox.written", "outbox.landed")
"""The steps of landing a file, in order: named in the database, put in place, marked in the database."""
LINES_A_FILE = 50_000


def land_outbox(platform: Platform) -> int:
    """Write what waits in the outbox into the landing zone, until nothing does; return how many readings that were.

    Running it again, or twice at once, lands nothing twice. Entries that landed long ago are forgotten.

    Raises:
        InputError: If a file of another content stands where one of the outbox's has to be.
        OSError: If the landing zone cannot be written; the entries stay for the next time.
    """
    outbox = platform.database.outbox
    landed = 0
    for name in _files(platform):
        _put(platform.landing / "readings" / name, outbox.lines(name))
        reach("outbox.written")
        landed += outbox.mark_landed(name, platform.clock())
        reach("outbox.landed")
    if landed:
        outbox.prune(platform.clock() - KEEP)
    return landed


def _files(platform: Platform) -> Iterator[str]:
    """Give the files to write in their order, whoever named them, until no entry is left without one.

    A file that another lander has just named comes before the one named after it: files arrive in order.
    """
    outbox = platform.database.outbox
    while True:
        named = outbox.files_to_write()
        yield from named
        if not named:
            if outbox.name_file(LINES_A_FILE) is None:
                return
            reach("outbox.named")


def _put(target: Path, lines: list[str]) -> None:
    """Put a file in place, whole and durable, unless it is there."""
    content = "".join(f"{line}\n" for line in lines).encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        _link(part, target, content)
    finally:
        part.unlink(missing_ok=True)


def _link(part: Path, target: Path, content: bytes) -> None:
    # Unlike a rename, a link leaves a file alone that another lander has put there before: its time is its arrival.
    try:
        os.link(part, target)
    except FileExistsError:
        if target.read_bytes() != content:
            raise InputError(
                f"{target} holds something else than the readings of the API that land there",
                "names that begin with api- to be free for them",
                "move the file away under another name, then run again",
            ) from None
    _flush(target.parent)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
