"""The operational database as one client: batches, files and the change log over one connection pool."""

from functools import cached_property

from sqlalchemy import Engine

from resources.clients.database.batches import Batches
from resources.clients.database.changes import ChangeLog
from resources.clients.database.engine import open_database
from resources.clients.database.files import Files


class Database:
    """Opened on first use, so that making one costs nothing."""

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def engine(self) -> Engine:
        """Return the connection pool; the tables exist."""
        return open_database(self.url)

    @cached_property
    def batches(self) -> Batches:
        """Return the life of batches."""
        return Batches(self.engine)

    @cached_property
    def files(self) -> Files:
        """Return the landing files by content hash."""
        return Files(self.engine)

    @cached_property
    def change_log(self) -> ChangeLog:
        """Return the log of changed days."""
        return ChangeLog(self.engine)

    def close(self) -> None:
        """Close the connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()
