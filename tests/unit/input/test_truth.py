"""The tables kept aside."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from tests.input import landing, truth
from tests.input.faults import delivery, texts, values
from tests.input.streams import weekly
from tests.input.writers import QUICK
from tests.unit.input.given import SPRING, case, fleet


def layout(folder: Path) -> landing.Layout:
    return landing.Layout(folder, weekly(SPRING), effort=QUICK)


def test_manifest__adds_up(tmp_path: Path) -> None:
    after = delivery.unknown_sensor(delivery.overlap(texts.malformed(values.gap_long(case()), "lv", "nan", 30)))
    table = truth.manifest(landing.write(after, fleet(), layout(tmp_path)))
    parts = [table[name] for name in ("good_rows", "expected_quarantined", "expected_duplicate")]
    assert pc.add(pc.add(parts[0], parts[1]), parts[2]).equals(table["rows"])
    assert min(pc.sum(part).as_py() for part in parts) > 0


def test_true_values__hold_what_is_missing_or_wrong_and_nothing_else() -> None:
    missing = values.gap_long(case())
    wrong = values.negative(missing)
    shifted = values.off_clock_seconds(wrong)
    table = truth.true_values(shifted)
    claimed = np.flatnonzero(shifted.readings.fault >= 0)
    assert table.num_rows == claimed.size
    assert sorted(table["true_value"].to_pylist()) == sorted(shifted.readings.true[claimed].tolist())


def test_true_values__leave_out_what_a_conversion_or_a_later_file_puts_right() -> None:
    right = delivery.corrected(delivery.late(values.unit_convertible(case())))
    assert len(right.log) > 0
    assert truth.true_values(right).num_rows == 0


def test_true_values__hold_energy_with_a_label_that_no_factor_converts() -> None:
    after = values.unit_inconvertible(case())
    assert truth.true_values(after).num_rows == int((after.readings.fault >= 0).sum())


def test_fault_table__has_a_row_per_episode_with_its_bounds(tmp_path: Path) -> None:
    after = values.stuck(values.gap_short(case()))
    table = truth.fault_table(after, landing.write(after, fleet(), layout(tmp_path)))
    assert table.num_rows == len(after.log)
    gaps = table.filter(pc.equal(table["kind"], "gap_short"))
    assert gaps["source_file"].null_count == gaps.num_rows
    minutes = [
        (b - a).total_seconds() / 900
        for a, b in zip(*(table[c].to_pylist() for c in ("start_utc", "end_utc")), strict=True)
    ]
    assert minutes == table["readings"].to_pylist()


def test_fault_table__of_what_came_twice_points_at_the_second_delivery(tmp_path: Path) -> None:
    after = delivery.overlap(case())
    table = truth.fault_table(after, landing.write(after, fleet(), layout(tmp_path)))
    assert all("-again" in name for name in table["source_file"].to_pylist())
    assert [f"readings={n}" for n in table["readings"].to_pylist()] == table["detail"].to_pylist()
