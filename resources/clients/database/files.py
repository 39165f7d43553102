"""Landing files by content hash: which batch claimed each, and what became of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from resources.clients.database.schema import FILES, SEEN_FILES
from resources.clients.database.transactions import reading

CHUNK = 500
"""How many hashes one query names; databases bound the number of parameters."""


@dataclass(frozen=True)
class FileIdentity:
    """A landing file by what it contains; the name is for people."""

    content_hash: str
    name: str
    size_bytes: int
    kind: str


@dataclass(frozen=True)
class SeenFile:
    """A path of the landing zone as it was when it was hashed."""

    path: str
    size_bytes: int
    mtime_ns: int
    content_hash: str


class Files:
    """The files over one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def known(self, hashes: Sequence[str]) -> frozenset[str]:
        """Return which of some content hashes a batch has claimed already, finished or not."""
        with reading(self.engine) as connection:
            return _known(connection, hashes)

    def seen(self) -> dict[str, SeenFile]:
        """Return what each path was hashed to when it was last looked at."""
        with reading(self.engine) as connection:
            return {row.path: SeenFile(*row) for row in connection.execute(select(SEEN_FILES))}

    def remember(self, files: Sequence[SeenFile]) -> None:
        """Keep what paths were hashed to; a path that changed since is hashed again."""
        with self.engine.begin() as connection:
            for start in range(0, len(files), CHUNK):
                part = files[start : start + CHUNK]
                connection.execute(delete(SEEN_FILES).where(SEEN_FILES.c.path.in_([f.path for f in part])))
                connection.execute(insert(SEEN_FILES), [f.__dict__ for f in part])

    def listing(self) -> list[dict[str, Any]]:
        """Return every file as a plain mapping, in the order of their batches and names."""
        query = select(FILES).order_by(FILES.c.batch_id, FILES.c.name)
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def claim_files(connection: Connection, batch_id: int, files: Sequence[FileIdentity]) -> frozenset[str]:
    """Claim files for a batch and return the hashes that it got; the others belong to another batch."""
    first_of_each = {file.content_hash: file for file in reversed(files)}
    free = first_of_each.keys() - _known(connection, tuple(first_of_each))
    values: list[dict[str, Any]] = [
        {**first_of_each[content_hash].__dict__, "batch_id": batch_id, "state": "claimed"}
        for content_hash in sorted(free)
    ]
    if values:
        connection.execute(insert(FILES), values)
    return frozenset(free)


def _known(connection: Connection, hashes: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for start in range(0, len(hashes), CHUNK):
        query = select(FILES.c.content_hash).where(FILES.c.content_hash.in_(hashes[start : start + CHUNK]))
        found.update(connection.execute(query).scalars())
    return frozenset(found)
