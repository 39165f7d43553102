"""kill -9 at every point of publishing in the ingest stage: readers see whole tables, the next run mends all."""

from collections.abc import Callable

import pytest

from tests.support.child import Fault
from tests.support.faults import FaultyHome, faults_of, what_was_found
from tests.support.homes import batches_in_lake, opened


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> FaultyHome:
    return FaultyHome(tmp_path_factory.mktemp("ingest"))


@pytest.mark.parametrize("fault", faults_of("ingest"), ids=str)
def test_run__mends_what_a_killed_run_left_behind(
    fault: Fault, faulty: FaultyHome, record_property: Callable[[str, object], None]
) -> None:
    home = faulty.struck(fault)
    with opened(home) as platform:
        faulty.assert_every_table_is_whole(platform)
        committed = batches_in_lake(platform)
        summary = faulty.assert_mended(platform)
    assert len(summary.repaired_batches) == (0 if fault.point.endswith("batch.settled") else 1)
    record_property("fault", what_was_found(fault, committed, summary))
