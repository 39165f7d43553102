"""What other processes do to one operational database: open, claim, die, take over, take files."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from resources.clients.database.client import Database
from resources.clients.database.files import FileIdentity


def address(folder: Path) -> str:
    """Return the address of a folder's database."""
    return f"sqlite:///{folder / 'grid.db'}"


def identities(names: list[str]) -> tuple[FileIdentity, ...]:
    """Return file identities whose content hash is their name."""
    return tuple(FileIdentity(name, f"{name}.csv", 1, "readings") for name in names)


def open_and_die(folder: Path, resources: list[str], files: list[str]) -> None:
    """Open a batch, claim for it, and be killed."""
    database = Database(address(folder))
    batch = database.batches.open("verify", "test", datetime.now(UTC), identities(files))
    if resources:
        database.batches.claim(batch.batch_id, resources)
    os.kill(os.getpid(), signal.SIGKILL)


def take_over(folder: Path, batch_id: int, won: Path) -> None:
    """Try to take over a batch; leave a file where that succeeded, and stay alive until the others had their try."""
    if Database(address(folder)).batches.take_over(batch_id):
        (won / str(os.getpid())).touch()


def open_many(folder: Path, count: int) -> None:
    """Open and abandon batches one after the other, with a clock that stands still."""
    batches = Database(address(folder)).batches
    for _ in range(count):
        batches.abandon(batches.open("verify", "test", datetime(2016, 3, 1, tzinfo=UTC)).batch_id)


def take_files(folder: Path, names: list[str], got: Path) -> None:
    """Open a batch with files and write down, one per line, which of them it got."""
    batch = Database(address(folder)).batches.open("ingest", "test", datetime.now(UTC), identities(names))
    (got / str(batch.batch_id)).write_text("\n".join(sorted(batch.files)))
