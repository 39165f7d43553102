"""kill -9 at every point of publishing in the aggregate stage: readers see whole tables, the next run mends all."""

from collections.abc import Callable

import pytest

from tests.support.child import Fault
from tests.support.faults import FaultyHome, faults_of
from tests.support.homes import opened


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> FaultyHome:
    return FaultyHome(tmp_path_factory.mktemp("aggregate"))


@pytest.mark.parametrize("fault", faults_of("aggregate"), ids=str)
def test_run__mends_what_a_killed_run_left_behind(
    fault: Fault, faulty: FaultyHome, record_property: Callable[[str, object], None]
) -> None:
    home = faulty.struck(fault)
    with opened(home) as platform:
        faulty.assert_every_table_is_whole(platform)
        summary = faulty.assert_mended(platform)
    assert len(summary.repaired_batches) == (0 if fault.point.endswith("batch.settled") else 1)
    found = ", ".join(f"batch {batch_id} {how}" for batch_id, how in summary.repaired_batches)
    record_property("fault", f"{fault} | {found or 'nothing to repair'}")
