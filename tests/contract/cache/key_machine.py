"""Keys: values live as long as they are told to, an older version never overwrites, a lost lease fills nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from resources.clients.cache.base import Versioned
from tests.contract.cache.machine import WHO, Machine

KEYS = ("a", "grid:latest:ü|;'", "%_\\?")
SOME_KEYS = st.lists(st.sampled_from(KEYS), min_size=1, unique=True)
VALUES = st.sampled_from([b"1", b'{"value":2.5}', '"ü"'.encode(), b"null"])
TTLS = st.sampled_from([None, 1.0, 60.0])
ENTRIES = st.lists(
    st.builds(Versioned, st.sampled_from(KEYS), st.one_of(st.none(), VALUES), st.integers(1, 6)), min_size=1
)


@dataclass(frozen=True)
class Entry:
    """What a key holds: its last value, its version, and when the value expires."""

    value: bytes | None = None
    version: int | None = None
    expires: float | None = None


class KeyMachine(Machine):
    """Clients that set, delete and withdraw keys of any version, take leases and fill under them, late ones too."""

    @initialize()
    def begin(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.leases: dict[str, tuple[str, float]] = {}
        self.tokens: list[tuple[str, str]] = []

    @rule(seconds=st.sampled_from([0.5, 1.0, 59.0, 600.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(who=WHO, values=st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1), ttl=TTLS)
    def set_many(self, who: int, values: Mapping[str, bytes], ttl: float | None) -> None:
        self.clients[who].set_many(values, ttl)
        for key, value in values.items():
            self._put(key, value, self.entries.get(key, Entry()).version, ttl)

    @rule(who=WHO, key=st.sampled_from(KEYS), value=VALUES, ttl=TTLS)
    def set_one(self, who: int, key: str, value: bytes, ttl: float | None) -> None:
        self.clients[who].set(key, value, ttl)
        self._put(key, value, self.entries.get(key, Entry()).version, ttl)

    @rule(who=WHO, keys=SOME_KEYS)
    def delete_many(self, who: int, keys: Sequence[str]) -> None:
        assert self.clients[who].delete_many(keys) == len([key for key in keys if key in self._alive()])
        for key in keys:
            self._put(key, None, self.entries.get(key, Entry()).version, None)

    @rule(who=WHO, entries=ENTRIES, ttl=TTLS)
    def put_newer(self, who: int, entries: Sequence[Versioned], ttl: float | None) -> None:
        known = [entry for entry in entries if self._is_plain_case(entry)]
        assert self.clients[who].put_newer(known, ttl) == len([e for e in known if self._put_newer(e, ttl)])

    @rule(who=WHO, key=st.sampled_from(KEYS), seconds=st.sampled_from([1.0, 60.0]))
    def lease(self, who: int, key: str, seconds: float) -> None:
        lease = self.clients[who].lease(key, seconds)
        value, held = self._alive().get(key), self.leases.get(key)
        assert lease.value == value
        if value is not None or (held is not None and held[1] > self.now):
            assert lease.token is None
            assert lease.stale in (None, self.entries.get(key, Entry()).value)
            return
        assert lease.token is not None
        assert lease.token not in {token for _, token in self.tokens}
        self.leases[key] = (lease.token, self.now + seconds)
        self.tokens.append((key, lease.token))

    @precondition(lambda self: self.tokens)
    @rule(who=WHO, value=VALUES, ttl=TTLS, data=st.data())
    def fill(self, who: int, value: bytes, ttl: float | None, data: st.DataObject) -> None:
        key, token = data.draw(st.sampled_from(self.tokens))
        holder = self.leases.get(key)
        is_held = holder is not None and holder[0] == token and holder[1] > self.now
        assert self.clients[who].fill(key, token, value, ttl) == is_held
        if is_held:
            self._put(key, value, self.entries.get(key, Entry()).version, ttl)

    @rule(who=WHO)
    def sweep(self, who: int) -> None:
        self.clients[who].sweep()

    @rule(who=WHO)
    def clear(self, who: int) -> None:
        before = self.clients[who].epoch()
        self.clients[who].clear()
        assert {client.epoch() for client in self.clients}.isdisjoint({before})
        self.entries.clear()
        self.leases.clear()

    @invariant()
    def every_client_reads_what_lives(self) -> None:
        alive = self._alive()
        versions = {key: entry.version for key, entry in self.entries.items() if entry.version is not None}
        for client in self.clients:
            assert client.get_many([*KEYS, "none", *KEYS]) == alive
            assert {key: client.get(key) for key in KEYS} == {key: alive.get(key) for key in KEYS}
            assert client.versions_of([*KEYS, "none"]) == versions
        assert self.clients[0].statistics().entries == len(alive)

    @invariant()
    def every_client_knows_one_epoch(self) -> None:
        assert len({client.epoch() for client in self.clients}) == 1

    def _alive(self) -> dict[str, bytes]:
        return {
            key: entry.value
            for key, entry in self.entries.items()
            if entry.value is not None and (entry.expires is None or entry.expires > self.now)
        }

    def _put(self, key: str, value: bytes | None, version: int | None, ttl: float | None) -> None:
        self.entries[key] = Entry(value, version, None if ttl is None else self.now + ttl)
        self.leases.pop(key, None)

    def _put_newer(self, entry: Versioned, ttl: float | None) -> bool:
        known = self.entries.get(entry.key, Entry())
        is_newer = known.version is None or entry.version > known.version
        withdraws = entry.version == known.version and entry.value is None and known.value is not None
        if is_newer or withdraws:
            self._put(entry.key, entry.value, entry.version, None if entry.value is None else ttl)
        return is_newer or withdraws

    def _is_plain_case(self, entry: Versioned) -> bool:
        """Return whether all backends count it alike: not so the withdrawal, at its own version, of what expired."""
        known = self.entries.get(entry.key, Entry())
        has_expired = known.value is not None and entry.key not in self._alive()
        return not (has_expired and entry.value is None and replace(known, version=entry.version) == known)
