"""Text files that the line scan refuses: only their bad lines are lost, and line numbers stay exact."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.readers.text import MARK
from grid_assets.pipeline.ingest.sanitise import LINE_LIMIT, sanitise
from tests.properties import examples
from tests.unit.pipeline.ingest.world import World, world

HEAD = b"sensor_id,timestamp,value\n"
GOOD = b"a,2016-01-01T00:00:00Z,1"


def _sanitised(folder: Path, content: bytes) -> list[str]:
    source, target = folder / "source", folder / "target"
    source.write_bytes(content)
    sanitise(source, target)
    return target.read_bytes().decode().split("\n")[:-1]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\r\nb\nc\r\n", ["a", "b", "c"]),
        (b"a\rb\rc", ["a", "b", "c"]),
        (b"a\nb\rc\nd", ["a", "b c", "d"]),
        (b"a\n\n\r\nb\n", ["a", "", "", "b"]),
        (b"a\n\xff\xfeb\nc\n", ["a", f"{MARK}bad_encoding{MARK}\\xff\\xfeb", "c"]),
        (b"a\nb\x1fc\nd\n", ["a", f"{MARK}malformed_row{MARK}b c", "d"]),
        (b"", []),
    ],
)
def test_sanitise__lines(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    assert _sanitised(tmp_path, content) == lines


def test_sanitise__long_lines_anywhere_in_large_files(tmp_path: Path) -> None:
    huge = b"x" * 10_000_000
    lines = _sanitised(tmp_path, b"a\n" + huge + b"\nb\n" + huge + b"\n" + b"c\n" * 1_000_000 + huge)
    long = f"{MARK}line_too_long{MARK}" + "x" * 4096
    assert lines[:5] == ["a", long, "b", long, "c"]
    assert lines[-2:] == ["c", long]
    assert len(lines) == 1_000_005


def test_sanitise__line_of_exactly_the_limit_passes(tmp_path: Path) -> None:
    lines = _sanitised(tmp_path, b"x" * LINE_LIMIT + b"\n" + b"y" * (LINE_LIMIT + 1) + b"\n")
    assert len(lines[0]) == LINE_LIMIT
    assert lines[1].startswith(f"{MARK}line_too_long")


@examples(25)
@given(st.integers(0, 2**32), st.sampled_from([b"\n", b"\r\n"]))
def test_sanitise__good_lines_of_a_spoilt_file_survive(
    tmp_path_factory: pytest.TempPathFactory, seed: int, end: bytes
) -> None:
    chance = random.Random(seed)
    spoilt = [b"\xc3\x28,x", b"a,\x1f,1", b"a\rb", b"", b"a,b,c,d", b"x" * 1_100_000, b'"', b"\0"]
    lines = [chance.choice(spoilt) if chance.random() < 0.3 else GOOD for _ in range(30)]
    here = world(tmp_path_factory.mktemp("landing"))
    here.land("file.csv", HEAD + b"\xff\n" + end.join(lines))
    good = [number for number, line in enumerate(lines, start=3) if line == GOOD]
    bad = [number for number, line in enumerate(lines, start=3) if line not in {GOOD, b""}]
    read = here.read()
    assert here.rows(read.accepted, "source_row") == [(number,) for number in good]
    assert here.rows(read.rejected, "source_row") == [(number,) for number in [2, *bad]]
    here.connection.close()


def test_read_batch__reasons_of_a_spoilt_file(ingest: World) -> None:
    rows = [b"\xff,1,2", GOOD + b"\0", b"x" * 10_000_000, b"a\x1e,b,c", b"a,b", GOOD]
    ingest.land("file.csv", HEAD + b"\r\n".join(rows))
    assert ingest.rejected() == [
        (2, Reason.BAD_ENCODING),
        (3, Reason.NUL_BYTE),
        (4, Reason.LINE_TOO_LONG),
        (5, Reason.MALFORMED_ROW),
        (6, Reason.MALFORMED_ROW),
    ]
    assert ingest.accepted("source_row") == [(7,)]
    assert max(len(str(raw)) for (raw,) in ingest.rejected("raw_text")) == 4096


def test_read_batch__marks_of_the_sanitiser_in_a_healthy_file_mean_nothing(ingest: World) -> None:
    ingest.land("file.csv", HEAD + b"\x1ebad_encoding\x1ehello\n")
    assert ingest.rejected() == [(2, Reason.MALFORMED_ROW)]
