"""Files of the lake that vacuum has seen without a name, and when it first did: those that it may remove later."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine, bindparam, delete, insert, select

from resources.clients.database.schema import VACUUM_CANDIDATES
from resources.clients.database.transactions import reading


class VacuumCandidates:
    """The candidates, by their path below the lake's folder."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def listing(self) -> dict[str, datetime]:
        """Return every candidate with the instant at which it was first seen."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(VACUUM_CANDIDATES)).all()
        return {row.path: row.seen_at_utc.replace(tzinfo=UTC) for row in rows}

    def keep(self, unnamed: Iterable[str], now_utc: datetime) -> Mapping[str, datetime]:
        """Make the candidates exactly these; those known keep their instant. Return those that were known before."""
        wanted = set(unnamed)
        with self.engine.begin() as connection:
            rows = connection.execute(select(VACUUM_CANDIDATES)).all()
            known = {row.path: row.seen_at_utc.replace(tzinfo=UTC) for row in rows}
            if gone := [{"gone": path} for path in known.keys() - wanted]:
                connection.execute(delete(VACUUM_CANDIDATES).where(VACUUM_CANDIDATES.c.path == bindparam("gone")), gone)
            seen = now_utc.astimezone(UTC).replace(tzinfo=None)
            if new := [{"path": path, "seen_at_utc": seen} for path in sorted(wanted - known.keys())]:
                connection.execute(insert(VACUUM_CANDIDATES), new)
        return {path: seen_at for path, seen_at in known.items() if path in wanted}

    def forget(self, paths: Iterable[str]) -> None:
        """Forget candidates; unknown ones are passed over."""
        rows = [{"gone": path} for path in paths]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(delete(VACUUM_CANDIDATES).where(VACUUM_CANDIDATES.c.path == bindparam("gone")), rows)
