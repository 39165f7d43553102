"""Serve: the job that brings every copy of the lake up to date, and the sensor that wakes it.

The change log is the truth and the sensor only wakes: days stay pending for each copy until a run has copied them,
whatever happens to runs, sensors or this process in between.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from grid_assets.presentation.copy_specs import COPY_STAGES
from grid_assets.presentation.specs import STAGE_TAG
from jobs.main import MAIN
from jobs.purposes import PURPOSE
from jobs.waking import decide, is_busy, request, tries
from resources.wrappers.platform import PlatformResource

if TYPE_CHECKING:
    from grid_assets.pipeline.lag import Lag

SERVE = "serve"
INTERVAL_SECONDS = 30
DIGITS = 12

serve_job = dg.define_asset_job(
    SERVE,
    selection=dg.AssetSelection.tag(STAGE_TAG, COPY_STAGES[0])
    | dg.AssetSelection.tag(STAGE_TAG, COPY_STAGES[1])
    | dg.AssetSelection.tag(STAGE_TAG, COPY_STAGES[2]),
    description="Bring every copy up to date with what changed: database, cache, search. A copy that fails holds up no "
    "other one.",
    tags={PURPOSE: SERVE},
)


@dataclass(frozen=True)
class Look:
    """What one look at the copies came to: a run to ask for, or none; and the sentence that says why."""

    request: dg.RunRequest | None
    reason: str


@dg.sensor(
    name="copies",
    job=serve_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Wakes one run when a copy is behind the lake, however many days and tables changed; needs no cursor, "
    "because the change log knows what each copy has done.",
)
def copies_sensor(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SkipReason | dg.RunRequest | None:
    """Ask the change log how far every copy is behind, and wake a run for all of it."""
    from grid_assets.pipeline.lag import lag  # noqa: PLC0415 - loads the clients' libraries

    with platform.open() as opened:
        behind = lag(opened)
    found = look(context.instance, behind, datetime.now(UTC))
    return found.request or dg.SkipReason(found.reason)


def look(instance: dg.DagsterInstance, behind: Sequence["Lag"], now: datetime) -> Look:
    """Return the run to ask for when copies are so far behind; never one beside another, and none for held days.

    A run of the main job ends in serving, so that a second one beside it would only wait for its claims.
    """
    said = _said(behind)
    if not any(entry.days for entry in behind):
        return Look(None, said)
    if is_busy(instance, SERVE) or is_busy(instance, MAIN):
        return Look(None, f"{said}; a run is at it already")
    key = wake_key(behind)
    decision = decide(tries(instance, key), now)
    if decision.attempt is None:
        return Look(None, f"{said}; {decision.reason}")
    return Look(request(key, decision.attempt), f"{said}; woken")


def wake_key(behind: Sequence["Lag"]) -> str:
    """Return what the tries at one state of the copies share.

    The state is the log's position and what each follower has still to do: a run that got a part of it done, a new
    change, a cache that lost everything or another index makes another key, which is tried at once.
    """
    position = max((entry.position for entry in behind), default=0)
    waiting = sorted((e.stage, e.consumer, e.table, *map(str, e.days)) for e in behind if e.days)
    return f"{SERVE}:{position}:{hashlib.sha256(repr(waiting).encode()).hexdigest()[:DIGITS]}"


def _said(behind: Sequence["Lag"]) -> str:
    waiting = {stage: len({day for e in behind if e.stage == stage for day in e.days}) for stage in COPY_STAGES}
    parts = [f"{stage}: {days} days" for stage, days in waiting.items() if days]
    problems = [f"{entry.stage} cannot be asked ({entry.problem})" for entry in behind if entry.problem]
    return "; ".join([*parts, *problems]) or "every copy is up to date"


def definitions() -> dg.Definitions:
    """Return the job and its sensor."""
    return dg.Definitions(jobs=[serve_job], sensors=[copies_sensor])
