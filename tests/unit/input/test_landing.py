"""Landing files: formats, names, row numbers and counts, read back with other parsers than those that wrote them."""

import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import zstandard
from lxml import etree

from tests.input import landing, truth
from tests.input.faults import delivery, texts, values
from tests.input.faults.case import Case
from tests.input.faults.clock import missing_hour
from tests.input.readings import FORMS, QUARANTINED
from tests.input.streams import STREAMS, Stream, weekly
from tests.input.timeaxis import from_us
from tests.input.writers import QUICK
from tests.unit.input.given import SPRING, case, fleet

ESPI = "{http://naesb.org/espi}"


def landed(before: Case, folder: Path, *, is_plain: bool = False) -> landing.Landed:
    copies = frozenset({("mv", "2016-w12")})
    return landing.write(
        before, fleet(), landing.Layout(folder, weekly(SPRING), is_plain=is_plain, copies=copies, effort=QUICK)
    )


def unpacked(path: Path) -> str:
    payload = path.read_bytes()
    if path.suffix == ".gz":
        payload = gzip.decompress(payload)
    if path.suffix == ".zst":
        payload = zstandard.ZstdDecompressor().decompress(payload)
    return payload.decode()


def values_of(before: Case, sensor_id: str) -> list[float]:
    rows = before.sensors_where(before.fleet.ids == sensor_id)
    values_before: list[float] = before.readings.value[rows].tolist()
    return values_before


def test_write__csv_gives_the_values_back(tmp_path: Path) -> None:
    before = case()
    landed(before, tmp_path)
    rows = []
    for path in sorted(tmp_path.glob("*_lv_*")):
        rows += [r for r in csv.DictReader(io.StringIO(unpacked(path))) if r["sensor_id"] == "L5.energy"]
    assert [float(row["value"]) for row in rows] == values_of(before, "L5.energy")
    assert {row["unit"] for row in rows} == {"kWh"}
    assert rows[0]["timestamp"] == "2016-03-23T23:00:00Z"


def test_write__json_lines_give_the_values_back(tmp_path: Path) -> None:
    before = case()
    landed(before, tmp_path)
    lines = [line for path in sorted(tmp_path.glob("*_mvslow_*")) for line in unpacked(path).splitlines()]
    rows = [row for row in map(json.loads, lines) if row["sensor_id"] == "S1.energy"]
    assert [row["value"] for row in rows] == values_of(before, "S1.energy")
    assert {row["interval_minutes"] for row in rows} == {30}


def test_write__parquet_gives_the_values_back_sorted(tmp_path: Path) -> None:
    before = case()
    landed(before, tmp_path)
    rows = [
        row
        for path in sorted(tmp_path.glob("*_mv_*"))
        if "copy" not in path.name
        for row in pq.read_table(path).to_pylist()
    ]
    own = [row for row in rows if row["sensor_id"] == "M2.energy"]
    assert [row["value"] for row in own] == values_of(before, "M2.energy")
    assert own == sorted(own, key=lambda row: row["timestamp"])
    assert own[0]["timestamp"] == from_us(SPRING.start_us)


def test_write__green_button_gives_the_values_back(tmp_path: Path) -> None:
    before = case()
    landed(before, tmp_path)
    found = []
    for path in sorted(tmp_path.glob("*_espi_*")):
        blocks = list(etree.fromstring(unpacked(path).encode()).iter(f"{ESPI}IntervalBlock"))
        assert len(blocks) == 4
        found += [float(value.text) / 10_000 for value in blocks[1].iter(f"{ESPI}value")]
    assert found == pytest.approx(values_of(before, "E1.energy"))


def test_write__green_button_names_the_sensor_and_its_unit(tmp_path: Path) -> None:
    landed(case(), tmp_path, is_plain=True)
    feed = etree.parse(str(next(tmp_path.glob("*_espi_*.xml"))))
    atom = {"a": "http://www.w3.org/2005/Atom", "e": "http://naesb.org/espi"}
    titles = feed.xpath("//a:entry[a:content/e:UsagePoint]/a:title/text()", namespaces=atom)
    assert titles == [f"E{i}.energy" for i in range(4)]
    assert set(feed.xpath("//e:uom/text()", namespaces=atom)) == {"72"}
    assert set(feed.xpath("//e:powerOfTenMultiplier/text()", namespaces=atom)) == {"-1"}


def test_write__names_sort_by_delivery(tmp_path: Path) -> None:
    after = delivery.corrected(delivery.late(case(share=0.2)))
    landed(after, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    regular = [i for i, name in enumerate(names) if "2016-w13." in name]
    extra = [i for i, name in enumerate(names) if "w12-late" in name or "w12-corrected" in name or "w12-copy" in name]
    assert extra
    assert min(extra) > max(regular)


def test_write__copy_has_the_same_bytes_and_counts_as_duplicate(tmp_path: Path) -> None:
    done = landed(case(), tmp_path)
    copy = next(file for file in done.files if "-copy" in file.name)
    original = next(file for file in done.files if "_mv_2016-w12." in file.name)
    assert (tmp_path / copy.name).read_bytes() == (tmp_path / original.name).read_bytes()
    assert (copy.rows, copy.duplicate) == (original.rows, original.rows)


def test_write__row_numbers_lead_to_the_row(tmp_path: Path) -> None:
    after = values.unit_convertible(case(share=0.2))
    done = landed(after, tmp_path)
    rows = np.flatnonzero((after.readings.fault >= 0) & (after.fleet.streams[after.readings.sensor] == "lv"))
    assert rows.size
    for row in rows.tolist():
        line = unpacked(tmp_path / done.files[done.file[row]].name).splitlines()[done.row[row] - 1]
        assert line.startswith(str(after.fleet.ids[after.readings.sensor[row]]))
        assert ",Wh," in line


def test_write__missing_hour_is_stamped_with_it(tmp_path: Path) -> None:
    landed(missing_hour(case()), tmp_path)
    lines = [line for path in tmp_path.glob("*_lvlocal_*") for line in unpacked(path).splitlines()]
    assert sum(",2016-03-27T02:" in line for line in lines) == 8 * 4
    assert sum(",2016-03-27T03:" in line for line in lines) == 4 * 4


@pytest.mark.parametrize("stream", STREAMS)
def test_write__malformed_rows_are_where_the_truth_says(stream: Stream, tmp_path: Path) -> None:
    after = case(share=1.0)
    for form in texts.FORMS_OF_SUFFIX[stream.suffix.split(".")[0]]:
        after = texts.malformed(after, stream.name, form, 2)
    done = landed(after, tmp_path)
    claimed = np.flatnonzero(after.readings.fault >= 0)
    assert claimed.size
    assert (after.readings.fate[claimed] == QUARANTINED).all()
    assert set(after.readings.form[claimed].tolist()) <= set(FORMS.values())
    assert sum(file.quarantined for file in done.files if "-copy" not in file.name) == claimed.size
    faults = truth.fault_table(after, done)
    assert set(zip(faults["source_file"].to_pylist(), faults["source_row"].to_pylist(), strict=True)) == {
        (done.files[done.file[row]].name, int(done.row[row])) for row in claimed
    }
