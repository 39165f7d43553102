"""Versioned records: an older version never overwrites a newer one, and what was withdrawn stays withdrawn."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from grid_assets.domain.tables import LOAD_DAILY, SENSOR_LATEST
from tests.contract.database.machine import WHO, Machine, no_commit
from tests.support.publications import filled

DAYS = (date(2016, 3, 24), date(2016, 3, 27))
SENSORS = ("a", "b", "ü|;'")
VERSIONS = st.integers(1, 6)
NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """One row: its version, and its value and day unless it was withdrawn."""

    version: int
    content: tuple[float, date] | None


RECORDS = st.dictionaries(
    st.sampled_from(SENSORS),
    st.builds(Record, VERSIONS, st.tuples(st.floats(-1e6, 1e6), st.sampled_from(DAYS))),
    min_size=1,
)


class RecordMachine(Machine):
    """Clients that write and withdraw rows of any version, as slow and repeated writers do."""

    @initialize()
    def begin(self) -> None:
        self.stored: dict[str, Record] = {}

    @rule(who=WHO, records=RECORDS, breaks=st.booleans())
    def write(self, who: int, records: dict[str, Record], breaks: bool) -> None:  # noqa: FBT001 - drawn
        client, rows = self.clients[who], _rows(records)
        newer = {key: r for key, r in records.items() if key not in self.stored or r.version > self.stored[key].version}
        if breaks:
            with no_commit(client):
                client.records.upsert(SENSOR_LATEST, rows)
        else:
            assert client.records.upsert(SENSOR_LATEST, rows) == len(newer)
            self.stored.update(newer)

    @rule(who=WHO, keys=st.frozensets(st.sampled_from(SENSORS), min_size=1), version=VERSIONS, breaks=st.booleans())
    def withdraw(self, who: int, keys: frozenset[str], version: int, breaks: bool) -> None:  # noqa: FBT001 - drawn
        client, table = self.clients[who], pa.table({"sensor_id": pa.array(sorted(keys), pa.string())})
        gone = {key: Record(version, None) for key in keys if self._gives_way(key, version)}
        if breaks:
            with no_commit(client):
                client.records.withdraw(SENSOR_LATEST, table, version)
        else:
            assert client.records.withdraw(SENSOR_LATEST, table, version) == len(gone)
            self.stored.update(gone)

    def _gives_way(self, key: str, version: int) -> bool:
        known = self.stored.get(key)
        return known is None or known.version < version or (known.version == version and known.content is not None)

    @invariant()
    def every_client_reads_what_is_newest(self) -> None:
        live = {key: record for key, record in sorted(self.stored.items()) if record.content is not None}
        for client in self.clients:
            for key in SENSORS:
                assert _record(client.records.get(SENSOR_LATEST, key)) == live.get(key)
        records = self.clients[0].records
        assert records.count(SENSOR_LATEST) == len(live)
        assert {r["sensor_id"]: _record(r) for r in records.fetch(SENSOR_LATEST)} == live
        assert records.live_keys(SENSOR_LATEST).num_rows == len(live)
        assert records.count(LOAD_DAILY) == 0

    @invariant()
    def days_have_their_keys(self) -> None:
        for day in DAYS:
            found = self.clients[1].records.live_keys(SENSOR_LATEST, [day, day + timedelta(days=90)]).to_pylist()
            assert {row["sensor_id"]: row["batch_id"] for row in found} == {
                key: r.version for key, r in self.stored.items() if r.content is not None and r.content[1] == day
            }


def _rows(records: dict[str, Record]) -> pa.Table:
    rows = (
        {
            "sensor_id": key,
            "batch_id": record.version,
            "value": record.content[0],
            "operating_day": record.content[1],
            "interval_start_utc": NOON,
        }
        for key, record in records.items()
        if record.content is not None
    )
    return filled(SENSOR_LATEST, list(rows))


def _record(row: dict[str, object] | None) -> Record | None:
    if row is None:
        return None
    assert row["interval_start_utc"] == NOON
    return Record(row["batch_id"], (row["value"], row["operating_day"]))  # type: ignore[arg-type]
