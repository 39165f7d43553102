"""Backfill: the job that verifies and aggregates operating days again, one day, a range, or all of them.

A range is one run, cut inside into steps that fit into memory; `chunk_readings` in the run config sets their size.
Days that come out the same are not written.
"""

from datetime import date

import dagster as dg

from grid_assets.partitions import key_of
from grid_assets.presentation.specs import STAGE_TAG
from jobs.purposes import PURPOSE

RESTATE = "restate"
STAGES = ("verify", "aggregate")
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
STEPS = ("verify_readings", "aggregate_readings")


restate_job = dg.define_asset_job(
    RESTATE,
    selection=dg.AssetSelection.tag(STAGE_TAG, STAGES[0]) | dg.AssetSelection.tag(STAGE_TAG, STAGES[1]),
    description="Verify and aggregate operating days again. A backfill over a range is one run; "
    "days that come out the same are not written.",
    tags={PURPOSE: RESTATE},
)


def range_tags(first: date, last: date) -> dict[str, str]:
    """Return the tags that make a run stand for a range of days, both included."""
    return {RANGE_START: key_of(first), RANGE_END: key_of(last)}


def chunked(readings: int) -> dg.RunConfig:
    """Return a run config that takes about so many readings in one step."""
    return dg.RunConfig(ops={step: {"config": {"chunk_readings": readings}} for step in STEPS})
