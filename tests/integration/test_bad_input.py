"""Bad input through the main job, with real files: clear reasons, the rest processed, the same command works again.

All bad files arrive at once, beside good ones, and are taken by one run; each case then looks at what became of its
file.
"""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.tables import QUARANTINE, SENSOR_DATA, SENSORS
from grid_assets.pipeline.run import RunSummary
from tests.support.child import Fault, run_on_a_full_disk
from tests.support.homes import assert_reconciled, opened, run_in, standing
from tests.support.landing import DAYS, METERS, Sensor, write_catalogue, write_readings
from tests.support.processes import call

HEADER = "sensor_id,timestamp,value"
GOOD = "M1.e,2016-01-10T00:00:00Z,1.5"
ZSTD = pa.Codec("zstd")
ENTITIES = '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE feed [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
FEED = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>M1.e</title></entry></feed>'


@dataclass(frozen=True)
class Case:
    """A bad file: what it holds, its rows that are good, and the rows that have to be in quarantine."""

    name: str
    content: bytes
    good: tuple[int, ...] = ()
    bad: tuple[tuple[int, Reason], ...] = ()


def _lines(*rows: str | bytes, end: bytes = b"\n", header: str = HEADER) -> bytes:
    return end.join(row.encode() if isinstance(row, str) else row for row in (header, *rows)) + end


def _parquet(**columns: pa.Array) -> bytes:
    base = {"sensor_id": ["M1.e"] * 3, "value": [1.0] * 3}
    base["timestamp"] = pa.array([datetime(2016, 1, 11, hour, tzinfo=UTC) for hour in range(3)])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(base | columns), sink)
    return bytes(sink.getvalue())


def _whole(name: str, content: bytes, reason: Reason) -> Case:
    return Case(name, content, (), ((0, reason),))


PARQUET = _parquet()
PACKED = gzip.compress(_lines(*[GOOD] * 5000))
CASES = (
    _whole("empty.csv", b"", Reason.EMPTY_FILE),
    _whole("blank.csv", b"\n \r\n", Reason.EMPTY_FILE),
    Case("header_only.csv", _lines()),
    _whole("truncated.csv.gz", PACKED[: len(PACKED) // 2], Reason.TRUNCATED_FILE),
    _whole("truncated.jsonl.zst", ZSTD.compress(b"{}\n" * 9999, asbytes=True)[:-2], Reason.TRUNCATED_FILE),
    _whole("damaged.csv.gz", PACKED[:-6] + b"??" + PACKED[-4:], Reason.TRUNCATED_FILE),
    _whole("not_packed.csv.gz", _lines(GOOD), Reason.TRUNCATED_FILE),
    _whole("utf16.csv", _lines(GOOD).decode().encode("utf-16"), Reason.BAD_ENCODING),
    Case(
        "latin1.csv",
        _lines(
            "M1.e,2016-01-12T00:00:00Z,1,ok",
            "M1.e,2016-01-12T01:00:00Z,1,Küche".encode("latin-1"),
            header=f"{HEADER},x",
        ),
        (2,),
        ((3, Reason.BAD_ENCODING),),
    ),
    Case("bom.csv", b"\xef\xbb\xbf" + _lines("M1.e,2016-01-13T00:00:00Z,1"), (2,)),
    Case("crlf.csv", _lines("M1.e,2016-01-14T00:00:00Z,1", "", "M1.e,2016-01-14T01:00:00Z,1", end=b"\r\n"), (2, 4)),
    Case(
        "mixed_ends.csv",
        b"\r\n".join((HEADER.encode(), b"M1.e,2016-01-14T02:00:00Z,1\nM1.e,2016-01-14T03:00:00Z,1")),
        (2, 3),
    ),
    Case(
        "carriage_returns.csv", _lines("M1.e,2016-01-14T04:00:00Z,1", "M1.e,2016-01-14T05:00:00Z,1", end=b"\r"), (2, 3)
    ),
    Case(
        "ragged.csv",
        _lines("M1.e,2016-01-15T00:00:00Z", "M1.e,2016-01-15T00:00:00Z,1,2", "M1.e,2016-01-15T00:00:00Z,1", '"M1.e'),
        (4,),
        ((2, Reason.MALFORMED_ROW), (3, Reason.MALFORMED_ROW), (5, Reason.MALFORMED_ROW)),
    ),
    _whole("no_header.csv", _lines(GOOD, header=GOOD), Reason.NO_HEADER),
    _whole("semicolons.csv", b"sensor_id;timestamp;value\n", Reason.NO_HEADER),
    Case(
        "long_line.csv",
        _lines("M1.e,2016-01-16T00:00:00Z,1", "x" * 10_000_000, "M1.e,2016-01-16T01:00:00Z,1"),
        (2, 4),
        ((3, Reason.LINE_TOO_LONG),),
    ),
    Case(
        "long_line.jsonl.gz",
        gzip.compress(
            b'{"sensor_id":"'
            + b"x" * 10_000_000
            + b'"}\n{"sensor_id":"M1.e","timestamp":"2016-01-16T02:00Z","value":1}'
        ),
        (2,),
        ((1, Reason.LINE_TOO_LONG),),
    ),
    Case(
        "nul.csv",
        _lines(b"M1.e,2016-01-17T00:00:00Z,1\0", "M1.e,2016-01-17T01:00:00Z,1"),
        (3,),
        ((2, Reason.NUL_BYTE),),
    ),
    Case(
        "not_finite.csv",
        _lines(*(f"M1.e,2016-01-18T00:00:00Z,{value}" for value in ("NaN", "inf", "-Infinity", "1e999", "1"))),
        (6,),
        tuple((row, Reason.NOT_FINITE) for row in (2, 3, 4, 5)),
    ),
    Case(
        "far_dates.csv",
        _lines(
            *(
                f"M1.e,{date}T00:00:00Z,1"
                for date in ("1970-01-01", "2999-12-31", "0001-01-01", "9999-12-31", "2016-01-19")
            )
        ),
        (6,),
        tuple((row, Reason.FAR_DATE) for row in (2, 3, 4, 5)),
    ),
    Case(
        "impossible_dates.csv",
        _lines("M1.e,2016-02-30T00:00:00Z,1", "M1.e,99999-01-01T00:00:00Z,1", "M1.e,yesterday,1"),
        (),
        tuple((row, Reason.BAD_TIMESTAMP) for row in (2, 3, 4)),
    ),
    Case(
        "local_times.csv",
        _lines(
            "M1.e,2015-03-29T02:30:00,1",
            "M1.e,2015-03-29T03:30:00,1",
            "M1.e,2015-10-25T02:00:00,1",
            "M2.e,2015-10-25T02:00:00,1",
            "M2.e,2015-10-25T02:00:00,2",
        ),
        (3, 5, 6),
        ((2, Reason.NONEXISTENT_LOCAL_TIME), (4, Reason.AMBIGUOUS_LOCAL_TIME)),
    ),
    _whole("laughs.xml", (ENTITIES + FEED.replace("M1.e", "&b;")).encode(), Reason.XML_FORBIDDEN),
    _whole("outside.xml.gz", gzip.compress((OUTSIDE + FEED.replace("M1.e", "&e;")).encode()), Reason.XML_FORBIDDEN),
    _whole("undeclared.xml", FEED.replace("M1.e", "&e;").encode(), Reason.NOT_XML),
    _whole("cut.xml", FEED.encode()[:-9], Reason.NOT_XML),
    _whole("csv.parquet", _lines(GOOD, GOOD), Reason.NOT_PARQUET),
    _whole("cut.parquet", PARQUET[: len(PARQUET) // 2], Reason.NOT_PARQUET),
    _whole("list.parquet", _parquet(value=pa.array([[1.0]] * 3)), Reason.BAD_SCHEMA),
    Case(
        "nan.parquet",
        _parquet(value=pa.array([1.0, float("nan"), None])),
        (1,),
        ((2, Reason.NOT_FINITE), (3, Reason.MISSING_FIELD)),
    ),
    Case(
        "broken.jsonl",
        b'{"sensor_id":"M1.e","timestamp":"2016-01-20T00:00:00Z","value":1}\n{"sensor_id"\n[]\n',
        (1,),
        ((2, Reason.BAD_JSON), (3, Reason.BAD_JSON)),
    ),
    _whole("notes.txt", b"hello", Reason.UNKNOWN_FORMAT),
)


@dataclass(frozen=True)
class Outcome:
    """The home after one run over all cases, and what the run said."""

    home: Path
    summary: RunSummary

    def rows(self, table: TableSpec, columns: str, name: str) -> list[tuple[object, ...]]:
        """Return columns of a table's rows that came from a landing file, by row."""
        with opened(self.home) as platform, platform.engine.session() as session:
            session.scan("looked_at", platform.lake.scan(table))
            query = f"SELECT {columns} FROM looked_at WHERE source_file = '{name}' ORDER BY source_row"
            return [tuple(row.values()) for row in session.fetch(query).to_pylist()]


@pytest.fixture(name="outcome", scope="module")
def _outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    home = tmp_path_factory.mktemp("bad") / "home"
    landing = home / "landing"
    write_catalogue(landing, "catalogue.csv", METERS, more=["M9.e,magic,kWh", *[f"M9.e,magic{',' * 12}"]])
    write_readings(landing, "good.csv", DAYS, sensors=METERS)
    for case in CASES:
        (landing / "readings" / case.name).write_bytes(case.content)
    (landing / "readings" / "folder.csv").mkdir()
    (landing / "readings" / "link.csv").symlink_to("/etc/passwd")
    return Outcome(home, run_in(home))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_run__takes_the_good_rows_and_names_the_bad_ones(outcome: Outcome, case: Case) -> None:
    assert outcome.rows(SENSOR_DATA, "source_row", case.name) == [(row,) for row in case.good]
    assert outcome.rows(QUARANTINE, "source_row, reason", case.name) == list(case.bad)


@pytest.mark.parametrize("case", [case for case in CASES if case.bad], ids=lambda case: case.name)
def test_run__says_what_was_found(outcome: Outcome, case: Case) -> None:
    for row, reason, detail, raw_text in outcome.rows(QUARANTINE, "source_row, reason, detail, raw_text", case.name):
        assert detail or raw_text, (row, reason)
        assert raw_text is None or len(str(raw_text)) <= 4096


def test_run__takes_the_good_files_whole(outcome: Outcome) -> None:
    good = outcome.rows(SENSOR_DATA, "COUNT(*) OVER () AS n", "good.csv")
    assert len(good) == len(METERS) * 95
    assert outcome.summary.quarantined == 2 + sum(len(case.bad) for case in CASES)
    assert outcome.summary.held_batches == ()
    assert outcome.summary.days > len(DAYS)


@pytest.mark.parametrize(("name", "reason"), [("folder.csv", Reason.IS_DIRECTORY), ("link.csv", Reason.FORBIDDEN_LINK)])
def test_run__quarantines_what_is_no_file(outcome: Outcome, name: str, reason: Reason) -> None:
    assert outcome.rows(QUARANTINE, "source_row, reason", name) == [(0, reason)]


def test_run__quarantines_bad_catalogue_rows(outcome: Outcome) -> None:
    assert outcome.rows(QUARANTINE, "source_row, reason", "catalogue.csv") == [
        (len(METERS) + 2, Reason.MALFORMED_ROW),
        (len(METERS) + 3, Reason.MISSING_FIELD),
    ]
    with opened(outcome.home) as platform, platform.engine.session() as session:
        session.scan("sensors", platform.lake.scan(SENSORS))
        assert session.fetch("SELECT COUNT(*) AS n FROM sensors").to_pylist() == [{"n": len(METERS)}]


def test_run__every_row_is_in_one_place(outcome: Outcome) -> None:
    with opened(outcome.home) as platform:
        assert_reconciled(platform)


def test_run__again_changes_nothing(outcome: Outcome) -> None:
    with opened(outcome.home) as platform:
        before = standing(platform)
    summary = run_in(outcome.home)
    with opened(outcome.home) as platform:
        assert standing(platform) == before
    assert (summary.received, summary.quarantined, summary.days) == (0, 0, 0)


@pytest.fixture(name="small_home")
def _small_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    write_catalogue(home / "landing", "catalogue.csv", METERS)
    write_readings(home / "landing", "good.csv", DAYS[:1], sensors=METERS)
    return home


@pytest.fixture(name="nobody")
def _nobody() -> Iterator[Callable[[], None]]:
    """Give a call that makes this process an ordinary user where it is root, whom no permission binds."""
    is_root = os.geteuid() == 0
    yield lambda: os.seteuid(65534) if is_root else None
    if is_root:
        os.seteuid(0)


def test_run__file_without_permission_is_quarantined_and_taken_once_it_may_be_read(
    small_home: Path, nobody: Callable[[], None]
) -> None:
    secret = small_home / "landing" / "readings" / "secret.csv"
    secret.write_text(f"{HEADER}\n{GOOD}\n")
    secret.chmod(0)
    _open_to_all(small_home)
    nobody()
    outcome = Outcome(small_home, run_in(small_home))
    assert outcome.rows(QUARANTINE, "source_row, reason", "secret.csv") == [(0, Reason.NO_PERMISSION)]
    assert outcome.summary.stored == len(METERS) * 24
    os.seteuid(os.getuid())
    secret.chmod(0o644)
    assert run_in(small_home).stored == 1


def _open_to_all(home: Path) -> None:
    """Let any user work in a home: the folders above it are the test runner's own."""
    for path in [*home.parents][: len(home.parts) - 2]:
        if path.stat().st_uid == os.getuid():
            path.chmod(path.stat().st_mode | 0o011)
    for path in (home, home / "landing", home / "landing" / "readings", home / "landing" / "sensors"):
        path.chmod(0o777)


def test_run__full_disk_while_unpacking_blames_no_file(small_home: Path, tmp_path: Path) -> None:
    wide = Sensor("M1.e", description="x" * 20)
    days = write_readings(small_home / "landing", "wide.csv", DAYS, sensors=[wide] * 60)
    packed = days.with_suffix(".csv.gz")
    with days.open("rb") as plain, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(plain, target)
    days.unlink()
    marker, error = tmp_path / "fired", tmp_path / "error"
    assert call(run_on_a_full_disk, small_home, Fault("ingest.batch.opened"), marker, error) == 0
    assert marker.exists()
    assert "wide.csv.gz" not in error.read_text()
    outcome = Outcome(small_home, run_in(small_home))
    assert outcome.rows(QUARANTINE, "reason", "wide.csv.gz") == []
    assert outcome.summary.received == len(METERS) * 24 + 60 * 95
    with opened(small_home) as platform:
        assert_reconciled(platform)
