"""Damaged files of every format: nothing is raised, nothing is lost, and a healthy file beside them is read whole."""

import gzip
import random
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties import examples
from tests.unit.pipeline.ingest.world import NO_STORED, World, utc, world

ROWS = [(f"2016-01-01T{n // 4:02d}:{n % 4 * 15:02d}:00Z", n / 8) for n in range(60)]
CSV = "sensor_id,timestamp,value\n" + "".join(f'"a",{start},{value}\n' for start, value in ROWS)
JSONL = "".join(f'{{"sensor_id":"a","timestamp":"{start}","value":{value}}}\n' for start, value in ROWS)
READINGS = "".join(
    f"<IntervalReading><timePeriod><duration>900</duration><start>{1451606400 + 900 * n}</start></timePeriod>"
    f"<value>{n}</value></IntervalReading>"
    for n in range(60)
)
FEED = (
    '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
    '<entry><link rel="self" href="u/1"/><title>a</title>'
    '<content><UsagePoint xmlns="http://naesb.org/espi"/></content></entry>'
    '<entry><link rel="self" href="u/1/MeterReading/1"/><link rel="up" href="u/1/MeterReading"/>'
    '<content><MeterReading xmlns="http://naesb.org/espi"/></content></entry>'
    '<entry><link rel="self" href="u/1/MeterReading/1/IntervalBlock/1"/>'
    f'<content><IntervalBlock xmlns="http://naesb.org/espi">{READINGS}</IntervalBlock></content></entry></feed>'
)


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    starts = pa.array([utc(start.removesuffix("Z")) for start, _ in ROWS])
    pq.write_table(pa.table({"sensor_id": ["a"] * 60, "timestamp": starts, "value": [v for _, v in ROWS]}), sink)
    return bytes(sink.getvalue())


WHOLE: dict[str, bytes] = {
    "x.csv": CSV.encode(),
    "x.csv.gz": gzip.compress(CSV.encode()),
    "x.jsonl": JSONL.encode(),
    "x.jsonl.zst": bytes(pa.Codec("zstd").compress(JSONL.encode(), asbytes=True)),
    "x.parquet": _parquet(),
    "x.xml": FEED.encode(),
    "x.xml.gz": gzip.compress(FEED.encode()),
}


PIECES = (b"\0", b"\r", b"\n\n", b'"', b"\x1f", b"\x1e", b"\xff\xfe", b",,,", b"1e999", b"<x>", b"&y;", b"}", b"9" * 50)


def _flip(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] = chance.randrange(256)


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def _drop(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.randrange(1, 40)]


def _insert(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = chance.choice(PIECES)


def _repeat(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = content[start : start + chance.randrange(1, 400)]


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _cut, _drop, _insert, _repeat)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        if damaged:
            chance.choice(DAMAGES)(damaged, chance)
    return bytes(damaged)


@pytest.mark.parametrize("name", WHOLE)
def test_read_batch__whole_file_of_every_format(ingest: World, name: str) -> None:
    ingest.land_as_is(name, WHOLE[name])
    assert len(ingest.accepted("value")) == 60


@examples(20)
@given(st.integers(0, 2**32), st.sampled_from(sorted(WHOLE)))
def test_read_batch__damaged_file(tmp_path_factory: pytest.TempPathFactory, seed: int, name: str) -> None:
    chance = random.Random(seed)
    here = world(tmp_path_factory.mktemp("landing"))
    here.land_as_is(name, _damaged(WHOLE[name], chance))
    here.csv("a,2016-06-01T00:00:00Z,1", name="good.csv")
    counts = here.split(NO_STORED).counts
    assert [c.received == c.stored + c.duplicate + c.quarantined for c in counts] == [True, True]
    assert (counts[1].stored, counts[1].quarantined) == (1, 0)
    here.connection.close()
