"""The operational database as one client: batches, the change log, records and the outbox over one connection pool."""

from functools import cached_property

from sqlalchemy import Engine

from resources.clients.database.api_writes import ApiWrites
from resources.clients.database.batches import Batches
from resources.clients.database.changes import ChangeLog
from resources.clients.database.engine import open_database
from resources.clients.database.files import Files
from resources.clients.database.outbox import Outbox
from resources.clients.database.records import Records
from resources.clients.database.vacuum import VacuumCandidates


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

    @cached_property
    def records(self) -> Records:
        """Return the copies of the published lake tables."""
        return Records(self.engine)

    @cached_property
    def api_writes(self) -> ApiWrites:
        """Return the writes of the API."""
        return ApiWrites(self.engine)

    @cached_property
    def outbox(self) -> Outbox:
        """Return the readings of the API that are on their way into the lake."""
        return Outbox(self.engine)

    @cached_property
    def vacuum_candidates(self) -> VacuumCandidates:
        """Return the files of the lake that vacuum may remove later."""
        return VacuumCandidates(self.engine)

    def close(self) -> None:
        """Close the connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()
